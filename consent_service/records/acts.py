"""Which version of each record there is, and what the log tells of it (`audit.reconciling`).

What a record says, and who approved it, is in the digest that the log commits to: see `custody.checking`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.records.tables import records


class RecordActs(ActSource):
    """The newest version of a record, unless it was taken back."""

    tables = ("records",)
    events = (events.RecordShared, events.RecordRetracted, events.RecordExpired)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every record as it is now."""
        async for row in streamed(conn, select(records).where(records.c.tenant == tenant)):
            about = (row.relationship,) if row.about is None else (row.relationship, row.about)
            facts = (row.record, str(row.version), row.relationship, row.information_type)
            yield Done(Act("record", facts, about), row.written_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """A version takes the place of the one before it; a retraction, or its last day, leaves none."""
        match detail.event:
            case events.RecordShared(version=version) as event:
                yield Told(_version(event, version, detail.subject))
                if version > 1:
                    yield Told(_version(event, version - 1, detail.subject), times=-1)
            case events.RecordRetracted(version=0):
                return  # it was about somebody who is erased, and so is what told of it
            case events.RecordRetracted(version=version) | events.RecordExpired(version=version) as event:
                yield Told(_version(event, version, detail.subject), times=-1)
            case _:
                return


def _version(
    event: events.RecordShared | events.RecordRetracted | events.RecordExpired,
    version: int,
    subject: str | None,
) -> Act:
    about = (event.relationship,) if subject is None else (event.relationship, subject)
    facts = (event.record, str(version), event.relationship, event.information_type)
    return Act("record", facts, about)
