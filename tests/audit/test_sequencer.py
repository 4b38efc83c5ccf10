"""Nothing lost, nothing doubled, whoever is late or early."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from consent_service.audit import sequencer as sequencer_module
from consent_service.audit.checkpoint import read_note, verify_note
from consent_service.audit.heads.known import KnownHead, KnownHeads
from consent_service.audit.merkle import CompactRange
from consent_service.audit.sequencer import BehindKnownHeadError, Sequencer
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId, new_id
from tests.audit.factories import SYSTEM, Desk, a_consent


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_entry_that_commits_late_with_a_lower_number_is_not_lost(desk: Desk) -> None:
    """Not on SQLite: it has one writer, so nothing commits late."""
    async with desk.database.transaction() as slow:
        late = await desk.log.append(
            slow, tenant=desk.tenant, event=a_consent(), by=SYSTEM, subject=desk.mother
        )
        quick = await desk.append()
        assert await desk.sequence() == 0  # the watermark waits for the slow transaction
    assert await desk.sequence() == 2
    placed = await desk.rows("SELECT entry FROM audit_sequence ORDER BY seq")
    assert [row.entry for row in placed] == [late, quick]
    assert (await desk.verify()).ok


async def test_two_sequencers_at_once_place_every_entry_once(desk: Desk) -> None:
    other = Sequencer(desk.database, desk.ring, desk.clock)
    for _ in range(5):
        await desk.append_many(7)
        await asyncio.gather(desk.sequence(), other.run_once(desk.tenant))
    while await desk.sequence():
        pass
    report = await desk.verify()
    assert (report.ok, report.size, report.pending) == (True, 35, 0)


async def test_a_sequencer_that_slips_past_the_lock_is_stopped_by_the_primary_keys(desk: Desk) -> None:
    await desk.append()
    async with desk.database.transaction() as conn:
        await conn.execute(
            text(
                "INSERT INTO audit_sequence (tenant, log, seq, entry, leaf_hash) VALUES (:t, 1, 0, 'x', :h)"
            ),
            {"t": desk.tenant, "h": b"h" * 32},
        )
    assert await desk.sequence() == 0
    assert await desk.rows("SELECT * FROM audit_checkpoints") == []


async def test_the_checkpoint_is_signed_by_the_log(desk: Desk) -> None:
    await desk.append_many(3)
    await desk.sequence()
    (row,) = await desk.rows("SELECT note FROM audit_checkpoints")
    note = read_note(bytes(row.note))
    assert note.checkpoint.size == 3
    assert verify_note(note, origin=desk.key.origin, public=desk.key.public)


async def test_batches_give_the_same_log_as_one_at_a_time_over_tile_borders(desk: Desk) -> None:
    for count in (1, 254, 1, 3, 300, 210):
        await desk.append_many(count)
        assert await desk.sequence() == count
    tiles = await desk.rows("SELECT level, tile FROM audit_tiles ORDER BY level, tile")
    assert [(row.level, row.tile) for row in tiles] == [(0, 0), (0, 1), (0, 2)]
    report = await desk.verify()
    assert (report.ok, report.size, report.details_checked) == (True, 769, 769)


async def test_nothing_is_signed_on_top_of_a_head_the_log_did_not_sign(desk: Desk) -> None:
    await desk.append()
    await desk.sequence()
    await desk.tamper(
        ["audit_checkpoints"], "UPDATE audit_checkpoints SET frontier = :f, root = :f", f=b"x" * 32
    )
    await desk.append()
    with pytest.raises(IntegrityError):
        await desk.sequence()


async def test_a_tenant_without_a_log_waits(desk: Desk) -> None:
    assert await desk.sequencer.run_once(TenantId(new_id())) == 0
    tenant = TenantId(new_id())
    async with desk.database.transaction() as conn:
        await desk.ring.create_tenant(conn, tenant)
        await desk.log.append(conn, tenant=tenant, event=a_consent(), by=SYSTEM, subject=None)
    assert await desk.sequencer.run_once(tenant) == 0


async def test_a_full_batch_is_followed_by_the_next_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent_service.audit.sequencer.BATCH_LIMIT", 2)
    await desk.append_many(5)
    await desk.sequencer._drain(desk.tenant)
    heads = await desk.rows("SELECT size FROM audit_checkpoints ORDER BY size")
    assert [row.size for row in heads] == [2, 4, 5]


async def test_a_database_without_tables_does_not_end_the_sequencer(desk: Desk, tmp_path: Path) -> None:
    empty = Database(f"sqlite+aiosqlite:///{tmp_path}/other.sqlite")
    stop = asyncio.Event()
    running = asyncio.create_task(Sequencer(empty, desk.ring, desk.clock).run(stop))
    await asyncio.sleep(0.3)
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 60)
    await empty.close()


async def test_the_running_sequencer_serves_all_tenants_and_survives_an_outage(desk: Desk) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(desk.sequencer.run(stop))
    await desk.append_many(2)
    async with asyncio.timeout(60):
        while len(await desk.rows("SELECT seq FROM audit_sequence")) < 2:  # noqa: ASYNC110 - told by nobody
            await asyncio.sleep(0.05)
    await desk.tamper(
        ["audit_checkpoints"], "UPDATE audit_checkpoints SET root = :f, frontier = :f", f=b"x" * 32
    )
    await desk.append()
    await asyncio.sleep(0.3)
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 60)


async def test_nothing_is_signed_by_a_database_that_is_behind_a_head_known_outside(
    desk: Desk, tmp_path: Path
) -> None:
    """Put back to an older state, another state of the same size, or grown again from an older state."""
    heads = KnownHeads(tmp_path / "heads.jsonl")
    sequencer = Sequencer(desk.database, desk.ring, desk.clock, heads)
    origin = desk.key.origin
    await desk.append_many(2)
    assert await sequencer.run_once(desk.tenant) == 2
    (row,) = await desk.rows("SELECT size, root FROM audit_checkpoints")
    signed = KnownHead(origin, 2, bytes(row.root))
    assert heads.newest(origin) == signed
    await desk.append()
    wrong = {
        "behind": KnownHead(origin, 3, b"x" * 32),
        "another root": KnownHead(origin, 2, b"x" * 32),
        "grown past another": KnownHead(origin, 1, b"x" * 32),
    }
    for name, known in wrong.items():
        outside = KnownHeads(tmp_path / f"{name}.jsonl")
        outside.remember(known.origin, known.size, known.root)
        outside.begin()
        refusing = Sequencer(desk.database, desk.ring, desk.clock, outside)
        with pytest.raises(BehindKnownHeadError):
            await refusing.run_once(desk.tenant)
        with capture_logs() as told:
            await refusing.run_all()
            await refusing.run_all()
        assert [one["failure"] for one in told] == ["BehindKnownHeadError"]
        assert refusing.metrics.standing("behind") == {desk.tenant}
    assert len(await desk.rows("SELECT * FROM audit_checkpoints")) == 1
    assert await sequencer.run_once(desk.tenant) == 1  # what is known is what was signed
    behind = Sequencer(desk.database, desk.ring, desk.clock, _with(tmp_path, signed))
    await desk.append()
    assert await behind.run_once(desk.tenant) == 1  # this process was away while another signed


def _with(folder: Path, head: KnownHead) -> KnownHeads:
    heads = KnownHeads(folder / "of another process.jsonl")
    heads.remember(head.origin, head.size, head.root)
    heads.begin()
    return heads


async def test_a_head_that_another_sequencer_signed_meanwhile_is_no_sign_of_a_database_put_back(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = KnownHeads(tmp_path / "heads.jsonl")
    sequencer = Sequencer(desk.database, desk.ring, desk.clock, heads)
    await desk.append()
    heads.remember(desk.key.origin, 9, b"x" * 32)
    later = [sequencer_module._Head(), sequencer_module._Head(CompactRange().extend([b"h" * 32]))]

    async def read(*_: object) -> sequencer_module._Head:
        return later.pop(0)

    monkeypatch.setattr(sequencer_module, "_read_head", read)
    assert await sequencer.run_once(desk.tenant) == 0
    assert later == []


async def test_a_failure_that_another_sequencer_cleared_is_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise IntegrityError("damaged")

    await desk.append()
    with monkeypatch.context() as patch, capture_logs() as told:
        patch.setattr(sequencer_module, "_read_head", fail)
        await desk.sequencer.run_all()
    assert [one["failure"] for one in told] == ["IntegrityError"]
    assert desk.sequencer.metrics.standing("damaged") == {desk.tenant}
    assert await Sequencer(desk.database, desk.ring, desk.clock).run_once(desk.tenant) == 1
    await desk.sequencer.run_all()
    assert desk.sequencer.metrics.standing("damaged") == frozenset()
