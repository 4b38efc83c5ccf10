"""What the pages show on which a counsellor passes answers on."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View

Method = Literal["paper", "oral"]


class ToConfirmLine(Part, frozen=True):
    """A yes that was only said aloud, and before which day it has to be confirmed."""

    person: str
    child: str
    label: str
    until: date


class EarlierLine(Part, frozen=True):
    """What was passed on before: whose word, how and when; `kept` or `reason` as codes, by method."""

    person: str
    method: Method
    said_on: date
    entered_by: str
    entered_on: date
    count: int
    kept: str = ""
    reason: str = ""
    note: str = ""


class AnswersStartPage(View, frozen=True):
    """Whose answers they are, and how they were given; nothing is chosen beforehand."""

    template: ClassVar[str] = "shelter/answers_start.html"
    action: str
    back_href: str
    tablet_href: str
    people: tuple[Option, ...]
    languages: tuple[Option, ...]
    to_confirm: tuple[ToConfirmLine, ...] = ()
    earlier: tuple[EarlierLine, ...] = ()
    form: FormState = EMPTY


class HiddenField(Part, frozen=True):
    """What an earlier page took, sent along."""

    name: str
    value: str


class PassedOnQuestion(Part, frozen=True):
    """One question in the words that were read aloud or stand on the form, in the language of that."""

    field: str
    type_key: str
    label: str
    question: str
    explanation: str
    who_sees: str
    until: str
    never: str
    version_field: str
    version: str
    no_word: bool = False
    """A word alone is no yes here."""


class PassedOnChild(Part, frozen=True):
    """The questions about one child at one school; `others` are seldom asked and folded away."""

    child: str
    school: str
    first: tuple[PassedOnQuestion, ...]
    others: tuple[PassedOnQuestion, ...] = ()
    others_open: bool = False


class AnswersQuestionsPage(View, frozen=True):
    """What was answered. `language` and `direction` are those of the words, not of the page."""

    template: ClassVar[str] = "shelter/answers_questions.html"
    action: str
    back_href: str
    person: str
    method: Method
    said_on: date
    language: str
    direction: str
    hidden: tuple[HiddenField, ...]
    children: tuple[PassedOnChild, ...]
    fixed_line: str
    draft_text: bool = False
    form: FormState = EMPTY


class PassedOnAnswer(Part, frozen=True):
    """One answer as it is going to be recorded."""

    type_key: str
    label: str
    question: str
    answer: Literal["yes", "no", "later"]
    version: str


class PassedOnAnswers(Part, frozen=True):
    """The answers about one child."""

    child: str
    school: str
    answers: tuple[PassedOnAnswer, ...]


class AnswersCheckPage(View, frozen=True):
    """Everything once more, before it counts."""

    template: ClassVar[str] = "shelter/answers_check.html"
    action: str
    change_action: str
    back_href: str
    step_token: str
    person: str
    method: Method
    said_on: date
    language: str
    direction: str
    hidden: tuple[HiddenField, ...]
    children: tuple[PassedOnAnswers, ...]
    form: FormState = EMPTY
