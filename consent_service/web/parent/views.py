"""Views of the parent's own pages: stop sharing with the paper code, and see who looked."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class WithdrawCodePage(View, frozen=True):
    """Type the code on the paper. No login, no reason, no name."""

    template: ClassVar[str] = "parent/withdraw_code.html"
    action: str
    form: FormState = EMPTY


class GivenGroup(Part, frozen=True):
    """What is allowed for one child; `value` of a type is what the form sends back."""

    heading: str
    types: tuple[Option, ...]


class WithdrawChoosePage(View, frozen=True):
    """Choose what stops. `code_token` stands for the code that was typed; nothing is preselected.

    The button sends `all=yes`, or the ticked `types`.
    """

    template: ClassVar[str] = "parent/withdraw_choose.html"
    action: str
    code_token: str
    groups: tuple[GivenGroup, ...]
    form: FormState = EMPTY


class WithdrawnPage(View, frozen=True):
    """It stopped, from this moment; `late` when only the stop journal could take it yet."""

    template: ClassVar[str] = "parent/withdrawn.html"
    at: datetime
    types: tuple[str, ...]
    more_href: str = ""
    late: bool = False


class LookedLine(Part, frozen=True):
    """One look: organisation and role, never a staff member's name."""

    at: datetime
    organisation: str
    role: str
    purpose: str
    types: tuple[str, ...]
    refused: bool = False


class WhoLookedPage(View, frozen=True):
    """Who looked, when and why, newest first."""

    template: ClassVar[str] = "parent/who_looked.html"
    child: str
    looks: tuple[LookedLine, ...]
    since: date
    back_href: str = ""
    older_href: str = ""
