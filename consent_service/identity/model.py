"""The actors: whoever does something in the service, ids only.

Names of staff live in `organisations`, names of parents and children in `families`; what an actor
may do is `identity.permissions`; how an actor proves who it is, is `identity.service`.
"""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec

from consent_service.audit.events import By
from consent_service.foundation.ids import FamilyId, PersonId, SchoolId, StaffId, TenantId

SchoolRole = Literal["contact", "teacher", "director", "administration", "meldcode_officer"]
"""Same values as `information.model.SchoolRole`, which stands higher in the import order."""
StaffKind = Literal["counsellor", "school_staff", "privacy_coordinator", "fg"]
"""The kinds of actor that log in with OpenID Connect."""


class GuardianActor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="guardian"):
    """A holder of parental authority or a guardian, bound to one family."""

    tenant: TenantId
    guardian: PersonId
    family: FamilyId


class ChildActor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="child"):
    """A child with its own voice, at any age."""

    tenant: TenantId
    child: PersonId
    family: FamilyId


class Counsellor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="counsellor"):
    """A counsellor (begeleider) of one shelter."""

    tenant: TenantId
    staff: StaffId


class SchoolStaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="school_staff"):
    """Somebody of one school, towards one shelter; the active contact list decides, not the role alone."""

    tenant: TenantId
    staff: StaffId
    school: SchoolId
    role: SchoolRole


class PrivacyCoordinator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="privacy_coordinator"):
    """Decides for the controller: basis, access cases, erasure, policies."""

    tenant: TenantId
    staff: StaffId


class Fg(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="fg"):
    """The data protection officer: supervises and advises, never decides (AVG 38(6), 39)."""

    tenant: TenantId
    staff: StaffId


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="operator"):
    """Runs the installation from the command line; never sees content."""

    name: str


class MachineClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="machine_client"):
    """Another system of one shelter or its schools, which asks through the API (RFC 6749 section 4.4)."""

    tenant: TenantId
    client: str
    scopes: frozenset[str] = frozenset()


class System(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="system"):
    """The service itself: what happens at midnight, or when a stop is replayed."""


StaffActor = Counsellor | SchoolStaff | PrivacyCoordinator | Fg
"""The actors that log in with OpenID Connect."""
PersonActor = GuardianActor | ChildActor
"""Somebody of a family, for oneself."""
Actor = (
    GuardianActor
    | ChildActor
    | Counsellor
    | SchoolStaff
    | PrivacyCoordinator
    | Fg
    | Operator
    | MachineClient
    | System
)

RefusalCode = Literal[
    "provider_unknown",
    "provider_unavailable",
    "provider_error",
    "cancelled",
    "state_unknown",
    "issuer_mismatch",
    "code_refused",
    "token_malformed",
    "algorithm_not_allowed",
    "key_unknown",
    "signature_invalid",
    "audience_foreign",
    "nonce_foreign",
    "expired",
    "not_yet_valid",
    "login_too_old",
    "level_too_low",
    "subject_missing",
    "subject_differs",
    "not_linked",
    "answer_malformed",
    "represents_somebody",
    "citizen_number",
    "provider_disabled",
    "too_many",
    "wrong_school",
    "invitation_invalid",
    "other_person",
]
"""Why a login was refused; the log keeps this code, the person reads `LoginRefused.sentence`."""
RefusalSentence = Literal[
    "identity.login_again",
    "identity.login_cancelled",
    "identity.login_away",
    "identity.login_level",
    "identity.login_not_linked",
    "identity.login_refused_there",
    "identity.login_nowhere",
    "identity.login_represents",
    "identity.login_citizen_number",
    "identity.login_too_many",
    "identity.login_wrong_school",
    "identity.login_invitation",
    "identity.login_other_person",
]


class LoginRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nobody was logged in; an expected outcome, logged by `identity.service`."""

    code: RefusalCode
    purpose: str = ""
    """Not empty: somebody who is logged in proved no more, and is logged in as before."""

    def during(self, purpose: str) -> LoginRefused:
        """The same refusal, of a proof that was begun for this purpose (`attempts.Purpose`)."""
        return msgspec.structs.replace(self, purpose=purpose)

    @property
    def sentence(self) -> RefusalSentence:
        """The code of what the person reads: what to do now, not which check failed."""
        return _SENTENCES.get(self.code, "identity.login_again")


_SENTENCES: dict[RefusalCode, RefusalSentence] = {
    "cancelled": "identity.login_cancelled",
    "provider_unavailable": "identity.login_away",
    "provider_error": "identity.login_refused_there",
    "provider_unknown": "identity.login_nowhere",
    "provider_disabled": "identity.login_nowhere",
    "represents_somebody": "identity.login_represents",
    "citizen_number": "identity.login_citizen_number",
    "too_many": "identity.login_too_many",
    "level_too_low": "identity.login_level",
    "not_linked": "identity.login_not_linked",
    "wrong_school": "identity.login_wrong_school",
    "invitation_invalid": "identity.login_invitation",
    "other_person": "identity.login_other_person",
}


def person_of(actor: PersonActor) -> PersonId:
    """Whose own choices and page these are."""
    return actor.guardian if isinstance(actor, GuardianActor) else actor.child


def tenant_of(actor: Actor) -> TenantId | None:
    """The shelter within which `actor` acts; None for who stands outside every shelter."""
    match actor:
        case Operator() | System():
            return None
        case GuardianActor() | ChildActor() | Counsellor() | SchoolStaff() | PrivacyCoordinator() | Fg():
            return actor.tenant
        case MachineClient():
            return actor.tenant
        case _:
            assert_never(actor)


def by(actor: Actor) -> By:
    """The actor as the log names it: a kind and an id, never a name of a person."""
    match actor:
        case GuardianActor():
            return By(kind="guardian", id=actor.guardian)
        case ChildActor():
            return By(kind="child", id=actor.child)
        case Counsellor():
            return By(kind="counsellor", id=actor.staff)
        case SchoolStaff():
            return By(kind="school_staff", id=actor.staff)
        case PrivacyCoordinator():
            return By(kind="privacy_coordinator", id=actor.staff)
        case Fg():
            return By(kind="fg", id=actor.staff)
        case Operator():
            return By(kind="operator", id=actor.name)
        case MachineClient():
            return By(kind="client", id=actor.client)
        case System():
            return By(kind="system", id="")
        case _:
            assert_never(actor)
