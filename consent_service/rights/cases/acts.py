"""Requests against the log (`audit.reconciling`): that each came in; what follows is an entry by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.rights.cases.tables import rights_cases


class CaseActs(ActSource):
    """What was asked, how it came in, and by when it is answered."""

    tables = ("rights_cases",)
    events = (events.CaseOpened,)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every request there is."""
        async for row in streamed(conn, select(rights_cases).where(rights_cases.c.tenant == tenant)):
            about = () if row.requester is None else (row.requester,)
            facts = (row.case, row.kind, row.capacity, row.channel, row.standing)
            yield Done(Act("case", facts, about), row.opened_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each request that came in."""
        match detail.event:
            case events.CaseOpened(case=case, kind=kind, capacity=capacity) as event:
                about = () if detail.subject is None else (detail.subject,)
                yield Told(Act("case", (case, kind, capacity, event.channel, event.standing), about))
            case _:
                return
