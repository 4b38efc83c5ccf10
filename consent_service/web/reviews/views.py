"""What the pages for questions and samples show: metadata, names of staff, never a name of a family."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import FieldLine, Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class QuestionLink(Part, frozen=True):
    """A ready question; `title` is the question itself."""

    href: str
    title: str
    meaning: str


class KeptLine(Part, frozen=True):
    """A question that the officer keeps; both are POSTs."""

    title: str
    about: str
    period: str
    reference: str
    ask_action: str
    remove_action: str


class QuestionsPage(View, frozen=True):
    """All ready questions, and those that were kept."""

    template: ClassVar[str] = "reviews/questions.html"
    questions: tuple[QuestionLink, ...]
    kept: tuple[KeptLine, ...]
    sample_href: str
    open_samples: int = 0


class QuestionPage(View, frozen=True):
    """One question with its choices. `find_action` looks a child up for a case; empty where none is chosen.

    `found` are the people that were looked up, by capacity and number; `sought`: it was looked for.
    """

    template: ClassVar[str] = "reviews/question.html"
    back_href: str
    title: str
    meaning: str
    ask_action: str
    asks_person: bool = False
    staff: tuple[Option, ...] = ()
    find_action: str = ""
    purposes: tuple[Option, ...] = ()
    found: tuple[Option, ...] = ()
    sought: bool = False
    case: str = ""
    form: FormState = EMPTY


class EntryLink(Part, frozen=True):
    """One entry with how it is proved, in words; `number` is empty while it waits."""

    href: str
    number: str
    proof: str
    tone: str = "good"


class AnswerRow(Part, frozen=True):
    """Everything of one kind that somebody did on a day; `last` is empty where it was once."""

    day: date
    first: datetime
    last: datetime | None
    who: str
    organisation: str
    role: str
    what: str
    purpose: str
    types: str
    count: int
    entries: tuple[EntryLink, ...]


class DayBar(Part, frozen=True):
    """How many entries a day has; `height` is out of 20."""

    day: date
    count: int
    height: int


class AnswerPage(View, frozen=True):
    """A part of an answer. `asked` are the fields with which it is asked again, from `after` on.

    `whole`: nothing earlier is left to ask.
    """

    template: ClassVar[str] = "reviews/answer.html"
    back_href: str
    title: str
    meaning: str
    about: str
    since: date
    until: date
    rows: tuple[AnswerRow, ...]
    days: tuple[DayBar, ...]
    total: int
    asked: tuple[FieldLine, ...]
    ask_action: str
    keep_action: str
    after: str = ""
    later: bool = False
    unknown: int = 0
    case: str = ""
    form: FormState = EMPTY


class SampleRow(Part, frozen=True):
    """A week of an officer. `late`: something still waits after the day on which it had to be done."""

    href: str
    officer: str
    own: bool
    week: date
    due: date
    drawn: int
    waiting: int
    asked: int
    wrong: int
    late: bool = False


class SamplesPage(View, frozen=True):
    """Every week that was drawn, and the year in numbers."""

    template: ClassVar[str] = "reviews/samples.html"
    back_href: str
    samples: tuple[SampleRow, ...]
    year: int
    reviewed: int
    drawn: int
    finished: int
    findings: tuple[FieldLine, ...] = ()


class DrawnRow(Part, frozen=True):
    """One entry that was drawn. `quick_action` takes the POST that says it is in order."""

    entry_href: str
    number: str
    at: datetime
    sentence: str
    actor: str
    stratum: str
    proof: str
    verdict: str = ""
    tone: str = "calm"
    finding: str = ""
    note: str = ""
    judge_href: str = ""
    quick_action: str = ""


class SamplePage(View, frozen=True):
    """The entries of one sample and by which head they were drawn; `root` is hexadecimal."""

    template: ClassVar[str] = "reviews/sample.html"
    back_href: str
    officer: str
    week: date
    due: date
    log: int
    size: int
    root: str
    entries: tuple[DrawnRow, ...]
    own: bool = True


class JudgePage(View, frozen=True):
    """One entry and what can be found of it; `may_note`: words can be kept with it."""

    template: ClassVar[str] = "reviews/judge.html"
    back_href: str
    action: str
    entry: DrawnRow
    verdicts: tuple[Option, ...]
    findings: tuple[Option, ...]
    may_note: bool = False
    longest_note: int = 500
    form: FormState = EMPTY
