"""Hands unread messages on to who reads in the place of a contact who is not there (decision 0049, S47)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import exc, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.attesting import SchoolTerms
from consent_service.families.listing import stand_ins
from consent_service.families.reading import read_contacts
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.process.notices.model import NewNotice, Notice
from consent_service.process.notices.rows import found
from consent_service.process.notices.service import NoticeService
from consent_service.process.notices.tables import notices

HANDED_ON_FOR: Final = timedelta(days=7)
"""How long after it was put ready an unread message still goes to a deputy."""


class NoticeDeputies:
    """Looks who reads instead of whom now. The message to the deputy passes the exit door like any other."""

    def __init__(
        self, *, database: Database, clock: Clock, notices: NoticeService, terms: SchoolTerms
    ) -> None:
        self._database = database
        self._clock = clock
        self._notices = notices
        self._terms = terms

    async def hand_on(self, tenant: TenantId) -> int:
        """Queue what deputies now read in the place of others, each once; how many that were.

        Raises:
            UnavailableError: the database, the log or the keys are away.
        """
        async with self._database.reading() as conn:
            due = await self._unread(conn, tenant)
        try:
            for one, deputy in due:
                async with self._database.transaction() as conn:
                    await self._notices.queue(conn, _for_deputy(one, deputy), instead_of=one.notice)
        except exc.IntegrityError:  # another process was first
            return 0
        return len(due)

    async def _unread(self, conn: AsyncConnection, tenant: TenantId) -> list[tuple[Notice, StaffId]]:
        now = self._clock.now()
        open_ones = await found(
            conn,
            tenant,
            notices.c.to_staff.is_not(None),
            notices.c.relationship.is_not(None),
            notices.c.instead_of.is_(None),
            notices.c.read_at.is_(None),
            notices.c.state != "cancelled",
            notices.c.created_at > now - HANDED_ON_FOR,
        )
        lists = await read_contacts(
            conn, tenant, {one.relationship for one in open_ones if one.relationship is not None}
        )
        found_pairs = [
            (one, deputy)
            for one in open_ones
            if one.to_staff is not None and one.relationship is not None
            for deputy in sorted(stand_ins(lists.get(one.relationship, ()), self._terms, one.to_staff, now))
        ]
        done = await _handed_on(conn, tenant, [one.notice for one, _ in found_pairs])
        return [(one, deputy) for one, deputy in found_pairs if (one.notice, deputy) not in done]


async def _handed_on(conn: AsyncConnection, tenant: TenantId, names: list[str]) -> set[tuple[str, str]]:
    query = select(notices.c.instead_of, notices.c.to_staff).where(
        notices.c.tenant == tenant, notices.c.instead_of.in_(names)
    )
    return {(row.instead_of, row.to_staff) for row in await conn.execute(query)}


def _for_deputy(one: Notice, deputy: StaffId) -> NewNotice:
    return NewNotice(
        kind=one.kind,
        tenant=one.tenant,
        to_staff=deputy,
        relationship=one.relationship,
        family=one.family,
        about=one.about,
        urgent=one.urgent,
    )
