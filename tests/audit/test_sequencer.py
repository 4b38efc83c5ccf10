"""Nothing lost, nothing doubled, whoever is late or early."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from consent_service.audit.checkpoint import read_note, verify_note
from consent_service.audit.sequencer import Sequencer
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId, new_id
from tests.audit.factories import SYSTEM, Desk, a_consent


async def test_an_entry_that_commits_late_with_a_lower_number_is_not_lost(desk: Desk) -> None:
    if desk.database.is_sqlite:
        pytest.skip("SQLite has one writer: nothing commits late")
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
    await asyncio.wait_for(running, 5)
    await empty.close()


async def test_the_running_sequencer_serves_all_tenants_and_survives_an_outage(desk: Desk) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(desk.sequencer.run(stop))
    await desk.append_many(2)
    await asyncio.sleep(0.5)
    assert len(await desk.rows("SELECT seq FROM audit_sequence")) == 2
    await desk.tamper(
        ["audit_checkpoints"], "UPDATE audit_checkpoints SET root = :f, frontier = :f", f=b"x" * 32
    )
    await desk.append()
    await asyncio.sleep(0.3)
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 5)
