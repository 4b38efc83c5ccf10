"""Who placed and lifted which hold, who stands behind the periods, and what the log tells of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.rights.retention.tables import retention_holds, retention_schedules


class RetentionActs(ActSource):
    """Holds and schedules; whom a hold was about stands in neither once it is lifted."""

    tables = ("retention_holds", "retention_schedules")
    events = (events.RetentionHeld, events.RetentionScheduled)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every hold and schedule, and what became of it."""
        async for row in streamed(conn, select(retention_holds).where(retention_holds.c.tenant == tenant)):
            what = (row.hold, row.ground, row.review_on.isoformat())
            yield Done(Act("hold", (*what, row.placed_by)), row.placed_at)
            if row.lifted_at is not None:
                yield Done(Act("hold_lifted", (*what, row.lifted_by)), row.lifted_at)
        here = retention_schedules
        async for row in streamed(conn, select(here).where(here.c.tenant == tenant)):
            facts = (row.schedule, row.periods)
            yield Done(Act("schedule", (*facts, row.proposed_by)), row.proposed_at)
            if row.approved_at is not None:
                yield Done(Act("schedule_approval", (*facts, row.approved_by)), row.approved_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events."""
        match detail.event:
            case events.RetentionHeld(hold=hold, act=act, ground=ground, review_on=day):
                kind = "hold" if act == "placed" else "hold_lifted"
                yield Told(Act(kind, (hold, ground, day.isoformat(), detail.by.id)))
            case events.RetentionScheduled(schedule=schedule, act=act, periods=periods):
                kind = "schedule" if act == "proposed" else "schedule_approval"
                yield Told(Act(kind, (schedule, periods, detail.by.id)))
            case _:
                return
