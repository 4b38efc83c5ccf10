"""The tamper matrix: somebody with all rights on the database changes something; verify names it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.announced import Running
from consent_service.audit.checkpoint import Checkpoint, read_note, write_note
from consent_service.audit.encoding import decode_leaf, encode_leaf
from consent_service.audit.events import ErasureApproved, ErasureAsked, ErasureExecuted, KeyDestroyed
from consent_service.audit.log import OFFICER
from consent_service.audit.merkle import leaf_hash
from consent_service.audit.reading import newest_checkpoint, verify_stored
from consent_service.audit.removal import Removal
from consent_service.audit.tables import audit_details
from consent_service.audit.verify import Report
from consent_service.foundation.ids import EntryId, PersonId, TenantId, new_id
from consent_service.keyring.primitives import new_signing_key, sign
from consent_service.keyring.tables import key_destructions
from tests.audit.factories import SYSTEM, Desk, a_consent

ENTRIES = ("audit_entries",)
SEQUENCE = ("audit_sequence",)
HEADS = ("audit_checkpoints",)


async def a_log(desk: Desk) -> list[EntryId]:
    """Ten entries under three checkpoints: 0-3, 4-6, 7-9."""
    entries: list[EntryId] = []
    for count in (4, 3, 3):
        entries += await desk.append_many(count)
        await desk.sequence()
    assert (await desk.verify()).ok
    return entries


def found(report: Report) -> tuple[bool, str, int | None, str]:
    assert report.first is not None
    return report.ok, report.first.what, report.first.seq, report.first.entry


async def leaf_of(desk: Desk, entry: EntryId) -> bytes:
    (row,) = await desk.rows("SELECT leaf FROM audit_entries WHERE id = :id", id=entry)
    return bytes(row.leaf)


async def test_an_edited_leaf_is_named(desk: Desk) -> None:
    entries = await a_log(desk)
    edited = (await leaf_of(desk, entries[5])).replace(b'"v":1', b'"v":2')
    await desk.tamper(ENTRIES, "UPDATE audit_entries SET leaf = :l WHERE id = :id", l=edited, id=entries[5])
    report = await desk.verify()
    assert found(report) == (False, "leaf_changed", 5, entries[5])
    assert {bad.seq for bad in report.problems} == {5}


async def test_an_edited_leaf_with_its_hash_edited_too_is_named(desk: Desk) -> None:
    entries = await a_log(desk)
    leaf = decode_leaf(await leaf_of(desk, entries[5]))
    edited = encode_leaf(type(leaf)(1, leaf.id, leaf.time, leaf.bundle, leaf.tag, "A" * 43))
    await desk.tamper(
        [*ENTRIES, *SEQUENCE],
        "UPDATE audit_entries SET leaf = :l WHERE id = :id",
        "UPDATE audit_sequence SET leaf_hash = :h WHERE entry = :id",
        l=edited,
        h=leaf_hash(edited),
        id=entries[5],
    )
    report = await desk.verify()
    assert found(report) == (False, "detail_differs", 5, entries[5])
    (root,) = [bad for bad in report.problems if bad.what == "root_differs"]
    assert (root.seq, root.entry, root.until) == (4, entries[4], 6)


async def test_both_edited_below_a_full_tile_is_named_without_any_key(desk: Desk) -> None:
    entries = await desk.append_many(260)
    await desk.sequence()
    leaf = decode_leaf(await leaf_of(desk, entries[77]))
    edited = encode_leaf(type(leaf)(1, leaf.id, leaf.time, "ab" * 32, leaf.tag, leaf.com))
    await desk.tamper(
        [*ENTRIES, *SEQUENCE],
        "UPDATE audit_entries SET leaf = :l WHERE id = :id",
        "UPDATE audit_sequence SET leaf_hash = :h WHERE entry = :id",
        l=edited,
        h=leaf_hash(edited),
        id=entries[77],
    )
    report = await desk.verify()
    assert report.first is not None
    assert (report.first.what, report.first.seq) == ("tile_differs", 77)


async def test_a_deleted_entry_is_named(desk: Desk) -> None:
    entries = await a_log(desk)
    await desk.tamper(ENTRIES, "DELETE FROM audit_entries WHERE id = :id", id=entries[2])
    report = await desk.verify()
    assert found(report) == (False, "leaf_missing", 2, entries[2])
    assert "detail_without_entry" in {bad.what for bad in report.problems}


async def test_an_entry_deleted_with_its_place_leaves_a_gap(desk: Desk) -> None:
    entries = await a_log(desk)
    await desk.tamper(
        [*ENTRIES, *SEQUENCE],
        "DELETE FROM audit_entries WHERE id = :id",
        "DELETE FROM audit_sequence WHERE entry = :id",
        "DELETE FROM audit_details WHERE entry = :id",
        id=entries[2],
    )
    assert found(await desk.verify())[:3] == (False, "sequence_gap", 3)


async def test_swapped_entries_are_named(desk: Desk) -> None:
    entries = await a_log(desk)
    one, two = await leaf_of(desk, entries[1]), await leaf_of(desk, entries[8])
    await desk.tamper(
        ENTRIES,
        "UPDATE audit_entries SET leaf = :two WHERE id = :a",
        "UPDATE audit_entries SET leaf = :one WHERE id = :b",
        one=one,
        two=two,
        a=entries[1],
        b=entries[8],
    )
    report = await desk.verify()
    assert found(report) == (False, "leaf_changed", 1, entries[1])
    assert {bad.what for bad in report.problems} >= {"leaf_misplaced"}


async def test_swapped_places_are_named(desk: Desk) -> None:
    entries = await a_log(desk)
    await desk.tamper(
        SEQUENCE,
        "UPDATE audit_sequence SET seq = 100 WHERE entry = :a",
        "UPDATE audit_sequence SET seq = 1 WHERE entry = :b",
        "UPDATE audit_sequence SET seq = 2 WHERE entry = :a",
        a=entries[1],
        b=entries[2],
    )
    report = await desk.verify()
    assert report.first is not None
    assert (report.first.what, report.first.seq, report.first.until) == ("root_differs", 0, 3)


async def test_a_truncated_log_is_found(desk: Desk) -> None:
    entries = await a_log(desk)
    await desk.tamper(SEQUENCE, "DELETE FROM audit_sequence WHERE seq >= 8")
    report = await desk.verify()
    assert {bad.what for bad in report.problems} == {
        "checkpoint_beyond_log",
        "entry_not_sequenced",
        "not_signed",
    }
    assert {bad.entry for bad in report.problems if bad.what == "entry_not_sequenced"} == set(entries[8:])


async def test_an_entry_slipped_in_behind_the_cursor_is_named(desk: Desk) -> None:
    entries = await a_log(desk)
    forged = EntryId(new_id())
    overriding = "" if desk.database.is_sqlite else "OVERRIDING SYSTEM VALUE"
    await desk.tamper(
        [],
        f"INSERT INTO audit_entries (tenant, id, xid, pos, leaf) {overriding} VALUES (:t, :id, -1, 1, :l)",
        t=desk.tenant,
        id=forged,
        l=(await leaf_of(desk, entries[0])).replace(entries[0].encode(), forged.encode()),
    )
    assert found(await desk.verify()) == (False, "entry_not_sequenced", None, forged)


async def test_an_entry_given_a_place_past_the_head_is_not_signed(desk: Desk) -> None:
    await a_log(desk)
    extra = await desk.append(a_consent(), subject=desk.mother)
    await desk.tamper(
        [],
        "INSERT INTO audit_sequence (tenant, log, seq, entry, leaf_hash) VALUES (:t, 1, 10, :id, :h)",
        t=desk.tenant,
        id=extra,
        h=leaf_hash(await leaf_of(desk, extra)),
    )
    assert found(await desk.verify()) == (False, "not_signed", 10, extra)


async def replace_note(desk: Desk, note: bytes) -> Report:
    await desk.tamper(HEADS, "UPDATE audit_checkpoints SET note = :n WHERE size = 7", n=note)
    report = await desk.verify()
    assert report.first is not None
    assert (report.first.seq, report.first.until) == (4, 6)
    return report


async def head(desk: Desk) -> Checkpoint:
    (row,) = await desk.rows("SELECT root FROM audit_checkpoints WHERE size = 7")
    return Checkpoint(desk.key.origin, 7, bytes(row.root))


async def test_a_rogue_signature_is_found(desk: Desk) -> None:
    await a_log(desk)
    private, public = new_signing_key()
    checkpoint = await head(desk)
    note = write_note(checkpoint, public=public, signature=sign(private, checkpoint.body()))
    assert found(await replace_note(desk, note))[1] == "checkpoint_signature"


async def test_a_checkpoint_of_another_log_is_found(desk: Desk) -> None:
    await a_log(desk)
    own = await head(desk)
    foreign = Checkpoint("audit.example.org/t/other", own.size, own.root)
    private, public = new_signing_key()
    note = write_note(foreign, public=public, signature=sign(private, foreign.body()))
    assert found(await replace_note(desk, note))[1] == "checkpoint_foreign"


async def test_an_older_checkpoint_in_the_place_of_a_newer_is_found(desk: Desk) -> None:
    await a_log(desk)
    (row,) = await desk.rows("SELECT note FROM audit_checkpoints WHERE size = 4")
    assert found(await replace_note(desk, bytes(row.note)))[1] == "checkpoint_malformed"


async def test_a_broken_checkpoint_is_found(desk: Desk) -> None:
    await a_log(desk)
    assert found(await replace_note(desk, b"not a note"))[1] == "checkpoint_malformed"


async def test_a_changed_root_is_found(desk: Desk) -> None:
    await a_log(desk)
    await desk.tamper(HEADS, "UPDATE audit_checkpoints SET root = :r WHERE size = 7", r=b"r" * 32)
    report = await desk.verify()
    assert [bad.what for bad in report.problems] == ["root_differs", "checkpoint_malformed"]


async def test_swapped_details_are_named(desk: Desk) -> None:
    entries = await a_log(desk)
    await desk.tamper(
        [],
        "UPDATE audit_details SET entry = 'x' WHERE entry = :a",
        "UPDATE audit_details SET entry = :a WHERE entry = :b",
        "UPDATE audit_details SET entry = :b WHERE entry = 'x'",
        a=entries[3],
        b=entries[9],
    )
    assert found(await desk.verify()) == (False, "detail_damaged", 3, entries[3])


async def test_a_detail_of_nothing_is_named(desk: Desk) -> None:
    await a_log(desk)
    await desk.tamper(
        [],
        "INSERT INTO audit_details (tenant, entry, person, sealed) VALUES (:t, 'ghost', NULL, :s)",
        t=desk.tenant,
        s=b"s",
    )
    assert found(await desk.verify()) == (False, "detail_without_entry", None, "ghost")


@pytest.mark.parametrize(
    "statement, what",
    [
        ("DELETE FROM audit_tiles", "tile_missing"),
        ("UPDATE audit_tiles SET root = :x", "tile_differs"),
        ("UPDATE audit_tiles SET hashes = :x", "tile_differs"),
    ],
)
async def test_a_corrupted_tile_is_found(desk: Desk, statement: str, what: str) -> None:
    await desk.append_many(257)
    await desk.sequence()
    await desk.tamper(["audit_tiles"], statement, x=b"x" * 33)
    assert found(await desk.verify())[:2] == (False, what)


@pytest.mark.parametrize("about", ["a person", "nobody"])
async def test_a_detail_taken_away_while_its_key_lives_is_named(desk: Desk, about: str) -> None:
    await a_log(desk)
    subject = desk.mother if about == "a person" else None
    entry = await desk.append(a_consent(), subject=subject)
    await desk.sequence()
    await desk.tamper([], "DELETE FROM audit_details WHERE entry = :e", e=entry)
    assert found(await desk.verify()) == (False, "detail_missing", 10, entry)


async def test_a_leaf_that_cannot_be_read_and_has_no_detail_is_named_for_the_leaf(desk: Desk) -> None:
    entries = await a_log(desk)
    await desk.tamper(
        ENTRIES,
        "UPDATE audit_entries SET leaf = :l WHERE id = :e",
        "DELETE FROM audit_details WHERE entry = :e",
        l=b"no leaf",
        e=entries[5],
    )
    report = await desk.verify()
    assert found(report) == (False, "leaf_changed", 5, entries[5])
    assert "leaf_malformed" in {bad.what for bad in report.problems}
    async with desk.database.reading() as conn:  # nobody can say about whom it was, so `verify` is what tells
        assert await Removal(desk.ring, desk.tenant).newest_about(conn, desk.mother) is None


async def test_a_detail_said_to_be_somebodys_whose_key_is_gone_is_named(desk: Desk) -> None:
    entries = await a_log(desk)
    await desk.tamper([], "UPDATE audit_details SET person = 'x' WHERE entry = :e", e=entries[4])
    assert found(await desk.verify()) == (False, "detail_missing", 4, entries[4])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_index WHERE entry = :e AND kind = 'person'",
        "UPDATE audit_index SET shown = NOT shown WHERE entry = :e",
        "UPDATE audit_index SET key = 'somebody' WHERE entry = :e",
    ],
)
async def test_an_entry_that_the_index_does_not_find_as_it_should_is_named(
    desk: Desk, statement: str
) -> None:
    entries = await a_log(desk)
    await desk.tamper([], statement, e=entries[6])
    assert found(await desk.verify()) == (False, "index_differs", 6, entries[6])


async def destroy(desk: Desk, person: PersonId, *, note: bool = True, tell: bool = True) -> None:
    """The end of a key as an earlier release did it: the key, a row, an entry that counts what it shut."""
    async with desk.database.transaction() as conn:
        counted = select(func.count()).where(audit_details.c.person == person)
        shut = (await conn.execute(counted)).scalar_one()
        await desk.ring.destroy_person_key(conn, desk.tenant, person)
        if note:
            row = {"destruction": new_id(), "kind": "person", "owner": person, "child": person}
            await conn.execute(
                insert(key_destructions).values(tenant=desk.tenant, destroyed_at=desk.clock.now(), **row)
            )
    if tell:
        await desk.append(KeyDestroyed("person", person, shut))
    await desk.sequence()


async def erase_details(desk: Desk, person: PersonId, told: int) -> None:
    """What an erasure does to the log: the details and their index go, an entry counts them."""
    await desk.tamper(
        [],
        "DELETE FROM audit_details WHERE person = :p",
        "DELETE FROM audit_index WHERE kind = 'person' AND key = :p",
        p=person,
    )
    executed = ErasureExecuted(
        erasure=new_id(),
        scope="person",
        persons=1,
        keys=1,
        details=told,
        index=told,
        rows=0,
        approvers=(new_id(), new_id()),
    )
    await desk.append(executed)
    await desk.sequence()


async def test_a_detail_of_somebody_erased_that_was_shown_to_somebody_living_is_erased(desk: Desk) -> None:
    entry = await desk.append(a_consent(), subject=desk.mother, tagged_for=desk.father)
    await desk.sequence()
    await destroy(desk, desk.mother, note=False, tell=False)
    assert found(await desk.verify())[:2] == (False, "detail_missing")  # nothing says that it was destroyed
    await destroy(desk, desk.mother, tell=False)
    assert found(await desk.verify()) == (False, "erasure_undeclared", 0, entry)  # and no entry does
    await destroy(desk, desk.mother, note=False)
    report = await desk.verify()
    assert (report.ok, report.details_erased) == (True, 1)


async def test_lawful_erasure_leaves_the_log_verifiable(desk: Desk) -> None:
    await a_log(desk)
    await desk.append(a_consent(), subject=desk.father)
    await desk.sequence()
    await destroy(desk, desk.mother)
    await erase_details(desk, desk.mother, told=10)
    report = await desk.verify()
    assert (report.ok, report.size, report.details_checked, report.details_erased) == (True, 13, 3, 10)
    async with desk.database.reading() as conn:
        assert await Removal(desk.ring, desk.tenant).newest_about(conn, desk.father) is None


async def test_more_details_gone_than_erasures_account_for_is_named(desk: Desk) -> None:
    entries = await a_log(desk)
    last = await desk.append(a_consent(), subject=desk.father, tagged_for=OFFICER)
    await desk.sequence()
    await destroy(desk, desk.mother)
    await erase_details(desk, desk.mother, told=10)
    await desk.tamper([], "DELETE FROM audit_details WHERE entry = :e", e=last)
    shredded = await desk.verify()
    assert [(bad.what, bad.seq, bad.entry, bad.until) for bad in shredded.problems] == [
        ("detail_shredded", 0, entries[0], 10)
    ]
    await desk.append(a_consent(), subject=None)
    await desk.tamper(
        [], "UPDATE audit_details SET sealed = :x WHERE entry = (SELECT max(id) FROM audit_entries)", x=b"x"
    )
    async with desk.database.reading() as conn:  # nobody can tell any more about whom it was
        assert await Removal(desk.ring, desk.tenant).newest_about(conn, desk.father) is not None

    async def one_that_goes_on(_conn: AsyncConnection, _tenant: TenantId) -> list[Running]:
        return [Running("r", 1)]

    begun = (ErasureAsked("r", "person", "requested"), ErasureApproved("r"), KeyDestroyed("person", "q", 1))
    for event in begun:
        await desk.append(event)
    assert (await verify_stored(desk.database, desk.ring, desk.tenant, erasing=one_that_goes_on)).ok


async def test_waiting_entries_are_counted_and_no_problem(desk: Desk) -> None:
    await a_log(desk)
    await desk.append_many(2)
    report = await desk.verify()
    assert (report.ok, report.size, report.pending, report.first) == (True, 10, 2, None)


async def test_an_empty_log_verifies_and_no_log_does_not(desk: Desk) -> None:
    assert (await desk.verify()).ok
    report = await verify_stored(desk.database, desk.ring, TenantId(new_id()))
    assert found(report) == (False, "no_log", None, "")
    async with desk.database.reading() as conn:
        assert await newest_checkpoint(conn, TenantId(new_id())) is None


async def test_progress_is_reported_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_service.audit.reading.PAGE_SIZE", 4)
    await a_log(desk)
    seen: list[tuple[int, int]] = []
    report = await verify_stored(
        desk.database, desk.ring, desk.tenant, progress=lambda done, total: seen.append((done, total))
    )
    assert (report.ok, seen) == (True, [(4, 10), (8, 10), (10, 10)])


async def test_another_tenants_entry_in_the_log_is_named(desk: Desk) -> None:
    entries = await a_log(desk)
    other = TenantId(new_id())
    async with desk.database.transaction() as conn:
        await desk.ring.create_tenant(conn, other)
        theirs = await desk.log.append(conn, tenant=other, event=a_consent(), by=SYSTEM, subject=None)
    assert theirs is not None
    await desk.tamper(
        ENTRIES,
        "UPDATE audit_entries SET leaf = :l WHERE id = :id",
        l=await leaf_of(desk, theirs),
        id=entries[6],
    )
    assert found(await desk.verify())[2:] == (6, entries[6])


async def pinned(desk: Desk, size: int) -> Checkpoint:
    (row,) = await desk.rows("SELECT note FROM audit_checkpoints WHERE size = :s", s=size)
    return read_note(bytes(row.note)).checkpoint


async def since(desk: Desk, head: Checkpoint) -> tuple[bool, int, list[tuple[str, int | None]]]:
    report = await verify_stored(desk.database, desk.ring, desk.tenant, since=head)
    return report.ok, report.since, [(bad.what, bad.seq) for bad in report.problems]


async def test_since_a_pinned_head_only_what_came_after_it_is_read(desk: Desk) -> None:
    """Over more than a tile, so that the tile under way at the pin is completed after it."""
    for count in (200, 30, 60):
        await desk.append_many(count)
        await desk.sequence()
    head = await pinned(desk, 230)
    assert await since(desk, head) == (True, 230, [])
    (row,) = await desk.rows("SELECT entry FROM audit_sequence WHERE seq = 7")
    edited = (await leaf_of(desk, row.entry)).replace(b'"v":1', b'"v":2')
    await desk.tamper(ENTRIES, "UPDATE audit_entries SET leaf = :l WHERE id = :e", l=edited, e=row.entry)
    assert await since(desk, head) == (True, 230, [])  # whose hash still stands under the pin
    await desk.tamper(SEQUENCE, "UPDATE audit_sequence SET leaf_hash = :h WHERE seq = 7", h=b"h" * 32)
    ok, begun, problems = await since(desk, head)
    assert (ok, begun, problems[0]) == (False, 0, ("pin_differs", 0))
    assert ("tile_differs", 7) in problems  # everything was read, to find where it begins to differ


async def test_a_pin_of_another_log_or_of_more_entries_than_there_are_is_named(desk: Desk) -> None:
    await a_log(desk)
    head = await pinned(desk, 7)
    other = Checkpoint("audit.example.org/t/other", head.size, head.root)
    assert await since(desk, other) == (False, 0, [("pin_foreign", None)])
    assert await since(desk, Checkpoint(head.origin, 12, head.root)) == (False, 0, [("pin_beyond_log", 10)])
    await desk.tamper(HEADS, "UPDATE audit_checkpoints SET note = :n WHERE size = 7", n=b"not a note")
    assert await since(desk, head) == (True, 7, [])  # who signed it, the officer knows
    await desk.tamper([], "DELETE FROM audit_checkpoints WHERE size = 7")
    assert await since(desk, head) == (True, 7, [])


async def test_what_was_done_a_moment_ago_is_announced_by_an_entry_that_waits(desk: Desk) -> None:
    await a_log(desk)
    await destroy(desk, desk.mother, tell=False)
    assert found(await desk.verify())[1] == "erasure_undeclared"
    await desk.append(KeyDestroyed("person", desk.mother, 10))
    report = await desk.verify()
    assert (report.ok, report.pending) == (True, 1)
    waiting = await desk.append(a_consent(), subject=desk.father)
    await desk.tamper([], "UPDATE audit_details SET sealed = :x WHERE entry = :e", x=b"x", e=waiting)
    await desk.tamper([], "DELETE FROM audit_details WHERE person IS NULL")
    assert found(await desk.verify())[1] == "erasure_undeclared"
