"""What every act on a family stands on: the writers, the stops, and a transaction in which one may act."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.families.attesting import SchoolTerms
from consent_service.families.looking import FamilyRegister
from consent_service.families.model import Ages
from consent_service.families.reading import lock_family, open_lists, read_relationship
from consent_service.families.stops import FamilyStops
from consent_service.families.writing import FamilyWriter
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import FamilyId, StaffId, TenantId
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import Actor, Counsellor, by
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
        school_terms: SchoolTerms,
    ) -> None:
        super().__init__(
            database=database,
            ring=ring,
            log=log,
            clock=clock,
            organisations=organisations,
            ages=ages,
            school_terms=school_terms,
        )
        self._writer = FamilyWriter(ring=ring, log=log, clock=clock, terms=school_terms)
        organisations.when_leaving(self._end_listings)
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

    async def _end_listings(
        self, conn: AsyncConnection, actor: Actor, tenant: TenantId, member: StaffId
    ) -> None:
        """Who left is taken off every list, with an entry each: the counsellor of each child is told so."""
        for relationship in await open_lists(conn, tenant, member):
            found = await read_relationship(conn, tenant, relationship)
            if found is not None:
                await self._writer.remove_contact(
                    conn, found, member, who=by(actor), listed_until=self._clock.now()
                )

    async def _may(self, actor: Counsellor, action: Action, family: FamilyId) -> None:
        """Asked before a stop is journalled: what may not be done must not stand there."""
        async with self._database.reading() as conn:
            await self._require(conn, actor, action, family)
