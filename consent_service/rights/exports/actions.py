"""What kind of action an entry is, in the codes that NEN 7513 shares with DICOM PS3.15 A.5 and RFC 3881.

A kind of event stands in one set only; a test goes over all of them.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from consent_service.audit import events
from consent_service.audit.events import (
    ErasureEvent,
    Event,
    KeyEvent,
    LogEvent,
    OrganisationEvent,
    PolicyEvent,
    SessionEvent,
)

Action = Literal["C", "R", "U", "D", "E"]
"""Create, read, update, delete, execute (RFC 3881 section 5.1.2)."""
Outcome = Literal["0", "4", "8"]
"""Success; minor failure: refused, or not as asked; serious failure: it broke (section 5.1.4)."""
Cycle = Literal["1", "3", "4", "6", "11", "14", "15"]
"""What becomes of the data (section 5.5.3): it is originated, amended, verified, used, disclosed, logically
deleted, erased."""


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A code, the system it is of, and what it is called there."""

    code: str
    code_system_name: str
    original_text: str


PATIENT_RECORD: Final = Code("110110", "DCM", "Patient Record")
AUTHENTICATION: Final = Code("110114", "DCM", "User Authentication")
LOG_USED: Final = Code("110101", "DCM", "Audit Log Used")
SECURITY: Final = Code("110113", "DCM", "Security Alert")
QUERY: Final = Code("110112", "DCM", "Query")
APPLICATION: Final = Code("110100", "DCM", "Application Activity")

CREATES: Final[frozenset[type[msgspec.Struct]]] = frozenset(
    {
        events.EndPlanned,
        events.FiguresPublished,
        events.ReportFixed,
        events.FirstContactSent,
        events.CallMade,
        events.ToldByParent,
        events.SignalSent,
        events.SignalCalled,
        events.NoticeQueued,
        events.NoticeAddressEntered,
        events.EnrolmentGiven,
        events.PasskeyAdded,
        events.StaffInvited,
        events.OperatorAdded,
        events.ClientRegistered,
        events.TenantRegistered,
        events.SchoolRegistered,
        events.AgreementSigned,
        events.StaffAdded,
        events.AssignmentStarted,
        events.ProviderRegistered,
        events.StaffLinked,
        events.FamilyRegistered,
        events.ChildRegistered,
        events.GuardianRegistered,
        events.AuthorityRecorded,
        events.SafetyAssessed,
        events.GuardianSafetyAssessed,
        events.MarkerRequested,
        events.BreakGlassAsked,
        events.MeldcodeOpened,
        events.StatutoryRequestReceived,
        events.RelationshipStarted,
        events.ContactListed,
        events.IntakeStarted,
        events.ConsentGiven,
        events.ConsentRefused,
        events.ConsentLater,
        events.ConsentObjected,
        events.ConsentOpinion,
        events.CompetenceJudged,
        events.ReceiptPrinted,
        events.WrongInformationReported,
        events.RecordShared,
        events.PageAccessGiven,
        events.KeyCreated,
        events.RecoveryKeyMade,
        events.KeysBackedUp,
        events.PolicyProposed,
        events.ErasureAsked,
        events.CaseOpened,
        events.BreachOpened,
        events.RectificationAsked,
        events.LogReopened,
    }
)
READS: Final[frozenset[type[msgspec.Struct]]] = frozenset(
    {
        events.BreachExamined,
        events.FirstContactRead,
        events.SignalRead,
        events.IdentityViewed,
        events.FamilySearched,
        events.PersonSought,
        events.QuestionAsked,
        events.SubstituteAccess,
        events.InformationPreviewed,
        events.InformationReleased,
        events.ReleaseRefused,
        events.ReleaseFailed,
        events.StatutoryTextRead,
        events.LogViewed,
        events.ClientServed,
        events.LogVerified,
        events.LogPinned,
        events.LogExported,
        events.DocumentTaken,
        events.PageOpened,
        events.PageRefused,
        events.PolicyReplayed,
    }
)
UPDATES: Final[frozenset[type[msgspec.Struct]]] = frozenset(
    {
        events.BreachMoved,
        events.BreachLetterMoved,
        events.CaseMoved,
        events.FirstContactConfirmed,
        events.SampleJudged,
        events.FirstDayTicked,
        events.SchoolPlaced,
        events.RouteSet,
        events.ContactAttested,
        events.ContactAway,
        events.ClientChanged,
        events.ProviderChanged,
        events.SchoolChanged,
        events.StaffPlaced,
        events.IdentityChanged,
        events.MarkerDecided,
        events.BreakGlassMoved,
        events.MeldcodeMoved,
        events.StatutoryRequestAnswered,
        events.IntakeFinished,
        events.ConsentObjectionLifted,
        events.ConsentSuspended,
        events.ConsentResumed,
        events.ConsentReevaluated,
        events.TextSuspended,
        events.TextResumed,
        events.RecordApproved,
        events.RecordAttested,
        events.RecordShareRefused,
        events.SchoolSucceeded,
        events.RelationshipSucceeded,
        events.ConflictDeclared,
        events.RecallAcknowledged,
        events.MeetingStepped,
        events.MeetingAgreementStepped,
        events.ErasureNoticeAnswered,
        events.EndMoved,
        events.CaseMoved,
        events.RestrictionMoved,
        events.LogKeyRotated,
        events.EntriesReleased,
        events.RecordsReencrypted,
        events.IndexKeyRotated,
        events.KeysRestored,
        events.BundleActivated,
        events.PolicyApproved,
        events.ErasureApproved,
        events.RetentionHeld,
        events.RetentionScheduled,
        events.LogHeadLearned,
        events.LogHeadAccepted,
        events.WitnessDismissed,
    }
)
DELETES: Final[frozenset[type[msgspec.Struct]]] = frozenset(
    {
        events.SignalGone,
        events.PasskeyRemoved,
        events.InvitationEnded,
        events.OperatorEnded,
        events.ClientEnded,
        events.AgreementEnded,
        events.StaffEnded,
        events.StaffUnlinked,
        events.AssignmentEnded,
        events.MarkerEnded,
        events.RelationshipEnded,
        events.ContactRemoved,
        events.PupilDisowned,
        events.ConsentWithdrawn,
        events.ConsentInvalidated,
        events.RecordRetracted,
        events.RecordExpired,
        events.RetentionRan,
        events.PageAccessRevoked,
        events.KeyDestroyed,
        events.KeyDestroyedOnOrder,
        events.KeyPathDestroyed,
        events.KeyBackupsExpired,
        events.LogPruned,
        events.PolicyWithdrawn,
        events.ErasureDropped,
        events.ErasureExecuted,
    }
)
EXECUTES: Final[frozenset[type[msgspec.Struct]]] = frozenset(
    {
        events.FirstContactRefused,
        events.SignalNoticed,
        events.SignalUnread,
        events.ExitPermitted,
        events.ExitRefused,
        events.MeetingRefused,
        events.NoticeSent,
        events.NoticeNotSent,
        events.NoticeUncertain,
        events.NoticeBounced,
        events.SteppedUp,
        events.FactorProved,
        events.FactorRefused,
        events.HandoverRefused,
        events.ContactLapsed,
        events.OperatorAdmitted,
        events.ClientAdmitted,
        events.ClientRefused,
        events.ReminderDue,
        events.PatternSeen,
        events.SampleDrawn,
        events.RecallIssued,
        events.RecallAsked,
        events.ErasureNotified,
        events.DutyArose,
        events.BreakGlassRead,
        events.LoginSucceeded,
        events.LoginRefused,
        events.Logout,
        events.LogoutRefused,
        events.SessionEnded,
        events.HandoverStarted,
        events.HandoverEnded,
        events.StopReplayed,
        events.KeyEpochBegun,
        events.KeyEpochEnded,
        events.KeyRootReturned,
        events.RecoveryDrilled,
        events.PolicyRefused,
    }
)
_SETS: Final[tuple[tuple[Action, frozenset[type[msgspec.Struct]]], ...]] = (
    ("C", CREATES),
    ("R", READS),
    ("U", UPDATES),
    ("D", DELETES),
    ("E", EXECUTES),
)
_REFUSALS = (
    events.MeetingRefused,
    events.FirstContactRefused,
    events.ExitRefused,
    events.NoticeNotSent,
    events.NoticeBounced,
    events.ReleaseRefused,
    events.RecordShareRefused,
    events.LoginRefused,
    events.PageRefused,
    events.LogoutRefused,
    events.PolicyRefused,
    events.FactorRefused,
    events.HandoverRefused,
    events.ClientRefused,
)
_LOG_USED = (
    events.BreachExamined,
    events.LogViewed,
    events.LogVerified,
    events.LogPinned,
    events.LogExported,
    events.EntriesReleased,
    events.QuestionAsked,
    events.SampleDrawn,
    events.SampleJudged,
)
_PROVED = (
    events.SteppedUp,
    events.FactorProved,
    events.FactorRefused,
    events.HandoverRefused,
    events.OperatorAdmitted,
    events.ClientAdmitted,
    events.ClientRefused,
)
_OF_SERVICE = events.SchoolPlaced | events.RouteSet | events.PatternSeen | events.ClientServed
_OF_A_CHILD = (events.ContactAttested, events.ContactLapsed)
_CYCLES: Final[dict[Action, Cycle]] = {"C": "1", "R": "6", "U": "3", "D": "14", "E": "6"}


def action_of(event: Event) -> Action:
    """The EventActionCode of what happened."""
    return next(action for action, kinds in _SETS if type(event) in kinds)


def outcome_of(event: Event) -> Outcome:
    """The EventOutcomeIndicator: whether it went as it was asked."""
    if isinstance(event, events.ReleaseFailed):
        return "8"
    return "4" if isinstance(event, _REFUSALS) else "0"


def event_id_of(event: Event) -> Code:
    """The EventID: which kind of access to a record, to the log or to the system this is."""
    if isinstance(event, events.FamilySearched | events.PersonSought):
        return QUERY
    if isinstance(event, (SessionEvent, *_PROVED)):
        return AUTHENTICATION
    if isinstance(event, _LOG_USED):
        return LOG_USED
    if isinstance(event, KeyEvent | LogEvent | PolicyEvent):
        return SECURITY
    if isinstance(event, OrganisationEvent | events.NoticeEvent | _OF_SERVICE):
        return APPLICATION
    if isinstance(event, events.WhoEvent) and not isinstance(event, _OF_A_CHILD):
        return SECURITY
    return PATIENT_RECORD


def cycle_of(event: Event) -> Cycle:
    """The ParticipantObjectDataLifeCycle: what becomes of what the entry is about."""
    if isinstance(event, events.InformationReleased):
        return "11"
    if isinstance(event, events.RecordApproved | events.RecordAttested):
        return "4"
    if isinstance(event, ErasureEvent) and action_of(event) == "D":
        return "15" if isinstance(event, events.ErasureExecuted) else "3"
    if isinstance(event, events.RecordExpired | events.RetentionRan):
        return "15"
    return _CYCLES[action_of(event)]
