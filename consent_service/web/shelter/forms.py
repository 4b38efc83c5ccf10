"""The counsellor's forms as typed values; what they mean is judged by the services."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Literal, cast

import msgspec

from consent_service.families.model import (
    AuthorityKind,
    AuthoritySource,
    EndReason,
    NewAuthority,
    NewFamily,
    NewGuardian,
    PersonIdentity,
    SafetyAssessment,
    SafetyLevel,
    check_safety,
)
from consent_service.foundation.errors import Problem
from consent_service.organisations.model import SubstituteReason
from consent_service.web.forms import FormReader
from consent_service.web.intake.forms import SettingEntered, read_setting
from consent_service.web.shared.passkey_forms import read_pin
from consent_service.web.vocabulary import (
    ASSESSED_SAFETY,
    AUTHORITY_KINDS,
    AUTHORITY_SOURCES,
    END_REASONS,
    FAMILY_END_REASONS,
    REGISTERED_AS,
    STOP_KINDS,
    STOP_METHODS,
    SUBSTITUTE_REASONS,
)

CONFIRMED = ("code", "street", "phone")
EVERYTHING = "everything"
"""Stands for every type of every child in the form that passes on a withdrawal or objection."""
_FORM_NAMES = {"source": "authority_source", "kind": "authority_kind"}
"""Fields that a form calls otherwise than the service."""
_BLOCK_NAMES = {"source": "authority_source", "kind": "capacity"}
"""The same, in a block of a guardian among others."""


class Entered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a form was filled in with."""


class SearchEntered(Entered, frozen=True):
    """Exact name and birth date."""

    names: str
    birth_date: date | None


class FamilyEntered(Entered, frozen=True):
    """A family as it is registered, and under which prefix each person stood in the form."""

    family: NewFamily
    guardian_prefixes: tuple[str, ...]
    child_prefixes: tuple[str, ...]


class AuthorityEntered(Entered, frozen=True):
    """What was seen of the authority of one guardian over one child; no `fact` without a first day."""

    child: str
    guardian: str
    fact: NewAuthority | None


class SchoolConfirmed(Entered, frozen=True):
    """What was on the page when the school was confirmed; `contacts` are the chosen contact values."""

    code: str
    street: str
    phone: str
    contacts: tuple[str, ...]
    despite_other_parent: bool


class HandOverEntered(Entered, frozen=True):
    """To whom the tablet goes."""

    guardian: str
    setting: SettingEntered


class MarkerEntered(Entered, frozen=True):
    """Who is not to be contacted, and when that is looked at again."""

    guardian: str
    review_on: date | None


class StopEntered(Entered, frozen=True):
    """What a guardian said; `keys` empty means everything."""

    guardian: str
    kind: Literal["withdrawal", "objection"]
    method: Literal["oral", "paper"]
    keys: tuple[str, ...]


def read_search(form: FormReader, *, today: date) -> SearchEntered:
    """Exact name and birth date."""
    names = f"{form.text('given_names')} {form.text('family_name')}"
    return SearchEntered(names, form.day("birth_date", not_after=today))


def read_family(form: FormReader, *, today: date) -> FamilyEntered:
    """Every guardian and child block that holds anything; at least one of each."""
    guardians = form.rows("guardian")
    children = form.rows("child")
    family = NewFamily(
        guardians=tuple(read_guardian(form, prefix, today=today) for prefix in guardians),
        children=tuple(read_child(form, prefix, today=today) for prefix in children),
    )
    return FamilyEntered(family, guardians, children)


def read_guardian(form: FormReader, prefix: str = "guardian-0", *, today: date) -> NewGuardian:
    """One guardian block; authority that is not known yet has no source."""
    authority, source = _read_authority(form, prefix)
    body = form.ticked(f"{prefix}-body")
    identity = PersonIdentity(
        given_names=form.text(f"{prefix}-given_names", required=not body),
        family_name=form.text(f"{prefix}-family_name"),
        birth_date=form.day(f"{prefix}-birth_date", required=False, not_after=today),
        phone=form.text(f"{prefix}-phone", required=False, max_length=20),
    )
    seen_on = form.day(f"{prefix}-seen_on", required=False, not_after=today)
    return NewGuardian(identity, authority, source, seen_on, body=body)


def read_child(form: FormReader, prefix: str = "child-0", *, today: date) -> PersonIdentity:
    """One child block."""
    return PersonIdentity(
        given_names=form.text(f"{prefix}-given_names"),
        family_name=form.text(f"{prefix}-family_name"),
        birth_date=form.day(f"{prefix}-birth_date", not_after=today),
    )


def read_identity(
    form: FormReader, known: PersonIdentity, *, child: bool, today: date, body: bool = False
) -> PersonIdentity:
    """Who somebody is said to be from now on; of a child no phone or e-mail is asked."""
    return PersonIdentity(
        given_names=form.text("given_names", required=not body, max_length=120),
        family_name=form.text("family_name", max_length=120),
        birth_date=form.day("birth_date", required=child, not_after=today),
        phone=known.phone if child else form.text("phone", required=False, max_length=20),
        email=known.email if child else form.text("email", required=False),
    )


def read_authority_fact(
    form: FormReader, *, children: Collection[str], guardians: Collection[str]
) -> AuthorityEntered:
    """Whose authority over whom, what was seen of it and when, and from when to when."""
    child = form.choice("child", children)
    guardian = form.choice("guardian", guardians)
    kind = form.choice("authority_kind", AUTHORITY_KINDS)
    source = form.choice("authority_source", AUTHORITY_SOURCES)
    begins, ends = form.day("valid_from"), form.day("valid_until", required=False)
    seen_on = form.day("authority_seen_on", required=False)
    if begins is None:
        return AuthorityEntered(child, guardian, None)
    fact = NewAuthority(
        cast("AuthorityKind", kind),
        cast("AuthoritySource", source),
        begins,
        ends,
        seen_on=seen_on,
        jointly=form.ticked("jointly"),
        keeps_later=form.ticked("keeps_later"),
    )
    return AuthorityEntered(child, guardian, fact)


def problems_of_authority(problems: Sequence[Problem]) -> list[Problem]:
    """The service's problems with authority, at the fields of the form."""
    names = {**_FORM_NAMES, "seen_on": "authority_seen_on"}
    return [Problem(names.get(one.field, one.field), one.code, one.params) for one in problems]


def _read_authority(form: FormReader, prefix: str) -> tuple[AuthorityKind | None, AuthoritySource | None]:
    """Who has not said what somebody is to the children is asked for the source too, in the same round."""
    capacity = form.choice(f"{prefix}-capacity", REGISTERED_AS)
    if capacity == "unknown":
        return None, None
    source = form.choice(f"{prefix}-authority_source", AUTHORITY_SOURCES, required=False)
    if not source:
        form.refuse(f"{prefix}-authority_source", "authority_source_missing")
    if not (capacity and source):
        return None, None
    return cast("AuthorityKind", capacity), cast("AuthoritySource", source)


def all_at_once(shape: Sequence[Problem], judged: Sequence[Problem]) -> list[Problem]:
    """Problems of shape, and of meaning where the shape is right: one per field."""
    known = {problem.field for problem in shape} | {"guardians", "children"}
    return [*shape, *(problem for problem in judged if problem.field not in known)]


def problems_in_form(
    problems: Sequence[Problem], *, guardians: Sequence[str] = (), children: Sequence[str] = ()
) -> list[Problem]:
    """The service's problems at the fields of the form: `guardian_1_source` is the second block's."""
    blocks = {"guardian": guardians, "child": children}
    return [_in_form(problem, blocks) for problem in problems]


def _in_form(problem: Problem, blocks: Mapping[str, Sequence[str]]) -> Problem:
    found = re.fullmatch(r"(guardian|child)_(\d+)_(\w+)", problem.field)
    if found is None or int(found[2]) >= len(blocks[found[1]]):
        return problem
    name = _BLOCK_NAMES.get(found[3], found[3])
    return Problem(f"{blocks[found[1]][int(found[2])]}-{name}", problem.code, problem.params)


def read_safety(form: FormReader) -> SafetyAssessment:
    """The Veiligheid step; a review date is always needed."""
    level = form.choice("safety", ASSESSED_SAFETY) or "not_assessed"
    return SafetyAssessment(
        level=cast("SafetyLevel", level),
        secret_address=form.yes_no("secret_address"),
        other_parent_at_school=form.yes_no("other_parent_at_school"),
        court_order_until=form.day("court_order_until", required=False),
        review_on=form.day("review_on"),
    )


def read_guardian_safety(form: FormReader) -> SafetyAssessment:
    """The danger one guardian is in; address, school and court order are the family's."""
    level = form.choice("guardian_safety", ASSESSED_SAFETY) or "not_assessed"
    return SafetyAssessment(
        level=cast("SafetyLevel", level),
        secret_address=False,
        other_parent_at_school=False,
        court_order_until=None,
        review_on=form.day("review_on"),
    )


def read_marker(form: FormReader, *, guardians: Collection[str]) -> MarkerEntered:
    """Who is left out for safety, until a colleague looks at it again."""
    return MarkerEntered(form.choice("guardian", guardians), form.day("review_on"))


def read_marker_decision(form: FormReader) -> bool:
    """Which of the two buttons was pressed; anything but the first leaves nobody out."""
    return form.text("decision", required=False) == "approve"


def problems_of_review(assessment: SafetyAssessment, *, day: date) -> tuple[Problem, ...]:
    """What is wrong with the review date, also while nothing was chosen about the danger yet."""
    return check_safety(msgspec.structs.replace(assessment, level="danger"), day=day)


def read_school_search(form: FormReader) -> str:
    """An establishment code or a part of the school's name."""
    return form.text("school", max_length=100)


def read_school_confirmation(form: FormReader, *, contacts: tuple[str, ...]) -> SchoolConfirmed:
    """All three of code, street and phone ticked, and who is contact.

    `contacts` are the values that may be chosen; a school without any is accepted without.
    """
    if len(form.several("confirmed", CONFIRMED)) < len(CONFIRMED):
        form.refuse("confirmed", "form.confirm_school")
    return SchoolConfirmed(
        code=form.text("shown_code", required=False),
        street=form.text("shown_street", required=False),
        phone=form.text("shown_phone", required=False),
        contacts=form.several("contacts", contacts, required=bool(contacts)),
        despite_other_parent=form.ticked("despite_other_parent"),
    )


def read_substitute_reason(form: FormReader) -> SubstituteReason:
    """A code of `vocabulary.SUBSTITUTE_REASONS`: the log takes no free text."""
    return cast("SubstituteReason", form.choice("reason", SUBSTITUTE_REASONS))


def read_end_reason(form: FormReader) -> EndReason:
    """A code of `vocabulary.END_REASONS`."""
    return cast("EndReason", form.choice("end_reason", END_REASONS))


def read_family_end_reason(form: FormReader) -> EndReason:
    """A code of `vocabulary.FAMILY_END_REASONS`."""
    return cast("EndReason", form.choice("family_end_reason", FAMILY_END_REASONS))


def read_hand_over(
    form: FormReader, *, guardians: Collection[str], languages: Collection[str]
) -> HandOverEntered:
    """A guardian, and how the conversation is held."""
    guardian = form.choice("guardian", guardians)
    return HandOverEntered(guardian, read_setting(form, languages=languages))


def read_stop(form: FormReader, *, guardians: Collection[str], keys: Collection[str]) -> StopEntered:
    """Whose word is passed on, what it is and about what; everything only when that was ticked."""
    guardian = form.choice("guardian", guardians)
    kind = form.choice("kind", STOP_KINDS)
    method = form.choice("method", STOP_METHODS)
    chosen = form.several("keys", (EVERYTHING, *keys), required=True)
    return StopEntered(
        guardian,
        "objection" if kind == "objection" else "withdrawal",
        "paper" if method == "paper" else "oral",
        () if EVERYTHING in chosen else chosen,
    )


def read_new_pin(form: FormReader) -> str:
    """A new PIN, entered twice."""
    pin = read_pin(form)
    if pin != form.text("pin_again"):
        form.refuse("pin_again", "form.pin_differs")
    return pin


def wanted_block(form: FormReader) -> Literal["", "guardian", "child"]:
    """Which block the counsellor asked to be added, if the button for that was pressed."""
    match form.text("more", required=False):
        case "guardian":
            return "guardian"
        case "child":
            return "child"
        case _:
            return ""
