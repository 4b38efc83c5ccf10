"""What goes on in the background while serving: tasks, replays, dates. Each outlives a failure."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog

from consent_service.app.installation import Services
from consent_service.foundation.errors import UnavailableError
from consent_service.foundation.ids import TenantId
from consent_service.foundation.stop_journal import Stop

_log = structlog.get_logger()
_CALENDAR_SECONDS = 30.0


async def run_follower(services: Services, stop: asyncio.Event) -> None:
    """Make tasks of what was logged, about every second; an outage is waited out."""
    while not await _stopped(stop, 1.0):
        with _told("follower"):
            for tenant in await services.organisations.tenants():
                await services.recalls.catch_up(tenant.tenant)
                await services.reevaluator.catch_up(tenant.tenant)
                await services.follower.catch_up(tenant.tenant)


async def run_chores(services: Services, stop: asyncio.Event) -> None:
    """Replay stops that were only journalled, list the others, and forget sessions nobody came back to.

    After an outage everything is compared again: what answers now may be a copy that missed the last ones.
    """
    compared: tuple[Stop, ...] | None = None
    while not await _stopped(stop, 2.0 + secrets.randbelow(100) / 100):
        with _told("chores"):
            before, compared = compared, None
            stops = services.installation.journal.all()
            if stops is not before:
                await services.replay_stops()
            await services.identity.forget_expired()
            compared = stops


async def run_calendar(services: Services, stop: asyncio.Event) -> None:
    """Look at every date once a day, and finish taking a text out of use; at start-up first of all."""
    seconds = 0.0
    while not await _stopped(stop, seconds):
        seconds = _CALENDAR_SECONDS
        with _told("calendar"):
            for tenant in await services.organisations.tenants():
                await _look_at_dates(services, tenant.tenant)


async def _look_at_dates(services: Services, tenant: TenantId) -> None:
    """One shelter that fails keeps no other waiting."""
    with _told("calendar"):
        await services.wording.finish(tenant)
        await services.calendar.run(tenant, services.installation.clock.now())
        await services.watching.notice_daily(tenant, services.installation.clock.now())
    with _told("reindexing"):
        await services.reindexing.keep_up(tenant)


@contextmanager
def _told(job: str) -> Iterator[None]:
    """A background job goes on after a failure; what failed is told by its kind only."""
    try:
        yield
    except UnavailableError:
        pass
    except Exception as failure:  # noqa: BLE001 - the job must outlive anything; the kind is logged
        _log.error("background job failed", job=job, kind=type(failure).__name__)


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
