"""The wiring of three-way meetings."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.app.shared import Shared
from consent_service.families.service import FamilyService
from consent_service.foundation.ids import SchoolId, TenantId
from consent_service.foundation.notifier import CalendarPart
from consent_service.process.meetings.service import MeetingService
from consent_service.process.notices.model import Notice, NoticeKind
from consent_service.process.notices.service import NoticeService
from consent_service.process.signals.rows import region_of
from consent_service.process.signals.school_days import is_closed
from consent_service.records.service import RecordService
from consent_service.release.exits import ExitPermit
from consent_service.release.service import ReleaseService

_WITH_APPOINTMENT: Final[tuple[NoticeKind, ...]] = (
    "meeting_invitation",
    "meeting_moved",
    "meeting_cancelled",
)


def meeting_service(
    shared: Shared,
    records: RecordService,
    release: ReleaseService,
    notices: NoticeService,
    families: FamilyService,
    *,
    organizer: str,
) -> MeetingService:
    """Meetings stand on everything that shares, releases and sends."""
    meetings = MeetingService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        policies=shared.policies,
        records=records,
        release=release,
        notices=notices,
        is_holiday=_is_closed,
        organizer=organizer,
        families=families,
    )

    async def appointment(conn: AsyncConnection, notice: Notice, permit: ExitPermit) -> CalendarPart | None:
        return None if notice.about is None else await meetings.calendar_file(conn, permit, notice.about)

    for kind in _WITH_APPOINTMENT:
        notices.with_calendar(kind, appointment)
    return meetings


async def _is_closed(conn: AsyncConnection, tenant: TenantId, school: SchoolId, day: date) -> bool | None:
    """By the calendar of the region the school is in; where that is not known, nobody guesses."""
    region = await region_of(conn, tenant, school)
    return None if region is None else is_closed(day, region)
