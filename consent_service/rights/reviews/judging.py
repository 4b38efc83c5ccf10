"""What an officer can find of an entry that was drawn, and what may follow on what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, Literal, get_args

import msgspec

from consent_service.audit.log import TrailEntry
from consent_service.audit.proof_states import ProofState
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import RecordId, StaffId
from consent_service.rights.reviews.drawing import Stratum

Verdict = Literal["asked", "in_order", "wrong"]
Finding = Literal[
    "no_reason", "too_much", "wrong_person", "wrong_purpose", "too_late", "not_recorded", "other_rule"
]
"""Nobody can see why; more than was needed; for another child or reader; another purpose than is written;
too late; what belongs beside it is not there; another rule of the shelter was not kept."""
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
FINDINGS: Final[tuple[Finding, ...]] = get_args(Finding)
MAY_FOLLOW: Final[Mapping[str, frozenset[Verdict]]] = {
    "": frozenset({"in_order", "asked", "wrong"}),
    "asked": frozenset({"in_order", "wrong"}),
    "in_order": frozenset(),
    "wrong": frozenset(),
}
"""A question that was asked waits for its answer; what was found then stays."""
LONGEST_NOTE: Final = 500
DAYS_TO_REVIEW: Final = 7


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is found of one entry; `finding` is empty where it is in order. `note` is words for later."""

    verdict: Verdict
    finding: Finding | Literal[""] = ""
    note: str = ""


class SampleLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A week of an officer: how many were drawn, still wait, were asked about, and were wrong."""

    sample: RecordId
    officer: StaffId
    week: date
    log: int
    size: int
    root: str
    drawn: int
    waiting: int
    asked: int
    wrong: int

    @property
    def due_on(self) -> date:
        """The last day on which it is in time: the Sunday of the week after the one it is about."""
        return self.week + timedelta(days=6 + DAYS_TO_REVIEW)

    @property
    def is_open(self) -> bool:
        """Whether something of it still waits, if only for an answer."""
        return self.waiting + self.asked > 0


class DrawnEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a sample with what was found of it so far; an empty `verdict`: nothing yet."""

    entry: TrailEntry
    stratum: Stratum
    proof: ProofState
    verdict: Verdict | Literal[""] = ""
    finding: str = ""
    note: str = ""
    may_note: bool = False


class SampleFigures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A year of reviewing in numbers, for the yearly report."""

    year: int
    samples: int
    finished: int
    drawn: int
    judged: Mapping[Verdict, int]
    findings: Mapping[str, int]

    @property
    def reviewed(self) -> int:
        """Of how many entries it was said what was found."""
        return self.judged["in_order"] + self.judged["wrong"]


def problems_of(judgement: Judgement) -> tuple[Problem, ...]:
    """Everything that keeps this from being a judgement."""
    found = []
    if judgement.verdict == "wrong" and not judgement.finding:
        found.append(Problem("finding", "form.choose"))
    if len(judgement.note) > LONGEST_NOTE:
        found.append(Problem("note", "form.too_long", {"max": str(LONGEST_NOTE)}))
    return tuple(found)


def latest(verdicts: Mapping[str, str]) -> tuple[Verdict | Literal[""], str]:
    """Of what was said of one entry, by verdict with its finding: the last word."""
    for verdict in reversed(VERDICTS):
        if verdict in verdicts:
            return verdict, verdicts[verdict]
    return "", ""
