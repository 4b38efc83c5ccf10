"""What schools were asked to remove, and from which entry each task came (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Mismatch, Told, streamed
from consent_service.audit.tables import audit_entries
from consent_service.foundation.ids import TenantId
from consent_service.process.tables import recalls, tasks

_NAMED = 100


class ProcessActs(ActSource):
    """Recalls and their answers; tasks follow from an entry, so they only name it."""

    tables = ("recalls", "tasks")
    events = (events.RecallIssued, events.RecallAsked, events.RecallAcknowledged)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every recall and every answer to one."""
        async for row in streamed(conn, select(recalls).where(recalls.c.tenant == tenant)):
            about = (row.relationship,)
            asked = (row.recall, row.relationship, row.information_type, str(row.records))
            yield Done(Act("recall", asked, about), row.issued_at)
            if row.answered_at is not None:
                yield Done(Act("recall_answer", (row.recall, row.relationship), about), row.answered_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events; a school may answer anew, which takes the place of its answer."""
        match detail.event:
            case events.RecallIssued(relationship=one, recall=recall, information_type=kind) as event:
                yield Told(Act("recall", (recall, one, kind, str(event.records)), (one,)))
            case events.RecallAsked(relationship=one, recall=recall, information_type=kind) as event:
                yield Told(Act("recall", (recall, one, kind, str(event.records)), (one,)))
            case events.RecallAcknowledged(relationship=one, recall=recall):
                yield Told(Act("recall_answer", (recall, one), (one,)), once=True)
            case _:
                return

    async def dangling(self, conn: AsyncConnection, tenant: TenantId) -> Iterable[Mismatch]:
        """Tasks that came from no entry there is."""
        entries = audit_entries.c
        known = select(entries.id).where(entries.tenant == tasks.c.tenant, entries.id == tasks.c.entry)
        query = select(tasks.c.task, tasks.c.entry).where(tasks.c.tenant == tenant, not_(known.exists()))
        rows = (await conn.execute(query.order_by(tasks.c.entry).limit(_NAMED))).all()
        return [Mismatch("act_without_entry", "task", row.task, row.entry) for row in rows]
