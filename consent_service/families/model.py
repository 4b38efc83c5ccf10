"""Families as values, and the rules on authority, safety and age. Pure; `day` and `now` are arguments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, SchoolId, StaffId, TenantId
from consent_service.organisations.model import School, is_phone

AuthorityKind = Literal["holder", "voogd", "none"]
"""`holder` parent with parental authority, `voogd` court-appointed guardian, `none` no authority."""
AuthoritySource = Literal["register", "marriage", "judgment", "abroad", "statement"]
SafetyLevel = Literal["not_assessed", "no_known_danger", "danger"]
AgeBand = Literal["under_12", "12_to_15", "16_plus"]
EndReason = Literal["moved_out", "changed_school", "not_our_pupil", "night_departure"]


class PersonIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who a person is; sealed as a whole under the person's key. Contact data only if declared safe."""

    given_names: str
    family_name: str
    birth_date: date | None = None
    phone: str = ""
    email: str = ""

    @property
    def full_name(self) -> str:
        """Given names and family name."""
        return f"{self.given_names} {self.family_name}".strip()


class NewGuardian(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered for one guardian, with what the authority rests on."""

    identity: PersonIdentity
    authority: AuthorityKind | None
    """None: not known yet. That is provisional for ordinary types, and blocks special categories."""
    source: AuthoritySource | None = None
    seen_on: date | None = None


class NewFamily(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered to register a family."""

    guardians: tuple[NewGuardian, ...]
    children: tuple[PersonIdentity, ...]


class AuthorityFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dated statement on one guardian's authority over one child. The latest recorded one counts."""

    child: PersonId
    guardian: PersonId
    kind: AuthorityKind
    source: AuthoritySource
    valid_from: date
    valid_until: date | None
    recorded_at: datetime


class NewAuthority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered about a guardian's authority: what it is, what was seen, from when to when."""

    kind: AuthorityKind
    source: AuthoritySource
    valid_from: date
    valid_until: date | None = None


class SafetyAssessment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The *Veiligheid* step. `not_assessed` behaves as danger everywhere."""

    level: SafetyLevel
    secret_address: bool
    other_parent_at_school: bool
    court_order_until: date | None
    review_on: date | None


YOUNGEST_GUARDIAN = 16
"""Years; a younger parent has no authority of her own (BW 1:253ha asks a court from 16 on)."""
NOT_ASSESSED = SafetyAssessment("not_assessed", True, False, None, None)
"""What counts until somebody has assessed: the address is treated as secret."""


class Child(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child with opened identity."""

    child: PersonId
    family: FamilyId
    identity: PersonIdentity


class Guardian(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A guardian with opened identity."""

    guardian: PersonId
    family: FamilyId
    identity: PersonIdentity


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member of school staff on a relationship's contact list; `deputy_for` names whom he stands in for."""

    staff: StaffId
    deputy_for: StaffId | None
    starts_at: datetime
    ends_at: datetime | None


class Relationship(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One child at one school."""

    tenant: TenantId
    relationship: RelationshipId
    child: PersonId
    family: FamilyId
    school: SchoolId
    started_at: datetime
    ended_at: datetime | None

    def is_active(self, now: datetime) -> bool:
        """Begun and not ended."""
        return self.started_at <= now and (self.ended_at is None or now < self.ended_at)


class SchoolConfirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the counsellor read out to the parent and confirmed: schools may share a name (S49)."""

    establishment_code: str
    street: str
    phone: str


class FamilyView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A family as its own counsellor sees it."""

    tenant: TenantId
    family: FamilyId
    children: tuple[Child, ...]
    guardians: tuple[Guardian, ...]
    relationships: tuple[Relationship, ...]
    authority: tuple[AuthorityFact, ...]
    safety: SafetyAssessment
    contacts: dict[RelationshipId, tuple[Contact, ...]]
    ended_at: datetime | None


class Authority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who decides for a child on one day.

    `deciders` have authority, or may have it as long as nothing says otherwise; `known` is False when
    any of them rests on no recorded fact. `without` are those known to have no authority. `by_court`:
    the deciders are guardians appointed by a court, who replace the parents.
    """

    deciders: tuple[PersonId, ...]
    known: bool
    without: tuple[PersonId, ...]
    by_court: bool = False


def authority_on(day: date, guardians: Iterable[PersonId], facts: Iterable[AuthorityFact]) -> Authority:
    """Who decides on `day`: a voogd replaces the parents; an unrecorded guardian counts provisionally.

    The latest recorded fact about a guardian that has begun counts. When its period is over, authority
    it gave is gone and nothing older revives; what it denied is unknown again.
    Source: BW 1:245, 1:253i.
    """
    latest: dict[PersonId, AuthorityKind | None] = {}
    for fact in sorted(facts, key=_recorded_order):
        if fact.valid_from <= day:
            latest[fact.guardian] = _kind_on(day, fact)
    everyone = tuple(dict.fromkeys(guardians))
    voogden = tuple(g for g in everyone if latest.get(g) == "voogd")
    if voogden:
        return Authority(voogden, True, tuple(g for g in everyone if g not in voogden), by_court=True)
    without = tuple(g for g in everyone if latest.get(g) == "none")
    deciders = tuple(g for g in everyone if g not in without)
    return Authority(deciders, bool(deciders) and all(latest.get(g) for g in deciders), without)


def _recorded_order(fact: AuthorityFact) -> tuple[datetime, int]:
    """Of two facts recorded at one moment, the one that gives less has the last word."""
    return fact.recorded_at, ("voogd", "holder", "none").index(fact.kind)


def _kind_on(day: date, fact: AuthorityFact) -> AuthorityKind | None:
    if fact.valid_until is None or day < fact.valid_until:
        return fact.kind
    return None if fact.kind == "none" else "none"


def age_on(birth_date: date, day: date) -> int:
    """Whole years on `day`; born on 29 February one is a year older on 1 March."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (0 if had_birthday else 1)


def age_band_on(birth_date: date, day: date) -> AgeBand:
    """The band by which youth-care practice decides: under 12, 12 to 15, 16 and over (assumed)."""
    age = age_on(birth_date, day)
    return "under_12" if age < 12 else "12_to_15" if age < 16 else "16_plus"


def birthday_on(birth_date: date, age: int) -> date:
    """The day on which somebody born on `birth_date` becomes `age` years old."""
    year = birth_date.year + age
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def check_identity(identity: PersonIdentity, prefix: str, *, day: date, child: bool) -> list[Problem]:
    """Everything wrong with who somebody is said to be; fields are `prefix` + name."""
    problems = [
        Problem(prefix + field, "required" if not value.strip() else "too_long", {"max": "120"})
        for field, value in (
            ("given_names", identity.given_names),
            ("family_name", identity.family_name),
        )
        if not value.strip() or len(value) > 120
    ]
    problems += [
        Problem(prefix + field, "name_has_digits")
        for field in ("given_names", "family_name")
        if any(letter.isdigit() for letter in getattr(identity, field))
    ]
    if identity.birth_date is None:
        if child:
            problems.append(Problem(prefix + "birth_date", "required"))
    elif identity.birth_date > day:
        problems.append(Problem(prefix + "birth_date", "birth_date_future"))
    elif child and age_on(identity.birth_date, day) >= 18:
        problems.append(Problem(prefix + "birth_date", "birth_date_adult"))
    elif not child and age_on(identity.birth_date, day) < YOUNGEST_GUARDIAN:
        problems.append(Problem(prefix + "birth_date", "birth_date_child"))
    if identity.phone and not is_phone(identity.phone):
        problems.append(Problem(prefix + "phone", "phone_form"))
    if identity.email and not _looks_like_mail(identity.email):
        problems.append(Problem(prefix + "email", "email_form"))
    return problems


def check_guardian(new: NewGuardian, prefix: str, *, day: date) -> list[Problem]:
    """Everything wrong with one guardian; authority that rests on nothing is not recorded."""
    problems = check_identity(new.identity, prefix, day=day, child=False)
    if new.authority is not None and new.source is None:
        problems.append(Problem(prefix + "source", "authority_source_missing"))
    if new.seen_on is not None and new.seen_on > day:
        problems.append(Problem(prefix + "seen_on", "date_future"))
    return problems


def check_family(new: NewFamily, *, day: date) -> tuple[Problem, ...]:
    """Everything wrong with a registration; a family has at least one guardian and one child."""
    problems: list[Problem] = []
    if not new.guardians:
        problems.append(Problem("guardians", "guardian_missing"))
    if not new.children:
        problems.append(Problem("children", "child_missing"))
    for number, guardian in enumerate(new.guardians):
        problems += check_guardian(guardian, f"guardian_{number}_", day=day)
    for number, child in enumerate(new.children):
        problems += check_identity(child, f"child_{number}_", day=day, child=True)
    return tuple(problems)


def check_confirmation(confirmed: SchoolConfirmation, school: School | None) -> tuple[Problem, ...]:
    """Code, street and phone must all be the school's own before anything may be sent (S49)."""
    if school is None:
        return (Problem("establishment_code", "school_unknown"),)
    problems = []
    if _same(confirmed.street) != _same(school.street):
        problems.append(Problem("street", "school_street_differs"))
    if _digits(confirmed.phone) != _digits(school.phone):
        problems.append(Problem("phone", "school_phone_differs"))
    return tuple(problems)


def check_safety(assessment: SafetyAssessment, *, day: date) -> tuple[Problem, ...]:
    """An assessment is reviewed within a year; a court order that is over is not entered."""
    if assessment.level == "not_assessed":
        return ()
    if assessment.review_on is None:
        return (Problem("review_on", "required"),)
    problems = []
    if assessment.review_on <= day:
        problems.append(Problem("review_on", "date_past"))
    elif assessment.review_on > day + timedelta(days=366):
        problems.append(Problem("review_on", "review_too_far"))
    if assessment.court_order_until is not None and assessment.court_order_until < day:
        problems.append(Problem("court_order_until", "court_order_past"))
    return tuple(problems)


def check_authority(fact: NewAuthority) -> tuple[Problem, ...]:
    """A period that ends after it begins."""
    if fact.valid_until is not None and fact.valid_until <= fact.valid_from:
        return (Problem("valid_until", "ends_before_start"),)
    return ()


def _looks_like_mail(entered: str) -> bool:
    local, at, domain = entered.strip().partition("@")
    return bool(local and at and "." in domain.strip(".") and " " not in entered.strip())


def _same(text: str) -> str:
    return " ".join(text.casefold().replace(".", " ").split())


def _digits(text: str) -> str:
    digits = "".join(letter for letter in text if letter.isdigit())
    return digits.removeprefix("0031").removeprefix("31").lstrip("0")
