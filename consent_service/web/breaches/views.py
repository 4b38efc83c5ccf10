"""Views of breaches. Names stand on the page of people only; everything else is numbers and codes."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.rights.breaches.rows import Numbers
from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.officer.views import EntryLine
from consent_service.web.pages import View


class ClockPart(Part, frozen=True):
    """The 72 hours: how many are left or over; `running` until it was decided."""

    due_at: datetime
    hours: int
    late: bool
    running: bool


class BreachLine(Part, frozen=True):
    """One breach in the register."""

    href: str
    kind: str
    state: str
    discovered_at: datetime
    clock: ClockPart
    people: int | None


class RegisterPage(View, frozen=True):
    """Every breach; `new_href` is empty for the FG."""

    template: ClassVar[str] = "breaches/register.html"
    new_href: str
    open: tuple[BreachLine, ...]
    done: tuple[BreachLine, ...]


class NewBreachPage(View, frozen=True):
    template: ClassVar[str] = "breaches/new.html"
    action: str
    back_href: str
    form: FormState = EMPTY


class ExamLine(Part, frozen=True):
    """One question with its numbers; `evidence_href` is empty where the log tells nothing."""

    question: str
    who: str
    since: date | None
    until: date | None
    families: int
    children: int
    guardians: int
    certain: int
    erased: int
    seen: int
    records: int
    sessions: int
    types: tuple[str, ...]
    evidence_href: str
    drop_action: str


class BreachActions(Part, frozen=True):
    """Where each step is taken; empty where it cannot be taken now, or not by this officer."""

    ask_href: str = ""
    ask_entry_action: str = ""
    entry: str = ""
    weigh_action: str = ""
    describe_href: str = ""
    report_href: str = ""
    leave_action: str = ""
    again_action: str = ""
    prepare_action: str = ""
    tell_action: str = ""
    close_action: str = ""


class SaidPart(Part, frozen=True):
    """What happened and what was done; words the officer wrote, and codes."""

    nature: str = ""
    measures_note: str = ""
    measures: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()


class ReportedPart(Part, frozen=True):
    """When it was reported, or why it was not, or why nobody is told."""

    at: datetime | None = None
    reference: str = ""
    late_reason: str = ""
    late_note: str = ""
    unreported_ground: str = ""
    untold: str = ""


class BreachPage(View, frozen=True):
    """One breach: clock, who, how bad, what, the report, the letters."""

    template: ClassVar[str] = "breaches/breach.html"
    back_href: str
    kind: str
    source: str
    state: str
    discovered_at: datetime
    happened_from: date | None
    happened_until: date | None
    clock: ClockPart
    exams: tuple[ExamLine, ...]
    numbers: Numbers
    level: str
    fixed: bool
    weighed: bool
    reasons: tuple[str, ...]
    said: SaidPart
    report: ReportedPart
    letters: tuple[int, int, int]
    people_href: str
    report_action: str
    json_action: str
    do: BreachActions
    form: FormState = EMPTY


class QuestionPage(View, frozen=True):
    """A question to the log."""

    template: ClassVar[str] = "breaches/question.html"
    action: str
    back_href: str
    staff: tuple[Option, ...]
    devices: tuple[Option, ...]
    form: FormState = EMPTY


class DescribePage(View, frozen=True):
    template: ClassVar[str] = "breaches/describe.html"
    action: str
    back_href: str
    form: FormState = EMPTY


class ReportFormPage(View, frozen=True):
    """That it was reported; `late`: the 72 hours are over."""

    template: ClassVar[str] = "breaches/reported.html"
    action: str
    back_href: str
    clock: ClockPart
    form: FormState = EMPTY


class EvidencePage(View, frozen=True):
    template: ClassVar[str] = "breaches/evidence.html"
    back_href: str
    here: str
    entries: tuple[EntryLine, ...]
    after: str = ""


class PersonLine(Part, frozen=True):
    """One person with the letter; the actions are empty where they cannot be taken."""

    name: str
    child: bool
    certain: bool
    state: str = ""
    held: str = ""
    ground: str = ""
    language: str = ""
    letter: str = ""
    allow_action: str = ""
    print_action: str = ""
    give_action: str = ""
    withhold_action: str = ""


class FamilyCard(Part, frozen=True):
    safety: str
    secret: bool
    people: tuple[PersonLine, ...]


class PeoplePage(View, frozen=True):
    """Whom it may be about, with names."""

    template: ClassVar[str] = "breaches/people.html"
    back_href: str
    here: str
    families: tuple[FamilyCard, ...]
    after: str = ""
    form: FormState = EMPTY


class PaperText(Part, frozen=True):
    language: str
    title: str
    paragraphs: tuple[str, ...]


class PaperPage(View, frozen=True):
    """A letter to print. `together`: it is not in the reader's own language."""

    template: ClassVar[str] = "breaches/letter.html"
    back_href: str
    together: str
    texts: tuple[PaperText, ...]


class Fact(Part, frozen=True):
    label: str
    value: str


class ReportPage(View, frozen=True):
    """What the authority is told, to print."""

    template: ClassVar[str] = "breaches/report.html"
    back_href: str
    facts: tuple[Fact, ...]
