"""The actors: whoever does something in the service, ids only.

Names of staff live in `organisations`, names of parents and children in `families`; what an actor
may do is `identity.permissions`; how an actor proves who it is, is `identity.service`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

import msgspec

from consent_service.foundation.ids import FamilyId, PersonId, SchoolId, StaffId, TenantId

if TYPE_CHECKING:
    from consent_service.audit.events import By

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


class System(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="system"):
    """The service itself: what happens at midnight, or when a stop is replayed."""


StaffActor = Counsellor | SchoolStaff | PrivacyCoordinator | Fg
"""The actors that log in with OpenID Connect."""
Actor = GuardianActor | ChildActor | Counsellor | SchoolStaff | PrivacyCoordinator | Fg | Operator | System


def tenant_of(actor: Actor) -> TenantId | None:
    """The shelter within which `actor` acts; None for who stands outside every shelter."""
    match actor:
        case Operator() | System():
            return None
        case GuardianActor() | ChildActor() | Counsellor() | SchoolStaff() | PrivacyCoordinator() | Fg():
            return actor.tenant
        case _:
            assert_never(actor)


def by(actor: Actor) -> By:
    """The actor as the log names it: a kind and an id, never a name of a person."""
    from consent_service.audit.events import By

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
        case System():
            return By(kind="system", id="")
        case _:
            assert_never(actor)
