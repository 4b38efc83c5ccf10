"""What an entry says in plain words: a Dutch sentence with placeholders, translated at the edge.

A placeholder holds a code, an id, a count or a day. Turning the key of an information type, a
purpose or a reason code into a label is the page's; who did it stands beside the sentence.
mypy refuses this module while an event is not handled.
"""

from __future__ import annotations

from typing import Final, assert_never

from consent_service.audit.describe_accountability import describe_accountability
from consent_service.audit.describe_afterwards import describe_afterwards
from consent_service.audit.describe_breaches import describe_breach
from consent_service.audit.describe_carrying import describe_carrying
from consent_service.audit.describe_cases import describe_case
from consent_service.audit.describe_consent import describe_consent
from consent_service.audit.describe_emergencies import describe_emergency
from consent_service.audit.describe_families import describe_family
from consent_service.audit.describe_keys import describe_keys
from consent_service.audit.describe_log import describe_erasure, describe_log
from consent_service.audit.describe_meetings import describe_meetings
from consent_service.audit.describe_notices import describe_notices
from consent_service.audit.describe_retention import describe_retention
from consent_service.audit.describe_reviews import describe_review
from consent_service.audit.describe_signals import describe_signals
from consent_service.audit.describe_who import describe_who
from consent_service.audit.describing import Sentence, joined, say
from consent_service.audit.events import (
    AccountabilityEvent,
    AfterwardsEvent,
    AgreementEnded,
    AgreementSigned,
    AssignmentEnded,
    AssignmentStarted,
    BreachEvent,
    BundleActivated,
    CarryingEvent,
    CaseEvent,
    ConsentEvent,
    DutyArose,
    EmergencyEvent,
    ErasureEvent,
    Event,
    FamilyEvent,
    HandoverEnded,
    HandoverStarted,
    InformationPreviewed,
    InformationReleased,
    KeyEvent,
    LogEvent,
    LoginRefused,
    LoginSucceeded,
    Logout,
    LogoutRefused,
    MeetingEvent,
    NoticeEvent,
    OrganisationEvent,
    PageAccessGiven,
    PageAccessRevoked,
    PageOpened,
    PageRefused,
    PolicyApproved,
    PolicyEvent,
    PolicyProposed,
    PolicyRefused,
    PolicyReplayed,
    PolicyWithdrawn,
    ProviderChanged,
    ProviderRegistered,
    RecordApproved,
    RecordAttested,
    RecordEvent,
    RecordRetracted,
    RecordShared,
    RecordShareRefused,
    ReleaseFailed,
    ReleaseRefused,
    RetentionEvent,
    ReviewEvent,
    SchoolChanged,
    SchoolRegistered,
    SessionEnded,
    SessionEvent,
    SignalEvent,
    StaffAdded,
    StaffEnded,
    StaffLinked,
    StaffPlaced,
    StaffUnlinked,
    TenantRegistered,
    WhoEvent,
)
from consent_service.foundation.i18n import N_, NN_

_SHOWN_OF_HASH: Final = 12


def describe(event: Event) -> Sentence:
    """What happened, in one sentence."""
    if isinstance(event, OrganisationEvent):
        return _organisation(event)
    if isinstance(event, FamilyEvent):
        return describe_family(event)
    if isinstance(event, ConsentEvent):
        return describe_consent(event)
    if isinstance(event, RecordEvent):
        return _record(event)
    if isinstance(event, SessionEvent):
        return _session(event)
    if isinstance(event, LogEvent):
        return describe_log(event)
    if isinstance(event, KeyEvent):
        return describe_keys(event)
    if isinstance(event, PolicyEvent):
        return _policies(event)
    if isinstance(event, ErasureEvent):
        return describe_erasure(event)
    if isinstance(event, WhoEvent):
        return describe_who(event)
    return _described_later(event)


def _described_later(
    event: RetentionEvent
    | AfterwardsEvent
    | AccountabilityEvent
    | CarryingEvent
    | CaseEvent
    | BreachEvent
    | ReviewEvent
    | EmergencyEvent
    | SignalEvent
    | NoticeEvent
    | MeetingEvent,
) -> Sentence:
    """As `describe`, for what later releases added."""
    if isinstance(event, RetentionEvent):
        return describe_retention(event)
    if isinstance(event, AfterwardsEvent):
        return describe_afterwards(event)
    if isinstance(event, AccountabilityEvent):
        return describe_accountability(event)
    if isinstance(event, CarryingEvent):
        return describe_carrying(event)
    if isinstance(event, CaseEvent):
        return describe_case(event)
    if isinstance(event, BreachEvent):
        return describe_breach(event)
    if isinstance(event, ReviewEvent):
        return describe_review(event)
    if isinstance(event, EmergencyEvent):
        return describe_emergency(event)
    if isinstance(event, SignalEvent):
        return describe_signals(event)
    if isinstance(event, NoticeEvent):
        return describe_notices(event)
    if isinstance(event, MeetingEvent):
        return describe_meetings(event)
    assert_never(event)


def _organisation(event: OrganisationEvent) -> Sentence:
    match event:
        case TenantRegistered():
            return say(N_("Opvangorganisatie toegevoegd."))
        case SchoolRegistered():
            return say(N_("School toegevoegd."))
        case SchoolChanged(changed=changed):
            return say(N_("Gegevens van een school gewijzigd: {fields}."), fields=joined(changed))
        case AgreementSigned():
            return say(N_("Convenant met een school vastgelegd."))
        case AgreementEnded(reason=reason):
            return say(N_("Convenant met een school beëindigd. Reden: {reason}."), reason=reason)
        case StaffAdded(role=role):
            return say(N_("Medewerker toegevoegd als {role}."), role=role)
        case StaffPlaced(team=team):
            return say(N_("Medewerker in een team geplaatst: {team}."), team=team or "-")
        case StaffEnded():
            return say(N_("Medewerker uit dienst gemeld."))
        case AssignmentStarted():
            return say(N_("Begeleider aan het gezin gekoppeld."))
        case AssignmentEnded():
            return say(N_("Begeleider van het gezin losgekoppeld."))
        case ProviderRegistered(provider=provider):
            return say(N_("Inlogdienst {provider} toegevoegd."), provider=provider)
        case StaffLinked(provider=provider, kind=kind):
            msgid = N_("Inlogaccount bij {provider} gekoppeld aan een medewerker, als {kind}.")
            return say(msgid, provider=provider, kind=kind)
        case StaffUnlinked(logins=logins):
            return say(N_("Inlogaccounts van een medewerker losgekoppeld: {count}."), count=logins)
        case ProviderChanged(provider=provider, changed=changed):
            msgid = N_("Inlogdienst {provider} gewijzigd: {fields}.")
            return say(msgid, provider=provider, fields=joined(changed))
        case _:
            assert_never(event)


def _record(event: RecordEvent) -> Sentence:
    match event:
        case RecordShared(information_type=kind):
            return say(N_("Informatie klaargezet om te delen: {information_type}."), information_type=kind)
        case RecordApproved(information_type=kind):
            return say(
                N_("Informatie goedgekeurd door een tweede persoon: {information_type}."),
                information_type=kind,
            )
        case RecordAttested(information_type=kind):
            return say(
                N_("De schrijver verklaarde dat er geen ziekte of BSN staat: {information_type}."),
                information_type=kind,
            )
        case RecordRetracted(information_type=kind):
            return say(N_("Informatie teruggehaald: {information_type}."), information_type=kind)
        case RecordShareRefused(information_type=kind, code=code):
            msgid = N_("Informatie mocht niet worden klaargezet: {information_type}. Reden: {code}.")
            return say(msgid, information_type=kind, code=code)
        case InformationPreviewed(types=types, purpose=purpose):
            msgid = N_("Bekeken wat nu gedeeld mag worden: {types}. Doel: {purpose}.")
            return say(msgid, types=joined(types), purpose=purpose)
        case InformationReleased(types=types, purpose=purpose):
            msgid = N_("Informatie gegeven: {types}. Doel: {purpose}.")
            return say(msgid, types=joined(types), purpose=purpose)
        case ReleaseRefused(refused=refused, purpose=purpose):
            msgid = N_("Informatie geweigerd: {refused}. Doel: {purpose}.")
            reasons = [f"{one.information_type} ({one.code})" for one in refused]
            return say(msgid, refused=joined(reasons), purpose=purpose)
        case DutyArose(duty=duty):
            return say(N_("Hierdoor moet er iets gebeuren: {duty}."), duty=duty)
        case ReleaseFailed(code=code):
            return say(N_("Het versturen van de informatie is mislukt. Reden: {code}."), code=code)
        case _:
            assert_never(event)


def _session(event: SessionEvent) -> Sentence:
    match event:
        case LoginSucceeded(provider=provider):
            return say(N_("Ingelogd via {provider}."), provider=provider)
        case LoginRefused(provider=provider, code=code):
            return say(N_("Inloggen via {provider} geweigerd. Reden: {code}."), provider=provider, code=code)
        case Logout():
            return say(N_("Uitgelogd."))
        case SessionEnded(code=code):
            return say(N_("Sessie beëindigd. Reden: {code}."), code=code)
        case HandoverStarted():
            return say(N_("Tablet aan de ouder gegeven."))
        case HandoverEnded():
            return say(N_("Tablet terug bij de begeleider."))
        case PageAccessGiven(factor=factor):
            return say(N_("Code voor de eigen pagina gegeven, met {factor}."), factor=factor)
        case PageAccessRevoked(reason=reason):
            return say(N_("Code voor de eigen pagina ingetrokken. Reden: {reason}."), reason=reason)
        case PageOpened():
            return say(N_("Op de eigen pagina ingelogd."))
        case PageRefused(code=code):
            return say(N_("Inloggen op de eigen pagina geweigerd. Reden: {code}."), code=code)
        case LogoutRefused(provider=provider, code=code):
            msgid = N_("Uitloggen door {provider} geweigerd. Reden: {code}.")
            return say(msgid, provider=provider, code=code)
        case _:
            assert_never(event)


def _policies(event: PolicyEvent) -> Sentence:
    match event:
        case PolicyRefused(codes=codes):
            return say(
                N_("Voorstel voor andere regels afgewezen bij de controle: {codes}."), codes=joined(codes)
            )
        case PolicyProposed(bundle=bundle, replaces=replaces):
            msgid = N_("Andere regels voorgesteld: {bundle}, in plaats van {replaces}.")
            return say(msgid, bundle=_short(bundle), replaces=_short(replaces))
        case PolicyReplayed(bundle=bundle, replayed=replayed, to_allow=to_allow, to_deny=to_deny):
            told = NN_(
                "{count} eerdere beslissing opnieuw beoordeeld met regels {bundle}; nu wel: {allow}, "
                "nu niet: {deny}.",
                "{count} eerdere beslissingen opnieuw beoordeeld met regels {bundle}; nu wel: {allow}, "
                "nu niet: {deny}.",
            )
            return say(told, count=replayed, bundle=_short(bundle), allow=to_allow, deny=to_deny)
        case PolicyApproved(bundle=bundle, items=items):
            msgid = N_("Voorstel voor regels {bundle} goedgekeurd; apart goedgekeurd: {count}.")
            return say(msgid, bundle=_short(bundle), count=len(items))
        case PolicyWithdrawn(bundle=bundle):
            return say(N_("Voorstel voor regels {bundle} ingetrokken."), bundle=_short(bundle))
        case BundleActivated(bundle=bundle, approvers=approvers):
            msgid = N_("Regels {bundle} in gebruik genomen; goedgekeurd door: {count}.")
            return say(msgid, bundle=_short(bundle), count=len(approvers))
        case _:
            assert_never(event)


def _short(bundle: str) -> str:
    """The beginning of a hash, as long as the pages show it."""
    return bundle[:_SHOWN_OF_HASH]
