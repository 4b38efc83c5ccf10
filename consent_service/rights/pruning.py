"""How long entries of the log are kept, and letting older ones go (AVG 5(1)(e), 5(2)).

An operator carries out what a privacy coordinator of the shelter decided; the log says who that was, and from
which number on entries are kept. What was proved with them stays proved: see `audit.pruning`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, places_before
from consent_service.audit.pruning import kept_from, logs_of, note_pruned, prunable_to, prune_batch
from consent_service.foundation.clock import Clock, local_date, local_midnight
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, LogUnavailableError, Problem
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.identity.model import Operator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.process.tables import follower_cursors
from consent_service.rights.coordinators import is_coordinator

KEPT_YEARS: Final = 5
"""Entries are kept at least so long: what AVG 5(2) must be shown with."""


class PruningOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a privacy coordinator decided: entries from before this day may go."""

    tenant: TenantId
    coordinator: StaffId
    before: date


class Pruned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One log of the shelter: from which number on it keeps its entries, and how many went now."""

    log: int
    minimum: int
    entries: int


class PruningService:
    """Lets old entries of a shelter's logs go."""

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    async def prune(self, actor: Operator, order: PruningOrder) -> tuple[Pruned, ...]:
        """Remove what stands in the shelter's logs from before the day; finishes what was broken off.

        1. may it  2. per log: from which number on entries are kept, with the entry that says so  3. remove
        what stands below it, in small batches.

        Raises:
            InputError: the day is less than five years ago.
            NotAllowedError: nobody by that id is privacy coordinator of this shelter now.
        """
        latest = years_before(local_date(self._clock.now()), KEPT_YEARS)
        async with self._database.reading() as conn:
            decided = await is_coordinator(conn, order.tenant, order.coordinator)
            logs = await logs_of(conn, order.tenant)
        require(actor, Action.PRUNE_LOG, Circumstances(tenant=order.tenant, decided=decided))  # 1
        if order.before > latest:
            raise InputError([Problem("before", "pruning.too_young", {"day": latest.isoformat()})])
        found = []
        for log in logs:
            minimum = await self._mark(actor, order, log)  # 2
            found.append(Pruned(log, minimum, await self._remove(order.tenant, log, minimum)))  # 3
        return tuple(found)

    async def _mark(self, actor: Operator, order: PruningOrder, log: int) -> int:
        """Entries that a follower has not read yet are kept."""
        moment = local_midnight(order.before)
        async with self._database.transaction() as conn:
            at_most = await _followed_to(conn, order.tenant, log)
            kept = await kept_from(conn, order.tenant, log)
            minimum = await prunable_to(conn, order.tenant, log, before=moment, at_most=at_most)
            if minimum == kept:
                return kept
            event = events.LogPruned(log, minimum, order.coordinator)
            entry = await self._log.append(conn, tenant=order.tenant, event=event, by=by(actor), subject=None)
            if entry is None:
                raise LogUnavailableError("the log dropped an entry")
            await note_pruned(conn, order.tenant, log, minimum, entry=entry, now=self._clock.now())
        return minimum

    async def _remove(self, tenant: TenantId, log: int, minimum: int) -> int:
        after, entries = 0, 0
        while after < minimum:
            async with self._database.transaction() as conn:
                after, gone = await prune_batch(conn, tenant, log, after=after, minimum=minimum)
            entries += gone
        return entries


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 28 February where there was no 29th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


async def _followed_to(conn: AsyncConnection, tenant: TenantId, log: int) -> int:
    """The first number of this log that not every follower has read; 0 where none has ever read."""
    here = follower_cursors.c
    query = select(func.coalesce(func.min(here.next_seq), 0)).where(here.tenant == tenant)
    place = int((await conn.execute(query)).scalar_one())
    return max(0, place - await places_before(conn, tenant, log))
