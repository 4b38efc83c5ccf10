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
from consent_service.foundation.database import Database
from consent_service.foundation.ids import PersonId, StaffId, TenantId, new_id
from consent_service.identity.model import (
    Actor,
    ChildActor,
    Counsellor,
    Fg,
    GuardianActor,
    PrivacyCoordinator,
    SchoolStaff,
    by,
)
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService
from consent_service.process.notices.addresses import forget_address
from consent_service.process.notices.entries import NoticeLog
from consent_service.process.notices.model import URGENT, NewNotice, Notice
from consent_service.process.notices.rows import ended, move
from consent_service.process.notices.tables import notices
from consent_service.release.service import ReleaseService

Reader = GuardianActor | ChildActor | Counsellor | SchoolStaff | PrivacyCoordinator | Fg
"""Everybody who has an inbox."""
INBOX_LINES = 100
"""How many messages an inbox shows, the newest ones."""


class NoticeService:
    """What waits for whom."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        release: ReleaseService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._release = release
        self._entries = NoticeLog(log)
        organisations.when_leaving(self._forget_leaver)

    async def queue(self, conn: AsyncConnection, notice: NewNotice) -> str:
        """Put a message ready, in the caller's own transaction: it leaves only when that is committed.

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

    async def _forget_leaver(
        self, conn: AsyncConnection, actor: Actor, tenant: TenantId, member: StaffId
    ) -> None:
        """Who left has no address for messages here any more."""
        if await forget_address(conn, tenant, member):
            await self._log.append(
                conn,
                tenant=tenant,
                event=events.NoticeAddressEntered(member, "removed"),
                by=by(actor),
                subject=PersonId(member),
            )
