"""Views of requests. Officers see codes and, in one request, what was asked; never names of a family."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class CaseLine(Part, frozen=True):
    """One request in the list; `left` days until it must be answered, below zero when that is past."""

    href: str
    kind: str
    article: str
    state: str
    standing: str
    channel: str
    received_on: date
    due_on: date
    left: int
    is_open: bool
    number: str = ""


class CasesPage(View, frozen=True):
    """Every request, what must be answered first before others."""

    template: ClassVar[str] = "cases/list.html"
    lines: tuple[CaseLine, ...]
    new_href: str = ""


class NewCasePage(View, frozen=True):
    """A letter typed over. The page that follows is the same whoever it was."""

    template: ClassVar[str] = "cases/new.html"
    action: str
    back_href: str
    step_token: str
    form: FormState = EMPTY


class CasePage(View, frozen=True):
    """One request. An action is empty for who may not do it, or when it cannot be done now."""

    template: ClassVar[str] = "cases/one.html"
    back_href: str
    line: CaseLine
    reference: str
    capacity: str
    words: str
    standing_now: str
    identity: str
    identified_at: datetime | None
    extended: str
    opinion: str
    outcome: str
    ground: str
    ground_article: str
    decided_at: datetime | None
    answer_from: date | None
    ended_at: datetime | None
    delivered: str
    weigh: bool
    sentence: str
    grounds: tuple[Option, ...] = ()
    identify_action: str = ""
    extend_action: str = ""
    advise_action: str = ""
    decide_action: str = ""
    finish_action: str = ""
    reopen_action: str = ""
    withdraw_action: str = ""
    carry_href: str = ""
    """Where what was granted is carried out."""
    letter_href: str = ""
    """The letter of a refusal."""
    form: FormState = EMPTY


class OwnCaseLine(Part, frozen=True):
    """What somebody asked, as that person reads it. `value` withdraws it; empty when that cannot be done."""

    kind: str
    state: str
    received_on: date
    due_on: date
    answered: bool
    sentence: str
    value: str


class OwnRightsPage(View, frozen=True):
    """What one may ask about the own data, and what one asked. Speaks to a parent, or to a young person."""

    template: ClassVar[str] = "cases/own.html"
    back_href: str
    action: str
    withdraw_action: str
    step_token: str
    kinds: tuple[Option, ...]
    about: tuple[Option, ...]
    lines: tuple[OwnCaseLine, ...]
    young: str
    form: FormState = EMPTY


class PassOnPage(View, frozen=True):
    """What somebody of the family asks, passed on by the counsellor, and what waits."""

    template: ClassVar[str] = "cases/pass_on.html"
    action: str
    back_href: str
    step_token: str
    people: tuple[Option, ...]
    about: tuple[Option, ...]
    lines: tuple[CaseLine, ...]
    form: FormState = EMPTY
