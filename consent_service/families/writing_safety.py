"""Writing safety: assessments and markers, each with its raised version and entry, in one transaction.

Every entry carries the officer's tag: no guardian's page may find it.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.model import SafetyAssessment, SafetyMarker
from consent_service.families.reading import WaitingMarker, child_ids, read_markers, read_safety
from consent_service.families.tables import safety_assessments, safety_markers
from consent_service.foundation.clock import Clock, strictly_after
from consent_service.foundation.ids import FamilyId, PersonId, StaffId, TenantId, new_id
from consent_service.identity.model import Counsellor, by
from consent_service.organisations.relationship_state import raise_family


class SafetyWriter:
    """Rows and entries about safety."""

    def __init__(self, *, log: AuditLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    async def write_safety(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        family: FamilyId,
        assessment: SafetyAssessment,
        *,
        who: By,
        assessor: StaffId,
        late_since: datetime | None = None,
    ) -> None:
        """The assessment of the family as a whole, or of the guardian it names.

        Once danger is ruled out for everybody, nobody is left out any more: each marker ends with it.
        """
        await raise_family(conn, tenant, family, self._clock.now())
        await self._keep(conn, tenant, family, assessment, assessor)
        event, subject = await self._assessed(conn, tenant, family, assessment)
        await self._log.append(
            conn,
            tenant=tenant,
            event=event,
            by=who,
            subject=subject,
            tagged_for=OFFICER,
            late_since=late_since,
        )
        if (await read_safety(conn, tenant, family=family)).level == "no_known_danger":
            for marker in await read_markers(conn, tenant, family=family):
                if marker.ended_at is None and marker.approved is not False:
                    await self.end_marker(conn, tenant, family, marker, who=who)

    async def _keep(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        family: FamilyId,
        assessment: SafetyAssessment,
        assessor: StaffId,
    ) -> None:
        newest = select(func.max(safety_assessments.c.recorded_at)).where(
            safety_assessments.c.tenant == tenant, safety_assessments.c.family == family
        )
        moment = strictly_after(self._clock.now(), (await conn.execute(newest)).scalar_one())
        await conn.execute(
            insert(safety_assessments).values(
                tenant=tenant,
                assessment=new_id(),
                family=family,
                level=assessment.level,
                secret_address=assessment.secret_address,
                other_parent_at_school=assessment.other_parent_at_school,
                court_order_until=assessment.court_order_until,
                review_on=assessment.review_on,
                assessor=assessor,
                recorded_at=moment,
                guardian=assessment.guardian,
            )
        )

    async def _assessed(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId, assessment: SafetyAssessment
    ) -> tuple[events.SafetyAssessed | events.GuardianSafetyAssessed, PersonId | None]:
        """The event and whom it is about: the guardian, or for all of them the eldest child not erased."""
        level, review_on = assessment.level, assessment.review_on
        if assessment.guardian is not None:
            event = events.GuardianSafetyAssessed(family, assessment.guardian, level, review_on)
            return event, await self._log.living(conn, tenant, assessment.guardian)
        for_all = events.SafetyAssessed(family, level, assessment.secret_address, review_on)
        for child in await child_ids(conn, tenant, family):
            if await self._log.living(conn, tenant, child) is not None:
                return for_all, child
        return for_all, None

    async def request_marker(
        self, conn: AsyncConnection, actor: Counsellor, family: FamilyId, guardian: PersonId, review_on: date
    ) -> str:
        """Asked for; it counts only once somebody else has approved it."""
        marker = new_id()
        await conn.execute(
            insert(safety_markers).values(
                tenant=actor.tenant,
                marker=marker,
                family=family,
                guardian=guardian,
                requested_by=actor.staff,
                requested_at=self._clock.now(),
                review_on=review_on,
            )
        )
        event = events.MarkerRequested(marker, family, guardian)
        await self._mark(conn, actor.tenant, family, event, subject=guardian, who=by(actor))
        return marker

    async def decide_marker(
        self, conn: AsyncConnection, actor: Counsellor, waiting: WaitingMarker, *, approve: bool
    ) -> None:
        """What the second person decided."""
        await conn.execute(
            update(safety_markers)
            .where(safety_markers.c.tenant == actor.tenant, safety_markers.c.marker == waiting.marker)
            .values(approved=approve, decided_by=actor.staff, decided_at=self._clock.now())
        )
        event = events.MarkerDecided(waiting.marker, waiting.family, waiting.guardian, approve)
        await self._mark(conn, actor.tenant, waiting.family, event, subject=waiting.guardian, who=by(actor))

    async def end_marker(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId, marker: SafetyMarker, *, who: By
    ) -> None:
        """From now on everybody who decides is waited for again."""
        await conn.execute(
            update(safety_markers)
            .where(safety_markers.c.tenant == tenant, safety_markers.c.marker == marker.marker)
            .values(ended_at=self._clock.now())
        )
        event = events.MarkerEnded(marker.marker, family, marker.guardian)
        await self._mark(conn, tenant, family, event, subject=marker.guardian, who=who)

    async def _mark(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        family: FamilyId,
        event: events.FamilyEvent,
        *,
        subject: PersonId,
        who: By,
    ) -> None:
        await raise_family(conn, tenant, family, self._clock.now())
        await self._log.append(conn, tenant=tenant, event=event, by=who, subject=subject, tagged_for=OFFICER)
