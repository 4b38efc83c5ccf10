"""Which erasures were asked, approved and carried out, and what the log tells of it (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.announced import Running
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import ALWAYS, Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.rights.tables import erasures


class ErasureActs(ActSource):
    """Who asked that somebody is forgotten, who stood behind it, and how it ended."""

    tables = ("erasures",)
    events = (
        events.ErasureAsked,
        events.ErasureApproved,
        events.ErasureDropped,
        events.ErasureExecuted,
    )

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every erasure as far as it has come."""
        async for row in streamed(conn, select(erasures).where(erasures.c.tenant == tenant)):
            asked = (row.erasure, row.scope, row.ground, row.asked_by)
            yield Done(Act("erasure", asked, (row.erasure,)), row.asked_at)
            if row.approved_at is not None:
                approved = (row.erasure, row.approved_by)
                yield Done(Act("erasure_approval", approved, (row.erasure,)), row.approved_at)
            if row.state == "dropped":
                yield Done(Act("erasure_dropped", (row.erasure,)), row.ended_at)
            elif row.state == "executed":
                counts = (row.persons, row.keys, row.details, row.found_by, row.rows, row.unnamed)
                executed = (row.erasure, row.scope, *map(str, counts))
                yield Done(Act("erasure_executed", executed), row.ended_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events."""
        match detail.event:
            case events.ErasureAsked(erasure=erasure, scope=scope, ground=ground, coordinator=named):
                yield Told(Act("erasure", (erasure, scope, ground, named or detail.by.id), (erasure,)))
            case events.ErasureApproved(erasure=erasure, coordinator=named):
                yield Told(Act("erasure_approval", (erasure, named or detail.by.id), (erasure,)))
            case events.ErasureDropped(erasure=erasure):
                yield Told(Act("erasure_dropped", (erasure,)))
            case events.ErasureExecuted(erasure=erasure, scope=scope) as event:
                unnamed = event.details if event.unnamed < 0 else event.unnamed
                counts = (event.persons, event.keys, event.details, event.index, event.rows, unnamed)
                yield Told(Act("erasure_executed", (erasure, scope, *map(str, counts))))
            case _:
                return

    async def left_out(self, conn: AsyncConnection, tenant: TenantId) -> Mapping[str, datetime]:
        """Of one that was taken from the stop journal this database may not know who asked and approved."""
        late = erasures.c.late_since.is_not(None)
        query = select(erasures.c.erasure).where(erasures.c.tenant == tenant, late)
        return dict.fromkeys((await conn.execute(query)).scalars(), ALWAYS)


async def running_erasures(conn: AsyncConnection, tenant: TenantId) -> tuple[Running, ...]:
    """The erasures that are under way, and what they took of what the end of no key named; their entries will
    say so at their end.
    """
    here = erasures.c
    query = select(here.erasure, here.unnamed, here.late_since)
    rows = await conn.execute(query.where(here.tenant == tenant, here.state == "running"))
    return tuple(Running(row.erasure, row.unnamed, row.late_since) for row in rows)
