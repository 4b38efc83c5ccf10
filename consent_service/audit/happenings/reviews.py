"""Events of those who supervise: questions to the log, people found for a case, samples of the log."""

from __future__ import annotations

from datetime import date

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import EntryId, RecordId, StaffId


class QuestionAsked(Happening, frozen=True, tag="question.asked.v1"):
    """A ready question was put to the log; about whom is the subject of the entry, if about a family.

    `case` is the number of the case or request for which it was asked, where one was given.
    """

    question: Code
    since: date
    until: date
    results: int
    case: Code = ""


class PersonSought(Happening, frozen=True, tag="person.sought.v1"):
    """For a case a child was looked up by name and birth date, which stay out of it; it is the subject."""

    case: Code
    purpose: Code
    results: int


class SampleDrawn(Happening, frozen=True, tag="sample.drawn.v1"):
    """The entries of the week from `week` on that this officer reviews, drawn by a signed head of the log.

    `log`, `size` and `root` (hexadecimal) are of that head; whoever has it draws the same entries.
    """

    sample: RecordId
    officer: StaffId
    week: date
    log: int
    size: int
    root: Code
    entries: tuple[EntryId, ...]


class SampleJudged(Happening, frozen=True, tag="sample.judged.v1"):
    """What an officer found of one entry that was drawn; `left` is how many of all weeks still wait."""

    sample: RecordId
    officer: StaffId
    entry: EntryId
    verdict: Code
    finding: Code = ""
    left: int = 0


ReviewEvent = QuestionAsked | PersonSought | SampleDrawn | SampleJudged
