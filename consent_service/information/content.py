"""What somebody typed is judged before it is encrypted, with every problem at once.

Pure: no clock, no database; a problem never repeats what was typed. Finding things in text is
`information.detection`; who may write is `policy`; sealing is `records`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, assert_never

from consent_service.foundation.errors import Problem
from consent_service.information import detection
from consent_service.information.model import WRITTEN_KINDS, FieldSpec, InformationType

NOT_A_BSN: Final = "not_a_bsn"
NO_DIAGNOSIS: Final = "no_diagnosis"
ATTESTATIONS: Final[Mapping[str, str]] = {
    "content.maybe_bsn": NOT_A_BSN,
    "content.diagnosis_words": NO_DIAGNOSIS,
}
"""The problems that the writer may answer by attesting, and what is then attested."""

_SATURDAY: Final = 5
_NEAR: Final = timedelta(days=366)
"""How far from today an absence can be."""
_LONGEST_SEARCHED: Final = 4000
"""More than any `max_length`: what is longer is refused anyway and need not cost time."""

_TIME: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_EMAIL: Final = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]{2,}")
_PHONE: Final = re.compile(r"\+?[\d\s().\-]{3,30}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNDER_SAFETY: Final = (
    ("content.postcode_under_safety", detection.has_postcode),
    ("content.street_under_safety", detection.has_street),
    ("content.phone_under_safety", detection.has_phone),
    ("content.email_under_safety", detection.has_email),
    ("content.link_under_safety", detection.has_place_link),
)
_CONFIRM_FIRST: Final[Mapping[str, str]] = {
    "parents_heard": "content.parents_first",
    "parent_saw_text": "content.parent_saw_text_first",
    "child_chose_words": "content.child_chose_first",
    "evidence_seen": "content.evidence_first",
}
NAMES_ORGANISATION: Final = "organisation_name"
"""The choice that shows a school the shelter's real name."""
_NAMING_KINDS: Final = frozenset({"text", "name", "address", "email"})


def check_fields(
    kind: InformationType,
    fields: Mapping[str, str],
    *,
    attested: frozenset[str],
    safety_flag: bool,
    other_names: Sequence[str] = (),
    organisation: str = "",
    birth_date: date | None = None,
    today: date | None = None,
) -> tuple[Problem, ...]:
    """Every problem with these values of one type; none means that they may be sealed.

    Empty and blank values count as not filled in. `attested` holds what the writer declared
    (`not_a_bsn`, `no_diagnosis`); nothing can be declared away under a safety flag. `safety_flag` is
    true for `danger` and for `not_assessed`. `other_names` are names of the family's other children
    (S30). `organisation` is the shelter's own name, given when the shelter writes: under a safety flag it
    may not be named, nor may it be said where the family stays. `birth_date` of the child lets the
    compulsory-education rule speak (S54), and `today` the one about days that an absence can be of.
    """
    given = {name: value.strip() for name, value in fields.items() if value.strip()}
    problems = [Problem(name, "content.field_unknown") for name in fields if kind.field(name) is None]
    if not given and not problems:
        problems.append(Problem(kind.fields[0].name, "content.nothing_filled_in"))
    for spec in kind.fields:
        value = given.get(spec.name, "")
        if not value:
            problems += [Problem(spec.name, "content.field_required")] if spec.required and given else []
            continue
        problems += _form_problems(spec, value)
        value = value[:_LONGEST_SEARCHED]
        if spec.kind in WRITTEN_KINDS:
            problems += _declarable_problems(kind, spec, value, attested)
        if safety_flag and not kind.address_exempt:
            problems += _safety_problems(spec, value)
            if organisation:
                problems += _shelter_problems(spec, value, organisation)
        if spec.kind in _NAMING_KINDS and detection.names_somebody(value, other_names):
            problems.append(Problem(spec.name, "content.names_other_child"))
    return (*problems, *_age_problems(kind, given, birth_date), *_day_problems(kind, given, today))


def _form_problems(spec: FieldSpec, value: str) -> Iterator[Problem]:
    """The value has the form of its kind, and a confirmation says yes."""
    if len(value) > spec.max_length:
        yield Problem(spec.name, "content.too_long", {"max": str(spec.max_length), "now": str(len(value))})
    if _CONTROL.search(value):
        yield Problem(spec.name, "content.control_characters")
    if not _has_form(spec, value):
        yield Problem(spec.name, f"content.{spec.kind}_invalid")
    elif spec.confirm and value != "yes":
        yield Problem(spec.name, _CONFIRM_FIRST.get(spec.name, "content.confirm_first"))


def _has_form(spec: FieldSpec, value: str) -> bool:
    match spec.kind:
        case "choice":
            return value in spec.choices
        case "yes_no":
            return value in ("yes", "no")
        case "date":
            return _as_date(value) is not None
        case "time":
            return _TIME.fullmatch(value) is not None
        case "phone":
            digits = sum(character.isdecimal() for character in detection.plain(value))
            return _PHONE.fullmatch(detection.plain(value)) is not None and 3 <= digits <= 15
        case "email":
            return _EMAIL.fullmatch(value) is not None
        case "text" | "name" | "address":
            return True
        case _:
            assert_never(spec.kind)


def _as_date(value: str) -> date | None:
    """A day as the form sends it, YYYY-MM-DD; other ISO 8601 spellings are refused."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day.isoformat() == value else None


def _declarable_problems(
    kind: InformationType, spec: FieldSpec, value: str, attested: frozenset[str]
) -> Iterator[Problem]:
    """What only the writer can know, and may attest (UAVG 46; no diagnosis where the type says so)."""
    if NOT_A_BSN not in attested and detection.looks_like_bsn(value):
        yield Problem(spec.name, "content.maybe_bsn")
    if "no_diagnosis" in kind.rules and NO_DIAGNOSIS not in attested and detection.names_diagnosis(value):
        yield Problem(spec.name, "content.diagnosis_words")


def _safety_problems(spec: FieldSpec, value: str) -> Iterator[Problem]:
    """Under a safety flag nothing says where the family is, and nobody can declare otherwise (S13)."""
    if spec.locating:
        yield Problem(spec.name, "content.locating_under_safety")
    elif spec.kind in WRITTEN_KINDS:
        for code, found in _UNDER_SAFETY:
            if found(value):
                yield Problem(spec.name, code)


def _shelter_problems(spec: FieldSpec, value: str, organisation: str) -> Iterator[Problem]:
    """What only the shelter can give away: its own name, and where the family stays."""
    if spec.kind == "choice" and value == NAMES_ORGANISATION:
        yield Problem(spec.name, "content.organisation_under_safety")
    if spec.kind in WRITTEN_KINDS and not spec.locating:
        if detection.names_somebody(value, [organisation]):
            yield Problem(spec.name, "content.organisation_under_safety")
        if detection.tells_whereabouts(value):
            yield Problem(spec.name, "content.whereabouts_under_safety")


def _age_problems(
    kind: InformationType, given: Mapping[str, str], birth_date: date | None
) -> Iterator[Problem]:
    """Before compulsory education an absence is never presumed unauthorised (S54)."""
    day = _as_date(given.get("date", ""))
    unauthorised = [name for name, value in given.items() if value == "presumed_unauthorised"]
    if "not_under_five" not in kind.rules or birth_date is None or day is None:
        return
    for name in unauthorised:
        if day < compulsory_education_starts(birth_date):
            yield Problem(name, "content.not_yet_compulsory")


def _day_problems(kind: InformationType, given: Mapping[str, str], today: date | None) -> Iterator[Problem]:
    """Nobody is absent in a weekend, and what has not happened yet is not unauthorised."""
    day = _as_date(given.get("date", ""))
    if "not_under_five" not in kind.rules or day is None or today is None:
        return
    if day.weekday() >= _SATURDAY:
        yield Problem("date", "content.no_school_day")
    if abs(day - today) > _NEAR:
        yield Problem("date", "content.day_too_far")
    elif day > today:
        for name in [name for name, value in given.items() if value == "presumed_unauthorised"]:
            yield Problem(name, "content.not_happened_yet")


def compulsory_education_starts(birth_date: date) -> date:
    """The first day of the month after the fifth birthday (Leerplichtwet 1969, article 3)."""
    later = birth_date.month == 12
    return date(birth_date.year + 5 + later, 1 if later else birth_date.month + 1, 1)


def attested_in(
    kind: InformationType, values: Mapping[str, str], attested: frozenset[str]
) -> tuple[str, ...]:
    """What the writer was asked to declare about these values and declared; nothing that was not asked."""
    asked = check_fields(kind, values, attested=frozenset(), safety_flag=False)
    needed = {ATTESTATIONS[problem.code] for problem in asked if problem.code in ATTESTATIONS}
    return tuple(sorted(needed & attested))
