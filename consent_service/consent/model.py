"""Decisions as values and the fold from a ledger to standing answers. Pure; nothing here is stored truth."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final, Literal, assert_never

import msgspec

from consent_service.consent.states import (
    ABOUT_A_DECISION,
    ALLOWING,
    OBJECTION,
    AnswerState,
    DecisionKind,
    after,
)
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import DecisionId, FamilyId, PersonId, RelationshipId, TypeKey
from consent_service.information.model import (
    AfterDate,
    AfterGuidance,
    ForMonths,
    ForSchoolDays,
    ForSchoolYear,
    InformationType,
    Terms,
    UntilChanged,
)

Answer = Literal["yes", "no", "later"]
Choice = Literal["given", "refused", "later"]
Capacity = Literal["holder", "voogd", "court_order", "gezinsvoogd", "without_authority", "child"]
"""In which capacity somebody spoke, at that moment: what was said without authority never allows."""
Method = Literal["tablet", "paper", "oral", "page", "code"]
OralReason = Literal["no_tablet", "not_present", "cannot_write", "urgent"]
"""Why nobody could sign: an oral yes holds for a few days only, until it is confirmed."""
InvalidReason = Literal["mistake", "wrong_person", "pressure", "not_fit", "counsellor_answered"]
StopReason = Literal["everything"]
"""A no that was said to everything at once: it counts like any other, and does not mean one was asked."""
EVERYTHING: Final[StopReason] = "everything"
EvidenceKind = Literal["typed", "drawn", "witness", "paper_form", "note", "session", "code", "none"]
"""What proves it: a signature on the tablet, a form on paper, a note of what was said, a login, a code."""
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
    concerns: DecisionId | None = None
    text_version: str = ""
    method: Method = "tablet"


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one person stands on one type at one moment. No choice is `none`, and counts as no.

    `expired`, `outdated` (the purpose or a recipient has changed since) and `opinion` (a child was heard,
    and decided nothing) are about a yes.
    """

    person: PersonId
    answer: AnswerState = "none"
    objecting: bool = False
    expired: bool = False
    outdated: bool = False
    opinion: bool = False
    decided_at: datetime | None = None
    valid_until: datetime | None = None
    decision: DecisionId | None = None
    text_version: str = ""

    @property
    def is_yes(self) -> bool:
        """A yes that is in force now."""
        return self.answer == "yes" and not (self.expired or self.outdated or self.opinion)


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
    """How the parent signed: a typed name, a drawing (`drawing.read_drawing`) or a witness's mark.

    `name`: what was typed beside a drawing.
    """

    kind: Literal["typed", "drawn", "witness"]
    value: str
    name: str = ""

    @property
    def written_name(self) -> str:
        """The name as it was typed; empty when none was."""
        return self.value if self.kind == "typed" else self.name

    @property
    def drawing(self) -> str:
        """The strokes; empty when nothing was drawn."""
        return self.value if self.kind == "drawn" else ""


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
    read_aloud: bool = False
    """The questions were read to whoever signed."""


Face = Literal["yes", "so_so", "no"]
"""What a child that is heard points at: a smile, so-so, or a sad face."""


class ChildSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a child said, sealed under its own key: a face per type, and its own words."""

    faces: dict[str, Face]
    words: str = ""


Outcome = Literal["signed", "not_now", "tell_myself", "heard"]
SAVED = "saved"
"""The outcome of a sitting that is not over: its answers are kept for another day."""
"""How a conversation ended. `tell_myself`: she tells it herself, we send nothing (S52); `heard`: a child
said what it thinks of it."""


class Sitting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One conversation with one guardian or child at the tablet; answers count only once it is signed."""

    sitting: str
    family: FamilyId
    person: PersonId
    language: str
    interpreter: Interpreter
    questions: tuple[Question, ...]
    answers: dict[tuple[RelationshipId, TypeKey], Answer]
    finished_at: datetime | None = None
    outcome: Outcome | Literal["", "saved"] = ""
    read_aloud: bool = False
    device: str | None = None

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
    stands: bool = True
    """False when a newer no came in before this was signed: then that counts (S37)."""


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was decided in one sitting. The code is shown once; only its hash is kept."""

    sitting: str
    family: FamilyId
    person: PersonId
    signed_at: datetime
    language: str
    withdrawal_code: str
    lines: tuple[ReceiptLine, ...]


CLOCKS_DIFFER = timedelta(seconds=1)
"""How far ahead the clock that wrote a yes may be before it is not believed yet."""


def fold(decisions: Iterable[Decision], *, now: datetime, text: str) -> dict[PersonId, Standing]:
    """Each person's standing answer on one type of one relationship at `now`.

    The latest choice counts; at the same moment a no beats a yes; an invalidated yes never was, and one
    that was said without authority neither. What stops cannot be invalidated, and counts even before
    `now`: the clock that noted it may be ahead. An objection stands until the same person lifts it. A yes
    past its last day is expired; one to another text than `text` (the id of the text in force, without its
    version) is outdated.
    """
    soon = now + CLOCKS_DIFFER
    rows = [
        row for row in decisions if row.kind not in ALLOWING or max(row.recorded_at, row.decided_at) <= soon
    ]
    invalid = {row.concerns for row in rows if row.kind == "invalidated"}
    counted = [row for row in rows if row.kind != "invalidated" and not _never_was(row, invalid)]
    standings: dict[PersonId, Standing] = {}
    for row in sorted(counted, key=_order):
        before = standings.get(row.person, Standing(row.person))
        standings[row.person] = _after(before, row, now=now, text=text)
    return standings


def can_be_invalidated(row: Decision) -> bool:
    """Only what allows sharing: nobody undoes another's no by calling it a mistake."""
    return row.kind in ("given", "objection_lifted", "opinion_yes")


def moment_of(kind: DecisionKind, *, now: datetime, device_at: datetime | None) -> datetime:
    """When a decision counts from: a device's clock can make a yes older, and nothing else (S37).

    A yes that was waiting on a tablet is as old as the tablet says; one from a clock that is ahead counts
    from its arrival. What stops counts from its arrival: the newest word is the no that just came in.
    """
    return min(now, device_at) if device_at is not None and kind in ALLOWING else now


def moment_of_late_stop(
    at: datetime, key: tuple[RelationshipId, TypeKey], said: Iterable[Decision]
) -> datetime:
    """When a stop of `at` counts from that only the journal knew of, beside what the same person `said`.

    From then, so that what was allowed again since stands. But what was allowed so shortly after it that the
    two clocks may have differed, came before: it was the stop that was said last.
    """
    allowed = [row.decided_at for row in said if row.kind in ALLOWING and key == _place_of(row)]
    return max([at, *(moment for moment in allowed if moment <= at + CLOCKS_DIFFER)])


def _place_of(row: Decision) -> tuple[RelationshipId, TypeKey]:
    return row.relationship, row.information_type


def text_id(version: str) -> str:
    """Which text it was, whatever its version: a new purpose or recipient has a new id (S24)."""
    return version.partition("@")[0]


NO_SAY: frozenset[Capacity] = frozenset({"without_authority", "gezinsvoogd"})
"""Who spoke in one of these was heard, and decided nothing."""


def _never_was(row: Decision, invalid: set[DecisionId | None]) -> bool:
    if row.kind == "given" and row.capacity in NO_SAY:
        return True
    return row.decision in invalid and can_be_invalidated(row)


def _order(row: Decision) -> tuple[datetime, int, datetime, str]:
    """By moment; within one moment what allows comes first, so that what stops has the last word.

    What is said about a decision comes after the decision, however late it was recorded.
    """
    rank = 0 if row.kind in ALLOWING else 1 if row.kind == "later" else 2
    moment = max(row.decided_at, row.recorded_at) if row.kind in ABOUT_A_DECISION else row.decided_at
    return moment, rank, row.recorded_at, row.decision


def _after(before: Standing, row: Decision, *, now: datetime, text: str) -> Standing:
    if row.kind in OBJECTION:
        return msgspec.structs.replace(before, objecting=OBJECTION[row.kind])
    if row.kind in ABOUT_A_DECISION:
        if row.concerns != before.decision:
            return before
        return msgspec.structs.replace(before, answer=after(before.answer, row.kind))
    allows = row.kind in ALLOWING
    return Standing(
        person=before.person,
        answer=after(before.answer, row.kind),
        objecting=before.objecting,
        expired=allows and row.valid_until is not None and row.valid_until <= now,
        outdated=row.kind == "given" and text_id(row.text_version) != text,
        opinion=row.kind == "opinion_yes",
        decided_at=row.decided_at,
        valid_until=row.valid_until,
        decision=row.decision,
        text_version=row.text_version,
    )


def consent_ends(kind: InformationType, given_on: date, *, terms: Terms, method: Method) -> datetime:
    """The moment (local midnight) from which a yes given on this day no longer counts.

    Every yes ends: after as long as the type is kept, and at the latest after `terms.longest_months`. One
    that was only said aloud ends after `terms.oral_days`, unless it is confirmed before.
    """
    longest = add_months(given_on, terms.longest_months)
    last = min(longest, _kept_until(kind, given_on) or longest)
    if method == "oral":
        last = min(last, given_on + timedelta(days=terms.oral_days))
    return local_midnight(last)


def _kept_until(kind: InformationType, given_on: date) -> date | None:
    """How long a yes given on this day can be of use; None when that hangs on something else than time."""
    retention = kind.retention
    match retention:
        case AfterGuidance() | AfterDate() | ForSchoolDays():
            return None
        case ForMonths(months=months):
            return add_months(given_on, months)
        case ForSchoolYear():
            return school_year_end(given_on)
        case UntilChanged(check_every_months=months):
            return add_months(given_on, months)
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
