"""Views of the operator's page: log in, type the code, decide, done."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View
from consent_service.web.shared.views import LoginProvider


class OperatorLoginPage(View, frozen=True):
    """With which provider to prove who it is; without one that asks a second factor nobody gets further."""

    template: ClassVar[str] = "operator/login.html"
    providers: tuple[LoginProvider, ...]
    form: FormState = EMPTY


class OperatorCodePage(View, frozen=True):
    """The code that the command shows. `proof` is the form token of this login."""

    template: ClassVar[str] = "operator/code.html"
    action: str
    leave_action: str
    proof: str
    form: FormState = EMPTY


class OperatorDecisionPage(View, frozen=True):
    """What is asked, and yes or no."""

    template: ClassVar[str] = "operator/decision.html"
    action: str
    proof: str
    code: str
    machine: str
    asked_at: datetime
    minutes: int


class OperatorDonePage(View, frozen=True):
    """What was decided; the login is used up."""

    template: ClassVar[str] = "operator/done.html"
    approved: bool
    minutes: int
