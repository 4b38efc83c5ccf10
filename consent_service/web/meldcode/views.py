"""Views of the meldcode and of requests with a law of their own."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class MeldcodeLine(Part, frozen=True):
    """One walk in a list, without what was written."""

    href: str
    child: str
    state: str
    opened_at: datetime
    postponed_until: date | None


class MeldcodesPage(View, frozen=True):
    """The walks of one family, and the form of step 1."""

    template: ClassVar[str] = "meldcode/list.html"
    action: str
    back_href: str
    walks: tuple[MeldcodeLine, ...]
    children: tuple[Option, ...]
    step_token: str
    form: FormState = EMPTY


class StepLine(Part, frozen=True):
    """A step as it was written; `by` is empty where the reader is not told who."""

    act: str
    code: str
    what: str
    why: str
    at: datetime
    by: str = ""


class MeldcodePage(View, frozen=True):
    """One walk with the step that comes now (`act`, empty when all are taken) and those after it."""

    template: ClassVar[str] = "meldcode/walk.html"
    base: str
    back_href: str
    child: str
    state: str
    steps: tuple[StepLine, ...]
    act: str
    has_choice: bool
    to_come: tuple[str, ...]
    postponed_until: date | None
    recipient: str
    may_export: bool
    may_close: bool
    form: FormState = EMPTY


class OwnWalkLine(Part, frozen=True):
    """What was written about one child, as far as it is open."""

    child: str
    steps: tuple[StepLine, ...]


class OwnMeldcodePage(View, frozen=True):
    """The own page; the same when nothing was written as when nothing may be read."""

    template: ClassVar[str] = "meldcode/own.html"
    back_href: str
    young: bool
    walks: tuple[OwnWalkLine, ...]


class RequestLine(Part, frozen=True):
    """One request in a list, without what it says."""

    href: str
    child: str
    asker: str
    state: str
    received_at: datetime


class RequestsPage(View, frozen=True):
    """The requests about one family, and the form that writes one down."""

    template: ClassVar[str] = "meldcode/requests.html"
    action: str
    back_href: str
    requests: tuple[RequestLine, ...]
    children: tuple[Option, ...]
    step_token: str
    form: FormState = EMPTY


class AnswerLine(Part, frozen=True):
    """What was done about a request, and why so."""

    act: str
    what: str
    why: str


class RequestPage(View, frozen=True):
    """One request; `acts` are what can be done now."""

    template: ClassVar[str] = "meldcode/request.html"
    action: str
    back_href: str
    child: str
    asker: str
    ground: str
    state: str
    received_at: datetime
    received_by: str
    asked_by: str
    asked: str
    letter: str
    answers: tuple[AnswerLine, ...]
    acts: tuple[str, ...]
    form: FormState = EMPTY
