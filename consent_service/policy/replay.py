"""Past decisions judged by other rules, with the facts as they were: what would come out otherwise.

Pure. Decisions with the same facts are judged once, however many there are: their key holds no id. Reading
the decisions from the log is `replaying`; what must be approved because of it is `proposals`.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import msgspec

from consent_service.foundation.ids import EntryId, TypeKey
from consent_service.information.model import Purpose
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import judge
from consent_service.policy.facts import Action, Basis, Question, ReaderKind
from consent_service.policy.recorded import RecordedAnswer, RecordedDecision, answer_of

EXAMPLES: Final = 20
"""How many entries of a group are named; the others are counted."""

ChangeKind = Literal["to_allow", "to_deny", "otherwise"]
"""`otherwise`: still no (or still yes), for another reason or by other policies."""


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Decisions on the same facts, with the same answer, that come out otherwise.

    `question` holds the one type it is about.
    """

    key: str
    kind: ChangeKind
    action: Action
    reader_kind: ReaderKind
    role: str
    purpose: Purpose
    basis: Basis
    type: TypeKey
    emergency: bool
    before: RecordedAnswer
    after: RecordedAnswer
    question: Question
    entries: tuple[EntryId, ...]
    count: int


class ReplayReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many decisions were judged again and what changes, grouped by identical facts.

    `unreadable`: their facts are gone with a key, or are not what was written. `other_engine`: made by
    rules whose engine is gone; compared with the answer as it was recorded. `same`: answers that stay.
    `cut`: there are more, older ones, which were left out.
    """

    replayed: int = 0
    unreadable: int = 0
    other_engine: int = 0
    same: int = 0
    changes: tuple[Change, ...] = ()
    cut: bool = False

    def of_kind(self, kind: ChangeKind) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)


class _Group(msgspec.Struct):
    """What is known of one set of facts, while decisions are still being added."""

    question: Question
    before: RecordedAnswer
    after: RecordedAnswer
    entries: list[EntryId]
    count: int = 0


class Replay:
    """Adds up decisions, newest first. `old` is None when the rules in force cannot be judged any more.

    With `old`, an answer is compared with what those rules make of the same facts now, so that what was
    approved before is not approved again; without, with the answer as it was recorded.
    """

    def __init__(self, new: Bundle, old: Bundle | None) -> None:
        self._new = new
        self._old = old
        self._judged: dict[bytes, tuple[tuple[RecordedAnswer, ...], tuple[RecordedAnswer, ...] | None]] = {}
        self._groups: dict[str, _Group] = {}
        self._replayed = 0
        self._same = 0

    def add(self, entry: EntryId, decision: RecordedDecision) -> None:
        """One more decision; each of its answers counts in the group of its facts."""
        self._replayed += 1
        after, before = self._answers(decision.question)
        changed = False
        for place, (was, now) in enumerate(zip(before or decision.answers, after, strict=True)):
            if was != now:
                changed = True
                self._count(entry, only(decision.question, place), was=was, now=now, asked=len(after))
        self._same += not changed

    def report(self, *, unreadable: int = 0, other_engine: int = 0, cut: bool = False) -> ReplayReport:
        """What was found so far: what would be released first, then the most frequent."""
        changes = (_change(key, group) for key, group in self._groups.items())
        order: dict[ChangeKind, int] = {"to_allow": 0, "to_deny": 1, "otherwise": 2}
        return ReplayReport(
            replayed=self._replayed,
            unreadable=unreadable,
            other_engine=other_engine,
            same=self._same,
            changes=tuple(sorted(changes, key=lambda one: (order[one.kind], -one.count, one.key))),
            cut=cut,
        )

    def _answers(
        self, question: Question
    ) -> tuple[tuple[RecordedAnswer, ...], tuple[RecordedAnswer, ...] | None]:
        """By the new rules and by the old ones; the same question is not judged again."""
        facts = hashlib.sha256(_canonical(question)).digest()
        if facts not in self._judged:
            old = None if self._old is None else judged_again(self._old, question)
            self._judged[facts] = judged_again(self._new, question), old
        return self._judged[facts]

    def _count(
        self, entry: EntryId, question: Question, *, was: RecordedAnswer, now: RecordedAnswer, asked: int
    ) -> None:
        key = change_key(question, asked, was=was, now=now)
        group = self._groups.setdefault(key, _Group(question, was, now, []))
        group.count += 1
        if len(group.entries) < EXAMPLES and entry not in group.entries:
            group.entries.append(entry)


def judged_again(bundle: Bundle, question: Question) -> tuple[RecordedAnswer, ...]:
    """What these rules make of the question, as it would be recorded."""
    return tuple(answer_of(answer) for answer in judge(bundle, question, preview=False))


def only(question: Question, place: int) -> Question:
    """The question about one of its types, to be shown; judging needs the whole of it."""
    return msgspec.structs.replace(question, types=(question.types[place],))


def change_key(question: Question, asked: int, *, was: RecordedAnswer, now: RecordedAnswer) -> str:
    """SHA-256 (hex) of everything the rules may know, and of both answers; of no id of anybody.

    `asked`: how many types were asked at once, which the rules may know as well. The answers: on equal facts
    rules of another time said something else, and a no that becomes a yes hides in no other change.
    """
    return hashlib.sha256(_canonical((question, asked, was, now))).hexdigest()


def _canonical(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _change(key: str, group: _Group) -> Change:
    question = group.question
    (facts,) = question.types
    return Change(
        key=key,
        kind=_kind(group.before, group.after),
        action=question.action,
        reader_kind=question.reader.kind,
        role=question.reader.role,
        purpose=question.purpose,
        basis=question.basis,
        type=facts.key,
        emergency=facts.emergency,
        before=group.before,
        after=group.after,
        question=question,
        entries=tuple(group.entries),
        count=group.count,
    )


def _kind(before: RecordedAnswer, after: RecordedAnswer) -> ChangeKind:
    if before.allowed == after.allowed:
        return "otherwise"
    return "to_allow" if after.allowed else "to_deny"
