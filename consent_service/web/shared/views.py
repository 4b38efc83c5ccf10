"""Views of pages that every audience can meet."""

from __future__ import annotations

from typing import ClassVar

from consent_service.web.components import Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View
from consent_service.web.vocabulary import ProblemKind


class ProblemPage(View, frozen=True):
    """Something is not possible; says what to do, never what is inside. `reference` helps the operator."""

    template: ClassVar[str] = "shared/problem.html"
    kind: ProblemKind
    back_href: str = "/"
    reference: str = ""
    parent: bool = False


class LoginProvider(Part, frozen=True):
    """One place to log in; `action` takes the POST that starts it."""

    name: str
    description: str
    action: str


class LoginPage(View, frozen=True):
    """Who logs in where. Two links for parents: withdrawing with a paper code, and the own page."""

    template: ClassVar[str] = "shared/login.html"
    providers: tuple[LoginProvider, ...]
    withdraw_href: str
    form: FormState = EMPTY
    own_page_href: str = "/mijn-pagina"


class SessionExpiredPage(View, frozen=True):
    """The session ended. A parent is not told of what; staff and who was on an own page can log in again."""

    template: ClassVar[str] = "shared/session_expired.html"
    login_href: str
    parent: bool = False
    own_page: bool = False
    pin_exhausted: bool = False
