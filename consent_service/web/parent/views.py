"""Views of the parent's own pages: stop sharing with the paper code, and see who looked."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from consent_service.web.components import Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View
from consent_service.web.vocabulary import Answer


class WithdrawCodePage(View, frozen=True):
    """Type the code on the paper. No login, no reason, no name."""

    template: ClassVar[str] = "parent/withdraw_code.html"
    action: str
    form: FormState = EMPTY


class WithdrawChoosePage(View, frozen=True):
    """Stop everything. `code_token` stands for the code that was typed; the button sends `all=yes`.

    `away`: a part of the system is away, and the stop is taken all the same.
    """

    template: ClassVar[str] = "parent/withdraw_choose.html"
    action: str
    code_token: str
    form: FormState = EMPTY
    away: bool = False


class OwnAnswer(Part, frozen=True):
    """One answer of one's own; `value` is what the form sends back to stop it, empty when nothing runs."""

    label: str
    answer: Answer
    value: str = ""


class OwnAnswers(Part, frozen=True):
    """What I said about one child towards one school."""

    child: str
    school: str
    answers: tuple[OwnAnswer, ...]


class OwnChoicesPage(View, frozen=True):
    """My own answers, and stopping any of them: as few steps as giving them. Never another's."""

    template: ClassVar[str] = "parent/own_choices.html"
    action: str
    who_looked_href: str
    back_href: str
    children: tuple[OwnAnswers, ...]
    form: FormState = EMPTY
    about_me: tuple[OwnAnswer, ...] = ()
    """What I told about myself and stands under no child; without child and school."""


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
    child: str
    organisation: str
    role: str
    purpose: str
    types: tuple[str, ...]
    refused: bool = False


class WhoLookedPage(View, frozen=True):
    """Who looked, when and why, newest first."""

    template: ClassVar[str] = "parent/who_looked.html"
    looks: tuple[LookedLine, ...]
    back_href: str = ""
