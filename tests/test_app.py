"""Starting up: what must hold before the first request."""

from __future__ import annotations

import asyncio
from datetime import date, datetime

import pytest

from consent_service.app import start_up
from consent_service.app.jobs import run_calendar
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.ids import TenantId
from consent_service.process.calendar import Calendar
from consent_service.process.tables import calendar_marks
from tests.ledger import entries, rows
from tests.scenarios.stories import told_family
from tests.shelter import World, furnish


async def test_it_does_not_start_without_the_journal_of_stops_that_were_accepted(world: World) -> None:
    await start_up(world.services)
    told = await told_family(world)
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    journal = world.services.installation.journal.path
    kept = journal.read_bytes()
    journal.unlink()
    with pytest.raises(ConfigurationError, match="stop journal"):
        await start_up(world.services)
    journal.write_bytes(kept)
    await start_up(world.services)


async def test_a_fresh_installation_begins_its_journal(world: World) -> None:
    world.services.installation.journal.path.unlink(missing_ok=True)
    await start_up(world.services)
    assert world.services.installation.journal.path.exists()


async def test_at_start_up_the_calendar_looks_at_once_and_a_shelter_that_fails_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await furnish(world.services, world.clock, "Opvang Aa")
    await told_family(world)
    world.clock.set(local_midnight(date(2027, 8, 1)))
    whole = Calendar.run

    async def fail(self: Calendar, tenant: TenantId, now: datetime) -> int:
        if tenant == first.tenant:
            raise RuntimeError("planted")
        return await whole(self, tenant, now)

    monkeypatch.setattr(Calendar, "run", fail)
    stop = asyncio.Event()
    job = asyncio.create_task(run_calendar(world.services, stop))
    for _ in range(1200):
        await asyncio.sleep(0.05)
        if await rows(world, calendar_marks, tenant=world.tenant, mark="day:2027-08-01"):
            break
    stop.set()
    await job

    kinds = [entry.detail.event.kind for entry in await entries(world, "reminder.due.v1") if entry.detail]  # type: ignore[union-attr]
    assert "consent_ended" in kinds
    assert await rows(world, calendar_marks, tenant=first.tenant) == []
