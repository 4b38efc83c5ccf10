"""What the end of a key shut is named, and nothing else: planted violations, and lawful ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from consent_service.audit import emptied, hearing
from consent_service.audit.announced import Announcements, Place
from consent_service.audit.details import Attachment
from consent_service.audit.emptied import Shut, digest_of, find_shut, name_emptied, read_emptied
from consent_service.audit.encoding import Detail, hash_text
from consent_service.audit.erasing import Taken, forget_batch
from consent_service.audit.events import KeyDestroyed, KeyDestroyedOnOrder
from consent_service.audit.hearing import is_named_end
from consent_service.audit.log import OFFICER
from consent_service.audit.reading import verify_in
from consent_service.audit.removal import Removal
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId, new_id
from consent_service.keyring.tables import key_destructions
from tests.audit.factories import COUNSELLOR, SYSTEM, Desk, a_consent

IDS = st.lists(st.uuids(version=4).map(str), max_size=6, unique=True).map(tuple)


@given(IDS, IDS)
@settings(max_examples=20, deadline=None)
def test_the_digest_is_of_the_set_whatever_its_order(
    details: tuple[str, ...], attached: tuple[str, ...]
) -> None:
    shut = Shut(details, attached)
    lines = sorted([f"{one} detail\n" for one in details] + [f"{one} attached\n" for one in attached])
    assert shut.digest() == hash_text(sha256("".join(lines).encode()).digest())
    assert digest_of(reversed(shut.named())) == shut.digest()
    if details != attached:
        assert Shut(attached, details).digest() != shut.digest()
    assert Shut((*details, new_id()), attached).digest() != shut.digest()


async def ended(
    desk: Desk,
    person: PersonId,
    *,
    erasing: bool = False,
    order: str = "",
    places: Sequence[RelationshipId] = (),
) -> tuple[EntryId, Shut]:
    """The end of a key as the service does it: key, rows and entry in one transaction."""
    async with desk.database.transaction() as conn:
        shut = await find_shut(conn, desk.ring, desk.tenant, person)
        await desk.ring.destroy_person_key(conn, desk.tenant, person)
        for owner, kind in ((person, "person"), *((place, "relationship") for place in places)):
            row = {"tenant": desk.tenant, "destruction": new_id(), "kind": kind, "owner": owner}
            noted = insert(key_destructions).values(**row, child=person, destroyed_at=desk.clock.now())
            await conn.execute(noted)
        count, digest = len(shut.details), shut.digest()
        event = (
            KeyDestroyedOnOrder("person", person, order, count, digest)
            if order
            else KeyDestroyed("person", person, count, erasing, digest)
        )
        entry = await desk.log.append(conn, tenant=desk.tenant, event=event, by=SYSTEM, subject=None)
        assert entry is not None
        await name_emptied(conn, desk.tenant, entry, shut)
    await desk.sequence()
    return entry, shut


async def taken_away(desk: Desk, *people: str, limit: int = 2) -> Taken:
    """What an erasure takes, in small batches; the counts of details."""
    details = unnamed = 0
    while True:
        async with desk.database.transaction() as conn:
            taken = await forget_batch(conn, desk.tenant, people, limit=limit)
        if taken.is_nothing:
            return Taken(details=details, unnamed=unnamed)
        details, unnamed = details + taken.details, unnamed + taken.unnamed


async def problems(desk: Desk) -> list[tuple[str, int | None, int | None]]:
    await desk.sequence()
    return [(bad.what, bad.seq, bad.until) for bad in (await desk.verify()).problems]


async def suspects(desk: Desk, person: PersonId) -> bool:
    """Whether what is removed may be about this person."""
    async with desk.database.reading() as conn:
        return await Removal(desk.ring, desk.tenant).newest_about(conn, person) is not None


@pytest.mark.parametrize("order", ["", new_id()], ids=["by custody", "by an order"])
async def test_what_the_end_of_a_key_shut_may_stay_or_go_in_any_order(desk: Desk, order: str) -> None:
    """Ended by custody and then erased, with nothing counted, and the attachments of others' entries."""
    place = RelationshipId(new_id())
    for _ in range(3):
        await desk.append(a_consent(), by=COUNSELLOR, subject=desk.mother)
    hers = Attachment(desk.mother, b"facts")
    await desk.append(a_consent(), subject=desk.father, attachment=hers, relationship=place)
    await desk.sequence()
    _, shut = await ended(desk, desk.mother, order=order, places=[place])
    assert (len(shut.details), len(shut.attached)) == (3, 1)
    assert await problems(desk) == []  # shut, and still there
    assert not await suspects(desk, desk.father)
    assert await taken_away(desk, desk.mother) == Taken(details=3, unnamed=0)
    assert await problems(desk) == []
    assert not await suspects(desk, desk.father)


_GONE = "DELETE FROM audit_details WHERE entry = :his"
_HIDDEN = "DELETE FROM audit_index WHERE entry = :his"
_RELABELLED = "UPDATE audit_details SET person = :mother WHERE entry = :his"
_NAMED = "INSERT INTO audit_emptied (tenant, entry, what, ending) VALUES (:t, :his, 'detail', :ending)"
_RENAMED = "UPDATE audit_emptied SET entry = :his WHERE entry = :hers AND what = 'detail'"
_FORGOTTEN = "DELETE FROM audit_emptied WHERE entry = :hers"
_BY_ANOTHER = "UPDATE audit_emptied SET ending = :his"
_AS_ATTACHED = "UPDATE audit_emptied SET what = 'attached' WHERE what = 'detail'"
_DETACHED = "UPDATE audit_details SET attached = NULL, attached_for = NULL WHERE entry = :theirs"
_AS_IF_HERS = (
    "INSERT INTO key_destructions (tenant, destruction, kind, owner, child, destroyed_at)"
    " SELECT tenant, :his, 'relationship', :place, owner, destroyed_at FROM key_destructions"
    " WHERE owner = :mother"
)
Found = tuple[str, int | None, int | None]


def plants(*, erased: bool) -> tuple[tuple[tuple[str, ...], list[Found]], ...]:
    """What somebody does, and what is found then."""
    one: list[Found] = [("detail_missing", 1, None)]
    hers_too: list[Found] = [("detail_missing", 0, None)]
    either = one + hers_too
    alike: list[Found] = [("detail_shredded", 0, 1)]
    return (
        ((), []),
        ((_GONE, _HIDDEN), one),
        ((_RELABELLED,), one),
        (
            (_RELABELLED, "UPDATE audit_details SET sealed = :x WHERE entry = :his"),
            [("detail_damaged", 1, None)],
        ),
        ((_GONE, _NAMED), alike if erased else either),
        ((_RELABELLED, _NAMED), either if erased else alike),
        ((_GONE, _RENAMED), either),
        ((_FORGOTTEN,), hers_too),
        ((_BY_ANOTHER,), hers_too),
        ((_AS_ATTACHED,), hers_too),
        ((_DETACHED,), [("attachment_differs", 2, None)]),
        ((_DETACHED, _AS_IF_HERS), [("attachment_differs", 2, None)]),
    )


@pytest.mark.parametrize("erased", [False, True])
async def test_planted_nothing_gets_lost_in_the_wake_of_a_lawful_end(desk: Desk, erased: bool) -> None:
    """One detail of the father, written in the very second in which the mother's key came to its end."""
    hers = await desk.append(a_consent(), subject=desk.mother)
    his = await desk.append(a_consent(), subject=desk.father, tagged_for=OFFICER)
    place = RelationshipId(new_id())
    about_him = Attachment(desk.father, b"facts")
    theirs = await desk.append(a_consent(), subject=None, attachment=about_him, relationship=place)
    await desk.sequence()
    ending, _ = await ended(desk, desk.mother)
    if erased:
        await taken_away(desk, desk.mother)
    await desk.tamper(("audit_emptied",))
    ids: dict[str, str | bytes] = {
        "his": his,
        "hers": hers,
        "theirs": theirs,
        "mother": desk.mother,
        "ending": ending,
    }
    ids |= {"t": desk.tenant, "place": place, "x": b"x"}
    for statements, expected in plants(erased=erased):
        found, suspected = await after(desk, statements, ids)
        assert sorted(found) == sorted(expected), statements
        assert suspected == any(1 in places for _, *places in expected), statements


async def after(
    desk: Desk, statements: Sequence[str], values: Mapping[str, str | bytes]
) -> tuple[list[tuple[str, int | None, int | None]], bool]:
    """What is found after these statements, of which nothing is kept; and whether the father may be missing
    something.
    """
    async with desk.database.engine.connect() as conn:
        for statement in statements:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await conn.execute(text(statement), used)
        report = await verify_in(conn, desk.ring, desk.tenant)
        newest = await Removal(desk.ring, desk.tenant).newest_about(conn, desk.father)
        await conn.rollback()
    return [(bad.what, bad.seq, bad.until) for bad in report.problems], newest is not None


async def test_planted_a_detail_relabelled_before_the_end_of_another_key_is_not_named(desk: Desk) -> None:
    """She is to be forgotten; somebody puts her name to what stands about him, so that it goes with hers."""
    await desk.append(a_consent(), subject=desk.mother)
    his = await desk.append(a_consent(), subject=desk.father, tagged_for=OFFICER)
    about_him = await desk.append(a_consent(), subject=None, attachment=Attachment(desk.father, b"facts"))
    await desk.sequence()
    await desk.tamper([], "UPDATE audit_details SET person = :m WHERE entry = :e", m=desk.mother, e=his)
    await desk.tamper(
        [], "UPDATE audit_details SET attached_for = :m WHERE entry = :e", m=desk.mother, e=about_him
    )
    before = {what for what, _, _ in await problems(desk)}
    assert before == {"detail_damaged", "attachment_differs"}
    _, shut = await ended(desk, desk.mother, erasing=True)
    assert (len(shut.details), shut.attached) == (1, ())
    assert await taken_away(desk, desk.mother) == Taken(details=2, unnamed=1)
    assert await problems(desk) == [("detail_missing", 1, None), ("attachment_differs", 2, None)]
    assert await suspects(desk, desk.father)


async def test_an_end_for_which_no_key_was_there_to_try_names_nothing(desk: Desk) -> None:
    """Whoever owns the database takes the key's row away, and says that the father's details are hers."""
    for _ in range(2):
        await desk.append(a_consent(), subject=desk.mother)
    his = await desk.append(a_consent(), subject=desk.father, tagged_for=OFFICER)
    about_him = await desk.append(a_consent(), subject=None, attachment=Attachment(desk.father, b"facts"))
    await desk.sequence()
    hers = {"m": desk.mother}
    await desk.tamper([], "UPDATE audit_details SET person = :m WHERE entry = :e", e=his, **hers)
    await desk.tamper([], "UPDATE audit_details SET attached_for = :m WHERE entry = :e", e=about_him, **hers)
    async with desk.database.transaction() as conn:
        await desk.ring.destroy_person_key(conn, desk.tenant, desk.mother)
    _, shut = await ended(desk, desk.mother)
    assert shut == Shut()
    found = [("detail_shredded", 0, 2), ("attachment_differs", 3, None)]
    assert await problems(desk) == found  # hers too: a finding that somebody reads, and no silent excuse
    await taken_away(desk, desk.mother)
    gone = [("detail_missing", seq, None) for seq in range(3)]
    assert await problems(desk) == [*gone, ("attachment_differs", 3, None)]
    assert await suspects(desk, desk.father)


async def test_an_end_that_names_is_found_by_whose_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "_PAGE", 1)
    for person in (desk.mother, desk.father):
        await desk.append(a_consent(), subject=person)
        await ended(desk, person, order=new_id() if person == desk.father else "")
    async with desk.database.reading() as conn:
        for owner, expected in ((desk.mother, True), (desk.father, True), (new_id(), False)):
            assert await is_named_end(conn, desk.ring, desk.tenant, owner) == expected


async def test_what_an_earlier_release_counted_stays_so_after_an_end_that_names_nothing(desk: Desk) -> None:
    await desk.append_many(2)
    async with desk.database.transaction() as conn:
        await desk.ring.destroy_person_key(conn, desk.tenant, desk.mother)
    await desk.append(KeyDestroyed("person", desk.mother, 2), subject=None)
    _, shut = await ended(desk, desk.mother)
    assert shut == Shut()
    assert await problems(desk) == []


async def test_more_than_a_page_is_named_and_read_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptied, "_PAGE", 2)
    monkeypatch.setattr(emptied, "_CHUNK", 2)
    entries = await desk.append_many(5)
    await desk.sequence()
    ending, shut = await ended(desk, desk.mother)
    assert shut.details == tuple(entries)
    async with desk.database.reading() as conn:
        named = await read_emptied(conn, desk.tenant, entries)
        assert await read_emptied(conn, desk.tenant, []) == {}
    assert named == {(entry, "detail"): (ending,) for entry in entries}
    assert await problems(desk) == []


async def test_an_erasure_leaves_nothing_that_it_shut(desk: Desk) -> None:
    await desk.append(a_consent(), subject=desk.mother)
    await desk.sequence()
    await ended(desk, desk.mother, erasing=True)
    assert await problems(desk) == [("detail_missing", 0, None)]  # nothing runs that will take it away
    await taken_away(desk, desk.mother)
    assert await problems(desk) == []


async def test_a_rule_that_decided_cannot_be_swapped_before_it_is_put_in_order(desk: Desk) -> None:
    """What the leaf names must be what the detail names; earlier releases did not name it there."""
    entry = await desk.append(a_consent(), subject=desk.mother, bundle="b" * 64)
    (row,) = await desk.rows("SELECT leaf FROM audit_entries")
    swapped = bytes(row.leaf).replace(b"b" * 64, b"c" * 64)
    await desk.tamper(
        ("audit_entries",), "UPDATE audit_entries SET leaf = :l WHERE id = :e", l=swapped, e=entry
    )
    assert await problems(desk) == [("detail_differs", 0, None)]


async def test_what_was_being_sealed_when_the_key_ended_is_named_too(desk: Desk) -> None:
    """Whoever seals holds the key: its end waits for them, or they find it gone. SQLite has one writer."""
    if desk.database.is_sqlite:
        return
    async with desk.database.transaction() as conn:
        entry = await desk.log.append(
            conn, tenant=desk.tenant, event=a_consent(), by=SYSTEM, subject=desk.mother
        )
        ending = asyncio.create_task(ended(desk, desk.mother))
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
        for _ in range(2000):
            if await desk.rows(waiting) or ending.done():
                break
        assert not ending.done()
    _, shut = await ending
    assert shut.details == (entry,)
    with pytest.raises(KeyDestroyedError):
        await desk.append(a_consent(), subject=desk.mother)
    assert await problems(desk) == []


PARTS = st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), min_size=1, max_size=8)


@given(PARTS, st.sets(st.sampled_from("abc")), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_only_what_true_names_cover_is_excused(
    parts: list[tuple[str, bool, bool]], untrue: set[str], odd: int
) -> None:
    """Details of three people, each gone or shut, named by their own end or by none; some rows untrue."""
    heard, expected = Announcements(), set()
    endings = {person: new_id() for person in "abc"}
    entries = [new_id() for _ in parts]
    for person, ending in endings.items():
        named = [(one, "detail") for one, part in zip(entries, parts, strict=True) if part[0] == person]
        event = KeyDestroyed("person", person, len(named), False, digest_of(named))
        detail = Detail(
            v=1,
            tenant=TenantId("t"),
            entry=EntryId(ending),
            event=event,
            by=SYSTEM,
            shown_to="officer",
        )
        heard.hear(detail, Place(1, 100, ending))
        stored = [*named, (new_id(), "detail")] if person in untrue else named
        heard.keep_digest(ending, digest_of(stored))
    for seq, (entry, (person, is_there, is_attached)) in enumerate(zip(entries, parts, strict=True)):
        by = () if seq == odd else (endings[person],)
        at = Place(1, seq, entry)
        if is_there:
            heard.find_unreadable(person, at, by)
        elif is_attached:
            heard.find_detached(at, person, by)
        else:
            heard.find_missing(at, by)
        if seq == odd or person in untrue:
            expected.add(seq)
    found = heard.unaccounted()
    spans = [(one.first.seq, (one.last or one.first).seq) for one in found if one.first is not None]
    assert bool(found) == bool(expected)
    assert all(any(first <= seq <= last for first, last in spans) for seq in expected)
    assert {one for span in spans for one in span} <= expected
