"""Tests of `consent_service.audit.heads.reopening` and `numbering`: a restored database begins a new log."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.encoding import decode_leaf
from consent_service.audit.events import LogReopened
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.numbering import require_numbers_go_on
from consent_service.audit.heads.reopening import Reopened, Reopening
from consent_service.audit.leading import Lease, TransactionLock
from consent_service.audit.log import places_before
from consent_service.audit.log_keys import current_log, key_history, log_numbered, logs_of
from consent_service.audit.merkle import EMPTY_ROOT
from consent_service.audit.proofs import prove_entry
from consent_service.audit.reading import newest_checkpoint
from consent_service.audit.sequencer import BehindKnownHeadError, Sequencer
from consent_service.foundation.errors import ConfigurationError, ConflictError, NotFoundError
from consent_service.foundation.ids import EntryId, TenantId, new_id
from tests.audit.factories import SYSTEM, Desk

LOST = 7


@pytest.fixture
def heads(desk: Desk, tmp_path: Path) -> KnownHeads:
    heads = KnownHeads(tmp_path / "heads.jsonl")
    desk.sequencer = Sequencer(desk.database, desk.ring, desk.clock, heads)
    return heads


@pytest.fixture
def reopening(desk: Desk, heads: KnownHeads) -> Reopening:
    return Reopening(
        database=desk.database,
        ring=desk.ring,
        log=desk.log,
        clock=desk.clock,
        heads=heads,
        lead=TransactionLock(),
    )


async def restored(desk: Desk, heads: KnownHeads, entries: int = 5) -> list[EntryId]:
    """Some entries in order, and a head known outside that is ahead of them."""
    placed = await desk.append_many(entries)
    assert await desk.sequence() == entries
    heads.remember(desk.key.origin, entries + LOST, bytes(range(32)))
    return placed


async def test_a_new_log_begins_by_saying_why_and_takes_what_waits(
    desk: Desk, heads: KnownHeads, reopening: Reopening
) -> None:
    placed = await restored(desk, heads)
    waiting = await desk.append_many(3)
    with pytest.raises(BehindKnownHeadError):
        await desk.sequence()

    reopened = await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)

    assert (reopened.head.size, reopened.previous.size, reopened.lost) == (4, 12, LOST)
    assert heads.newest(reopened.head.origin) is not None
    assert reopened.head.origin.rpartition("/")[0] == desk.key.origin.rpartition("/")[0]
    assert reopened.head.origin != desk.key.origin
    later = await desk.append_many(2)
    assert await desk.sequence() == 2
    rows = await desk.rows("SELECT entry FROM audit_sequence WHERE log = 2 ORDER BY seq")
    first, *rest = (row.entry for row in rows)
    assert rest == [*waiting, *later]
    (told,) = (await desk.trail(types=frozenset({"log.reopened.v1"}))).entries
    assert told.id == first
    assert told.detail is not None
    assert told.detail.event == LogReopened(2, "restored", 12, bytes(range(32)).hex())
    report = await desk.verify()
    assert report.ok, report.problems
    assert await desk.sequence() == 0
    await _every_entry_is_found(desk, [*placed, first, *rest])


async def _every_entry_is_found(desk: Desk, entries: list[EntryId]) -> None:
    """By the trail, by followers in the order of the logs, and by its proof under its own log's head."""
    trail = (await desk.trail()).entries
    assert {entry.id: (entry.log, entry.seq) for entry in trail} == {
        entry: (1, seq) if seq < 5 else (2, seq - 5) for seq, entry in enumerate(entries)
    }
    followed: list[str] = []
    async with desk.database.reading() as conn:
        while found := await desk.log.follow(conn, desk.tenant, len(followed), limit=3):
            followed += [entry.id for entry in found]
        assert [await places_before(conn, desk.tenant, log) for log in (1, 2, 3)] == [0, 5, len(entries)]
        proofs = [await prove_entry(conn, desk.tenant, entry) for entry in entries]
        assert await desk.log.oldest_pending(conn, desk.tenant, desk.clock.now()) is None
    assert followed == entries
    assert [(proof.state, proof.size) for proof in proofs if proof] == [("proved", 5)] * 5 + [
        ("proved", 6)
    ] * 6


async def test_the_keys_and_origins_of_every_log_can_be_told(
    desk: Desk, heads: KnownHeads, reopening: Reopening
) -> None:
    await restored(desk, heads)
    reopened = await reopening.reopen(desk.tenant, why="compromised", by=SYSTEM)
    nobody = TenantId(new_id())
    async with desk.database.reading() as conn:
        assert await logs_of(conn, desk.tenant) == (desk.key, reopened.log)
        assert await log_numbered(conn, desk.tenant, 1) == desk.key
        assert await log_numbered(conn, desk.tenant, 3) is None
        assert await current_log(conn, desk.tenant) == reopened.log
        (period,) = await key_history(conn, reopened.log)
        assert (period.number, period.public, period.since) == (1, reopened.log.public, desk.clock.now())
        assert period.public != desk.key.public
        note = await newest_checkpoint(conn, desk.tenant)
        assert note is not None
        assert note.startswith(reopened.head.body())
        assert await logs_of(conn, nobody) == ()
    with pytest.raises(NotFoundError):
        await reopening.reopen(nobody, why="restored", by=SYSTEM)


async def test_the_largest_head_known_anywhere_is_named(
    desk: Desk, heads: KnownHeads, reopening: Reopening
) -> None:
    """Nothing signed; more in the database than outside; a witness ahead of both, whose root is not known."""
    empty = await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
    assert (empty.previous.size, empty.previous.root, empty.lost) == (0, EMPTY_ROOT, 0)

    ahead = await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
    assert (ahead.previous, ahead.lost) == (empty.head, 0)

    heads.claim(ahead.head.origin, "w1.example", 90)
    heads.claim(ahead.head.origin, "w2.example")
    claimed = await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
    assert (claimed.previous.size, claimed.previous.root, claimed.lost) == (90, b"", 89)
    leaves = await desk.rows("SELECT leaf FROM audit_entries")
    assert {decode_leaf(row.leaf).type for row in leaves} == {"log.reopened.v1"}
    report = await desk.verify()
    assert report.ok, report.problems
    assert not heads.refuses(claimed.head.origin, claimed.head.size, claimed.head.root)


async def test_many_that_wait_fill_tiles_of_the_new_log(
    desk: Desk, heads: KnownHeads, reopening: Reopening
) -> None:
    await restored(desk, heads, 2)
    await desk.append_many(260)
    reopened = await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
    assert reopened.head.size == 261
    assert len(await desk.rows("SELECT * FROM audit_tiles WHERE log = 2")) == 1
    await desk.append_many(255)
    assert await desk.sequence() == 255
    report = await desk.verify()
    assert report.ok, report.problems
    assert report.size == 516


class _Everybody(TransactionLock):
    """A lock that keeps nobody out."""

    async def takes(self, conn: AsyncConnection, tenant: TenantId, now: datetime) -> bool:
        return True


async def test_of_several_that_open_at_once_each_begins_another_log_or_gives_way(
    desk: Desk, heads: KnownHeads, reopening: Reopening, monkeypatch: pytest.MonkeyPatch
) -> None:
    await restored(desk, heads)
    monkeypatch.setattr(reopening, "_lead", _Everybody())
    outcomes = await asyncio.gather(
        *(reopening.reopen(desk.tenant, why="restored", by=SYSTEM) for _ in range(3)), return_exceptions=True
    )
    opened = sorted(one.log.log for one in outcomes if isinstance(one, Reopened))
    assert opened == list(range(2, len(opened) + 2))
    assert opened
    assert all(isinstance(one, (Reopened, ConflictError)) for one in outcomes)
    report = await desk.verify()
    assert report.ok, report.problems


async def test_nothing_is_opened_while_another_leads_or_writes(
    desk: Desk, heads: KnownHeads, reopening: Reopening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent_service.audit.heads.reopening._ATTEMPTS", 2)
    await restored(desk, heads)
    theirs, ours = Lease(), Lease()
    async with desk.database.transaction() as conn:
        assert await theirs.takes(conn, desk.tenant, desk.clock.now())
    monkeypatch.setattr(reopening, "_lead", ours)
    with pytest.raises(ConflictError, match="put in order"):
        await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
    async with desk.database.transaction() as conn:
        await theirs.lets_go(conn, desk.clock.now())
    if not desk.database.is_sqlite:
        async with desk.database.transaction() as conn:
            await conn.execute(text("SELECT pg_current_xact_id()"))
            with pytest.raises(ConflictError, match="writing"):
                await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
    assert (await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)).log.log == 2


async def test_a_database_that_counts_its_transactions_anew_is_refused(
    desk: Desk, heads: KnownHeads, reopening: Reopening
) -> None:
    await restored(desk, heads)
    async with desk.database.transaction() as conn:
        await require_numbers_go_on(conn)
    later = {"tenant": desk.tenant, "id": new_id(), "xid": 1 << 40, "leaf": b"{}"}
    if desk.database.is_sqlite:
        return
    async with desk.database.transaction() as conn:
        await conn.execute(
            text("INSERT INTO audit_entries (tenant, id, xid, leaf) VALUES (:tenant, :id, :xid, :leaf)"),
            later,
        )
    with pytest.raises(ConfigurationError, match="began anew"):
        await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
