"""The services that follow the log and the calendar, and what people do together, put together."""

from __future__ import annotations

from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.app.installation import Installation
from consent_service.app.shared import Shared
from consent_service.process.calendar import Calendar
from consent_service.process.follower import Follower
from consent_service.process.notices.model import NewNotice
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
    starts: StartService
    signals: SignalService
    signal_routing: SignalRouting


def of_process(
    parts: Installation, shared: Shared, release: ReleaseService, records: RecordService
) -> ProcessServices:
    """Put them together; opens nothing and starts nothing."""
    recalls, notices = _recalls(shared), _notices(shared, release)
    return ProcessServices(
        follower=_follower(shared),
        calendar=_calendar(shared, recalls),
        reevaluator=_reevaluator(shared),
        recalls=recalls,
        tasks=TaskService(database=parts.database, clock=parts.clock, organisations=shared.organisations),
        notices=notices,
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
    )


def _calendar(shared: Shared, recalls: RecallService) -> Calendar:
    return Calendar(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        catalogue=shared.catalogue,
        recalls=recalls,
    )


def _notices(shared: Shared, release: ReleaseService) -> NoticeService:
    return NoticeService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        organisations=shared.organisations,
        release=release,
    )


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


def _follower(shared: Shared) -> Follower:
    approved = frozenset(kind.key for kind in shared.catalogue.types.values() if kind.second_approver)
    return Follower(database=shared.database, log=shared.log, second_approver=approved)
