"""What the rows of organisations state, and what the log tells of them (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, day_text, streamed
from consent_service.foundation.ids import TenantId
from consent_service.organisations.tables import agreements, school_successions, schools, staff, tenants


class OrganisationActs(ActSource):
    """Shelters, schools, agreements and staff. Who works with which family is in `families`."""

    tables = ("tenants", "schools", "agreements", "school_successions", "staff")
    events = (
        events.TenantRegistered,
        events.SchoolRegistered,
        events.AgreementSigned,
        events.AgreementEnded,
        events.SchoolSucceeded,
        events.StaffAdded,
        events.StaffEnded,
    )

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every organisation, agreement and member of staff of this shelter."""
        async for row in streamed(conn, select(tenants).where(tenants.c.tenant == tenant)):
            yield Done(Act("shelter", (row.tenant,)), row.created_at)
        async for row in streamed(conn, select(schools).where(schools.c.tenant == tenant)):
            yield Done(Act("school", (row.school,)), row.created_at)
        async for row in streamed(conn, select(agreements).where(agreements.c.tenant == tenant)):
            period = (day_text(row.valid_from), day_text(row.valid_until))
            yield Done(Act("agreement", (row.agreement, row.school, *period)), row.created_at)
            if row.ended_at is not None:
                yield Done(Act("agreement_end", (row.agreement, row.school)), row.ended_at)
        here = school_successions
        async for row in streamed(conn, select(here).where(here.c.tenant == tenant)):
            facts = (row.succession, row.school, row.successor, day_text(row.decided_on))
            yield Done(Act("succession", facts), row.recorded_at)
        async for row in streamed(conn, select(staff).where(staff.c.tenant == tenant)):
            about = (row.staff,)
            yield Done(Act("staff", (row.staff, row.role or row.kind), about), row.created_at)
            if row.ended_at is not None:
                yield Done(Act("staff_end", about, about), row.ended_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events."""
        match detail.event:
            case events.TenantRegistered(tenant=tenant):
                yield Told(Act("shelter", (tenant,)))
            case events.SchoolRegistered(school=school):
                yield Told(Act("school", (school,)))
            case events.AgreementSigned(
                agreement=agreement, school=school, valid_from=first, valid_until=last
            ):
                yield Told(Act("agreement", (agreement, school, day_text(first), day_text(last))))
            case events.AgreementEnded(agreement=agreement, school=school):
                yield Told(Act("agreement_end", (agreement, school)))
            case events.SchoolSucceeded(succession=succession, school=school, successor=successor) as event:
                facts = (succession, school, successor, day_text(event.decided_on))
                yield Told(Act("succession", facts))
            case events.StaffAdded(staff=member, role=role):
                yield Told(Act("staff", (member, role), (member,)))
            case events.StaffEnded(staff=member):
                yield Told(Act("staff_end", (member,), (member,)))
            case _:
                return
