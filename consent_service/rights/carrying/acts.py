"""Restrictions and what is put right against the log (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.families.tables_restrictions import restrictions
from consent_service.foundation.ids import TenantId
from consent_service.rights.tables import rectifications


class CarryingActs(ActSource):
    """What was restricted, told and lifted, and what is to be put right."""

    tables = ("restrictions", "rectifications")
    events = (events.RestrictionMoved, events.RectificationAsked)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Each step of every restriction, and every rectification."""
        async for row in streamed(conn, select(restrictions).where(restrictions.c.tenant == tenant)):
            what = (row.relationship or "", row.information_type or "")
            steps = (
                ("set", row.ground, row.since),
                ("tell", row.told_how, row.told_at),
                ("lift", "", row.lifted_at),
            )
            for act, code, at in steps:
                if at is not None:
                    yield Done(Act("restriction", (row.restriction, act, code, *what), (row.child,)), at)
        async for row in streamed(conn, select(rectifications).where(rectifications.c.tenant == tenant)):
            facts = (row.rectification, row.relationship, row.information_type, row.case)
            yield Done(Act("rectification", facts), row.asked_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events."""
        match detail.event:
            case events.RestrictionMoved(restriction=one, act=act, code=code) as event:
                what = (event.relationship or "", event.information_type or "")
                about = () if detail.subject is None else (detail.subject,)
                yield Told(Act("restriction", (one, act, code, *what), about))
            case events.RectificationAsked() as event:
                facts = (event.rectification, event.relationship, event.information_type, event.case)
                yield Told(Act("rectification", facts))
            case _:
                return
