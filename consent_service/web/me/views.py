"""Views of the own sessions, PIN and passkeys of a member of staff."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from consent_service.web.components import Part, PasskeyAsked
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class SessionShown(Part, frozen=True):
    """One place where somebody is logged in. `id` travels in forms only."""

    id: str
    name: str
    since: datetime
    last_seen: datetime
    is_this: bool
    handed_over: bool
    can_be_named: bool


class PasskeyShown(Part, frozen=True):
    """One passkey; `credential` travels in forms only."""

    credential: str
    name: str
    added: datetime
    last_used: datetime | None
    is_last_of_officer: bool = False


class OwnSessionsPage(View, frozen=True):
    """Where am I logged in, with what do I take a tablet back, and which passkeys are mine."""

    template: ClassVar[str] = "me/sessions.html"
    back_href: str
    sessions: tuple[SessionShown, ...]
    end_action: str
    end_others_action: str
    name_action: str
    passkeys: tuple[PasskeyShown, ...]
    add_passkey_href: str
    """Empty: at this address there are no passkeys."""
    remove_passkey_action: str
    pin_href: str = ""
    """Empty: somebody who hands no tablet over."""
    has_pin: bool = False
    form: FormState = EMPTY


class AddPasskeyPage(View, frozen=True):
    """Add a passkey; an officer types the code for the first one, and shows it before the next."""

    template: ClassVar[str] = "me/add_passkey.html"
    action: str
    back_href: str
    suggested: str
    passkey: PasskeyAsked | None
    """None: something comes first."""
    first_action: str = ""
    first: PasskeyAsked | None = None
    needs_code: bool = False
    needs_login: bool = False
    login_href: str = "/inloggen"
    form: FormState = EMPTY
