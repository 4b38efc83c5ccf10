"""Reading what was written about a walk of the meldcode: an entry first, then the text.

A counsellor who is with the family reads everything. On the own page it is open by default: to a guardian
who decides today and is shown the family (S46), and to a young person who decides alone. What is postponed
for safety is not there, nor what is said of another child. A school has no way in.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.looking import FamilyRegister
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, RecordId, StaffId, TenantId
from consent_service.identity.model import (
    Counsellor,
    Fg,
    PersonActor,
    PrivacyCoordinator,
    by,
    person_of,
)
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.emergencies.model import (
    LEGAL_STEPS,
    Meldcode,
    OwnMeldcode,
    StepText,
    WrittenStep,
)
from consent_service.process.emergencies.reading import read_meldcodes
from consent_service.process.emergencies.sealed_text import open_text
from consent_service.process.tables_emergencies import meldcode_steps, meldcodes
from consent_service.release.service import ReleaseService


class MeldcodeReading:
    """Who reads what of it; each opening is logged."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        release: ReleaseService,
        families: FamilyRegister,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._release = release
        self._families = families

    async def of_family(self, actor: Counsellor, family: FamilyId) -> tuple[Meldcode, ...]:
        """The walks about the children of one family, newest first, without what was written.

        Raises:
            NotAllowedError: not with this family.
        """
        async with self._database.reading() as conn:
            await self._require_with(conn, actor, family)
            return tuple(await read_meldcodes(conn, actor.tenant, meldcodes.c.family == family))

    async def read(self, actor: Counsellor, meldcode: RecordId) -> tuple[Meldcode, tuple[WrittenStep, ...]]:
        """What was written, oldest first.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such walk here.
        """
        async with self._database.transaction() as conn:
            one = await self._found(conn, actor, meldcode)
            await self._tell_read(conn, actor, one)
            return one, await self._steps(conn, actor.tenant, one)

    async def own(self, actor: PersonActor) -> tuple[OwnMeldcode, ...]:
        """What was written about her children, or about oneself, as far as it is open; newest first.

        Whoever is answered by a person (S46), does not decide, or asks while it is postponed gets nothing,
        and cannot tell these apart.

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: nobody with this id in this family.
            UnavailableError: database, keys or log are away, or a stop is not carried out.
        """
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, Action.SEE_OWN_PAGE, facts)
        m = meldcodes.c
        async with self._database.transaction() as conn:
            permit = await self._release.permit_for_guardian(
                conn, actor.tenant, person_of(actor), "page", actor=actor
            )
            if permit is None:
                return ()
            children = await self._families.own_children(conn, actor)
            about = (m.family == actor.family, m.child.in_(sorted(children)), m.postponed_until.is_(None))
            found = await read_meldcodes(conn, actor.tenant, *about, lock=True)
            return tuple([await self._own(conn, actor, one) for one in found])

    async def overview(self, actor: PrivacyCoordinator | Fg) -> tuple[Meldcode, ...]:
        """Every walk of the shelter, newest first: metadata only."""
        require(actor, Action.VIEW_EMERGENCIES, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return tuple(await read_meldcodes(conn, actor.tenant))

    # --- parts -------------------------------------------------------------------------------

    async def _own(self, conn: AsyncConnection, actor: PersonActor, one: Meldcode) -> OwnMeldcode:
        await self._tell_read(conn, actor, one)
        steps = await self._steps(conn, actor.tenant, one)
        return OwnMeldcode(one.child, one.opened_at, tuple(s for s in steps if s.act in LEGAL_STEPS))

    async def _steps(self, conn: AsyncConnection, tenant: TenantId, one: Meldcode) -> tuple[WrittenStep, ...]:
        s = meldcode_steps.c
        query = select(meldcode_steps).where(s.tenant == tenant, s.meldcode == one.meldcode)
        rows = (await conn.execute(query.order_by(s.at, s.step))).all()
        key = await self._ring.person_key(conn, tenant, one.child)
        return tuple(self._written(key, row) for row in rows)

    def _written(self, key: WrappedPersonKey, row: Row[Any]) -> WrittenStep:
        said = open_text(self._ring, key, row.step, row.sealed)
        text = StepText(what=said.get("what", ""), why=said.get("why", ""), code=row.code)
        return WrittenStep(row.act, StaffId(row.by), row.at, text)

    async def _found(
        self, conn: AsyncConnection, actor: Counsellor, meldcode: RecordId, *, lock: bool = False
    ) -> Meldcode:
        found = await read_meldcodes(conn, actor.tenant, meldcodes.c.meldcode == meldcode, lock=lock)
        if not found:
            raise NotFoundError("meldcode")
        await self._require_with(conn, actor, found[0].family)
        return found[0]

    async def _require_with(self, conn: AsyncConnection, actor: Counsellor, family: FamilyId) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
        require(actor, Action.WALK_MELDCODE, facts)

    async def _tell_read(self, conn: AsyncConnection, actor: Counsellor | PersonActor, one: Meldcode) -> None:
        read = events.StatutoryTextRead("meldcode", one.meldcode, one.family)
        await self._tell(conn, actor, one.child, read)

    async def _tell(
        self, conn: AsyncConnection, actor: Counsellor | PersonActor, child: PersonId, event: events.Event
    ) -> None:
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=event,
            by=by(actor),
            subject=await self._log.living(conn, actor.tenant, child),
            tagged_for=OFFICER,
        )
