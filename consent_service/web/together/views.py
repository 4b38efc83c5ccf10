"""Views of timelines, of tasks outside the shelter, and of the method."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from consent_service.web.components import Option, Part, TaskLine
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class TimelineLine(Part, frozen=True):
    """One thing that happened: when, in words, and in which capacity it was done; never a name of staff."""

    at: datetime
    sentence: str
    role: str
    about: str = ""
    """Child and school, where the page is about more than one."""


class TimelinePage(View, frozen=True):
    """What happened about one child, as far as this member of staff may know it now; newest first."""

    template: ClassVar[str] = "together/timeline.html"
    back_href: str
    child: str
    lines: tuple[TimelineLine, ...]
    at_school: bool = False


class OwnTimelinePage(View, frozen=True):
    """What happened, on the own page of a guardian or young person."""

    template: ClassVar[str] = "together/own_timeline.html"
    back_href: str
    lines: tuple[TimelineLine, ...]
    young: str = ""


class SchoolTasksPage(View, frozen=True):
    """What a contact has to do, the first due first."""

    template: ClassVar[str] = "together/school_tasks.html"
    back_href: str
    tasks: tuple[TaskLine, ...]


class OwnToDoLine(Part, frozen=True):
    """One thing to do on the own page: `href` leads there, or `value` is what the form `action` sends."""

    sentence: str
    about: str = ""
    day: str = ""
    late: bool = False
    href: str = ""
    action: str = ""
    value: str = ""


class MethodPage(View, frozen=True):
    """All steps of the way of working, in their order; `steps` are codes of `method_words`."""

    template: ClassVar[str] = "together/method.html"
    back_href: str
    steps: tuple[str, ...]


class LettersPage(View, frozen=True):
    """Choose which letter for which parent, and in which language beside Dutch."""

    template: ClassVar[str] = "together/letters.html"
    action: str
    back_href: str
    child: str
    guardians: tuple[Option, ...]
    languages: tuple[Option, ...]
    form: FormState = EMPTY
    refused: bool = False


class LetterText(Part, frozen=True):
    """The letter in one language."""

    language: str
    title: str
    paragraphs: tuple[str, ...]


class LetterPage(View, frozen=True):
    """A letter to print: the child, the school and the parent who gives it, and nothing else."""

    template: ClassVar[str] = "together/letter.html"
    back_href: str
    texts: tuple[LetterText, ...]
