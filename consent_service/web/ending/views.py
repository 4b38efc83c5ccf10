"""Views of the end of the work with a school, and of asking back by hand."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class StopLine(Part, frozen=True):
    """One type that the school may read now, and whether it still may in aftercare."""

    label: str
    in_aftercare: bool


class PlannedEnd(Part, frozen=True):
    """A plan as it stands; addresses are empty for what cannot be done any more."""

    state: str
    reason: str
    ends_on: date
    aftercare_until: date | None
    heard_action: str
    cancel_action: str


class EndingPage(View, frozen=True):
    """What stops when, what was planned, and the form for a plan when none is open."""

    template: ClassVar[str] = "ending/plan.html"
    action: str
    back_href: str
    child: str
    school: str
    stops: tuple[StopLine, ...]
    plans: tuple[PlannedEnd, ...]
    share_href: str
    new_school_href: str
    may_plan: bool
    form: FormState = EMPTY


class CopiedPage(View, frozen=True):
    """What the school read, of which one stands in a file though its label said no (S38)."""

    template: ClassVar[str] = "ending/copied.html"
    action: str
    back_href: str
    child: str
    school: str
    kinds: tuple[Option, ...]
    form: FormState = EMPTY
