"""Break-glasses, walks of the meldcode and statutory requests against the log (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.process.tables_emergencies import meldcodes, statutory_requests
from consent_service.records.tables_emergencies import break_glasses


class EmergencyActs(ActSource):
    """That each began; what became of it is an entry by itself."""

    tables = ("break_glasses", "meldcodes", "statutory_requests")
    events = (events.BreakGlassAsked, events.MeldcodeOpened, events.StatutoryRequestReceived)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every one there is."""
        async for row in streamed(conn, select(break_glasses).where(break_glasses.c.tenant == tenant)):
            facts = (row.break_glass, row.relationship, row.information_type, row.reason)
            yield Done(Act("break_glass", facts, (row.relationship,)), row.requested_at)
        async for row in streamed(conn, select(meldcodes).where(meldcodes.c.tenant == tenant)):
            about = (row.child, row.family)
            yield Done(Act("meldcode", (row.meldcode, row.family, row.child), about), row.opened_at)
        requests = select(statutory_requests).where(statutory_requests.c.tenant == tenant)
        async for row in streamed(conn, requests):
            facts = (row.request, row.family, row.asker, row.ground)
            yield Done(Act("statutory_request", facts, (row.child, row.family)), row.received_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events."""
        match detail.event:
            case events.BreakGlassAsked(break_glass=one, relationship=about, information_type=kind) as event:
                yield Told(Act("break_glass", (one, about, kind, event.reason), (about,)))
            case events.MeldcodeOpened(meldcode=one, family=family, child=child):
                yield Told(Act("meldcode", (one, family, child), (child, family)))
            case events.StatutoryRequestReceived(request=one, family=family, child=child) as event:
                facts = (one, family, event.asker, event.ground)
                yield Told(Act("statutory_request", facts, (child, family)))
            case _:
                return
