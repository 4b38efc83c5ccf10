"""Views for the child: a decision from twelve on, three faces below that. Everything in the je-form.

A child's decision has the same views as its parents', with templates of its own: `web.intake` fills both.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.consent.model import Face
from consent_service.families.model import ChildVoice
from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.intake.views import (
    CheckPage,
    DonePage,
    QuestionPage,
    ReceiptPage,
    SignPage,
    TalkingPointsPage,
    WelcomePage,
)
from consent_service.web.pages import View


class ChildWelcomePage(WelcomePage, frozen=True):
    """Who asks, that no is fine, and who sees what it chooses."""

    template: ClassVar[str] = "child/welcome.html"


class ChildQuestionPage(QuestionPage, frozen=True):
    """One question in the je-form; the buttons are as equal as the parents'."""

    template: ClassVar[str] = "child/question.html"


class ChildCheckPage(CheckPage, frozen=True):
    """All its answers once more, before signing."""

    template: ClassVar[str] = "child/check.html"


class ChildSignPage(SignPage, frozen=True):
    """Sign with the own name, or let the counsellor sign as a witness."""

    template: ClassVar[str] = "child/sign.html"


class ChildReceiptPage(ReceiptPage, frozen=True):
    """What it chose, and the code to stop with."""

    template: ClassVar[str] = "child/receipt.html"


class ChildTalkingPointsPage(TalkingPointsPage, frozen=True):
    """The young person tells it: nothing is sent."""

    template: ClassVar[str] = "child/talking_points.html"


class ChildDonePage(DonePage, frozen=True):
    """Thanks; the tablet goes back."""

    template: ClassVar[str] = "child/done.html"


class FaceQuestion(Part, frozen=True):
    """One question with three faces; `field` is the name of the choice in the form."""

    field: str
    type_key: str
    label: str
    question: str


class OpinionPage(View, frozen=True):
    """A child under twelve says what it thinks: faces, and its own words. It decides nothing here."""

    template: ClassVar[str] = "child/opinion.html"
    action: str
    step_token: str
    child: str
    say_no: str
    parents_see: str
    own_words: str
    own_words_help: str
    questions: tuple[FaceQuestion, ...]
    draft_text: bool = False
    form: FormState = EMPTY


class HeardLine(Part, frozen=True):
    """One face the child pointed at."""

    type_key: str
    label: str
    face: Face


class VoicePage(View, frozen=True):
    """The counsellor's page on one child's voice: ask it, read what it said, judge whether it can weigh it.

    `voice` says what its answer is today; `age` its years; `judged` whether somebody judged.
    """

    template: ClassVar[str] = "child/voice.html"
    child: str
    age: int
    voice: ChildVoice
    competent: bool
    judged: bool
    at_school: bool
    tablet_action: str
    competence_action: str
    back_href: str
    languages: tuple[Option, ...]
    heard_at: datetime | None = None
    heard: tuple[HeardLine, ...] = ()
    words: str = ""
    decides_from: date | None = None
    form: FormState = EMPTY
