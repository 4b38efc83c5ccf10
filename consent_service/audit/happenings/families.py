"""Events of families: who is who, authority, safety, schools, contacts, recalls."""

from __future__ import annotations

from datetime import date
from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TypeKey,
)


class FamilyRegistered(Happening, frozen=True, tag="family.registered.v1"):
    family: FamilyId


class ChildRegistered(Happening, frozen=True, tag="child.registered.v1"):
    family: FamilyId
    child: PersonId


class GuardianRegistered(Happening, frozen=True, tag="guardian.registered.v1"):
    family: FamilyId
    guardian: PersonId


class AuthorityRecorded(Happening, frozen=True, tag="authority.recorded.v1"):
    """`source` says what was seen (register, marriage, judgment, ...), `kind` what it gives."""

    child: PersonId
    guardian: PersonId
    kind: Code
    source: Code
    valid_from: date | None = None
    valid_until: date | None = None


class SafetyAssessed(Happening, frozen=True, tag="safety.assessed.v1"):
    family: FamilyId
    state: Literal["not_assessed", "no_known_danger", "danger"]
    secret_address: bool = False
    review_on: date | None = None


class RelationshipStarted(Happening, frozen=True, tag="relationship.started.v1"):
    relationship: RelationshipId
    child: PersonId
    school: SchoolId


class RelationshipEnded(Happening, frozen=True, tag="relationship.ended.v1"):
    relationship: RelationshipId
    reason: Code = ""


class ContactListed(Happening, frozen=True, tag="contact.listed.v1"):
    relationship: RelationshipId
    staff: StaffId
    role: Code
    deputy: bool = False


class ContactRemoved(Happening, frozen=True, tag="contact.removed.v1"):
    relationship: RelationshipId
    staff: StaffId
    reason: Code = ""


class IdentityChanged(Happening, frozen=True, tag="identity.changed.v1"):
    person: PersonId
    fields: tuple[Code, ...] = ()


class IdentityViewed(Happening, frozen=True, tag="identity.viewed.v1"):
    person: PersonId
    purpose: Code = ""


class FamilySearched(Happening, frozen=True, tag="family.searched.v1"):
    """How many were found; never what was searched for."""

    results: int


class SubstituteAccess(Happening, frozen=True, tag="substitute.access.v1"):
    family: FamilyId
    reason: Code


class GuardianSafetyAssessed(Happening, frozen=True, tag="safety.guardian_assessed.v1"):
    """The danger one guardian is in; always under the officer's tag."""

    family: FamilyId
    guardian: PersonId
    state: Literal["not_assessed", "no_known_danger", "danger"]
    review_on: date | None = None


class MarkerRequested(Happening, frozen=True, tag="safety.marker_requested.v1"):
    """Asked: leave `guardian` out, because contact is not safe. It counts once another person approved."""

    marker: Code
    family: FamilyId
    guardian: PersonId


class MarkerDecided(Happening, frozen=True, tag="safety.marker_decided.v1"):
    """The second person approved or refused it."""

    marker: Code
    family: FamilyId
    guardian: PersonId
    approved: bool


class MarkerEnded(Happening, frozen=True, tag="safety.marker_ended.v1"):
    """It counts no longer."""

    marker: Code
    family: FamilyId
    guardian: PersonId


class RecallIssued(Happening, frozen=True, tag="recall.issued.v1"):
    """The school is asked to remove what it got earlier, and to say so; why is told to nobody."""

    relationship: RelationshipId
    recall: Code
    information_type: TypeKey
    records: int = 0


class RecallAcknowledged(Happening, frozen=True, tag="recall.acknowledged.v1"):
    """What the school answered: `done`, or `kept` with a reason."""

    relationship: RelationshipId
    recall: Code
    answer: Literal["done", "kept"]
    reason: Code = ""


class PupilDisowned(Happening, frozen=True, tag="pupil.disowned.v1"):
    """A contact says that this is not a pupil of the school: everything is sealed, a breach is weighed."""

    relationship: RelationshipId
    staff: StaffId


class ConflictDeclared(Happening, frozen=True, tag="contact.conflict_declared.v1"):
    """A contact is related to the family: access is the deputy's (S16)."""

    relationship: RelationshipId
    staff: StaffId
    deputies: int = 0


class SchoolSucceeded(Happening, frozen=True, tag="school.succeeded.v1"):
    """A school goes on as another one, by a decision that was seen; nothing is transferred by itself."""

    succession: Code
    school: SchoolId
    successor: SchoolId
    decided_on: date


class RelationshipSucceeded(Happening, frozen=True, tag="relationship.succeeded.v1"):
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
