"""The only door to three-way meetings. What each act may do stands in `states`; this also follows the log."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import TrailEntry
from consent_service.foundation.ids import TenantId
from consent_service.process.meetings.looking import Looking
from consent_service.process.meetings.model import TO_COME
from consent_service.process.meetings.outcome import Following
from consent_service.process.meetings.planning import Planning
from consent_service.process.meetings.proposing import Proposing
from consent_service.process.meetings.rows import read_meetings
from consent_service.process.meetings.tables import meetings
from consent_service.process.walk import LogWalk


class MeetingService(Proposing, Planning, Following, Looking):
    """Propose, plan, hold, agree, follow up; and look."""

    @cached_property
    def _walk(self) -> LogWalk:
        return LogWalk("meetings", self.on_entry, database=self._database, log=self._log)

    async def catch_up(self, tenant: TenantId) -> None:
        """Call off what everything logged since the last time ends."""
        await self._walk.catch_up(tenant)

    async def on_entry(self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry) -> None:
        """Look again at the meetings to come that one entry may end."""
        event = None if entry.detail is None else entry.detail.event
        wanted = _concerned(event)
        if wanted is None:
            return
        for found in await read_meetings(conn, tenant, wanted, meetings.c.state.in_(sorted(TO_COME))):
            await self.lapse(conn, found)


def _concerned(event: events.Event | None) -> ColumnElement[bool] | None:
    """Which meetings an entry may end: an answer, an end, a day that came, or who decides."""
    match event:
        case (
            events.ConsentWithdrawn(relationship=relationship)
            | events.ConsentRefused(relationship=relationship)
            | events.ConsentLater(relationship=relationship)
            | events.ConsentObjected(relationship=relationship)
            | events.ConsentOpinion(relationship=relationship)
            | events.ConsentInvalidated(relationship=relationship)
            | events.ConsentSuspended(relationship=relationship)
            | events.RelationshipEnded(relationship=relationship)
            | events.PupilDisowned(relationship=relationship)
            | events.RelationshipSucceeded(relationship=relationship)
        ):
            return meetings.c.relationship == relationship
        case events.AuthorityRecorded(child=child) | events.CompetenceJudged(child=child):
            return meetings.c.child == child
        case events.ReminderDue(relationship=relationship) if relationship is not None:
            return meetings.c.relationship == relationship
        case events.SafetyAssessed(family=family) | events.GuardianSafetyAssessed(family=family):
            return meetings.c.family == family
        case _:
            return None
