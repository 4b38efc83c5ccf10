"""In which region schools are and along which way signals of a region go: what a shelter sets for itself."""

from __future__ import annotations

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import SchoolId
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.looking import school_in
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.signals.model import RouteSetting, SchoolRegion, check_route
from consent_service.process.signals.rows import route_in
from consent_service.process.signals.school_days import REGIONS, Region
from consent_service.process.signals.tables import school_regions, signal_routes


class SignalRouting:
    """Settings of a shelter; each change is an entry."""

    def __init__(self, *, database: Database, log: AuditLog, organisations: OrganisationService) -> None:
        self._database = database
        self._log = log
        self._organisations = organisations

    async def schools(self, actor: PrivacyCoordinator | Fg) -> tuple[SchoolRegion, ...]:
        """Every school of the shelter and its region, by name.

        Raises:
            NotAllowedError: only the privacy coordinator.
        """
        self._require(actor)
        known = await self._organisations.schools(actor.tenant)
        query = select(school_regions).where(school_regions.c.tenant == actor.tenant)
        async with self._database.reading() as conn:
            regions: dict[str, Region] = {row.school: row.region for row in await conn.execute(query)}
        return tuple(SchoolRegion(one.school, one.name, regions.get(one.school)) for one in known)

    async def routes(self, actor: PrivacyCoordinator | Fg) -> tuple[RouteSetting, ...]:
        """The way of each region, in the order of the regions.

        Raises:
            NotAllowedError: only the privacy coordinator.
        """
        self._require(actor)
        async with self._database.reading() as conn:
            return tuple([await route_in(conn, actor.tenant, region) for region in REGIONS])

    async def place_school(self, actor: PrivacyCoordinator | Fg, school: SchoolId, region: Region) -> None:
        """The school is in this region; signals to it can be sent from now on.

        Raises:
            InputError: no such region.
            NotFoundError: no such school of this shelter.
            NotAllowedError: only the privacy coordinator.
        """
        self._require(actor)
        if region not in REGIONS:
            raise InputError([Problem("region", "form.choose")])
        async with self._database.transaction() as conn:
            if await school_in(conn, actor.tenant, school) is None:
                raise NotFoundError("school")
            here = (school_regions.c.tenant == actor.tenant, school_regions.c.school == school)
            await conn.execute(delete(school_regions).where(*here))
            await conn.execute(
                insert(school_regions).values(tenant=actor.tenant, school=school, region=region)
            )
            await self._log_entry(conn, actor, events.SchoolPlaced(school, region))

    async def set_route(self, actor: PrivacyCoordinator | Fg, setting: RouteSetting) -> None:
        """Along which way signals of a region go from now on, and who is in between.

        Raises:
            InputError: every problem at once.
            NotAllowedError: only the privacy coordinator.
        """
        self._require(actor)
        if problems := check_route(setting):
            raise InputError(problems)
        direct = setting.route == "direct"
        async with self._database.transaction() as conn:
            here = (signal_routes.c.tenant == actor.tenant, signal_routes.c.region == setting.region)
            await conn.execute(delete(signal_routes).where(*here))
            await conn.execute(
                insert(signal_routes).values(
                    tenant=actor.tenant,
                    region=setting.region,
                    route=setting.route,
                    recipient="" if direct else setting.recipient.strip(),
                    phone="" if direct else setting.phone.strip(),
                )
            )
            await self._log_entry(conn, actor, events.RouteSet(setting.region, setting.route))

    def _require(self, actor: PrivacyCoordinator | Fg) -> None:
        require(actor, Action.ROUTE_SIGNALS, Circumstances(tenant=actor.tenant))

    async def _log_entry(
        self, conn: AsyncConnection, actor: PrivacyCoordinator | Fg, event: events.SignalEvent
    ) -> None:
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)
