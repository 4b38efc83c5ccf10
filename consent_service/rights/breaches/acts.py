"""Breaches against the log (`audit.reconciling`): that each came in; what follows is an entry by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail, instant
from consent_service.audit.reconciling import ALWAYS, Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.rights.breaches.tables import breaches


class BreachActs(ActSource):
    """What was registered, who said so, and since when the clock runs."""

    tables = ("breaches",)
    events = (events.BreachOpened,)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every breach there is."""
        async for row in streamed(conn, select(breaches).where(breaches.c.tenant == tenant)):
            facts = (row.breach, row.kind, row.source, instant(row.discovered_at))
            yield Done(Act("breach", facts, (row.breach,)), row.opened_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each breach that came in."""
        match detail.event:
            case events.BreachOpened(breach=breach, kind=kind, source=source, known_at=known_at):
                yield Told(Act("breach", (breach, kind, source, instant(known_at)), (breach,)))
            case _:
                return

    async def left_out(self, conn: AsyncConnection, tenant: TenantId) -> Mapping[str, datetime]:
        """Those that were about a child who was erased since: what told of them went with its key."""
        c = breaches.c
        query = select(c.breach).where(c.tenant == tenant, c.source != "desk", c.relationship.is_(None))
        return dict.fromkeys((await conn.execute(query)).scalars(), ALWAYS)
