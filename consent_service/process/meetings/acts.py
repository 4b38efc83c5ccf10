"""Meetings, agreements and remarks as acts, each with its entry (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.process.meetings.tables import meeting_agreements, meeting_remarks, meetings

_PROPOSALS = frozenset({"propose", "propose_urgent"})


class MeetingActs(ActSource):
    """A meeting was proposed, an agreement made, a remark written; later steps are entries only."""

    tables = ("meetings", "meeting_agreements", "meeting_remarks")
    events = (events.MeetingStepped, events.MeetingAgreementStepped)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Each row is one act."""
        async for row in streamed(conn, select(meetings).where(meetings.c.tenant == tenant)):
            yield Done(Act("meeting", (row.meeting, row.relationship), (row.relationship,)), row.proposed_at)
        table = meeting_agreements
        async for row in streamed(conn, select(table).where(table.c.tenant == tenant)):
            what = (row.agreement, row.meeting, row.relationship)
            yield Done(Act("meeting_agreement", what, (row.relationship,)), row.agreed_at)
        said = meeting_remarks
        async for row in streamed(conn, select(said).where(said.c.tenant == tenant)):
            remark = Act("meeting_remark", (row.meeting, row.relationship), (row.relationship,))
            yield Done(remark, row.remarked_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for what makes a row."""
        match detail.event:
            case events.MeetingStepped(relationship=one, meeting=meeting, act=act) if act in _PROPOSALS:
                yield Told(Act("meeting", (meeting, one), (one,)))
            case events.MeetingStepped(relationship=one, meeting=meeting, act="remark"):
                yield Told(Act("meeting_remark", (meeting, one), (one,)))
            case events.MeetingAgreementStepped(relationship=one, act="agree") as event:
                yield Told(Act("meeting_agreement", (event.agreement, event.meeting, one), (one,)))
            case _:
                return
