"""What somebody said or signed away from the tablet, as a counsellor typed it in: can it be taken?

Pure. A no or a later is always taken as it is; a yes only from who decides, to the words in force, and
with a signature where the law asks for one. Writing it down is `passed_on`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal

import msgspec

from consent_service.consent.model import Answer, Decision, Interpreter, Method, OralReason, consent_ends
from consent_service.consent.states import DecisionKind
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, TypeKey
from consent_service.information.model import Catalogue, InformationType, Level

PassedOnMethod = Literal["paper", "oral"]
PaperKept = Literal["family_file", "locked_cabinet", "digital_file"]
"""Where the signed form is; nobody keeps it in this service."""
Say = Literal["decides", "no_say", "child_alone"]
"""What somebody's word about one child is: it decides, it does not, or the child decides alone."""
LONGEST_BACK: Final = timedelta(days=90)
LONGEST_NOTE: Final = 500
_OWN_METHODS: Final[frozenset[Method]] = frozenset({"tablet", "page", "paper", "code"})
_OWN_WORDS: Final[frozenset[DecisionKind]] = frozenset({"given", "refused", "later", "withdrawn", "objected"})
_SIGNED: Final[frozenset[Level]] = frozenset({"A9", "A10"})


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer to one question; `text_version` is what was read aloud, or stood on the form."""

    relationship: RelationshipId
    information_type: TypeKey
    answer: Answer
    text_version: str


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one person said or signed on one day; `form` is what makes a second sending the same."""

    family: FamilyId
    person: PersonId
    method: PassedOnMethod
    said_on: date
    language: str
    interpreter: Interpreter
    answers: tuple[Answered, ...]
    form: str
    reason: OralReason | None = None
    kept: PaperKept | None = None
    note: str = ""


class PassedOnEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What proves it (AVG 7(1)); sealed under the person's key. `answers` is `relationship:type` to answer,
    `texts` to the version of the words."""

    language: str
    interpreter: Interpreter
    answers: dict[str, str]
    texts: dict[str, str]
    reason: OralReason | None = None
    kept: PaperKept | None = None
    note: str = ""


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a statement is held against. `versions` are the texts in force in its language."""

    now: datetime
    catalogue: Catalogue
    says: Mapping[RelationshipId, Say]
    asked: Collection[TypeKey]
    """Types about which this person can be asked at all."""
    versions: Mapping[TypeKey, str]
    drafts: Collection[TypeKey] = ()
    """Types whose text may not be used for real yet."""
    suspended: Collection[TypeKey] = ()
    """Types whose text is in doubt."""
    unconfirmed: Collection[tuple[RelationshipId, TypeKey]] = ()
    """Questions to which this person once said yes aloud, and has answered nothing of its own since."""


def needs_signature(kind: InformationType) -> bool:
    """A yes to special-category or criminal data is explicit: a word alone is none (AVG 9(2)(a), 10)."""
    return kind.level in _SIGNED


def is_own_word(kind: DecisionKind, method: Method) -> bool:
    """What only the person itself can have said: signed, chosen on the own page, or stopped with the code.

    What a counsellor says that somebody said, yes or no, confirms nothing.
    """
    return kind in _OWN_WORDS and method in _OWN_METHODS


def unconfirmed_of(rows: Collection[Decision], person: PersonId) -> frozenset[tuple[RelationshipId, TypeKey]]:
    """The questions to which this person once said yes aloud, with no own word on that day or later.

    Also when it has ended, or was invalidated: saying it again and again would be a yes without end.
    """
    mine = [row for row in rows if row.person == person]
    aloud = [row for row in mine if row.kind == "given" and row.method == "oral"]
    own = [row for row in mine if is_own_word(row.kind, row.method)]
    return frozenset(
        (word.relationship, word.information_type)
        for word in aloud
        if not any(
            (row.relationship, row.information_type) == (word.relationship, word.information_type)
            and row.decided_at >= word.decided_at
            and row.recorded_at > word.recorded_at
            for row in own
        )
    )


def field_of(relationship: RelationshipId, key: TypeKey) -> str:
    """The name of the form field of one question."""
    return f"answer-{relationship}-{key}"


def problems_of(said: Statement, known: Known) -> tuple[Problem, ...]:
    """Everything that keeps this statement from being taken, at once."""
    return (*_problems_of_form(said, known), *_problems_of_answers(said, known))


def _problems_of_form(said: Statement, known: Known) -> Iterator[Problem]:
    today = local_date(known.now)
    if said.said_on > today:
        yield Problem("said_on", "passed_on.date_future")
    elif today - said.said_on > LONGEST_BACK and _has_yes(said):
        yield Problem("said_on", "passed_on.date_too_old", {"days": str(LONGEST_BACK.days)})
    if not known.versions:
        yield Problem("language", "language_unknown")
    if said.method == "oral" and said.reason is None:
        yield Problem("reason", "passed_on.reason_missing")
    if said.method == "paper" and said.kept is None:
        yield Problem("kept", "passed_on.kept_missing")
    if len(said.note) > LONGEST_NOTE:
        yield Problem("note", "too_long", {"max": str(LONGEST_NOTE)})


def _problems_of_answers(said: Statement, known: Known) -> Iterator[Problem]:
    if not said.answers:
        yield Problem("answers", "passed_on.nothing_said")
    times = Counter((one.relationship, one.information_type) for one in said.answers)
    for (relationship, key), count in times.items():
        if relationship not in known.says or key not in known.asked:
            yield Problem("answers", "passed_on.question_unknown")
        elif count > 1:
            yield Problem(field_of(relationship, key), "passed_on.answered_twice")
    for one in said.answers:
        askable = one.relationship in known.says and one.information_type in known.asked
        code = _code_of_yes(said, one, known) if one.answer == "yes" and askable else ""
        if code:
            yield Problem(field_of(one.relationship, one.information_type), code)


def _code_of_yes(said: Statement, one: Answered, known: Known) -> str:
    """The first thing that keeps a yes from being taken, as the code of its sentence; empty for nothing."""
    kind = known.catalogue.types[one.information_type]
    say = known.says[one.relationship]
    if say != "decides":
        return "passed_on.child_decides" if say == "child_alone" else "passed_on.no_say"
    if said.method == "oral" and needs_signature(kind):
        return "passed_on.needs_signature"
    if said.method == "oral" and (one.relationship, one.information_type) in known.unconfirmed:
        return "passed_on.oral_not_confirmed"
    if not known.versions:
        return ""
    if one.text_version != known.versions.get(one.information_type):
        return "passed_on.text_changed"
    if one.information_type in known.suspended:
        return "passed_on.text_suspended"
    if one.information_type in known.drafts:
        return "texts_not_reviewed"
    ends = consent_ends(kind, said.said_on, terms=known.catalogue.terms, method=said.method)
    return "passed_on.already_over" if ends <= known.now else ""


def _has_yes(said: Statement) -> bool:
    return any(one.answer == "yes" for one in said.answers)
