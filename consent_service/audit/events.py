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


SessionEvent = LoginSucceeded | LoginRefused | Logout | SessionEnded | HandoverStarted | HandoverEnded

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
