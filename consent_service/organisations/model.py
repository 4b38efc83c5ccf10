"""Organisations as values, and the rules about them that need no database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

import msgspec

from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import (
    AgreementId,
    FamilyId,
    SchoolId,
    StaffId,
    TenantId,
)
from consent_service.identity.establishment import normalised_establishment_code
from consent_service.identity.model import (
    Counsellor,
    Fg,
    PrivacyCoordinator,
    SchoolRole,
    SchoolStaff,
    StaffActor,
    StaffKind,
)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SCHOOL_WEEK: tuple[Weekday, ...] = WEEKDAYS[:5]
AssignmentKind = Literal["regular", "substitute"]
SubstituteReason = Literal["colleague_ill", "colleague_leave", "night_duty", "emergency"]

_ESTABLISHMENT_CODE = re.compile(r"[0-9]{2}[A-Z]{2}[0-9]{2}")
_PHONE = re.compile(r"(?:\+|0)[0-9 ()-]{8,18}[0-9]")


class Tenant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shelter organisation. `neutral_name` and `phone` are what a school may see and say."""

    tenant: TenantId
    name: str
    neutral_name: str
    phone: str


class School(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One school location: BRIN (four) and vestiging (two characters) make its establishment code."""

    tenant: TenantId
    school: SchoolId
    establishment_code: str
    name: str
    street: str
    town: str
    phone: str


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The convenant between shelter and school; both days are included, local time."""

    tenant: TenantId
    agreement: AgreementId
    school: SchoolId
    valid_from: date
    valid_until: date | None
    ended_at: datetime | None


SuccessionDocument = Literal["merger_deed", "board_decision", "ministry_register"]


class Succession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One school goes on as another, by a decision that somebody saw on paper (S32)."""

    succession: str
    school: SchoolId
    successor: SchoolId
    document: SuccessionDocument
    decided_on: date


class NewSuccession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered about a school that goes on as another; without a document seen there is none."""

    school: SchoolId
    successor: SchoolId
    document: SuccessionDocument | None
    decided_on: date


class StaffMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who works for the shelter or for a school, with the opened name."""

    tenant: TenantId
    staff: StaffId
    kind: StaffKind
    name: str
    school: SchoolId | None
    role: SchoolRole | None
    working_days: tuple[Weekday, ...]
    ended_at: datetime | None
    team: str = ""


def acting_as(member: StaffMember) -> StaffActor:
    """The actor this member of staff is after logging in.

    Raises:
        InputError: somebody of a school without a school or role.
    """
    match member.kind:
        case "counsellor":
            return Counsellor(member.tenant, member.staff)
        case "privacy_coordinator":
            return PrivacyCoordinator(member.tenant, member.staff)
        case "fg":
            return Fg(member.tenant, member.staff)
        case "school_staff":
            if member.school is None or member.role is None:
                raise InputError([Problem("staff", "staff_school_missing")])
            return SchoolStaff(member.tenant, member.staff, member.school, member.role)


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counsellor with a family, regularly or standing in."""

    tenant: TenantId
    staff: StaffId
    family: FamilyId
    kind: AssignmentKind
    starts_at: datetime
    ends_at: datetime | None


class SchoolDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered to register a school."""

    establishment_code: str
    name: str
    street: str
    town: str
    phone: str


class NewStaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered to add a member of staff."""

    kind: StaffKind
    name: str
    school: SchoolId | None = None
    role: SchoolRole | None = None
    working_days: tuple[Weekday, ...] = SCHOOL_WEEK
    team: str = ""
    """A code of the shelter's own; patterns in how is asked are looked at per team, never per person."""


def is_valid_on(agreement: Agreement, day: date, now: datetime) -> bool:
    """An agreement counts from its first day to its last, and not after it was ended."""
    if agreement.ended_at is not None and agreement.ended_at <= now:
        return False
    return agreement.valid_from <= day and (agreement.valid_until is None or day <= agreement.valid_until)


def overlaps(earlier: Agreement, valid_from: date, valid_until: date | None) -> bool:
    """Two agreements with one school never run side by side: ending one must end the sharing."""
    if earlier.ended_at is not None:
        return False
    begins_in_time = valid_until is None or earlier.valid_from <= valid_until
    return begins_in_time and (earlier.valid_until is None or valid_from <= earlier.valid_until)


def check_tenant(*, name: str, neutral_name: str, phone: str) -> tuple[Problem, ...]:
    """Everything wrong with the details of a shelter, at once."""
    problems = [*_name_problems("name", name), *_name_problems("neutral_name", neutral_name)]
    if name.strip().casefold() == neutral_name.strip().casefold() and name.strip():
        problems.append(Problem("neutral_name", "neutral_name_is_name"))
    if not is_phone(phone):
        problems.append(Problem("phone", "phone_form"))
    return tuple(problems)


def check_school(details: SchoolDetails) -> tuple[Problem, ...]:
    """Everything wrong with the details of a school, at once."""
    problems = list(_missing(details, ("name", "street", "town")))
    if not _ESTABLISHMENT_CODE.fullmatch(normalised_establishment_code(details.establishment_code)):
        problems.append(Problem("establishment_code", "establishment_code_form"))
    if not is_phone(details.phone):
        problems.append(Problem("phone", "phone_form"))
    return tuple(problems)


def check_staff(new: NewStaff) -> tuple[Problem, ...]:
    """School staff have a school and a role there, others have neither; a name is always needed."""
    problems = list(_missing(new, ("name",)))
    at_school = new.kind == "school_staff"
    if at_school and new.school is None:
        problems.append(Problem("school", "staff_school_missing"))
    if at_school and new.role is None:
        problems.append(Problem("role", "staff_role_missing"))
    if not at_school and (new.school is not None or new.role is not None):
        problems.append(Problem("school", "staff_school_unwanted"))
    if new.team and (at_school or not is_team(new.team)):
        problems.append(Problem("team", "team_form"))
    return tuple(problems)


def is_team(code: str) -> bool:
    """A short code of small letters, digits and dashes: `team-noord`."""
    return re.fullmatch(r"[a-z0-9][a-z0-9-]{0,23}", code) is not None


def check_succession(new: NewSuccession, *, day: date) -> tuple[Problem, ...]:
    """A decision that was taken and seen, about two different schools."""
    problems = []
    if new.school == new.successor:
        problems.append(Problem("successor", "successor_is_school"))
    if new.document is None:
        problems.append(Problem("document", "succession_document_missing"))
    if new.decided_on > day:
        problems.append(Problem("decided_on", "date_future"))
    return tuple(problems)


def is_phone(entered: str) -> bool:
    """Begins with 0 or +, digits with the usual separators, ten to twenty characters."""
    return _PHONE.fullmatch(entered.strip()) is not None


def pack_days(days: Iterable[Weekday]) -> int:
    """Working days as seven bits, Monday lowest."""
    return sum(1 << WEEKDAYS.index(day) for day in set(days))


def unpack_days(bits: int) -> tuple[Weekday, ...]:
    """The working days in `bits`, Monday first."""
    return tuple(day for index, day in enumerate(WEEKDAYS) if bits >> index & 1)


def _missing(details: SchoolDetails | NewStaff, fields: tuple[str, ...]) -> Iterable[Problem]:
    for field in fields:
        yield from _name_problems(field, getattr(details, field))


def _name_problems(field: str, value: str) -> Iterable[Problem]:
    if not value.strip():
        yield Problem(field, "required")
    elif len(value) > 120:
        yield Problem(field, "too_long", {"max": "120"})
