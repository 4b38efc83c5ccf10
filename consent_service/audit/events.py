"""What can happen, as a closed union of events: ids, codes, counts and times, never free text.

An event is never edited once released: a change is a new struct with a fresh tag (`...v2`), and
`describe` does not type-check until it is handled. The structs stand by subject in `happenings`; the
sentence people read is `describe`; how an event becomes bytes is `encoding`.
"""

from __future__ import annotations

from consent_service.audit.happenings.accountability import AccountabilityEvent, DocumentTaken, ReportFixed
from consent_service.audit.happenings.afterwards import (
    AfterwardsEvent,
    EndMoved,
    EndPlanned,
    ErasureNoticeAnswered,
    ErasureNotified,
    FiguresPublished,
    RecallAsked,
    RecallCause,
)
from consent_service.audit.happenings.breaches import (
    BreachEvent,
    BreachExamined,
    BreachLetterMoved,
    BreachMoved,
    BreachOpened,
)
from consent_service.audit.happenings.carrying import CarryingEvent, RectificationAsked, RestrictionMoved
from consent_service.audit.happenings.cases import CaseEvent, CaseMoved, CaseOpened
from consent_service.audit.happenings.consent import (
    CompetenceJudged,
    ConsentEvent,
    ConsentGiven,
    ConsentInvalidated,
    ConsentLater,
    ConsentObjected,
    ConsentObjectionLifted,
    ConsentOpinion,
    ConsentReevaluated,
    ConsentRefused,
    ConsentResumed,
    ConsentSuspended,
    ConsentWithdrawn,
    DecisionEvent,
    IntakeFinished,
    IntakeStarted,
    PatternSeen,
    ReceiptPrinted,
    ReminderDue,
    TextResumed,
    TextSuspended,
    WrongInformationReported,
)
from consent_service.audit.happenings.emergencies import (
    BreakGlassAsked,
    BreakGlassMoved,
    BreakGlassRead,
    EmergencyEvent,
    MeldcodeMoved,
    MeldcodeOpened,
    StatutoryRequestAnswered,
    StatutoryRequestReceived,
    StatutoryTextRead,
)
from consent_service.audit.happenings.erasures import (
    ErasureApproved,
    ErasureAsked,
    ErasureDropped,
    ErasureEvent,
    ErasureExecuted,
    ErasureGround,
    ErasureScope,
)
from consent_service.audit.happenings.families import (
    AuthorityRecorded,
    ChildRegistered,
    ConflictDeclared,
    ContactListed,
    ContactRemoved,
    FamilyEvent,
    FamilyRegistered,
    FamilySearched,
    GuardianRegistered,
    GuardianSafetyAssessed,
    IdentityChanged,
    IdentityViewed,
    MarkerDecided,
    MarkerEnded,
    MarkerRequested,
    PupilDisowned,
    RecallAcknowledged,
    RecallIssued,
    RelationshipEnded,
    RelationshipStarted,
    RelationshipSucceeded,
    SafetyAssessed,
    SchoolSucceeded,
    SubstituteAccess,
)
from consent_service.audit.happenings.happening import CODE_PATTERN, By, Code, Direction, Happening
from consent_service.audit.happenings.keys import (
    IndexKeyRotated,
    KeyBackupsExpired,
    KeyDestroyedOnOrder,
    KeyEpochBegun,
    KeyEpochEnded,
    KeyEvent,
    KeyPathDestroyed,
    KeyRootReturned,
    KeysBackedUp,
    KeysRestored,
    RecordsReencrypted,
    RecoveryDrilled,
    RecoveryKeyMade,
)
from consent_service.audit.happenings.logins import (
    HandoverEnded,
    HandoverStarted,
    LoginRefused,
    LoginSucceeded,
    Logout,
    LogoutRefused,
    PageAccessGiven,
    PageAccessRevoked,
    PageOpened,
    PageRefused,
    SessionEnded,
    SessionEvent,
)
from consent_service.audit.happenings.meetings import (
    MeetingAgreementStepped,
    MeetingEvent,
    MeetingRefused,
    MeetingStepped,
)
from consent_service.audit.happenings.notices import (
    ExitPermitted,
    ExitRefused,
    NoticeAddressEntered,
    NoticeBounced,
    NoticeEvent,
    NoticeNotSent,
    NoticeQueued,
    NoticeSent,
    NoticeUncertain,
)
from consent_service.audit.happenings.organisations import (
    AgreementEnded,
    AgreementSigned,
    AssignmentEnded,
    AssignmentStarted,
    OrganisationEvent,
    ProviderChanged,
    ProviderRegistered,
    SchoolChanged,
    SchoolRegistered,
    StaffAdded,
    StaffEnded,
    StaffLinked,
    StaffPlaced,
    StaffUnlinked,
    TenantRegistered,
)
from consent_service.audit.happenings.policies import (
    BundleActivated,
    PolicyApproved,
    PolicyEvent,
    PolicyProposed,
    PolicyRefused,
    PolicyReplayed,
    PolicyWithdrawn,
    ProposalOrigin,
)
from consent_service.audit.happenings.records import (
    DutyArose,
    InformationPreviewed,
    InformationReleased,
    RecordApproved,
    RecordAttested,
    RecordEvent,
    RecordRetracted,
    RecordShared,
    RecordShareRefused,
    RecordVersion,
    RefusedType,
    ReleaseFailed,
    ReleaseRefused,
)
from consent_service.audit.happenings.retention import (
    RecordExpired,
    RetentionEvent,
    RetentionHeld,
    RetentionRan,
    RetentionScheduled,
)
from consent_service.audit.happenings.reviews import (
    PersonSought,
    QuestionAsked,
    ReviewEvent,
    SampleDrawn,
    SampleJudged,
)
from consent_service.audit.happenings.signals import (
    CallMade,
    FirstContactConfirmed,
    FirstContactRead,
    FirstContactRefused,
    FirstContactSent,
    FirstDayTicked,
    RouteSet,
    SchoolPlaced,
    SignalCalled,
    SignalEvent,
    SignalGone,
    SignalNoticed,
    SignalRead,
    SignalSent,
    SignalUnread,
    ToldByParent,
)
from consent_service.audit.happenings.upkeep import (
    EntriesReleased,
    ExportKind,
    ExportRecipient,
    KeyCreated,
    KeyDestroyed,
    LogEvent,
    LogExported,
    LogHeadAccepted,
    LogHeadLearned,
    LogKeyRotated,
    LogPinned,
    LogPruned,
    LogReopened,
    LogVerified,
    LogViewed,
    StopReplayed,
    Urgency,
    WitnessDismissed,
)
from consent_service.audit.happenings.who import (
    ClientAdmitted,
    ClientChanged,
    ClientEnded,
    ClientRefused,
    ClientRegistered,
    ClientServed,
    ContactAttested,
    ContactAway,
    ContactLapsed,
    EnrolmentGiven,
    FactorProved,
    FactorRefused,
    HandoverRefused,
    InvitationEnded,
    OperatorAdded,
    OperatorAdmitted,
    OperatorEnded,
    PasskeyAdded,
    PasskeyRemoved,
    StaffInvited,
    SteppedUp,
    WhoEvent,
)

__all__ = [
    "CODE_PATTERN", "AccountabilityEvent", "AfterwardsEvent", "AgreementEnded", "AgreementSigned",
    "AssignmentEnded", "AssignmentStarted", "AuthorityRecorded", "BreachEvent", "BreachExamined",
    "BreachLetterMoved", "BreachMoved", "BreachOpened", "BreakGlassAsked", "BreakGlassMoved",
    "BreakGlassRead", "BundleActivated", "By", "CallMade", "CarryingEvent", "CaseEvent", "CaseMoved",
    "CaseOpened", "ChildRegistered", "ClientAdmitted", "ClientChanged", "ClientEnded", "ClientRefused",
    "ClientRegistered", "ClientServed", "Code", "CompetenceJudged", "ConflictDeclared", "ConsentEvent",
    "ConsentGiven", "ConsentInvalidated", "ConsentLater", "ConsentObjected", "ConsentObjectionLifted",
    "ConsentOpinion", "ConsentReevaluated", "ConsentRefused", "ConsentResumed", "ConsentSuspended",
    "ConsentWithdrawn", "ContactAttested", "ContactAway", "ContactLapsed", "ContactListed",
    "ContactRemoved", "DecisionEvent", "Direction", "DocumentTaken", "DutyArose", "EmergencyEvent",
    "EndMoved", "EndPlanned", "EnrolmentGiven", "EntriesReleased", "ErasureApproved", "ErasureAsked",
    "ErasureDropped", "ErasureEvent", "ErasureExecuted", "ErasureGround", "ErasureNoticeAnswered",
    "ErasureNotified", "ErasureScope", "Event", "ExitPermitted", "ExitRefused", "ExportKind",
    "ExportRecipient", "FactorProved", "FactorRefused", "FamilyEvent", "FamilyRegistered", "FamilySearched",
    "FiguresPublished", "FirstContactConfirmed", "FirstContactRead", "FirstContactRefused",
    "FirstContactSent", "FirstDayTicked", "GuardianRegistered", "GuardianSafetyAssessed", "HandoverEnded",
    "HandoverRefused", "HandoverStarted", "Happening", "IdentityChanged", "IdentityViewed",
    "IndexKeyRotated", "InformationPreviewed", "InformationReleased", "IntakeFinished", "IntakeStarted",
    "InvitationEnded", "KeyBackupsExpired", "KeyCreated", "KeyDestroyed", "KeyDestroyedOnOrder",
    "KeyEpochBegun", "KeyEpochEnded", "KeyEvent", "KeyPathDestroyed", "KeyRootReturned", "KeysBackedUp",
    "KeysRestored", "LogEvent", "LogExported", "LogHeadAccepted", "LogHeadLearned", "LogKeyRotated",
    "LogPinned", "LogPruned", "LogReopened", "LogVerified", "LogViewed", "LoginRefused", "LoginSucceeded",
    "Logout", "LogoutRefused", "MarkerDecided", "MarkerEnded", "MarkerRequested", "MeetingAgreementStepped",
    "MeetingEvent", "MeetingRefused", "MeetingStepped", "MeldcodeMoved", "MeldcodeOpened",
    "NoticeAddressEntered", "NoticeBounced", "NoticeEvent", "NoticeNotSent", "NoticeQueued", "NoticeSent",
    "NoticeUncertain", "OperatorAdded", "OperatorAdmitted", "OperatorEnded", "OrganisationEvent",
    "PageAccessGiven", "PageAccessRevoked", "PageOpened", "PageRefused", "PasskeyAdded", "PasskeyRemoved",
    "PatternSeen", "PersonSought", "PolicyApproved", "PolicyEvent", "PolicyProposed", "PolicyRefused",
    "PolicyReplayed", "PolicyWithdrawn", "ProposalOrigin", "ProviderChanged", "ProviderRegistered",
    "PupilDisowned", "QuestionAsked", "RecallAcknowledged", "RecallAsked", "RecallCause", "RecallIssued",
    "ReceiptPrinted", "RecordApproved", "RecordAttested", "RecordEvent", "RecordExpired", "RecordRetracted",
    "RecordShareRefused", "RecordShared", "RecordVersion", "RecordsReencrypted", "RecoveryDrilled",
    "RecoveryKeyMade", "RectificationAsked", "RefusedType", "RelationshipEnded", "RelationshipStarted",
    "RelationshipSucceeded", "ReleaseFailed", "ReleaseRefused", "ReminderDue", "ReportFixed",
    "RestrictionMoved", "RetentionEvent", "RetentionHeld", "RetentionRan", "RetentionScheduled",
    "ReviewEvent", "RouteSet", "SafetyAssessed", "SampleDrawn", "SampleJudged", "SchoolChanged",
    "SchoolPlaced", "SchoolRegistered", "SchoolSucceeded", "SessionEnded", "SessionEvent", "SignalCalled",
    "SignalEvent", "SignalGone", "SignalNoticed", "SignalRead", "SignalSent", "SignalUnread", "StaffAdded",
    "StaffEnded", "StaffInvited", "StaffLinked", "StaffPlaced", "StaffUnlinked", "StatutoryRequestAnswered",
    "StatutoryRequestReceived", "StatutoryTextRead", "SteppedUp", "StopReplayed", "SubstituteAccess",
    "TenantRegistered", "TextResumed", "TextSuspended", "ToldByParent", "Urgency", "WhoEvent",
    "WitnessDismissed", "WrongInformationReported", "event_type",
]  # fmt: skip

Event = (
    OrganisationEvent
    | FamilyEvent
    | ConsentEvent
    | RecordEvent
    | SessionEvent
    | LogEvent
    | KeyEvent
    | PolicyEvent
    | ErasureEvent
    | RetentionEvent
    | WhoEvent
    | MeetingEvent
    | AfterwardsEvent
    | EmergencyEvent
    | SignalEvent
    | NoticeEvent
    | CaseEvent
    | BreachEvent
    | ReviewEvent
    | AccountabilityEvent
    | CarryingEvent
)
"""Everything that can stand in the log."""


def event_type(event: Event) -> str:
    """The dotted name and version of an event, as it stands in the log."""
    return str(event.__struct_config__.tag)
