"""What goes on in the background while serving: tasks, replays, dates, keys. Each outlives a failure."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from consent_service.app.installation import Services
from consent_service.custody.backup_file import newest_backup
from consent_service.foundation.clock import AMSTERDAM, local_date
from consent_service.foundation.errors import ConfigurationError, UnavailableError
from consent_service.foundation.ids import TenantId
from consent_service.foundation.stop_journal import Stop
from consent_service.foundation.tracing import started

_log = structlog.get_logger()
_CALENDAR_SECONDS = 30.0
_KEYS_SECONDS: Final = 30.0
_NOTICE_SECONDS: Final = 5.0
_NIGHT_HOUR: Final = 3
"""Between three and four o'clock in the Netherlands: that hour exists once on every day of the year."""
_NIGHT_MISSED: Final = timedelta(days=1)
"""What has waited longer has seen a night pass."""
_BACKUP_AGE: Final = timedelta(days=1)


async def run_follower(services: Services, stop: asyncio.Event) -> None:
    """Make tasks of what was logged, about every second; an outage is waited out."""
    while not await _stopped(stop, 1.0):
        with _told("follower"):
            for tenant in await services.organisations.tenants():
                await services.recalls.catch_up(tenant.tenant)
                await services.reevaluator.catch_up(tenant.tenant)
                await services.meetings.catch_up(tenant.tenant)
                await services.follower.catch_up(tenant.tenant)
                await services.breach_follower.catch_up(tenant.tenant)


async def run_notices(services: Services, stop: asyncio.Event) -> None:
    """Send what waits and is due, shelter by shelter; one that fails keeps no other waiting."""
    while not await _stopped(stop, _NOTICE_SECONDS):
        with _told("notices"):
            for tenant in await services.organisations.tenants():
                with _told("notices"):
                    await services.notice_deputies.hand_on(tenant.tenant)
                    await services.notice_sender.run_once(tenant.tenant)


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
            await services.identity.machine_clients.tell_refusals()
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
        await services.access.tidy(tenant)
        await services.endings.run(tenant)
        await services.break_glass.run_out(tenant)
        await services.calendar.run(tenant, services.installation.clock.now())
        await services.watching.notice_daily(tenant, services.installation.clock.now())
    with _told("samples"):
        await services.reviews.drawing.draw_due(tenant)
    with _told("signals"):
        await services.signals.look(tenant, services.installation.clock.now())
    with _told("retention"):
        await services.retention.look(tenant)
    with _told("reindexing"):
        await services.reindexing.keep_up(tenant)


async def run_key_care(services: Services, stop: asyncio.Event) -> None:
    """Look after keys: an epoch at night or when it was asked for, a key backup and expired ones each day."""
    care = KeyCare(services)
    while not await _stopped(stop, _KEYS_SECONDS):
        with _told("keys"):
            await care.look()


class KeyCare:
    """What keys need as time goes by. Several processes may do this at once: each finds what is left."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tried_on: date | None = None
        self._expired_on: date | None = None

    async def look(self) -> None:
        """Do what is due now. Without a recovery key nothing is: no key is destroyed that has no backup.

        Raises:
            UnavailableError: something is away; what is due stays due.
        """
        now = self._services.installation.clock.now()
        try:
            self._services.key_backups.require_ready()
        except ConfigurationError:
            await self._remind(now)
            return
        await self._run_epoch(now)
        await self._back_up(now)
        await self._expire(now)

    async def _run_epoch(self, now: datetime) -> None:
        """Once a night, or later that day where the night was missed, because nothing ran here then.

        What fails for another reason than an outage waits for the operator, or the next day.
        """
        epochs = self._services.epochs
        reason = epochs.asked
        if reason is None and self._tried_on != local_date(now):
            since = await epochs.wanted_since()
            missed = since is not None and now - since > _NIGHT_MISSED
            reason = "nightly" if since is not None and (missed or _is_night(now)) else None
        if reason is not None:
            self._tried_on = local_date(now)
            try:
                await epochs.run(reason=reason)
            except UnavailableError:
                self._tried_on = None
                if reason != "nightly":
                    epochs.ask(reason)
                raise

    async def _back_up(self, now: datetime) -> None:
        if not self._has_fresh_backup(now):
            async with self._services.installation.database.exclusive("key-backup"):
                if not self._has_fresh_backup(now):
                    await self._services.key_backups.make()

    def _has_fresh_backup(self, now: datetime) -> bool:
        newest = newest_backup(self._services.installation.key_backups.folder, now)
        return newest is not None and now - newest.made_at < _BACKUP_AGE

    async def _expire(self, now: datetime) -> None:
        if self._expired_on != local_date(now):
            await self._services.key_backups.expire()
            self._expired_on = local_date(now)

    async def _remind(self, now: datetime) -> None:
        """Once a day the log of the process says that destroyed keys cannot be finished."""
        if self._tried_on != local_date(now) and await self._services.epochs.is_wanted():
            self._tried_on = local_date(now)
            _log.warning("destroyed keys wait: there is no recovery key", todo="keys ceremony")


def _is_night(now: datetime) -> bool:
    return now.astimezone(AMSTERDAM).hour == _NIGHT_HOUR


@contextmanager
def _told(job: str) -> Iterator[None]:
    """A background job goes on after a failure; what failed is told by its kind only.

    Each round is a chain of its own (`foundation.tracing`).
    """
    try:
        with started():
            yield
    except UnavailableError:
        pass
    except Exception as failure:  # noqa: BLE001 - the job must outlive anything; the kind is logged
        _log.error("background job failed", job=job, kind=type(failure).__name__)


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
