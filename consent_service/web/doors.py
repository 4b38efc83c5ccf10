"""What the pages have to work with: the services, the settings, and how cookies are made here."""

from __future__ import annotations

from typing import Protocol

import msgspec
from litestar.datastructures import Cookie

from consent_service.audit.log import AuditLog
from consent_service.consent.changes import ChangeService
from consent_service.consent.opinions import OpinionService
from consent_service.consent.page_access import PageAccessService
from consent_service.consent.page_login import PageLoginService
from consent_service.consent.passed_on import PassedOnService
from consent_service.consent.receipts import ReceiptService
from consent_service.consent.service import ConsentService
from consent_service.consent.sittings import SittingService
from consent_service.consent.texts import TextService
from consent_service.custody.service import CustodyService
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.settings import Settings
from consent_service.identity.service import IdentityService
from consent_service.information.texts import Texts
from consent_service.organisations.service import OrganisationService
from consent_service.policy.changes import PolicyChanges
from consent_service.policy.service import PolicyService
from consent_service.process.emergencies.break_glass import BreakGlassService
from consent_service.process.emergencies.meldcode import MeldcodeService
from consent_service.process.emergencies.requests import StatutoryRequestService
from consent_service.process.ending.service import EndingService
from consent_service.process.evaluation.service import EvaluationService
from consent_service.process.meetings.service import MeetingService
from consent_service.process.notices.inbox import NoticeInbox
from consent_service.process.recalls import RecallService
from consent_service.process.recalls_desk import RecallDesk
from consent_service.process.service import TaskService
from consent_service.process.signals.routing import SignalRouting
from consent_service.process.signals.service import SignalService
from consent_service.process.signals.starting import StartService
from consent_service.records.service import RecordService
from consent_service.release.service import ReleaseService
from consent_service.rights.access.service import AccessService
from consent_service.rights.accountability.reports import YearlyReports
from consent_service.rights.accountability.service import AccountabilityService
from consent_service.rights.breaches.letters import BreachLetterService
from consent_service.rights.breaches.reporting import BreachReporting
from consent_service.rights.breaches.service import BreachService
from consent_service.rights.carrying.erasing import ErasingDesk
from consent_service.rights.carrying.rectifying import RectificationService
from consent_service.rights.carrying.restricting import RestrictionService
from consent_service.rights.cases.letters import CaseLetterService
from consent_service.rights.cases.service import CaseService
from consent_service.rights.desk import DeskService
from consent_service.rights.erasure import ErasureService
from consent_service.rights.exporting import BundleService
from consent_service.rights.letters import LetterService
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
from consent_service.web.officer.policies_keeping import MatrixKeeper
from consent_service.web.parent.tries import CodeTries
from consent_service.web.style.house import ADDRESS as HOUSE_STYLE
from consent_service.web.style.house import version_of


class Ground(Protocol):
    """What stands under the services."""

    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...


class AllServices(Protocol):
    """The services as `app` puts them together (`app` stands above the pages)."""

    @property
    def installation(self) -> Ground: ...
    @property
    def log(self) -> AuditLog: ...
    @property
    def organisations(self) -> OrganisationService: ...
    @property
    def identity(self) -> IdentityService: ...
    @property
    def families(self) -> FamilyService: ...
    @property
    def policies(self) -> PolicyService: ...
    @property
    def policy_changes(self) -> PolicyChanges: ...
    @property
    def texts(self) -> Texts: ...
    @property
    def sittings(self) -> SittingService: ...
    @property
    def opinions(self) -> OpinionService: ...
    @property
    def wording(self) -> TextService: ...
    @property
    def consent(self) -> ConsentService: ...
    @property
    def passed_on(self) -> PassedOnService: ...
    @property
    def receipts(self) -> ReceiptService: ...
    @property
    def records(self) -> RecordService: ...
    @property
    def release(self) -> ReleaseService: ...
    @property
    def custody(self) -> CustodyService: ...
    @property
    def recalls(self) -> RecallService: ...
    @property
    def meetings(self) -> MeetingService: ...
    @property
    def recall_desk(self) -> RecallDesk: ...
    @property
    def cases(self) -> CaseService: ...
    @property
    def breaches(self) -> BreachService: ...
    @property
    def breach_letters(self) -> BreachLetterService: ...
    @property
    def breach_reporting(self) -> BreachReporting: ...
    @property
    def desk(self) -> DeskService: ...
    @property
    def erasures(self) -> ErasureService: ...
    @property
    def erasing_desk(self) -> ErasingDesk: ...
    @property
    def restrictions(self) -> RestrictionService: ...
    @property
    def rectifications(self) -> RectificationService: ...
    @property
    def access(self) -> AccessService: ...
    @property
    def case_letters(self) -> CaseLetterService: ...
    @property
    def endings(self) -> EndingService: ...
    @property
    def evaluation(self) -> EvaluationService: ...
    @property
    def retention(self) -> RetentionService: ...
    @property
    def accountability(self) -> AccountabilityService: ...
    @property
    def yearly_reports(self) -> YearlyReports: ...
    @property
    def starts(self) -> StartService: ...
    @property
    def signals(self) -> SignalService: ...
    @property
    def signal_routing(self) -> SignalRouting: ...
    @property
    def break_glass(self) -> BreakGlassService: ...
    @property
    def meldcodes(self) -> MeldcodeService: ...
    @property
    def statutory_requests(self) -> StatutoryRequestService: ...
    @property
    def tasks(self) -> TaskService: ...
    @property
    def notice_inbox(self) -> NoticeInbox: ...
    @property
    def page_access(self) -> PageAccessService: ...
    @property
    def page_login(self) -> PageLoginService: ...
    @property
    def changes(self) -> ChangeService: ...
    @property
    def rights(self) -> RightsService: ...
    @property
    def supervision(self) -> SupervisionService: ...
    @property
    def bundles(self) -> BundleService: ...
    @property
    def entry_releases(self) -> EntryReleaseService: ...
    @property
    def watching(self) -> WatchingService: ...
    @property
    def questions(self) -> QuestionService: ...
    @property
    def saved_questions(self) -> SavedQuestions: ...
    @property
    def reviews(self) -> ReviewService: ...
    @property
    def timeline(self) -> TimelineService: ...
    @property
    def to_do(self) -> ToDoService: ...
    @property
    def letters(self) -> LetterService: ...


class Doors(msgspec.Struct, frozen=True):
    """Services and settings of this installation, for the handlers."""

    services: AllServices
    settings: Settings
    code_tries: CodeTries = msgspec.field(default_factory=CodeTries)
    matrix: MatrixKeeper = msgspec.field(default_factory=MatrixKeeper)
    house_style: str = ""
    """The rules of `settings.theme_file` (`web.style.house`)."""

    @property
    def house_style_href(self) -> str:
        """Where browsers find the house style; empty without one."""
        return f"{HOUSE_STYLE}?v={version_of(self.house_style)}" if self.house_style else ""

    @property
    def drafts_allowed(self) -> bool:
        """Whether words that no human has checked may be shown to a family: not where it decides for real."""
        return not self.settings.is_production

    @property
    def https(self) -> bool:
        """Whether people reach the service over HTTPS."""
        return self.settings.public_origin.startswith("https://")

    @property
    def session_cookie_name(self) -> str:
        """`__Host-` binds it to this host and HTTPS; loopback ports share cookies, so each has its name."""
        return "__Host-sessie" if self.https else f"sessie-{self.settings.port}"

    @property
    def login_cookie_name(self) -> str:
        """The cookie that only the browser that began a login has."""
        return "__Host-login" if self.https else f"login-{self.settings.port}"

    @property
    def lent_cookie_name(self) -> str:
        """Marks a tablet that was handed to a parent, also after the session is gone."""
        return "__Host-uitgeleend" if self.https else f"uitgeleend-{self.settings.port}"

    @property
    def device_cookie_name(self) -> str:
        """The mark of a device that a counsellor works at."""
        return "__Host-apparaat" if self.https else f"apparaat-{self.settings.port}"

    def device_cookie(self, mark: str) -> Cookie:
        """Kept for a year. Not `Strict`: a login comes back from the provider's site, without such a
        cookie, and each login would then make a new device."""
        return self._cookie(self.device_cookie_name, mark, max_age=365 * 24 * 3600)

    @property
    def own_device_cookie_name(self) -> str:
        """A browser its owner asked to remember; the quick exit takes it away."""
        return "__Host-eigen" if self.https else f"eigen-{self.settings.port}"

    def own_device_cookie(self, mark: str) -> Cookie:
        """So that others' wrong tries never slow this browser; it says nothing about anybody."""
        return self._cookie(self.own_device_cookie_name, mark, max_age=180 * 24 * 3600 if mark else 0)

    @property
    def invitation_cookie_name(self) -> str:
        """The cookie of a browser in which the code of an invitation was typed."""
        return "__Host-uitnodiging" if self.https else f"uitnodiging-{self.settings.port}"

    def invitation_cookie(self, token: str, seconds: int) -> Cookie:
        """Worth nothing but going on with that one invitation; empty takes it away."""
        return self._cookie(self.invitation_cookie_name, token, max_age=seconds)

    def session_cookie(self, token: str) -> Cookie:
        """The session's cookie; ends with the browser, the limits are kept on our side."""
        return self._cookie(self.session_cookie_name, token)

    def no_session_cookie(self) -> Cookie:
        """Removes the session's cookie."""
        return self._cookie(self.session_cookie_name, "", max_age=0)

    def lent_cookie(self, *, lent: bool) -> Cookie:
        """As long as a tablet is marked, nobody gets in on an older login at the provider."""
        return self._cookie(self.lent_cookie_name, "ja" if lent else "", max_age=24 * 3600 if lent else 0)

    @property
    def operator_cookie_name(self) -> str:
        """The cookie of somebody who decides about commands; it opens nothing else."""
        return "__Host-beheer" if self.https else f"beheer-{self.settings.port}"

    def operator_cookie(self, token: str, seconds: int) -> Cookie:
        """Somebody who proved with two factors who it is, for one decision."""
        return self._cookie(self.operator_cookie_name, token, max_age=seconds)

    def login_cookie(self, secret: str, seconds: int) -> Cookie:
        """Binds a login to the browser that began it; must come back from the provider's site."""
        return self._cookie(self.login_cookie_name, secret, max_age=seconds)

    def _cookie(self, name: str, value: str, max_age: int | None = None) -> Cookie:
        return Cookie(
            key=name,
            value=value,
            path="/",
            httponly=True,
            samesite="lax",
            secure=self.https,
            max_age=max_age,
        )
