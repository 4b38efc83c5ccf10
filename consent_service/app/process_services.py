"""The services that follow the log and the calendar, and what people do together, put together."""

from __future__ import annotations

from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.app.installation import Installation
from consent_service.app.meeting_services import meeting_service
from consent_service.app.shared import Shared
from consent_service.families.service import FamilyService
from consent_service.foundation.ids import RecordId, StaffId, TenantId
from consent_service.process.calendar import Calendar
from consent_service.process.emergencies.break_glass import BreakGlassService
from consent_service.process.emergencies.meldcode import MeldcodeService
from consent_service.process.emergencies.requests import StatutoryRequestService
from consent_service.process.follower import Follower
from consent_service.process.meetings.service import MeetingService
from consent_service.process.notices.bounces import NoticeBounces
from consent_service.process.notices.deputies import NoticeDeputies
from consent_service.process.notices.inbox import NoticeInbox
from consent_service.process.notices.metrics import NoticeMetrics
from consent_service.process.notices.model import NewNotice
from consent_service.process.notices.sending import NoticeSender
from consent_service.process.notices.service import NoticeService
from consent_service.process.recalls import RecallService
from consent_service.process.reevaluation import Reevaluator
from consent_service.process.service import TaskService
from consent_service.process.signals.routing import SignalRouting
from consent_service.process.signals.service import SignalService
from consent_service.process.signals.starting import StartService
from consent_service.process.signals.telling import Tell, ToHear
from consent_service.records.service import RecordService
from consent_service.release.service import ReleaseService


class ProcessServices(TypedDict):
    """The services of `Services` for what follows from the log, from a date, or from working together."""

    follower: Follower
    calendar: Calendar
    reevaluator: Reevaluator
    recalls: RecallService
    tasks: TaskService
    notices: NoticeService
    meetings: MeetingService
    notice_sender: NoticeSender
    notice_deputies: NoticeDeputies
    notice_inbox: NoticeInbox
    notice_bounces: NoticeBounces
    break_glass: BreakGlassService
    meldcodes: MeldcodeService
    statutory_requests: StatutoryRequestService
    starts: StartService
    signals: SignalService
    signal_routing: SignalRouting


def of_process(
    parts: Installation,
    shared: Shared,
    release: ReleaseService,
    records: RecordService,
    families: FamilyService,
) -> ProcessServices:
    """Put them together; opens nothing and starts nothing."""
    recalls = _recalls(shared)
    notices = _notices(shared)
    return ProcessServices(
        follower=_follower(shared),
        calendar=_calendar(shared, recalls),
        reevaluator=_reevaluator(shared),
        recalls=recalls,
        tasks=TaskService(database=parts.database, clock=parts.clock, organisations=shared.organisations),
        notices=notices,
        meetings=meeting_service(
            shared, records, release, notices, families, organizer=parts.notifier.sender
        ),
        notice_deputies=NoticeDeputies(
            database=shared.database, clock=shared.clock, notices=notices, terms=shared.school_terms
        ),
        notice_inbox=_notice_inbox(parts, shared, release),
        notice_bounces=NoticeBounces(database=shared.database, log=shared.log, clock=shared.clock),
        notice_sender=_notice_sender(parts, shared, release, notices),
        break_glass=_break_glass(shared, notices),
        meldcodes=_meldcodes(shared, release, families),
        statutory_requests=_statutory_requests(shared),
        starts=_starts(shared, release, _telling(notices)),
        signals=_signals(shared, records, _telling(notices)),
        signal_routing=SignalRouting(
            database=shared.database, log=shared.log, organisations=shared.organisations
        ),
    )


def _reevaluator(shared: Shared) -> Reevaluator:
    return Reevaluator(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        policies=shared.policies,
    )


def _recalls(shared: Shared) -> RecallService:
    return RecallService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        policies=shared.policies,
        organisations=shared.organisations,
    )


def _calendar(shared: Shared, recalls: RecallService) -> Calendar:
    return Calendar(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        catalogue=shared.catalogue,
        recalls=recalls,
    )


def _notice_sender(
    parts: Installation, shared: Shared, release: ReleaseService, notices: NoticeService
) -> NoticeSender:
    return NoticeSender(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        release=release,
        notifier=parts.notifier,
        rules=parts.notice_rules,
        origin=parts.login.public_origin,
        language=parts.language,
        calendars=notices.calendars,
        metrics=NoticeMetrics(),
    )


def _notices(shared: Shared) -> NoticeService:
    return NoticeService(log=shared.log, clock=shared.clock)


def _notice_inbox(parts: Installation, shared: Shared, release: ReleaseService) -> NoticeInbox:
    return NoticeInbox(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        release=release,
        language=parts.language,
    )


def _break_glass(shared: Shared, notices: NoticeService) -> BreakGlassService:
    async def call(conn: AsyncConnection, tenant: TenantId, colleague: StaffId, about: RecordId) -> None:
        await notices.queue(
            conn, NewNotice(kind="decide_along", tenant=tenant, to_staff=colleague, about=about)
        )

    return BreakGlassService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        organisations=shared.organisations,
        policies=shared.policies,
        call=call,
        stop_calling=notices.cancel,
    )


def _meldcodes(shared: Shared, release: ReleaseService, families: FamilyService) -> MeldcodeService:
    return MeldcodeService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        release=release,
        families=families,
    )


def _statutory_requests(shared: Shared) -> StatutoryRequestService:
    return StatutoryRequestService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
    )


def _follower(shared: Shared) -> Follower:
    approved = frozenset(kind.key for kind in shared.catalogue.types.values() if kind.second_approver)
    return Follower(database=shared.database, log=shared.log, second_approver=approved)


def _telling(notices: NoticeService) -> Tell:
    async def tell(conn: AsyncConnection, message: ToHear) -> None:
        await notices.queue(
            conn,
            NewNotice(
                kind="care_signal" if message.urgent else "something_new",
                tenant=message.tenant,
                to_staff=message.staff,
                relationship=message.relationship,
                about=message.about,
                urgent=message.urgent,
            ),
        )

    return tell


def _starts(shared: Shared, release: ReleaseService, tell: Tell) -> StartService:
    return StartService(
        database=shared.database,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        release=release,
        catalogue=shared.catalogue,
        school_terms=shared.school_terms,
        tell=tell,
    )


def _signals(shared: Shared, records: RecordService, tell: Tell) -> SignalService:
    return SignalService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        records=records,
        catalogue=shared.catalogue,
        school_terms=shared.school_terms,
        tell=tell,
    )
