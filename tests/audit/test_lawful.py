"""What happens to a log lawfully, in whatever order, alarms no verification of it; anything else does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from consent_service.audit import leftovers, removal
from consent_service.audit.announced import Announcements
from consent_service.audit.checkpoint import Checkpoint, read_note
from consent_service.audit.details import Attachment
from consent_service.audit.events import LogPruned
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.reopening import Reopening
from consent_service.audit.heads.rotating import KeyRotation
from consent_service.audit.hearing import hear_entries
from consent_service.audit.leading import TransactionLock
from consent_service.audit.log_keys import current_log
from consent_service.audit.pruning import kept_from, logs_of, note_pruned, prunable_to, prune_batch
from consent_service.audit.reading import verify_hashes, verify_in, verify_stored
from consent_service.audit.removal import Removal
from consent_service.audit.sequencer import Sequencer
from consent_service.foundation.ids import PersonId, RelationshipId, new_id
from tests.audit.factories import SYSTEM, Desk, a_consent
from tests.audit.test_emptied import ended, taken_away
from tests.audit.test_pruning import noted, removed


async def pins(desk: Desk) -> list[Checkpoint]:
    """Every head that anybody may have kept, of every log."""
    rows = await desk.rows("SELECT note FROM audit_checkpoints ORDER BY log, size")
    return [read_note(bytes(row.note)).checkpoint for row in rows]


async def rotated(desk: Desk) -> None:
    parts: dict[str, Any] = {"database": desk.database, "ring": desk.ring, "log": desk.log}
    rotation = KeyRotation(**parts, clock=desk.clock, sequencer=desk.sequencer)
    await rotation.rotate(desk.tenant, reason="planned", by=SYSTEM)


async def reopened(desk: Desk, heads: KnownHeads) -> None:
    """The newest log ends: something outside knows a larger head of it."""
    newest = (await pins(desk))[-1]
    heads.remember(newest.origin, newest.size + 5, bytes(range(32)))
    parts: dict[str, Any] = {"database": desk.database, "ring": desk.ring, "log": desk.log}
    again = Reopening(**parts, clock=desk.clock, heads=heads, lead=TransactionLock())
    await again.reopen(desk.tenant, why="restored", by=SYSTEM)
    async with desk.database.reading() as conn:
        key = await current_log(conn, desk.tenant)
    assert key is not None
    desk.key = key


async def lived_in(desk: Desk, tmp_path: Path) -> PersonId:
    """A child ended by custody, a key rotated, old entries let go, the child erased, the log begun anew, a
    guardian erased, rotated again; the one who is left.
    """
    heads = KnownHeads(tmp_path / "heads.jsonl")
    desk.sequencer = Sequencer(desk.database, desk.ring, desk.clock, heads)
    child, place = PersonId(new_id()), RelationshipId(new_id())
    async with desk.database.transaction() as conn:
        await desk.ring.create_person_key(conn, desk.tenant, child)
    await desk.append_many(250)
    await desk.sequence()
    for _ in range(8):
        facts = Attachment(child, b"facts")
        await desk.append(a_consent(), subject=desk.father, attachment=facts, relationship=place)
        await desk.append(a_consent(), subject=child, relationship=place)
    await desk.sequence()
    await ended(desk, child, places=[place])
    await rotated(desk)
    desk.clock.advance(timedelta(days=6 * 366))
    await noted(desk, 256)
    await desk.sequence()
    assert await removed(desk, 256) == 256
    await taken_away(desk, child, place)
    await desk.append(a_consent(), subject=desk.mother)
    await desk.sequence()
    await reopened(desk, heads)
    await desk.append(a_consent(), subject=desk.mother)
    await ended(desk, desk.mother, erasing=True)
    await taken_away(desk, desk.mother)
    await rotated(desk)
    await desk.append(a_consent(), subject=desk.father)
    await desk.sequence()
    return desk.father


async def test_nothing_lawful_alarms_whichever_head_was_kept(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "STRETCH", 7)
    monkeypatch.setattr(removal, "_PAGE", 5)
    living = await lived_in(desk, tmp_path)
    for since in (None, *await pins(desk)):
        report = await verify_stored(desk.database, desk.ring, desk.tenant, since=since)
        assert report.ok, (since, report.problems)
        assert (await verify_hashes(desk.database, desk.tenant, since=since)).ok
    async with desk.database.reading() as conn:
        assert await Removal(desk.ring, desk.tenant).newest_about(conn, living) is None


async def test_planted_what_is_undeclared_alarms_whichever_head_was_kept(desk: Desk, tmp_path: Path) -> None:
    await lived_in(desk, tmp_path)
    await desk.tamper(("audit_logs", "audit_prunings", "audit_entries", "audit_emptied"))
    places = [one for one in await pins(desk) if one.size >= 256 or one.origin == desk.key.origin]
    dropped = "DELETE FROM audit_details WHERE entry IN (SELECT entry FROM audit_prunings)"
    rogue = (
        "INSERT INTO audit_logs (tenant, log, key_number, origin, public_key, sealed_key, at)"
        " SELECT tenant, log, 9, origin, sealed_key, sealed_key, at FROM audit_logs"
        " WHERE log = {log} AND key_number = 1"
    )
    untold = "UPDATE audit_prunings SET minimum = 257"
    shifted = "UPDATE audit_emptied SET ending = (SELECT min(entry) FROM audit_prunings)"
    for since in places:
        number = 2 if since.origin == desk.key.origin else 1
        for statement, expected, logs in (
            (dropped, "pruning_undeclared", (1,)),
            (untold, "pruning_undeclared", (1,)),
            (rogue.format(log=number), "key_undeclared", (1, 2)),
            (shifted, "detail_", (1,)),
        ):
            if number in logs:
                async with desk.database.engine.connect() as conn:
                    await conn.execute(text(statement))
                    report = await verify_in(conn, desk.ring, desk.tenant, since=since)
                    await conn.rollback()
                named = {bad.what for bad in report.problems}
                assert any(what.startswith(expected) for what in named), (statement, since.size, named)


async def pruned(desk: Desk) -> list[int]:
    """Every log is pruned up to five years ago; from which number on each keeps its entries."""
    before, found = desk.clock.now() - timedelta(days=5 * 366), []
    async with desk.database.reading() as conn:
        logs = await logs_of(conn, desk.tenant)
    for log in logs:
        async with desk.database.transaction() as conn:
            minimum = await prunable_to(conn, desk.tenant, log, before=before)
            if minimum > await kept_from(conn, desk.tenant, log):
                event = LogPruned(log, minimum)
                entry = await desk.log.append(conn, tenant=desk.tenant, event=event, by=SYSTEM, subject=None)
                assert entry is not None
                await note_pruned(conn, desk.tenant, log, minimum, entry=entry, now=desk.clock.now())
        after = 0
        while after < minimum:
            async with desk.database.transaction() as conn:
                after, _ = await prune_batch(conn, desk.tenant, log, after=after, minimum=minimum, limit=100)
        found.append(minimum)
    await desk.sequence()
    return found


async def test_begun_anew_then_erased_then_pruned_alarms_nobody(desk: Desk, tmp_path: Path) -> None:
    """A log that ended keeps its last entries for ever, so what names them stays, however old it is."""
    heads = KnownHeads(tmp_path / "heads.jsonl")
    desk.sequencer = Sequencer(desk.database, desk.ring, desk.clock, heads)
    for _ in range(3):
        await desk.append(a_consent(), subject=desk.mother)
    await desk.sequence()
    await reopened(desk, heads)
    child = PersonId(new_id())
    async with desk.database.transaction() as conn:
        await desk.ring.create_person_key(conn, desk.tenant, child)
    for _ in range(2):
        await desk.append(a_consent(), subject=child)
    ending, _ = await ended(desk, desk.mother, erasing=True)
    let_go, _ = await ended(desk, child, erasing=True)
    await taken_away(desk, desk.mother, child)
    for _ in range(300):
        await desk.append(a_consent(), subject=desk.father)
    await desk.sequence()
    desk.clock.advance(timedelta(days=6 * 366))
    for _ in range(2):  # given again it is the same
        await desk.append(a_consent(), subject=desk.father)
        await desk.sequence()
        assert await pruned(desk) == [0, 256]
        for since in (None, *await pins(desk)):
            report = await verify_stored(desk.database, desk.ring, desk.tenant, since=since)
            assert report.ok, (since, report.problems)
    kept = await desk.rows("SELECT DISTINCT ending FROM audit_emptied")
    assert [row.ending for row in kept] == [ending]
    assert let_go not in {row.id for row in await desk.rows("SELECT id FROM audit_entries")}


async def test_what_names_goes_with_the_last_of_what_it_names(desk: Desk) -> None:
    """An entry that was written while the key came to its end may stand after the entry that names it."""
    entries = await desk.append_many(258)
    await desk.sequence()
    named = ((entries[0], entries[255]), (entries[1], entries[256]), (entries[255], entries[2]))
    for ending, gone in named:
        add = "INSERT INTO audit_emptied (tenant, entry, what, ending) VALUES (:t, :e, 'detail', :n)"
        await desk.tamper([], add, t=desk.tenant, e=gone, n=ending)
    await noted(desk, 256)
    await desk.sequence()

    async def naming() -> set[str]:
        return {row.ending for row in await desk.rows("SELECT DISTINCT ending FROM audit_emptied")}

    assert await removed(desk, 256, limit=100) == 254
    assert await naming() == {entries[0], entries[1]}  # of the first, what it names was still to go
    assert await removed(desk, 256, limit=100) == 1
    assert await naming() == {entries[1]}


async def test_only_what_stands_in_the_log_is_heard(desk: Desk) -> None:
    await desk.append_many(3)
    await desk.sequence()
    ending, shut = await ended(desk, desk.mother)
    waiting = await desk.append(a_consent(), subject=None)
    ids = {"e": ending, "x": b"x"}
    plants = (
        ((), True),
        (("UPDATE audit_entries SET leaf = :x WHERE id = :e",), False),
        (("UPDATE audit_sequence SET seq = 99 WHERE entry = :e",), False),
        (("DELETE FROM audit_checkpoints",), False),
        (("DELETE FROM audit_tiles", "UPDATE audit_checkpoints SET note = :x"), False),
        (("DELETE FROM audit_logs",), False),
        (("DELETE FROM audit_details WHERE entry = :e",), False),
        (("UPDATE audit_details SET sealed = :x WHERE entry = :e",), False),
        (("DELETE FROM audit_sequence",), True),  # it waits for its place
    )
    await desk.tamper(
        ("audit_entries", "audit_sequence", "audit_checkpoints", "audit_tiles", "audit_logs"),
    )
    for statements, expected in plants:
        heard = Announcements()
        async with desk.database.engine.connect() as conn:
            for statement in statements:
                used = {name: one for name, one in ids.items() if f":{name}" in statement}
                await conn.execute(text(statement), used)
            await hear_entries(conn, desk.ring, desk.tenant, heard, [ending, waiting, new_id()])
            await conn.rollback()
        assert heard.has_heard(ending) == expected, statements
    assert len(shut.details) == 3


async def test_what_differs_beside_a_sound_tile_is_named_with_and_without_a_key(desk: Desk) -> None:
    entries = await desk.append_many(260)
    await desk.sequence()
    await desk.tamper(
        ("audit_entries",), "UPDATE audit_entries SET leaf = :l WHERE id = :id", l=b"x", id=entries[258]
    )
    for report in (await desk.verify(), await verify_hashes(desk.database, desk.tenant)):
        assert report.first is not None
        assert (report.first.what, report.first.seq) == ("leaf_changed", 258)
