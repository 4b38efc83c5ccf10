"""Requests against the log (`audit.reconciling`): that each came in; what follows is an entry by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import ALWAYS, Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.rights.cases.tables import rights_cases


class CaseActs(ActSource):
    """What was asked, how it came in, and by when it is answered."""

    tables = ("rights_cases",)
    events = (events.CaseOpened,)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every request there is."""
        async for row in streamed(conn, select(rights_cases).where(rights_cases.c.tenant == tenant)):
            about = (row.case,) if row.requester is None else (row.case, row.requester)
            facts = (row.case, row.kind, row.capacity, row.channel, row.standing)
            yield Done(Act("case", facts, about), row.opened_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each request that came in."""
        match detail.event:
            case events.CaseOpened(case=case, kind=kind, capacity=capacity) as event:
                about = (case,) if detail.subject is None else (case, detail.subject)
                yield Told(Act("case", (case, kind, capacity, event.channel, event.standing), about))
            case _:
                return

    async def left_out(self, conn: AsyncConnection, tenant: TenantId) -> Mapping[str, datetime]:
        """Those of which whom they were about was erased: who opened one stands in each other."""
        here = rights_cases.c
        query = select(here.case).where(here.tenant == tenant, here.opened_by.is_(None))
        return dict.fromkeys((await conn.execute(query)).scalars(), ALWAYS)
