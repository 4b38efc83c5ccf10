"""An entry exists exactly when its act does, and only those it concerns can find it."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from sqlalchemy import Select, insert, literal, select, text

from consent_service.audit import log as audit_log
from consent_service.audit.encoding import OutsideProfileError, decode_leaf, id_milliseconds, milliseconds
from consent_service.audit.events import (
    By,
    ErasureExecuted,
    IdentityChanged,
    KeyDestroyed,
    LogPruned,
    LogReopened,
    LogViewed,
)
from consent_service.audit.log import OFFICER, TrailFilter
from consent_service.audit.tables import audit_logs
from consent_service.foundation.errors import KeyDestroyedError, LogUnavailableError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId, new_id
from consent_service.keyring.view_keys import entry_tag
from tests.audit.factories import COUNSELLOR, SYSTEM, Desk, a_consent

TABLES = ("audit_entries", "audit_details", "audit_index")


async def counts(desk: Desk) -> list[int]:
    return [(await desk.rows(f"SELECT count(*) AS n FROM {table}"))[0].n for table in TABLES]


def own_log_exists(desk: Desk, origin: str) -> Select[int]:
    return (
        select(literal(1))
        .select_from(audit_logs)
        .where(audit_logs.c.tenant == desk.tenant, audit_logs.c.origin == origin)
        .with_for_update(read=True)
    )


async def test_an_act_that_rolls_back_leaves_no_entry(desk: Desk) -> None:
    async def an_act_that_fails() -> None:
        async with desk.database.transaction() as conn:
            await desk.log.append(conn, tenant=desk.tenant, event=a_consent(), by=SYSTEM, subject=desk.mother)
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError, match="the act failed"):
        await an_act_that_fails()
    assert await counts(desk) == [0, 0, 0]


async def test_a_guard_that_finds_nothing_leaves_nothing(desk: Desk) -> None:
    async with desk.database.transaction() as conn:
        entry = await desk.log.append(
            conn,
            tenant=desk.tenant,
            event=a_consent(),
            by=SYSTEM,
            subject=desk.mother,
            guard=own_log_exists(desk, "another origin"),
        )
    assert entry is None
    assert await counts(desk) == [0, 0, 0]


async def test_a_guard_that_holds_lets_the_entry_in(desk: Desk) -> None:
    entry = await desk.append(
        a_consent(), by=COUNSELLOR, subject=desk.mother, guard=own_log_exists(desk, desk.key.origin)
    )
    assert [found.id for found in (await desk.trail()).entries] == [entry]
    assert await counts(desk) == [1, 1, 2]


async def test_a_log_that_refuses_an_entry_says_so_and_the_act_rolls_back(desk: Desk) -> None:
    refuse = {
        True: "CREATE TRIGGER fault BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'fault'); END",
        False: "ALTER TABLE audit_entries ADD CONSTRAINT fault CHECK (false)",
    }
    async with desk.database.transaction() as conn:
        await conn.execute(text(refuse[desk.database.is_sqlite]))

    async def an_act() -> None:
        async with desk.database.transaction() as conn:
            await conn.execute(insert(audit_logs).values(**second_key(desk)))
            await desk.log.append(conn, tenant=desk.tenant, event=a_consent(), by=SYSTEM, subject=None)

    with pytest.raises(LogUnavailableError):
        await an_act()
    assert len(await desk.rows("SELECT * FROM audit_logs")) == 1


def second_key(desk: Desk) -> dict[str, object]:
    return {
        "tenant": desk.tenant,
        "log": 1,
        "key_number": 2,
        "origin": desk.key.origin,
        "public_key": b"",
        "sealed_key": b"",
        "at": desk.clock.now(),
    }


async def test_an_event_with_free_text_is_refused_before_anything_is_written(desk: Desk) -> None:
    with pytest.raises(OutsideProfileError):
        await desk.append(IdentityChanged(desk.mother, ("my own words",)), subject=desk.mother)
    assert await counts(desk) == [0, 0, 0]


async def test_nothing_can_be_said_about_a_person_whose_key_is_gone(desk: Desk) -> None:
    async with desk.database.transaction() as conn:
        await desk.ring.destroy_person_key(conn, desk.tenant, desk.mother)
    with pytest.raises(KeyDestroyedError):
        await desk.append(a_consent(), subject=desk.mother)


async def test_the_leaf_says_nothing_but_a_tag_its_owner_can_compute(desk: Desk) -> None:
    entry = await desk.append(a_consent(), by=COUNSELLOR, subject=desk.mother, bundle="ab" * 32)
    (row,) = await desk.rows("SELECT leaf FROM audit_entries")
    leaf = decode_leaf(bytes(row.leaf))
    assert (leaf.id, leaf.type, leaf.bundle) == (entry, "", "ab" * 32)
    assert id_milliseconds(entry) == milliseconds(desk.clock.now())
    async with desk.database.reading() as conn:
        keys = await desk.ring.person_keys(conn, desk.tenant, [desk.mother, desk.father])
    tags = {who: entry_tag(desk.ring, key, entry) for who, key in keys.items()}
    found = base64.urlsafe_b64decode(leaf.tag + "=")
    assert (tags[desk.mother] == found, tags[desk.father] == found) == (True, False)


async def test_only_what_outsiders_must_see_of_a_log_shows_its_type(desk: Desk) -> None:
    """What an officer looked into, and that somebody was erased, is nobody else's business."""
    quiet = (
        LogViewed(results=3),
        ErasureExecuted("e1", "child", persons=1, keys=2, details=3, index=4, rows=5, approvers=("s1", "s2")),
        KeyDestroyed(kind="person", owner="p1"),
    )
    shown = (LogPruned(log=1, minimum=256), LogReopened(2, "restored", previous_size=9, previous_root=""))
    for event in (*quiet, *shown):
        await desk.append(event, by=By(kind="fg", id="fg-1"))
    rows = await desk.rows("SELECT leaf FROM audit_entries ORDER BY id")
    types = [decode_leaf(bytes(row.leaf)).type for row in rows]
    assert types == ["", "", "", "log.pruned.v1", "log.reopened.v1"]


async def test_a_hidden_entry_is_shown_to_the_officer_only(desk: Desk) -> None:
    hidden = await desk.append(a_consent(), subject=desk.mother, tagged_for=OFFICER)
    shared = await desk.append(a_consent(), subject=desk.mother, tagged_for=desk.father)
    own = await desk.append(a_consent(), subject=desk.mother)
    assert ids(await desk.trail(person=desk.mother)) == [own, shared, hidden]
    assert ids(await desk.trail(shown_to=desk.mother)) == [own]
    assert ids(await desk.trail(shown_to=desk.father)) == [shared]
    (row,) = await desk.rows("SELECT leaf FROM audit_entries WHERE id = :id", id=hidden)
    async with desk.database.reading() as conn:
        officer = await desk.ring.tenant_key(conn, desk.tenant, "audit")
    tag = entry_tag(desk.ring, officer, hidden)
    assert base64.urlsafe_b64decode(decode_leaf(bytes(row.leaf)).tag + "=") == tag


async def test_a_tenant_entry_can_be_tagged_for_a_person(desk: Desk) -> None:
    entry = await desk.append(LogViewed(results=0), tagged_for=desk.mother)
    assert ids(await desk.trail(shown_to=desk.mother)) == [entry]


def ids(page: audit_log.TrailPage) -> list[EntryId]:
    return [entry.id for entry in page.entries]


async def test_every_filter_keeps_to_what_it_names(desk: Desk) -> None:
    relationship = RelationshipId(new_id())
    early = await desk.append(a_consent(relationship), subject=desk.mother, relationship=relationship)
    desk.clock.advance(timedelta(hours=1))
    noon = desk.clock.now()
    late = await desk.append(IdentityChanged(desk.father, ("names",)), by=COUNSELLOR, subject=desk.father)
    assert ids(await desk.trail()) == [late, early]
    assert ids(await desk.trail(person=desk.mother)) == [early]
    assert ids(await desk.trail(relationship=relationship)) == [early]
    assert ids(await desk.trail(actor=COUNSELLOR.id)) == [late]
    assert ids(await desk.trail(types=frozenset({"consent.given.v1"}))) == [early]
    assert ids(await desk.trail(since=noon)) == [late]
    assert ids(await desk.trail(until=noon)) == [early]
    assert ids(await desk.trail(person=desk.mother, actor=COUNSELLOR.id)) == []


async def test_pages_follow_each_other_without_a_gap(desk: Desk) -> None:
    entries = await desk.append_many(7)
    seen: list[EntryId] = []
    after: EntryId | None = None
    while True:
        page = await desk.trail(after=after, limit=3)
        seen += ids(page)
        after = page.next
        if after is None:
            break
    assert seen == entries[::-1]


async def test_a_search_for_a_rare_type_gives_up_after_a_while_and_can_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "_SCAN_LIMIT", 4)
    rare = await desk.append(LogViewed(results=0))
    await desk.append_many(5)
    types = frozenset({"log.viewed.v1"})
    first = await desk.trail(types=types, limit=2)
    assert (first.entries, first.next is None) == ((), False)
    assert ids(await desk.trail(types=types, limit=2, after=first.next)) == [rare]


async def test_an_entry_knows_its_place_once_it_has_one(desk: Desk) -> None:
    first, second = await desk.append_many(2)
    assert [entry.seq for entry in (await desk.trail()).entries] == [None, None]
    await desk.sequence()
    placed = {entry.id: entry.seq for entry in (await desk.trail()).entries}
    assert placed == {first: 0, second: 1}


async def test_after_erasure_the_entry_stands_but_says_nothing(desk: Desk) -> None:
    await desk.append(a_consent(), subject=desk.mother)
    await desk.append(LogViewed(results=1))
    async with desk.database.transaction() as conn:
        await desk.ring.destroy_person_key(conn, desk.tenant, desk.mother)
    newest, oldest = (await desk.trail()).entries
    assert (newest.state, newest.type) == ("open", "log.viewed.v1")
    assert (oldest.state, oldest.type, oldest.detail) == ("erased", "", None)
    await desk.tamper([], "DELETE FROM audit_details")
    newest, _ = (await desk.trail()).entries
    assert (newest.state, newest.type) == ("erased", "")


async def test_damage_is_shown_and_hides_no_other_entry(desk: Desk) -> None:
    first, second = await desk.append_many(2)
    await desk.tamper(
        ["audit_entries"],
        "UPDATE audit_details SET sealed = :b WHERE entry = :first",
        "UPDATE audit_entries SET leaf = :b WHERE id = :second",
        b=b"broken",
        first=first,
        second=second,
    )
    states = {entry.id: entry.state for entry in (await desk.trail()).entries}
    assert states == {first: "damaged", second: "damaged"}


async def test_looking_at_the_trail_is_itself_in_the_trail(desk: Desk) -> None:
    await desk.append(a_consent(), subject=desk.mother)
    by = By(kind="fg", id="fg-1")
    async with desk.database.transaction() as conn:
        page = await desk.log.view(conn, desk.tenant, TrailFilter(person=desk.mother), by=by)
    assert len(page.entries) == 1
    newest = (await desk.trail()).entries[0]
    assert newest.detail is not None
    assert (newest.detail.event, newest.detail.by) == (LogViewed(("person",), 1), by)


async def test_the_oldest_waiting_entry_is_known(desk: Desk) -> None:
    async with desk.database.reading() as conn:
        assert await desk.log.oldest_pending(conn, desk.tenant, desk.clock.now()) is None
    await desk.append_many(1)
    desk.clock.advance(timedelta(seconds=61))
    async with desk.database.reading() as conn:
        waited = await desk.log.oldest_pending(conn, desk.tenant, desk.clock.now())
    assert waited is not None
    assert waited > audit_log.PENDING_LIMIT
    await desk.sequence()
    async with desk.database.reading() as conn:
        assert await desk.log.oldest_pending(conn, desk.tenant, desk.clock.now()) is None


async def test_opening_a_log_twice_gives_the_same_log(desk: Desk) -> None:
    async with desk.database.transaction() as conn:
        again = await desk.log.open(conn, tenant=desk.tenant, host="elsewhere.example")
    assert again == desk.key
    assert desk.tenant not in desk.key.origin


async def test_tenants_do_not_see_each_other(desk: Desk) -> None:
    await desk.append_many(2)
    other = TenantId(new_id())
    async with desk.database.transaction() as conn:
        await desk.ring.create_tenant(conn, other)
        await desk.log.append(conn, tenant=other, event=a_consent(), by=SYSTEM, subject=None)
    assert len((await desk.trail()).entries) == 2
    assert (await desk.trail(person=PersonId(new_id()))).entries == ()


def test_ids_within_one_millisecond_only_go_up() -> None:
    numbers = audit_log._EntryIds()
    made = [numbers.next(1_000) for _ in range(500)] + [numbers.next(1_001)]
    assert made == sorted(set(made))
    assert {id_milliseconds(entry) for entry in made} == {1_000, 1_001}


async def test_a_follower_reads_in_the_order_of_the_log_and_only_what_has_a_place(desk: Desk) -> None:
    entries = await desk.append_many(5)
    await desk.sequence()
    await desk.append_many(1)
    async with desk.database.reading() as conn:
        first = await desk.log.follow(conn, desk.tenant, 0, limit=3)
        rest = await desk.log.follow(conn, desk.tenant, 3, limit=3)
        nothing = await desk.log.follow(conn, TenantId(new_id()), 0, limit=3)
    assert [entry.id for entry in first + rest] == entries
    assert [entry.seq for entry in first + rest] == [0, 1, 2, 3, 4]
    assert nothing == ()


async def test_one_entry_can_be_asked_for_by_its_id(desk: Desk) -> None:
    entries = await desk.append_many(3)
    assert ids(await desk.trail(entry=entries[1])) == [entries[1]]
