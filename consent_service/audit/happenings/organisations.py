"""Events of organisations: shelters, schools, agreements, staff, login providers."""

from __future__ import annotations

from datetime import date

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import (
    AgreementId,
    FamilyId,
    SchoolId,
    StaffId,
    TenantId,
)


class TenantRegistered(Happening, frozen=True, tag="tenant.registered.v1"):
    tenant: TenantId


class SchoolRegistered(Happening, frozen=True, tag="school.registered.v1"):
    school: SchoolId


class SchoolChanged(Happening, frozen=True, tag="school.changed.v1"):
    school: SchoolId
    changed: tuple[Code, ...] = ()


class AgreementSigned(Happening, frozen=True, tag="agreement.signed.v1"):
    agreement: AgreementId
    school: SchoolId
    valid_from: date | None = None
    valid_until: date | None = None


class AgreementEnded(Happening, frozen=True, tag="agreement.ended.v1"):
    agreement: AgreementId
    school: SchoolId
    reason: Code = ""


class StaffAdded(Happening, frozen=True, tag="staff.added.v1"):
    staff: StaffId
    role: Code


class StaffPlaced(Happening, frozen=True, tag="staff.placed.v1"):
    """In which team a member of staff works from now on; none when it is empty."""

    staff: StaffId
    team: Code = ""


class StaffEnded(Happening, frozen=True, tag="staff.ended.v1"):
    staff: StaffId


class AssignmentStarted(Happening, frozen=True, tag="assignment.started.v1"):
    staff: StaffId
    family: FamilyId


class AssignmentEnded(Happening, frozen=True, tag="assignment.ended.v1"):
    staff: StaffId
    family: FamilyId


class ProviderRegistered(Happening, frozen=True, tag="provider.registered.v1"):
    provider: Code


class StaffLinked(Happening, frozen=True, tag="staff.linked.v1"):
    """A login at this provider acts as this member of staff from now on; `kind` is as what."""

    staff: StaffId
    provider: Code
    kind: Code


class StaffUnlinked(Happening, frozen=True, tag="staff.unlinked.v1"):
    """No login acts as this member of staff any more; `logins` is how many did."""

    staff: StaffId
    logins: int


class ProviderChanged(Happening, frozen=True, tag="provider.changed.v1"):
    """A login provider is read in another way, closed, opened again, or gets another key of ours."""

    provider: Code
    changed: tuple[Code, ...] = ()


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
    | StaffLinked
    | StaffUnlinked
    | ProviderChanged
)
