"""Views on the danger of one guardian, on who is not contacted, and on a school that goes on as another."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class GuardianSafetyPage(View, frozen=True):
    """The danger one guardian is in; what counts for the family is the worst of all."""

    template: ClassVar[str] = "shelter/guardian_safety.html"
    action: str
    back_href: str
    guardian: str
    form: FormState = EMPTY


class MarkerLine(Part, frozen=True):
    """A guardian who is not contacted, or about whom that was asked (`state`)."""

    name: str
    state: str
    review_on: date
    end_action: str


class LeaveOutPage(View, frozen=True):
    """Ask that a guardian is not contacted, for safety; a colleague approves it."""

    template: ClassVar[str] = "shelter/leave_out.html"
    action: str
    back_href: str
    guardians: tuple[Option, ...]
    markers: tuple[MarkerLine, ...]
    form: FormState = EMPTY


class SuccessionPage(View, frozen=True):
    """Go on with the school that took over, under the same consents; says first what changes."""

    template: ClassVar[str] = "shelter/succession.html"
    action: str
    back_href: str
    child: str
    school: str
    successions: tuple[Option, ...]
    form: FormState = EMPTY
