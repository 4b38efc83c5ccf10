"""What the log is told of messages. About whom: the child, else the one it is for; never what it says."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.reading import read_relationship
from consent_service.foundation.ids import PersonId, RelationshipId, TenantId
from consent_service.identity.model import System, by
from consent_service.process.notices.model import Notice


class NoticeLog:
    """Appends the entries of messages."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    async def tell(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        event: events.NoticeEvent,
        *,
        to_person: PersonId | None,
        recipient: str,
        relationship: RelationshipId | None = None,
    ) -> None:
        """One entry: a guardian finds those about messages to oneself, all others are for the officer."""
        subject = await self._subject(conn, tenant, to_person or PersonId(recipient), relationship, to_person)
        await self._log.append(
            conn,
            tenant=tenant,
            event=event,
            by=by(System()),
            subject=subject,
            tagged_for=subject if to_person is not None and subject is not None else OFFICER,
            relationship=relationship,
        )

    async def about(self, conn: AsyncConnection, notice: Notice, event: events.NoticeEvent) -> None:
        """One entry about a message in the outbox."""
        await self.tell(
            conn,
            notice.tenant,
            event,
            to_person=notice.to_person,
            recipient=notice.recipient,
            relationship=notice.relationship,
        )

    async def not_sent(self, conn: AsyncConnection, notice: Notice, code: str) -> None:
        """It was not sent and will not be, and why."""
        event = events.NoticeNotSent(
            notice.notice, notice.kind, notice.recipient, code, notice.relationship, notice.family
        )
        await self.about(conn, notice, event)

    async def _subject(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        recipient: PersonId,
        relationship: RelationshipId | None,
        to_person: PersonId | None,
    ) -> PersonId | None:
        if to_person is None and relationship is not None:
            found = await read_relationship(conn, tenant, relationship)
            if found is not None:
                return await self._log.living(conn, tenant, found.child)
        return await self._log.living(conn, tenant, recipient)
