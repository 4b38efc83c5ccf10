"""Views of making, looking through and handing over a file, and of the letter of a refusal."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.page.views import Young
from consent_service.web.pages import View


class TextLine(Part, frozen=True):
    """A free text of a draft. `names`: it seems to name somebody else, so a choice must be made."""

    field: str
    place: str
    what: str
    text: str
    names: bool


class CountLine(Part, frozen=True):
    """How much of something is in the file."""

    label: str
    count: int


class FilePage(View, frozen=True):
    """The file of one request. An empty action: not now, or not by this reader.

    `state`: none | draft | ready. `weigh`: the coordinator must have weighed it by hand (S21, S46).
    """

    template: ClassVar[str] = "access/file.html"
    back_href: str
    article: str
    state: str
    granted: bool
    done: bool
    weigh: bool
    lost: bool
    stale: bool
    by_hand: bool
    made_at: datetime | None
    delivered_at: datetime | None
    counts: tuple[CountLine, ...] = ()
    texts: tuple[TextLine, ...] = ()
    choices: tuple[Option, ...] = ()
    languages: tuple[Option, ...] = ()
    make_action: str = ""
    look_action: str = ""
    file: str = ""
    """Which draft the texts are of."""
    print_action: str = ""
    reopen_action: str = ""
    form: FormState = EMPTY


class RefusalText(Part, frozen=True):
    """One letter in one language."""

    language: str
    title: str
    paragraphs: tuple[str, ...]


class RefusalPage(View, frozen=True):
    """The letter of a refusal, to print; before `not_before` there is none."""

    template: ClassVar[str] = "access/letter.html"
    back_href: str
    letters: tuple[RefusalText, ...]
    not_before: date | None
    neutral: bool


class OwnFileLine(Part, frozen=True):
    """A file that lies ready."""

    case: str
    portability: bool
    made_at: datetime
    until: datetime | None


class OwnFilesPage(View, frozen=True):
    """What lies ready on the own page; the same page for whoever has nothing there."""

    template: ClassVar[str] = "access/own.html"
    action: str
    back_href: str
    files: tuple[OwnFileLine, ...]
    young: Young = ""
