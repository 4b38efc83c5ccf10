"""The wiring of three-way meetings."""

from __future__ import annotations

from consent_service.app.shared import Shared
from consent_service.process.meetings.service import MeetingService
from consent_service.process.notices.service import NoticeService
from consent_service.records.service import RecordService
from consent_service.release.service import ReleaseService


def meeting_service(
    shared: Shared, records: RecordService, release: ReleaseService, notices: NoticeService
) -> MeetingService:
    """Meetings stand on everything that shares, releases and sends."""
    return MeetingService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        policies=shared.policies,
        records=records,
        release=release,
        notices=notices,
    )
