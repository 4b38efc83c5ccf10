"""Views of erasures: the list, one with how far it is, and asking one from a request."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from consent_service.web.components import FieldLine, Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class ErasureLine(Part, frozen=True):
    """One erasure in the list: codes and a day, never of whom. `yours`: the reader can do the next step."""

    href: str
    reference: str
    scope: str
    state: str
    asked_on: date
    yours: bool = False
    notices_open: int = 0


class ErasuresPage(View, frozen=True):
    """Every erasure, what waits first."""

    template: ClassVar[str] = "erasing/list.html"
    restrictions_href: str
    waiting: tuple[ErasureLine, ...]
    ended: tuple[ErasureLine, ...]


class StageLine(Part, frozen=True):
    """One of the three stages: what it is, and how it stands in a sentence."""

    stage: str
    sentence: str
    reached: bool


class NoticeLine(Part, frozen=True):
    """What one school was told and answered (AVG 19)."""

    reference: str
    school: str
    label: str
    issued_on: date
    state: str
    ground: str
    late: bool


class ErasurePage(View, frozen=True):
    """One erasure; an empty action is not for this reader, or not now. `why_not`: what stands in the way.

    `name`: a given name, for who decides on it now."""

    template: ClassVar[str] = "erasing/erasure.html"
    back_href: str
    reference: str
    scope: str
    ground: str
    state: str
    facts: tuple[FieldLine, ...]
    case_href: str
    why_not: str
    own: bool
    left: int
    gone: tuple[FieldLine, ...]
    stages: tuple[StageLine, ...]
    notices: tuple[NoticeLine, ...]
    approve_action: str = ""
    drop_action: str = ""
    execute_action: str = ""
    name: str = ""
    form: FormState = EMPTY


class AskErasurePage(View, frozen=True):
    """From a granted request: who is erased and why; `asked` are erasures of this request already."""

    template: ClassVar[str] = "erasing/ask.html"
    action: str
    back_href: str
    words: str
    due_on: date
    subjects: tuple[Option, ...]
    asked: tuple[ErasureLine, ...]
    form: FormState = EMPTY

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Value and label of everybody who can be chosen."""
        return tuple((one.value, one.label) for one in self.subjects)


class RestrictionLine(Part, frozen=True):
    """One restriction: what it covers in codes, since when, and the next step; never of whom in a list."""

    label: str
    school: str
    ground: str
    since: date
    told_on: date | None
    lifted_on: date | None
    tell_action: str = ""
    lift_action: str = ""
    child: str = ""
    case_href: str = ""


class RestrictPage(View, frozen=True):
    """From a request: what of which child may be kept only, or an objection that is weighed under one."""

    template: ClassVar[str] = "erasing/restrict.html"
    kind: str
    state: str
    action: str
    back_href: str
    words: str
    due_on: date
    places: tuple[Option, ...]
    types: tuple[Option, ...]
    lines: tuple[RestrictionLine, ...]
    form: FormState = EMPTY

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Value and label of each child, alone and at each school."""
        return tuple((one.value, one.label) for one in self.places)


class RestrictionsPage(View, frozen=True):
    """Every restriction of the shelter."""

    template: ClassVar[str] = "erasing/restrictions.html"
    back_href: str
    lines: tuple[RestrictionLine, ...]
    form: FormState = EMPTY


class RectifyPage(View, frozen=True):
    """From a request: what is put right, and what came of it."""

    template: ClassVar[str] = "erasing/rectify.html"
    action: str
    restrict_href: str
    back_href: str
    words: str
    due_on: date
    written: tuple[Option, ...]
    asked: tuple[FieldLine, ...]
    notices: tuple[NoticeLine, ...]
    form: FormState = EMPTY
