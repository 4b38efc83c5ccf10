"""The door to messages: queue one, cancel what was not sent, read one's inbox.

A message says only that something waits. Whether it may leave is decided when it does (`sending`), by the
exit door; what the inbox shows is decided when it is opened, by the same door.
"""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.ids import TenantId, new_id
from consent_service.identity.model import (
    ChildActor,
    Counsellor,
    Fg,
    GuardianActor,
    PrivacyCoordinator,
    SchoolStaff,
)
from consent_service.process.notices.entries import NoticeLog
from consent_service.process.notices.mailing import CalendarFile
from consent_service.process.notices.model import URGENT, NewNotice, Notice, NoticeKind
from consent_service.process.notices.rows import ended, move
from consent_service.process.notices.tables import notices

Reader = GuardianActor | ChildActor | Counsellor | SchoolStaff | PrivacyCoordinator | Fg
"""Everybody who has an inbox."""
INBOX_LINES = 100
"""How many messages an inbox shows, the newest ones."""


class NoticeService:
    """What waits for whom."""

    def __init__(
        self,
        *,
        log: AuditLog,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._entries = NoticeLog(log)
        self.calendars: dict[NoticeKind, CalendarFile] = {}
        """Who makes the calendar file of a kind; see `with_calendar`."""

    def with_calendar(self, kind: NoticeKind, provider: CalendarFile) -> None:
        """From now on a mail of this kind carries the file that `provider` makes of it, if it makes one."""
        self.calendars[kind] = provider

    async def queue(self, conn: AsyncConnection, notice: NewNotice, *, instead_of: str | None = None) -> str:
        """Put a message ready, in the caller's own transaction: it leaves only when that is committed.

        Args:
            instead_of: the message to somebody who is not there, which this one takes to a deputy.

        Returns:
            The id of the message.
        """
        now, name = self._clock.now(), new_id()
        await conn.execute(
            insert(notices).values(
                tenant=notice.tenant,
                notice=name,
                kind=notice.kind,
                to_staff=notice.to_staff,
                to_person=notice.to_guardian,
                relationship=notice.relationship,
                family=notice.family,
                about=notice.about,
                instead_of=instead_of,
                urgent=notice.urgent or notice.kind in URGENT,
                state="waiting",
                tries=0,
                created_at=now,
                due_at=now,
            )
        )
        await self._entries.tell(
            conn,
            notice.tenant,
            events.NoticeQueued(name, notice.kind, notice.recipient),
            to_person=notice.to_guardian,
            recipient=notice.recipient,
            relationship=notice.relationship,
        )
        return name

    async def cancel(self, conn: AsyncConnection, tenant: TenantId, about: str) -> int:
        """What was not sent yet about this will not be, and stands in no inbox; how many that were."""
        now, cancelled = self._clock.now(), list[Notice]()
        for state in ("waiting", "claimed"):
            cancelled += await move(
                conn, tenant, "cancel", state, notices.c.about == about, **ended("cancelled", now)
            )
        for one in cancelled:
            await self._entries.not_sent(conn, one, "cancelled")
        return len(cancelled)
