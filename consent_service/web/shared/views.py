"""Views of pages that every audience can meet."""

from __future__ import annotations

from typing import ClassVar

from consent_service.web.components import Part, PasskeyAsked
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
    invitation_href: str = "/uitnodiging"
    is_unknown: bool = False
    """Somebody logged in whom nobody here knows: perhaps there is an invitation."""
    again: LoginProvider | None = None
    """The one at which a login was just refused, to try it again."""


class LeavingPage(View, frozen=True):
    """On the way to the page of a login provider; the browser goes there by itself, or by the link."""

    template: ClassVar[str] = "shared/leaving.html"
    href: str


class LockedPage(View, frozen=True):
    """The screen locked itself. Nothing of what it showed, and no name; `parent`: it lies with a parent."""

    template: ClassVar[str] = "shared/locked.html"
    action: str
    parent: bool
    has_pin: bool
    form: FormState = EMPTY
    login_href: str = "/inloggen"
    passkeys: tuple[PasskeyAsked, ...] = ()
    """One for going on, and one for taking a lent tablet back."""


class ProofPage(View, frozen=True):
    """Somebody who is logged in proves more. `waits`: an officer without a second factor.

    `provider`: where that can be done; empty: it knows no second factor. `cancel_href`: where one can go
    without; empty for who can go nowhere.
    """

    template: ClassVar[str] = "shared/proof.html"
    action: str
    waits: bool
    provider: str
    cancel_href: str
    form: FormState = EMPTY
    passkey: PasskeyAsked | None = None
    add_href: str = "/mijn-sessies/toegangssleutel"


class SessionExpiredPage(View, frozen=True):
    """The session ended. A parent is not told of what; staff and who was on an own page can log in again."""

    template: ClassVar[str] = "shared/session_expired.html"
    login_href: str
    parent: bool = False
    own_page: bool = False
    pin_exhausted: bool = False
