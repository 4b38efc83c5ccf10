"""What every act on a family stands on: the writers, the stops, and a transaction in which one may act."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.families.looking import FamilyRegister
from consent_service.families.model import Ages
from consent_service.families.reading import lock_family
from consent_service.families.stops import FamilyStops
from consent_service.families.writing import FamilyWriter
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import FamilyId
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import Counsellor
from consent_service.identity.permissions import Action
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService


class FamilyActs(FamilyRegister):
    """The ground of `service`, `safety` and `schools`."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        organisations: OrganisationService,
        ages: Ages,
    ) -> None:
        super().__init__(
            database=database, ring=ring, log=log, clock=clock, organisations=organisations, ages=ages
        )
        self._writer = FamilyWriter(ring=ring, log=log, clock=clock)
        self._stops = FamilyStops(database=database, clock=clock, journal=journal, writer=self._writer)

    @asynccontextmanager
    async def _acting(
        self, actor: Counsellor, action: Action, family: FamilyId
    ) -> AsyncIterator[AsyncConnection]:
        """A transaction in which the counsellor may act on the family, and nobody else does meanwhile."""
        async with self._database.transaction() as conn:
            await self._require(conn, actor, action, family)
            await lock_family(conn, actor.tenant, family)
            yield conn

    async def _may(self, actor: Counsellor, action: Action, family: FamilyId) -> None:
        """Asked before a stop is journalled: what may not be done must not stand there."""
        async with self._database.reading() as conn:
            await self._require(conn, actor, action, family)
