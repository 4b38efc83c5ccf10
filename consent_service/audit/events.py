"""What can happen, as a closed union of events: ids, codes, counts and times, never free text.

An event is never edited once released: a change is a new struct with a fresh tag (`...v2`), and
`describe` does not type-check until it is handled. The sentence people read is `describe`; how an
event becomes bytes is `encoding`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from consent_service.foundation.ids import (
    AgreementId,
    DecisionId,
    EntryId,
    FamilyId,
    PersonId,
    RecordId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    TypeKey,
)

CODE_PATTERN = r"^[A-Za-z0-9_.:@/+-]{0,64}$"
"""What any text in an event must look like: a word without spaces, checked when it is appended."""
Code = Annotated[str, msgspec.Meta(pattern=CODE_PATTERN)]
"""A stable name or a hash; never a word somebody typed."""
Direction = Literal["s2c", "c2s", "both"]
"""Shelter to school, school to shelter, or both."""


class By(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who did it, by capacity and id."""

    kind: Literal[
        "guardian",
        "child",
        "counsellor",
        "school_staff",
        "privacy_coordinator",
        "fg",
        "operator",
        "system",
    ]
    id: Code


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type"):
    """Base of all events; the tag is the event's name and version."""


# --- organisations ---------------------------------------------------------------------------


class TenantRegistered(_Event, frozen=True, tag="tenant.registered.v1"):
    tenant: TenantId


class SchoolRegistered(_Event, frozen=True, tag="school.registered.v1"):
    school: SchoolId


class SchoolChanged(_Event, frozen=True, tag="school.changed.v1"):
    school: SchoolId
    changed: tuple[Code, ...] = ()


class AgreementSigned(_Event, frozen=True, tag="agreement.signed.v1"):
    agreement: AgreementId
    school: SchoolId
    valid_from: date | None = None
    valid_until: date | None = None


class AgreementEnded(_Event, frozen=True, tag="agreement.ended.v1"):
    agreement: AgreementId
    school: SchoolId
    reason: Code = ""


class StaffAdded(_Event, frozen=True, tag="staff.added.v1"):
    staff: StaffId
    role: Code


class StaffPlaced(_Event, frozen=True, tag="staff.placed.v1"):
    """In which team a member of staff works from now on; none when it is empty."""

    staff: StaffId
    team: Code = ""


class StaffEnded(_Event, frozen=True, tag="staff.ended.v1"):
    staff: StaffId


class AssignmentStarted(_Event, frozen=True, tag="assignment.started.v1"):
    staff: StaffId
    family: FamilyId


class AssignmentEnded(_Event, frozen=True, tag="assignment.ended.v1"):
    staff: StaffId
    family: FamilyId


class ProviderRegistered(_Event, frozen=True, tag="provider.registered.v1"):
    provider: Code


OrganisationEvent = (
    TenantRegistered
    | SchoolRegistered
    | SchoolChanged
    | AgreementSigned
    | AgreementEnded
    | StaffAdded
    | StaffPlaced
    | StaffEnded
    | AssignmentStarted
    | AssignmentEnded
    | ProviderRegistered
)

# --- families --------------------------------------------------------------------------------


class FamilyRegistered(_Event, frozen=True, tag="family.registered.v1"):
    family: FamilyId


class ChildRegistered(_Event, frozen=True, tag="child.registered.v1"):
    family: FamilyId
    child: PersonId


class GuardianRegistered(_Event, frozen=True, tag="guardian.registered.v1"):
    family: FamilyId
    guardian: PersonId


class AuthorityRecorded(_Event, frozen=True, tag="authority.recorded.v1"):
    """`source` says what was seen (register, marriage, judgment, ...), `kind` what it gives."""

    child: PersonId
    guardian: PersonId
    kind: Code
    source: Code
    valid_from: date | None = None
    valid_until: date | None = None


class SafetyAssessed(_Event, frozen=True, tag="safety.assessed.v1"):
    family: FamilyId
    state: Literal["not_assessed", "no_known_danger", "danger"]
    secret_address: bool = False
    review_on: date | None = None


class RelationshipStarted(_Event, frozen=True, tag="relationship.started.v1"):
    relationship: RelationshipId
    child: PersonId
    school: SchoolId


class RelationshipEnded(_Event, frozen=True, tag="relationship.ended.v1"):
    relationship: RelationshipId
    reason: Code = ""


class ContactListed(_Event, frozen=True, tag="contact.listed.v1"):
    relationship: RelationshipId
    staff: StaffId
    role: Code
    deputy: bool = False


class ContactRemoved(_Event, frozen=True, tag="contact.removed.v1"):
    relationship: RelationshipId
    staff: StaffId
    reason: Code = ""


class IdentityChanged(_Event, frozen=True, tag="identity.changed.v1"):
    person: PersonId
    fields: tuple[Code, ...] = ()


class IdentityViewed(_Event, frozen=True, tag="identity.viewed.v1"):
    person: PersonId
    purpose: Code = ""


class FamilySearched(_Event, frozen=True, tag="family.searched.v1"):
    """How many were found; never what was searched for."""

    results: int


class SubstituteAccess(_Event, frozen=True, tag="substitute.access.v1"):
    family: FamilyId
    reason: Code


class GuardianSafetyAssessed(_Event, frozen=True, tag="safety.guardian_assessed.v1"):
    """The danger one guardian is in; always under the officer's tag."""

    family: FamilyId
    guardian: PersonId
    state: Literal["not_assessed", "no_known_danger", "danger"]
    review_on: date | None = None


class MarkerRequested(_Event, frozen=True, tag="safety.marker_requested.v1"):
    """Asked: leave `guardian` out, because contact is not safe. It counts once another person approved."""

    marker: Code
    family: FamilyId
    guardian: PersonId


class MarkerDecided(_Event, frozen=True, tag="safety.marker_decided.v1"):
    """The second person approved or refused it."""

    marker: Code
    family: FamilyId
    guardian: PersonId
    approved: bool


class MarkerEnded(_Event, frozen=True, tag="safety.marker_ended.v1"):
    """It counts no longer."""

    marker: Code
    family: FamilyId
    guardian: PersonId


class RecallIssued(_Event, frozen=True, tag="recall.issued.v1"):
    """The school is asked to remove what it got earlier, and to say so; why is told to nobody."""

    relationship: RelationshipId
    recall: Code
    information_type: TypeKey
    records: int = 0


class RecallAcknowledged(_Event, frozen=True, tag="recall.acknowledged.v1"):
    """What the school answered: `done`, or `kept` with a reason."""

    relationship: RelationshipId
    recall: Code
    answer: Literal["done", "kept"]
    reason: Code = ""


class PupilDisowned(_Event, frozen=True, tag="pupil.disowned.v1"):
    """A contact says that this is not a pupil of the school: everything is sealed, a breach is weighed."""

    relationship: RelationshipId
    staff: StaffId


class ConflictDeclared(_Event, frozen=True, tag="contact.conflict_declared.v1"):
    """A contact is related to the family: access is the deputy's (S16)."""

    relationship: RelationshipId
    staff: StaffId
    deputies: int = 0


class SchoolSucceeded(_Event, frozen=True, tag="school.succeeded.v1"):
    """A school goes on as another one, by a decision that was seen; nothing is transferred by itself."""

    succession: Code
    school: SchoolId
    successor: SchoolId
    decided_on: date


class RelationshipSucceeded(_Event, frozen=True, tag="relationship.succeeded.v1"):
    """One child's relationship goes on with the succeeding school, under the same consents."""

    relationship: RelationshipId
    succession: Code
    school: SchoolId
    successor: SchoolId


FamilyEvent = (
    FamilyRegistered
    | ChildRegistered
    | GuardianRegistered
    | AuthorityRecorded
    | SafetyAssessed
    | RelationshipStarted
    | RelationshipEnded
    | ContactListed
    | ContactRemoved
    | IdentityChanged
    | IdentityViewed
    | FamilySearched
    | SubstituteAccess
    | GuardianSafetyAssessed
    | MarkerRequested
    | MarkerDecided
    | MarkerEnded
    | RecallIssued
    | RecallAcknowledged
    | PupilDisowned
    | ConflictDeclared
    | SchoolSucceeded
    | RelationshipSucceeded
)

# --- intake and consent ----------------------------------------------------------------------


class IntakeStarted(_Event, frozen=True, tag="intake.started.v1"):
    family: FamilyId
    guardian: PersonId


class IntakeFinished(_Event, frozen=True, tag="intake.finished.v1"):
    family: FamilyId
    guardian: PersonId
    yes: int = 0
    no: int = 0
    later: int = 0
    outcome: Code = ""


class _Decision(_Event, frozen=True):
    """One answer to one question as it was shown; `screen_hash` is over the shown content."""

    decision: DecisionId
    relationship: RelationshipId
    information_type: TypeKey
    direction: Direction
    text_version: Code
    text_hash: Code
    screen_hash: Code
    language: Code
    method: Code


class ConsentGiven(_Decision, frozen=True, tag="consent.given.v1"):
    pass


class ConsentRefused(_Decision, frozen=True, tag="consent.refused.v1"):
    pass


class ConsentLater(_Decision, frozen=True, tag="consent.later.v1"):
    pass


class ConsentWithdrawn(_Decision, frozen=True, tag="consent.withdrawn.v1"):
    pass


class ConsentObjected(_Decision, frozen=True, tag="consent.objected.v1"):
    pass


class ConsentObjectionLifted(_Decision, frozen=True, tag="consent.objection_lifted.v1"):
    pass


class ConsentOpinion(_Decision, frozen=True, tag="consent.opinion.v1"):
    """What a child says of it; `opinion` is yes or no, her words are never here."""

    opinion: Literal["yes", "no"] = "yes"


class ConsentInvalidated(_Decision, frozen=True, tag="consent.invalidated.v1"):
    """`invalidates` was given by mistake or by the wrong person; not the same as withdrawn."""

    invalidates: DecisionId | None = None
    reason: Code = ""


class ConsentSuspended(_Decision, frozen=True, tag="consent.suspended.v1"):
    """`concerns` rests on a text in doubt: it does not count until it is resumed or given anew."""

    concerns: DecisionId | None = None


class ConsentResumed(_Decision, frozen=True, tag="consent.resumed.v1"):
    """The text of `concerns` turned out to be right."""

    concerns: DecisionId | None = None


class ConsentReevaluated(_Event, frozen=True, tag="consent.reevaluated.v1"):
    """Somebody's authority or a child's age changed: what the contacts of a school could get before and
    after; `cause` says what changed."""

    relationship: RelationshipId
    cause: Code
    before: tuple[TypeKey, ...] = ()
    after: tuple[TypeKey, ...] = ()


class TextSuspended(_Event, frozen=True, tag="text.suspended.v1"):
    """A text turned out to be faulty; `consents` answers rested on it."""

    text_hash: Code
    text_version: Code
    language: Code
    consents: int = 0


class TextResumed(_Event, frozen=True, tag="text.resumed.v1"):
    """The text is right after all."""

    text_hash: Code
    text_version: Code
    language: Code
    consents: int = 0


class CompetenceJudged(_Event, frozen=True, tag="competence.judged.v1"):
    """Whether a child can weigh this itself; a no never erases what a parent said (S42)."""

    child: PersonId
    competent: bool


class ReminderDue(_Event, frozen=True, tag="reminder.due.v1"):
    """A date is near or has come: `kind` says which, `on` is the day itself."""

    kind: Code
    on: date
    family: FamilyId | None = None
    relationship: RelationshipId | None = None
    information_type: TypeKey | None = None
    person: PersonId | None = None


class ReceiptPrinted(_Event, frozen=True, tag="receipt.printed.v1"):
    """A receipt was made, to be shown or printed."""

    person: PersonId
    sitting: Code
    kind: Literal["full", "neutral", "record"]
    language: Code = ""


class WrongInformationReported(_Event, frozen=True, tag="information.reported_wrong.v1"):
    """Somebody pressed "this is not right" on the own page; what is wrong is told in a conversation."""

    relationship: RelationshipId
    information_type: TypeKey
    person: PersonId


class PatternSeen(_Event, frozen=True, tag="pattern.seen.v1"):
    """A way of asking that the privacy officer should look at; counts, never a conclusion."""

    kind: Code
    team: Code = ""
    count: int = 0


ConsentEvent = (
    IntakeStarted
    | IntakeFinished
    | ConsentGiven
    | ConsentRefused
    | ConsentLater
    | ConsentWithdrawn
    | ConsentObjected
    | ConsentObjectionLifted
    | ConsentOpinion
    | ConsentInvalidated
    | ConsentSuspended
    | ConsentResumed
    | ConsentReevaluated
    | TextSuspended
    | TextResumed
    | CompetenceJudged
    | ReminderDue
    | ReceiptPrinted
    | WrongInformationReported
    | PatternSeen
)

# --- records and release ---------------------------------------------------------------------


class RecordVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly which version of which record left."""

    record: RecordId
    version: int
    information_type: TypeKey


class RefusedType(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why one information type was refused: the reason code and the policies that decided."""

    information_type: TypeKey
    code: Code
    policies: tuple[Code, ...] = ()


class RecordShared(_Event, frozen=True, tag="record.shared.v1"):
    """`digest` commits to the newest versions of this type, so that `check` finds a rollback."""

    relationship: RelationshipId
    record: RecordId
    version: int
    information_type: TypeKey
    direction: Direction
    digest: Code = ""


class RecordApproved(_Event, frozen=True, tag="record.approved.v1"):
    """A second person approved this version; without it the type is not released."""

    relationship: RelationshipId
    record: RecordId
    version: int
    information_type: TypeKey
    digest: Code = ""


class RecordRetracted(_Event, frozen=True, tag="record.retracted.v1"):
    """Taken back by the side that wrote it; what was read before stays in the log."""

    relationship: RelationshipId
    record: RecordId
    version: int
    information_type: TypeKey
    digest: Code = ""


class RecordShareRefused(_Event, frozen=True, tag="record.share_refused.v1"):
    relationship: RelationshipId
    information_type: TypeKey
    direction: Direction
    code: Code
    policies: tuple[Code, ...] = ()


class InformationPreviewed(_Event, frozen=True, tag="information.previewed.v1"):
    relationship: RelationshipId
    purpose: Code
    reader: Code
    types: tuple[TypeKey, ...] = ()


class InformationReleased(_Event, frozen=True, tag="information.released.v1"):
    """`reader` is the id of who read it, `reader_kind` and `role` the capacity."""

    relationship: RelationshipId
    purpose: Code
    reader: Code
    reader_kind: Literal["school", "shelter", "guardian"]
    role: Code = ""
    types: tuple[TypeKey, ...] = ()
    records: tuple[RecordVersion, ...] = ()
    agreement: AgreementId | None = None


class ReleaseRefused(_Event, frozen=True, tag="release.refused.v1"):
    relationship: RelationshipId
    purpose: Code
    reader: Code
    reader_kind: Literal["school", "shelter", "guardian"]
    role: Code = ""
    refused: tuple[RefusedType, ...] = ()


class ReleaseFailed(_Event, frozen=True, tag="release.failed.v1"):
    """Sending broke after entry `released` was committed."""

    relationship: RelationshipId
    released: EntryId
    code: Code = ""


RecordEvent = (
    RecordShared
    | RecordApproved
    | RecordRetracted
    | RecordShareRefused
    | InformationPreviewed
    | InformationReleased
    | ReleaseRefused
    | ReleaseFailed
)

# --- logins and sessions ---------------------------------------------------------------------


class LoginSucceeded(_Event, frozen=True, tag="login.succeeded.v1"):
    provider: Code
    level: Code = ""


class LoginRefused(_Event, frozen=True, tag="login.refused.v1"):
    provider: Code
    code: Code


class Logout(_Event, frozen=True, tag="logout.v1"):
    pass


class SessionEnded(_Event, frozen=True, tag="session.ended.v1"):
    code: Code


class HandoverStarted(_Event, frozen=True, tag="handover.started.v1"):
    family: FamilyId
    guardian: PersonId | None = None


class HandoverEnded(_Event, frozen=True, tag="handover.ended.v1"):
    family: FamilyId
    code: Code = ""


class PageAccessGiven(_Event, frozen=True, tag="page.access_given.v1"):
    """A code and a second factor for the own page; `factor` is pin, mail or sms."""

    person: PersonId
    factor: Code


class PageAccessRevoked(_Event, frozen=True, tag="page.access_revoked.v1"):
    """The code does not work any more: lost, stolen or seen by somebody else."""

    person: PersonId
    reason: Code = ""


class PageOpened(_Event, frozen=True, tag="page.opened.v1"):
    """Somebody logged in to the own page."""

    person: PersonId


class PageRefused(_Event, frozen=True, tag="page.refused.v1"):
    """A code that exists, and a second factor that was wrong."""

    person: PersonId
    code: Code


SessionEvent = (
    LoginSucceeded
    | LoginRefused
    | Logout
    | SessionEnded
    | HandoverStarted
    | HandoverEnded
    | PageAccessGiven
    | PageAccessRevoked
    | PageOpened
    | PageRefused
)

# --- the log, keys, policies and stops -------------------------------------------------------


class LogViewed(_Event, frozen=True, tag="log.viewed.v1"):
    """Which filters were used and how many entries were shown."""

    filters: tuple[Code, ...] = ()
    results: int = 0


class LogVerified(_Event, frozen=True, tag="log.verified.v1"):
    size: int
    problems: int = 0


class KeyCreated(_Event, frozen=True, tag="key.created.v1"):
    kind: Code
    owner: Code
    version: int = 1


class KeyDestroyed(_Event, frozen=True, tag="key.destroyed.v1"):
    kind: Code
    owner: Code


class BundleActivated(_Event, frozen=True, tag="bundle.activated.v1"):
    bundle: Code
    approvers: tuple[Code, ...] = ()


class StopReplayed(_Event, frozen=True, tag="stop.replayed.v1"):
    """A stop accepted at `accepted_at` while the database, log or keys were away took effect."""

    stop: Code
    kind: Code
    accepted_at: datetime


LogEvent = LogViewed | LogVerified | KeyCreated | KeyDestroyed | BundleActivated | StopReplayed

Event = OrganisationEvent | FamilyEvent | ConsentEvent | RecordEvent | SessionEvent | LogEvent
"""Everything that can stand in the log."""


def event_type(event: Event) -> str:
    """The dotted name and version of an event, as it stands in the log."""
    return str(event.__struct_config__.tag)
