"""Which kind of happening about a child is shown to whom on a timeline. Pure.

What has no row is shown to nobody, and a test fails for a kind of happening that is neither in the table
nor named as never shown. Who may know of the child at all is asked before; this only narrows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.events import Event
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TypeKey

ToSchool = Literal["never", "always", "types", "meeting", "agreement", "own"]
"""types: of what this contact may read now. meeting: one it may know of. agreement: one it may also read.
own: about this contact."""
ToPerson = Literal["never", "own", "child", "meeting"]
"""own: what this person did or was asked. child: about a child and school on the own page. meeting: one in
which this person takes part."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom one kind of happening is shown to, beside the counsellor with the family."""

    school: ToSchool = "never"
    person: ToPerson = "never"


_SHELTER: Final = Row()
_OWN: Final = Row(person="own")
SHOWN: Final[Mapping[type[Any], Row]] = {
    events.ChildRegistered: _SHELTER,
    events.AuthorityRecorded: _SHELTER,
    events.RelationshipStarted: Row(person="child"),
    events.RelationshipEnded: Row(person="child"),
    events.RelationshipSucceeded: _SHELTER,
    events.ContactListed: Row(school="own"),
    events.ContactRemoved: _SHELTER,
    events.ContactAttested: Row(school="own"),
    events.ContactLapsed: _SHELTER,
    events.PupilDisowned: _SHELTER,
    events.ConflictDeclared: _SHELTER,
    events.ConsentGiven: _OWN,
    events.ConsentRefused: _OWN,
    events.ConsentLater: _OWN,
    events.ConsentWithdrawn: _OWN,
    events.ConsentObjected: _OWN,
    events.ConsentObjectionLifted: _OWN,
    events.ConsentOpinion: _OWN,
    events.ConsentInvalidated: _OWN,
    events.ConsentSuspended: _OWN,
    events.ConsentResumed: _OWN,
    events.ConsentReevaluated: _SHELTER,
    events.CompetenceJudged: _SHELTER,
    events.IntakeStarted: _OWN,
    events.IntakeFinished: _OWN,
    events.ReceiptPrinted: _OWN,
    events.WrongInformationReported: _OWN,
    events.RecordShared: Row(school="types", person="child"),
    events.RecordApproved: _SHELTER,
    events.RecordAttested: _SHELTER,
    events.RecordRetracted: Row(school="types", person="child"),
    events.RecordExpired: _SHELTER,
    events.InformationReleased: Row(school="types", person="child"),
    events.MeetingStepped: Row(school="meeting", person="meeting"),
    events.MeetingAgreementStepped: Row(school="agreement", person="meeting"),
    events.MeetingRefused: _SHELTER,
    events.FirstContactSent: Row(school="always", person="child"),
    events.FirstContactRefused: _SHELTER,
    events.FirstContactConfirmed: Row(school="always", person="child"),
    events.FirstContactRead: Row(school="always", person="child"),
    events.FirstDayTicked: Row(school="always"),
    events.CallMade: Row(school="types", person="child"),
    events.ToldByParent: _SHELTER,
    events.SignalSent: _SHELTER,
    events.SignalNoticed: _SHELTER,
    events.SignalRead: _SHELTER,
    events.SignalUnread: _SHELTER,
    events.SignalCalled: _SHELTER,
    events.SignalGone: _SHELTER,
    events.RecallAsked: _SHELTER,
    events.RecallIssued: _SHELTER,
    events.RecallAcknowledged: _SHELTER,
    events.EndPlanned: _SHELTER,
    events.EndMoved: _SHELTER,
    events.BreakGlassAsked: _SHELTER,
    events.BreakGlassMoved: _SHELTER,
    events.BreakGlassRead: _SHELTER,
    events.MeldcodeOpened: _SHELTER,
    events.MeldcodeMoved: _SHELTER,
    events.StatutoryRequestReceived: _SHELTER,
    events.StatutoryRequestAnswered: _SHELTER,
}
"""Each of these is shown to the counsellor who is with the family; to others as its row says.

A care signal is kept out of the school's timeline as it is out of its file; what was asked back is on a page
of its own there. What became of a child by another's choice is told to nobody at home or at school.
"""

ACTS_TOLD: Final = frozenset({"plan", "move", "hold", "cancel", "agree", "give_copy"})
"""Steps of a meeting that are told outside the shelter: none says why it was asked or that consent ended."""

NEVER: Final[frozenset[type[Any]]] = frozenset(
    {
        # about a family or a guardian, not about the child
        events.FamilyRegistered,
        events.GuardianRegistered,
        events.FamilySearched,
        events.SafetyAssessed,
        events.GuardianSafetyAssessed,
        events.MarkerRequested,
        events.MarkerDecided,
        events.MarkerEnded,
        events.SubstituteAccess,
        events.IdentityChanged,
        events.IdentityViewed,
        events.PatternSeen,
        events.TextSuspended,
        events.TextResumed,
        events.ReminderDue,
        # what was refused, and what the service did to be able to answer
        events.RecordShareRefused,
        events.ReleaseRefused,
        events.ReleaseFailed,
        events.DutyArose,
        events.InformationPreviewed,
        events.StatutoryTextRead,
        events.ErasureNotified,
        events.ErasureNoticeAnswered,
        events.ErasureAsked,
        events.ErasureApproved,
        events.ErasureDropped,
        events.ErasureExecuted,
        events.RetentionRan,
        events.RetentionHeld,
        events.RetentionScheduled,
        events.FiguresPublished,
        events.BreachOpened,
        events.BreachMoved,
        events.BreachExamined,
        events.BreachLetterMoved,
        events.DocumentTaken,
        events.ReportFixed,
        events.CaseOpened,
        events.CaseMoved,
        events.QuestionAsked,
        events.PersonSought,
        events.SampleDrawn,
        events.SampleJudged,
        events.RectificationAsked,
        events.RestrictionMoved,
        events.ExitPermitted,
        events.ExitRefused,
        events.NoticeQueued,
        events.NoticeSent,
        events.NoticeNotSent,
        events.NoticeUncertain,
        events.NoticeBounced,
        events.NoticeAddressEntered,
        # who is who, and who came in
        events.ContactAway,
        events.StaffInvited,
        events.InvitationEnded,
        events.SteppedUp,
        events.FactorProved,
        events.FactorRefused,
        events.EnrolmentGiven,
        events.PasskeyAdded,
        events.PasskeyRemoved,
        events.HandoverRefused,
        events.OperatorAdded,
        events.OperatorEnded,
        events.OperatorAdmitted,
        events.ClientRegistered,
        events.ClientChanged,
        events.ClientEnded,
        events.ClientAdmitted,
        events.ClientServed,
        events.ClientRefused,
        events.LoginSucceeded,
        events.LoginRefused,
        events.Logout,
        events.LogoutRefused,
        events.SessionEnded,
        events.HandoverStarted,
        events.HandoverEnded,
        events.PageAccessGiven,
        events.PageAccessRevoked,
        events.PageOpened,
        events.PageRefused,
        # organisations, rules, the log and its keys
        events.TenantRegistered,
        events.SchoolRegistered,
        events.SchoolChanged,
        events.SchoolPlaced,
        events.SchoolSucceeded,
        events.RouteSet,
        events.AgreementSigned,
        events.AgreementEnded,
        events.StaffAdded,
        events.StaffPlaced,
        events.StaffEnded,
        events.StaffLinked,
        events.StaffUnlinked,
        events.AssignmentStarted,
        events.AssignmentEnded,
        events.ProviderRegistered,
        events.ProviderChanged,
        events.PolicyRefused,
        events.PolicyProposed,
        events.PolicyReplayed,
        events.PolicyApproved,
        events.PolicyWithdrawn,
        events.BundleActivated,
        events.LogViewed,
        events.LogVerified,
        events.LogPinned,
        events.LogExported,
        events.LogReopened,
        events.LogKeyRotated,
        events.LogHeadLearned,
        events.LogHeadAccepted,
        events.WitnessDismissed,
        events.LogPruned,
        events.EntriesReleased,
        events.KeyCreated,
        events.KeyDestroyed,
        events.StopReplayed,
        events.KeyDestroyedOnOrder,
        events.KeyPathDestroyed,
        events.KeyBackupsExpired,
        events.KeyEpochBegun,
        events.KeyEpochEnded,
        events.KeyRootReturned,
        events.KeysBackedUp,
        events.KeysRestored,
        events.RecoveryKeyMade,
        events.RecoveryDrilled,
        events.RecordsReencrypted,
        events.IndexKeyRotated,
    }
)
"""Decided: on nobody's timeline."""


class AtSchool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One contact at the moment of looking: what the release door lets it read, which meetings it knows."""

    relationship: RelationshipId
    staff: StaffId
    types: frozenset[TypeKey]
    meetings: frozenset[str]


class AtHome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guardian or young person: the places on the own page, and the meetings one takes part in."""

    person: PersonId
    people: frozenset[PersonId]
    places: frozenset[RelationshipId]
    meetings: frozenset[str]


def shown_to_counsellor(detail: Detail) -> Event | None:
    """What the counsellor who is with the family sees of it; None: nothing.

    Also what is hidden from the parents for safety: the shelter did it, and it stands on its own pages.
    """
    return detail.event if type(detail.event) in SHOWN else None


def shown_to_school(detail: Detail, viewer: AtSchool) -> Event | None:
    """What this contact sees of it now; types that may not be read are left out, not counted.

    Never what only an officer may see, and never what somebody of the family did.
    """
    event, row = detail.event, SHOWN.get(type(detail.event), _SHELTER)
    if detail.relationship != viewer.relationship or detail.shown_to == "officer":
        return None
    if detail.by.kind in ("guardian", "child"):
        return None
    match row.school:
        case "always":
            return event
        case "types":
            return _readable(event, detail.by.id, viewer)
        case "meeting":
            return event if _is_told(event, viewer.meetings) else None
        case "agreement":
            known = getattr(event, "meeting", "") in viewer.meetings
            return event if known and _AGREEMENTS in viewer.types else None
        case "own":
            return event if getattr(event, "staff", "") == viewer.staff else None
        case _:
            return None


def shown_at_home(detail: Detail, viewer: AtHome) -> Event | None:
    """What this guardian or young person sees of it; nothing another guardian or child did or answered.

    Nothing that is tagged for the officer or for another person; of a child and school only what stands on
    the own page of this person (S3, S21, S44).
    """
    event, row = detail.event, SHOWN.get(type(detail.event), _SHELTER)
    if detail.shown_to not in (viewer.people | {viewer.person}):
        return None
    if detail.by.kind in ("guardian", "child") and detail.by.id != viewer.person:
        return None
    if detail.relationship is not None and detail.relationship not in viewer.places:
        return None
    match row.person:
        case "own":
            return event if detail.subject == viewer.person else None
        case "child":
            told = detail.relationship is not None and _is_for_home(event, viewer)
            return _without_reason(event) if told else None
        case "meeting":
            return event if _is_told(event, viewer.meetings) else None
        case _:
            return None


_AGREEMENTS: Final = TypeKey("three_way_meeting")


def _is_told(event: Event, meetings: frozenset[str]) -> bool:
    if isinstance(event, events.MeetingStepped) and event.act not in ACTS_TOLD:
        return False
    return getattr(event, "meeting", "") in meetings


def _without_reason(event: Event) -> Event:
    """That it ended is told at home; why may be somebody else's (S3, S27)."""
    if isinstance(event, events.RelationshipEnded):
        return msgspec.structs.replace(event, reason="")
    return event


def _is_for_home(event: Event, viewer: AtHome) -> bool:
    """Another guardian's look at the own page is that guardian's."""
    if not isinstance(event, events.InformationReleased):
        return True
    return event.reader_kind != "guardian" or event.reader == viewer.person


def _readable(event: Event, actor: str, viewer: AtSchool) -> Event | None:
    """The event with only types this contact may read now; of its own writing also what it wrote."""
    match event:
        case events.RecordShared() | events.RecordRetracted():
            return event if actor == viewer.staff else None  # what waits is found by asking for it
        case events.InformationReleased(reader_kind="school") if event.role != "phone":
            kept = tuple(one for one in event.types if one in viewer.types)
            own = event.reader == viewer.staff and kept
            return msgspec.structs.replace(event, types=kept, records=()) if own else None
        case events.CallMade():
            kept = tuple(one for one in event.types if one in viewer.types)
            return msgspec.structs.replace(event, types=kept) if kept else None
        case _:
            return None
