"""What an installation is made of, and every door of it. Putting it together is `assembly`."""

from __future__ import annotations

from pathlib import Path

import msgspec
import structlog

from consent_service.audit import events
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.publishing import HeadPublisher, Vouching
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import current_log
from consent_service.audit.sequencer import Sequencer
from consent_service.consent.changes import ChangeService
from consent_service.consent.opinions import OpinionService
from consent_service.consent.page_access import PageAccessService
from consent_service.consent.page_login import PageLoginService
from consent_service.consent.passed_on import PassedOnService
from consent_service.consent.receipts import ReceiptService
from consent_service.consent.service import ConsentService
from consent_service.consent.sittings import SittingService
from consent_service.consent.texts import TextService
from consent_service.custody.backups import BackupRules, KeyBackups
from consent_service.custody.drill import KeyDrill
from consent_service.custody.epochs import Epochs
from consent_service.custody.log_heads import LogHeads
from consent_service.custody.recovery import RecoveryKeys
from consent_service.custody.reencrypt import Reencryption
from consent_service.custody.reindex import Reindexing
from consent_service.custody.restoring import KeyRestoring
from consent_service.custody.service import CustodyService
from consent_service.custody.stops import replay_stops
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.i18n import SOURCE
from consent_service.foundation.ids import INSTALLATION
from consent_service.foundation.notifier import MailNotifier, Notifier
from consent_service.foundation.settings import SequencerLock
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import System, by
from consent_service.identity.service import IdentityService, LoginRules
from consent_service.information.texts import Texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService
from consent_service.policy.changes import PolicyChanges
from consent_service.policy.service import PolicyService
from consent_service.process.calendar import Calendar
from consent_service.process.emergencies.break_glass import BreakGlassService
from consent_service.process.emergencies.meldcode import MeldcodeService
from consent_service.process.emergencies.requests import StatutoryRequestService
from consent_service.process.ending.service import EndingService
from consent_service.process.evaluation.service import EvaluationService
from consent_service.process.follower import Follower
from consent_service.process.meetings.service import MeetingService
from consent_service.process.notices.bounces import NoticeBounces
from consent_service.process.notices.deputies import NoticeDeputies
from consent_service.process.notices.hours import NoticeRules
from consent_service.process.notices.inbox import NoticeInbox
from consent_service.process.notices.sending import NoticeSender
from consent_service.process.notices.service import NoticeService
from consent_service.process.recalls import RecallService
from consent_service.process.recalls_desk import RecallDesk
from consent_service.process.reevaluation import Reevaluator
from consent_service.process.service import TaskService
from consent_service.process.signals.routing import SignalRouting
from consent_service.process.signals.service import SignalService
from consent_service.process.signals.starting import StartService
from consent_service.records.service import RecordService
from consent_service.release.service import ReleaseService
from consent_service.rights.access.service import AccessService
from consent_service.rights.accountability.configured import Configured
from consent_service.rights.accountability.reports import YearlyReports
from consent_service.rights.accountability.service import AccountabilityService
from consent_service.rights.breaches.following import BreachFollower
from consent_service.rights.breaches.letters import BreachLetterService
from consent_service.rights.breaches.reporting import BreachReporting
from consent_service.rights.breaches.service import BreachService
from consent_service.rights.carrying.erasing import ErasingDesk
from consent_service.rights.carrying.rectifying import RectificationService
from consent_service.rights.carrying.restricting import RestrictionService
from consent_service.rights.cases.letters import CaseLetterService
from consent_service.rights.cases.service import CaseService
from consent_service.rights.client_answers import ClientAnswers
from consent_service.rights.desk import DeskService
from consent_service.rights.erasure import ErasureService
from consent_service.rights.exporting import BundleService
from consent_service.rights.exports.service import ExportService
from consent_service.rights.letters import LetterService
from consent_service.rights.pruning import PruningService
from consent_service.rights.releasing_entries import EntryReleaseService
from consent_service.rights.retention.service import RetentionService
from consent_service.rights.reviews.asking import QuestionService
from consent_service.rights.reviews.reviewing import ReviewService
from consent_service.rights.reviews.saved import SavedQuestions
from consent_service.rights.service import RightsService
from consent_service.rights.supervision import SupervisionService
from consent_service.rights.timeline import TimelineService
from consent_service.rights.to_do import ToDoService
from consent_service.rights.watching import WatchingService

_log = structlog.get_logger()


class Installation(msgspec.Struct, frozen=True):
    """What an installation is made of before any service: where it keeps things, what time it is."""

    database: Database
    ring: KeyRing
    clock: Clock
    journal: StopJournal
    policies: Path
    login: LoginRules
    log_host: str
    drafts_allowed: bool
    key_backups: BackupRules
    notifier: Notifier = MailNotifier(None)
    notice_rules: NoticeRules = NoticeRules()
    """When messages may leave."""
    language: str = SOURCE
    """The language of who did not choose one."""
    heads: KnownHeads | None = None
    """The newest heads of the logs, outside the database; None: nothing is kept there."""
    sequencer_lock: SequencerLock = "auto"
    timestamp_authority: Path | None = None
    """The certificates that vouch for time stamps, for whoever takes the log along."""
    vouching: Vouching = Vouching()
    """Who vouches for the heads of the logs."""
    configured: Configured = Configured()
    """How it is set up, for the register and the DPIA."""


class Services(msgspec.Struct, frozen=True):
    """Every door of the installation."""

    installation: Installation
    log: AuditLog
    sequencer: Sequencer
    organisations: OrganisationService
    identity: IdentityService
    families: FamilyService
    policies: PolicyService
    policy_changes: PolicyChanges
    texts: Texts
    sittings: SittingService
    opinions: OpinionService
    wording: TextService
    consent: ConsentService
    passed_on: PassedOnService
    receipts: ReceiptService
    records: RecordService
    release: ReleaseService
    custody: CustodyService
    reencryption: Reencryption
    reindexing: Reindexing
    key_backups: KeyBackups
    recovery_keys: RecoveryKeys
    key_restoring: KeyRestoring
    key_drill: KeyDrill
    publisher: HeadPublisher
    log_heads: LogHeads
    epochs: Epochs
    follower: Follower
    calendar: Calendar
    reevaluator: Reevaluator
    recalls: RecallService
    recall_desk: RecallDesk
    cases: CaseService
    breaches: BreachService
    breach_letters: BreachLetterService
    breach_reporting: BreachReporting
    breach_follower: BreachFollower
    accountability: AccountabilityService
    yearly_reports: YearlyReports
    desk: DeskService
    erasing_desk: ErasingDesk
    restrictions: RestrictionService
    rectifications: RectificationService
    access: AccessService
    case_letters: CaseLetterService
    endings: EndingService
    evaluation: EvaluationService
    break_glass: BreakGlassService
    meldcodes: MeldcodeService
    statutory_requests: StatutoryRequestService
    tasks: TaskService
    notices: NoticeService
    meetings: MeetingService
    notice_sender: NoticeSender
    notice_deputies: NoticeDeputies
    notice_inbox: NoticeInbox
    notice_bounces: NoticeBounces
    starts: StartService
    signals: SignalService
    signal_routing: SignalRouting
    page_access: PageAccessService
    page_login: PageLoginService
    changes: ChangeService
    rights: RightsService
    supervision: SupervisionService
    entry_releases: EntryReleaseService
    watching: WatchingService
    questions: QuestionService
    saved_questions: SavedQuestions
    reviews: ReviewService
    timeline: TimelineService
    to_do: ToDoService
    letters: LetterService
    erasures: ErasureService
    retention: RetentionService
    pruning: PruningService
    exports: ExportService
    bundles: BundleService
    client_answers: ClientAnswers

    async def install(self) -> None:
        """Tie the database to its keystore, open the installation's own log and each tenant's rules.

        A root that was destroyed and lives is destroyed again; if an old keystore brought it, that is logged.

        Raises:
            ConfigurationError: the keystore is not the one this database was made with.
        """
        async with self.installation.database.transaction() as conn:
            recognised = await self.installation.ring.install(conn)
            if await current_log(conn, INSTALLATION) is None:
                host = self.installation.log_host
                await self.log.open(conn, tenant=INSTALLATION, host=host)
            for generation in recognised.came_back:
                _log.warning("a destroyed root key was back: is an old keystore in use?", number=generation)
                back = events.KeyRootReturned(generation)
                await self.log.append(conn, tenant=INSTALLATION, event=back, by=by(System()), subject=None)
        self.installation.ring.rotation.destroy_again(recognised)
        for tenant in await self.organisations.tenants():
            await self.policies.ensure_active(tenant.tenant)

    async def replay_stops(self) -> int:
        """Carry out every stop this database has not; nothing is released before this has succeeded."""
        parts = self.installation
        replayers = (
            self.consent.replay,
            self.families.replay,
            self.custody.replay,
            self.erasures.replay,
            self.restrictions.replay,
        )
        return await replay_stops(parts.database, parts.journal, parts.clock, replayers)
