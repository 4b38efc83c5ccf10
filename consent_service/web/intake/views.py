"""Views of the intake on the tablet. A parent or child holds it; nothing here may hurry, steer or frighten.

The child's pages are the same views with templates of their own (`web.child.views`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Final, Literal

from consent_service.web.components import Part, PasskeyAsked
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View
from consent_service.web.receipts.views import PaperLink

OWN_CHOICES: Final = "/intake/mijn-keuzes"
OWN_PAGE: Final = "/intake/eigen-pagina"


class WelcomePage(View, frozen=True):
    """Who asks and what is going to happen, in the parent's language. `questions` is per child."""

    template: ClassVar[str] = "intake/welcome.html"
    action: str
    guardian: str
    organisation: str
    who_we_are: str
    questions: int
    not_now_action: str
    tell_myself_action: str = ""
    say_no: str = ""
    parents_see: str = ""
    """Only to a child: what its parents see of what it chooses."""
    own_choices_href: str = OWN_CHOICES


class QuestionPage(View, frozen=True):
    """One question. Texts come from the consent texts of `type_key`, in the parent's language.

    `earlier` is the answer given before, shown as a sentence and never as a preselection. Every text
    shown here is also in `consent.screen.Screen`, whose hash is kept with the answer.
    """

    template: ClassVar[str] = "intake/question.html"
    action: str
    step_token: str
    number: int
    total: int
    child: str
    type_key: str
    label: str
    question: str
    explanation: str
    who_sees: str
    until: str
    fixed_line: str
    never_address: str
    school: str
    organisation: str
    who_we_are: str
    back_href: str = ""
    earlier: Literal["", "yes", "no", "later"] = ""
    draft_text: bool = False
    not_now_action: str = ""
    save_action: str = ""
    parents_see: str = ""
    form: FormState = EMPTY


class AnswerLine(Part, frozen=True):
    """One given answer with the way to change just this one."""

    type_key: str
    label: str
    question: str
    answer: Literal["yes", "no", "later"]
    change_href: str = ""


class ChildAnswers(Part, frozen=True):
    """The answers about one child at one school."""

    child: str
    school: str
    answers: tuple[AnswerLine, ...]


class CheckPage(View, frozen=True):
    """All answers once more, before signing."""

    template: ClassVar[str] = "intake/check.html"
    sign_href: str
    guardian: str
    children: tuple[ChildAnswers, ...]
    fixed_line: str
    not_now_action: str
    tell_myself_action: str = ""
    save_action: str = ""


class SignPage(View, frozen=True):
    """Sign with a drawing or a typed name, or let the counsellor sign as a witness. All weigh the same."""

    template: ClassVar[str] = "intake/sign.html"
    action: str
    step_token: str
    guardian: str
    back_href: str
    statement: str
    form: FormState = EMPTY
    passkey: PasskeyAsked | None = None


class ReceiptPage(View, frozen=True):
    """What was answered, for the parent; `checkpoint` is size and root of the log at that moment."""

    template: ClassVar[str] = "intake/receipt.html"
    organisation: str
    guardian: str
    signed_at: datetime
    method: Literal["typed", "drawn", "witness"]
    signed_name: str
    """The name as it was typed; empty when none was."""
    children: tuple[ChildAnswers, ...]
    withdrawal_code: str
    withdraw_address: str
    text_version: str
    checkpoint: str
    neutral_href: str
    done_href: str
    papers: tuple[PaperLink, ...] = ()
    signed_drawing: str = ""
    """The path of what was drawn, made by the server (`consent.drawing.svg_path`)."""
    overruled: tuple[str, ...] = ()
    """Labels of what was answered with yes while a newer no counts (S37)."""


class NeutralReceiptPage(View, frozen=True):
    """Date and withdrawal code and nothing else: a finder learns neither service, child nor choices."""

    template: ClassVar[str] = "intake/receipt_neutral.html"
    signed_on: date
    withdrawal_code: str
    back_href: str
    paper_href: str = ""


class DonePage(View, frozen=True):
    """Thanks; the tablet goes back to the counsellor.

    `stopped`: nothing was decided now; `told_self`: because she tells it herself; `saved`: she
    goes on another day. `own_page_href` is empty
    for who has an own page already, or is too young for one.
    """

    template: ClassVar[str] = "intake/done.html"
    take_back_href: str
    stopped: bool = False
    told_self: bool = False
    saved: bool = False
    own_page_href: str = OWN_PAGE
    own_choices_href: str = OWN_CHOICES


class TalkingPoint(Part, frozen=True):
    """One thing she may tell the school herself, and what never has to be told."""

    type_key: str
    label: str
    never: str


class TalkingPointsPage(View, frozen=True):
    """She tells it herself (S52): nothing is sent. No name stands here, so that a finder learns little."""

    template: ClassVar[str] = "intake/talking_points.html"
    points: tuple[TalkingPoint, ...]
    done_href: str


class TakeBackPage(View, frozen=True):
    """The counsellor takes the tablet back with PIN or passkey; the parent sees only this page."""

    template: ClassVar[str] = "intake/take_back.html"
    action: str
    continue_href: str = ""
    form: FormState = EMPTY
    passkey: PasskeyAsked | None = None
