"""One leads, the others wait; a leader that died is replaced, and no lease makes two histories."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from consent_service.audit.leading import LEASE, Lease, TransactionLock, lead_by
from consent_service.audit.sequencer import Sequencer
from tests.audit.factories import Desk

MOMENT = timedelta(seconds=1)


async def _takes(desk: Desk, lease: Lease) -> bool:
    async with desk.database.transaction() as conn:
        return await lease.takes(conn, desk.tenant, desk.clock.now())


async def _until(desk: Desk) -> str:
    (row,) = await desk.rows("SELECT until FROM audit_leases WHERE tenant = :t", t=desk.tenant)
    return str(row.until)


async def test_a_lease_is_kept_alive_by_its_holder_and_taken_over_once_it_has_ended(desk: Desk) -> None:
    first, second = Lease(), Lease()
    assert await _takes(desk, first)
    assert not await _takes(desk, second)
    begun = await _until(desk)
    desk.clock.advance(LEASE / 2 - MOMENT)
    assert await _takes(desk, first)
    assert await _until(desk) == begun  # most batches only read it
    desk.clock.advance(2 * MOMENT)
    assert await _takes(desk, first)
    assert await _until(desk) > begun
    desk.clock.advance(LEASE - MOMENT)
    assert not await _takes(desk, second)
    desk.clock.advance(MOMENT)
    assert await _takes(desk, second)
    assert not await _takes(desk, first)
    async with desk.database.transaction() as conn:
        await first.lets_go(conn, desk.clock.now())  # not its own any more
    assert not await _takes(desk, first)
    async with desk.database.transaction() as conn:
        await second.lets_go(conn, desk.clock.now())
    assert await _takes(desk, first)


async def test_of_many_that_find_no_leader_one_leads(desk: Desk) -> None:
    async def leads(lease: Lease) -> bool:
        try:
            return await _takes(desk, lease)
        except IntegrityError:
            return False

    for _ in ("there was none", "it has ended"):
        found = await asyncio.gather(*(leads(Lease()) for _ in range(6)))
        assert sum(found) == 1
        desk.clock.advance(LEASE)


async def test_sequencers_with_leases_place_every_entry_once_and_the_second_goes_on_after_the_first(
    desk: Desk,
) -> None:
    one, other = (Sequencer(desk.database, desk.ring, desk.clock, lock="lease") for _ in range(2))
    await desk.append_many(3)
    assert sorted(await asyncio.gather(*(each.run_once(desk.tenant) for each in (one, other)))) == [0, 3]
    leader, idle = (one, other) if await _leads(desk, one) else (other, one)
    await desk.append_many(2)
    assert await idle.run_once(desk.tenant) == 0
    stop = asyncio.Event()
    stop.set()
    await leader.run(stop)  # it ends at once, and lets go
    assert await idle.run_once(desk.tenant) == 2
    report = await desk.verify()
    assert (report.ok, report.size, report.pending) == (True, 5, 0)


async def _leads(desk: Desk, sequencer: Sequencer) -> bool:
    lead = sequencer._lead
    assert isinstance(lead, Lease)
    (row,) = await desk.rows("SELECT holder FROM audit_leases")
    return bool(row.holder == lead.holder)


def test_a_lease_is_held_only_where_it_is_asked_for() -> None:
    assert isinstance(lead_by("lease"), Lease)
    assert isinstance(lead_by("auto"), TransactionLock)
