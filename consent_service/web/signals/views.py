"""Views of care signals. Of a signal there is a code word and no more: no text, no cause."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Option, Part, RecordPart, RefusedPart
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class Callee(Part, frozen=True):
    """Whom to call."""

    name: str
    phone: str


class SignalLine(Part, frozen=True):
    """A signal as it stands; `callee` and `called_href` are there as long as somebody has to or may call."""

    state: str
    route: str
    sent_at: datetime
    due_at: datetime
    last_day: date
    read_at: datetime | None
    called_at: datetime | None
    callee: Callee | None = None
    called_href: str = ""
    call_now: bool = False
    """Nobody at the school hears it by itself, or nobody read it in time."""


class SignalPage(View, frozen=True):
    """What sending would do, the button, and the signals that were sent. No `region`: nobody said."""

    template: ClassVar[str] = "signals/shelter.html"
    action: str
    back_href: str
    child: str
    birth_date: date
    school: str
    step_token: str
    region: str
    route: str
    callee: Callee | None
    hears_now: tuple[str, ...]
    hears_then: tuple[str, ...]
    due_at: datetime | None
    last_day: date | None
    blocked: RefusedPart | None
    refused: RefusedPart | None
    may_send: bool
    signals: tuple[SignalLine, ...]
    problems: tuple[str, ...] = ()
    """Why nothing can be sent whatever the parents allow: no region, no school days."""


class CalledPage(View, frozen=True):
    """Somebody was called about a signal: whom, by function; never what was said."""

    template: ClassVar[str] = "signals/called.html"
    action: str
    back_href: str
    child: str
    callee: Callee
    spoken_to: tuple[Option, ...]
    form: FormState = EMPTY


class SchoolSignalPage(View, frozen=True):
    """At the school: that a signal waits, and after asking what it says. `organisation` once confirmed."""

    template: ClassVar[str] = "signals/school.html"
    action: str
    back_href: str
    child: str
    birth_date: date
    organisation: str
    organisation_phone: str
    waits: bool
    records: tuple[RecordPart, ...] = ()


class SchoolRow(Part, frozen=True):
    """One school; `field` is the name in the form."""

    field: str
    name: str


class RouteRow(Part, frozen=True):
    """The way of one region."""

    region: str
    route: str
    recipient: str
    phone: str
    href: str


class RegionsPage(View, frozen=True):
    """In which region each school is, and along which way signals go per region."""

    template: ClassVar[str] = "signals/regions.html"
    action: str
    schools: tuple[SchoolRow, ...]
    regions: tuple[Option, ...]
    unplaced: int
    routes: tuple[RouteRow, ...]
    known_until: date
    form: FormState = EMPTY


class RoutePage(View, frozen=True):
    """The way of one region, to change."""

    template: ClassVar[str] = "signals/route.html"
    action: str
    back_href: str
    region: str
    form: FormState = EMPTY
