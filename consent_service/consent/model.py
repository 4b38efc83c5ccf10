"""Decisions as values and the fold from a ledger to standing answers. Pure; nothing here is stored truth."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal, assert_never

import msgspec

from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import DecisionId, FamilyId, PersonId, RelationshipId, TypeKey
from consent_service.information.model import (
    AfterDate,
    AfterGuidance,
    ForMonths,
    ForSchoolDays,
    ForSchoolYear,
    InformationType,
    UntilChanged,
)

Answer = Literal["yes", "no", "later"]
Choice = Literal["given", "refused", "later"]
DecisionKind = Literal[
    "given",
    "refused",
    "later",
    "withdrawn",
    "objected",
    "objection_lifted",
    "opinion_yes",
    "opinion_no",
    "invalidated",
]
Capacity = Literal["holder", "voogd", "without_authority", "child"]
Method = Literal["tablet", "paper", "oral", "page", "code"]
Interpreter = Literal["none", "professional", "telephone", "staff"]
"""Never a child."""

_LETTERS_OF_A_NAME = 2
CHOICE_OF: dict[Answer, Choice] = {"yes": "given", "no": "refused", "later": "later"}


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the ledger: who said what on which type, shown in which words."""

    decision: DecisionId
    relationship: RelationshipId
    information_type: TypeKey
    person: PersonId
    capacity: Capacity
    kind: DecisionKind
    decided_at: datetime
    recorded_at: datetime
    valid_until: datetime | None = None
    invalidates: DecisionId | None = None


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one person stands on one type at one moment. No choice is `none`, and counts as no."""

    person: PersonId
    answer: Literal["none", "yes", "no", "later"] = "none"
    objecting: bool = False
    expired: bool = False
    decided_at: datetime | None = None
    valid_until: datetime | None = None
    decision: DecisionId | None = None


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was on the screen when somebody chose: text version and hash, and a hash of all of it."""

    language: str
    text_version: str
    text_hash: str
    screen_hash: str


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One screen of an intake: one child at one school, one type."""

    relationship: RelationshipId
    child: PersonId
    information_type: TypeKey


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the parent signed: a typed name, a drawing (SVG path data) or a witness's mark."""

    kind: Literal["typed", "drawn", "witness"]
    value: str


def is_written_name(typed: str) -> bool:
    """Whether this can be somebody's name in some script: two letters at least."""
    return sum(letter.isalpha() for letter in typed) >= _LETTERS_OF_A_NAME


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What proves the conversation (AVG 7(1)); sealed under the person's key."""

    signature: Signature
    interpreter: Interpreter
    answers: dict[str, str]
    """`relationship:type` to the answer as it was checked before signing."""
    statement: str = ""
    """The sentences above the signature, as they stood on the screen."""


class Sitting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One conversation with one guardian at the tablet; answers count only once it is signed."""

    sitting: str
    family: FamilyId
    guardian: PersonId
    language: str
    interpreter: Interpreter
    questions: tuple[Question, ...]
    answers: dict[tuple[RelationshipId, TypeKey], Answer]
    finished_at: datetime | None = None
    outcome: Literal["", "signed", "not_now", "tell_myself"] = ""

    def next_question(self) -> Question | None:
        """The first question without an answer."""
        for question in self.questions:
            if (question.relationship, question.information_type) not in self.answers:
                return question
        return None


class ReceiptLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer as it stands on the receipt."""

    relationship: RelationshipId
    information_type: TypeKey
    answer: Answer
    valid_until: datetime | None


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was decided in one sitting. The code is shown once; only its hash is kept."""

    sitting: str
    family: FamilyId
    guardian: PersonId
    signed_at: datetime
    language: str
    withdrawal_code: str
    lines: tuple[ReceiptLine, ...]


CLOCKS_DIFFER = timedelta(seconds=1)
"""How far ahead the clock that wrote a yes may be before it is not believed yet."""


def fold(decisions: Iterable[Decision], *, now: datetime) -> dict[PersonId, Standing]:
    """Each person's standing answer on one type of one relationship at `now`.

    The latest choice counts; at the same moment a no beats a yes; an invalidated yes never was. What
    stops cannot be invalidated, and counts even before `now`: the clock that noted it may be ahead. An
    objection stands until the same person lifts it. A yes past its last day is expired.
    """
    soon = now + CLOCKS_DIFFER
    rows = [row for row in decisions if not _allows(row) or max(row.recorded_at, row.decided_at) <= soon]
    invalid = {row.invalidates for row in rows if row.kind == "invalidated"}
    counted = [row for row in rows if row.kind != "invalidated" and not _never_was(row, invalid)]
    standings: dict[PersonId, Standing] = {}
    for row in sorted(counted, key=_order):
        before = standings.get(row.person, Standing(row.person))
        standings[row.person] = _after(before, row, now)
    return standings


def can_be_invalidated(row: Decision) -> bool:
    """Only what allows sharing: nobody undoes another's no by calling it a mistake."""
    return _allows(row)


def _never_was(row: Decision, invalid: set[DecisionId | None]) -> bool:
    return row.decision in invalid and can_be_invalidated(row)


def _allows(row: Decision) -> bool:
    return row.kind in ("given", "objection_lifted", "opinion_yes")


def _order(row: Decision) -> tuple[datetime, int, str]:
    """By moment; within one moment what allows comes first, so that what stops has the last word."""
    rank = 0 if _allows(row) else 1 if row.kind == "later" else 2
    return row.decided_at, rank, row.decision


def _after(before: Standing, row: Decision, now: datetime) -> Standing:
    match row.kind:
        case "given" | "opinion_yes":
            expired = row.valid_until is not None and row.valid_until <= now
            return _answered(before, row, "yes", expired=expired)
        case "refused" | "withdrawn" | "opinion_no":
            return _answered(before, row, "no")
        case "later":
            return _answered(before, row, "later")
        case "objected" | "objection_lifted":
            return msgspec.structs.replace(before, objecting=row.kind == "objected")
        case "invalidated":
            return before
        case _:
            assert_never(row.kind)


def _answered(
    before: Standing, row: Decision, answer: Literal["yes", "no", "later"], *, expired: bool = False
) -> Standing:
    return Standing(
        person=before.person,
        answer=answer,
        objecting=before.objecting,
        expired=expired,
        decided_at=row.decided_at,
        valid_until=row.valid_until,
        decision=row.decision,
    )


def consent_ends(kind: InformationType, given_on: date) -> datetime | None:
    """The moment (local midnight) from which a yes given on this day no longer counts; None: no date.

    A yes is asked for as long as the type is kept: longer would be a consent nobody understood. Types
    kept until the end of guidance end with the relationship.
    """
    retention = kind.retention
    match retention:
        case AfterGuidance() | AfterDate() | ForSchoolDays():
            return None
        case ForMonths(months=months):
            return local_midnight(add_months(given_on, months))
        case ForSchoolYear():
            return local_midnight(school_year_end(given_on))
        case UntilChanged(check_every_months=months):
            return local_midnight(add_months(given_on, months))
        case _:
            assert_never(retention)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last day of the month where that does not exist."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def school_year_end(day: date) -> date:
    """1 August: the first day after the school year in which `day` lies."""
    return date(day.year if day.month < 8 else day.year + 1, 8, 1)
