"""Views of the pages for somebody who was invited. No page names a person before that person logged in."""

from __future__ import annotations

from typing import ClassVar

from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View
from consent_service.web.shared.views import LoginProvider


class InvitationCodePage(View, frozen=True):
    """Type the code of an invitation."""

    template: ClassVar[str] = "invitation/code.html"
    action: str
    login_href: str = "/inloggen"
    form: FormState = EMPTY


class InvitationLoginPage(View, frozen=True):
    """The code fits; choose where to log in. Whose invitation it is, is not said yet."""

    template: ClassVar[str] = "invitation/login.html"
    providers: tuple[LoginProvider, ...]
    back_href: str
    form: FormState = EMPTY


class ConfirmInvitationPage(View, frozen=True):
    """Is this you? `name` as the shelter wrote it; `shelter` is its neutral name.

    `proof` belongs to the login that this page was made for. `is_linked`: there is nothing to say yes to.
    """

    template: ClassVar[str] = "invitation/confirm.html"
    yes_action: str
    no_action: str
    proof: str
    name: str
    role: str
    shelter: str
    school: str = ""
    is_linked: bool = False


class InvitationOverPage(View, frozen=True):
    """It goes no further: the invitation does not work any more, or is not for this person."""

    template: ClassVar[str] = "invitation/over.html"
    declined: bool
    code_href: str
    login_href: str = "/inloggen"
