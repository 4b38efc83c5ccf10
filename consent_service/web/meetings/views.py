"""Views on driegesprekken."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class MeetingLine(Part, frozen=True):
    """One meeting in a list; `who` is the child, where the reader knows it."""

    href: str
    who: str
    state: str
    starts_at: datetime | None


class MeetingsPage(View, frozen=True):
    """The meetings of one family, and the form that proposes one."""

    template: ClassVar[str] = "meetings/list.html"
    action: str
    back_href: str
    meetings: tuple[MeetingLine, ...]
    places: tuple[Option, ...]
    beside: tuple[Option, ...]
    form: FormState = EMPTY


class AgreementLine(Part, frozen=True):
    """One agreement; `action` says whether it was kept, and is empty when that was said."""

    words: str
    owner: str
    due_on: date
    state: str
    reason: str = ""
    action: str = ""
    value: str = ""


class RemarkLine(Part, frozen=True):
    """What a guardian said of the agreements."""

    who: str
    words: str
    for_school: bool
    at: datetime


class MeetingPage(View, frozen=True):
    """One meeting with what can be done with it now (`acts`, of its state table)."""

    template: ClassVar[str] = "meetings/meeting.html"
    base: str
    back_href: str
    child: str
    school: str
    state: str
    trigger: str
    starts_at: datetime | None
    agenda: str
    acts: tuple[str, ...]
    guardians: tuple[Option, ...]
    contacts: tuple[Option, ...]
    agreements: tuple[AgreementLine, ...]
    remarks: tuple[RemarkLine, ...]
    warnings: tuple[str, ...] = ()
    told: bool = False
    refused: bool = False
    twice: bool = False
    child_decides: bool = False
    form: FormState = EMPTY


class SchoolMeetingsPage(View, frozen=True):
    """What a contact sees of the meetings about one child: that they are there and when."""

    template: ClassVar[str] = "meetings/school.html"
    action: str
    back_href: str
    child: str
    meetings: tuple[MeetingLine, ...]
    form: FormState = EMPTY


class OwnMeetingLine(Part, frozen=True):
    """A meeting on the own page; `value` is sent along with a remark, empty when none can be made."""

    child: str
    state: str
    starts_at: datetime | None
    agenda: str
    agreements: tuple[AgreementLine, ...]
    remarks: tuple[RemarkLine, ...]
    value: str = ""


class OwnMeetingsPage(View, frozen=True):
    """The meetings that a guardian, or a `young` person who decides alone, may know of."""

    template: ClassVar[str] = "meetings/own.html"
    action: str
    back_href: str
    meetings: tuple[OwnMeetingLine, ...]
    young: bool = False
    form: FormState = EMPTY
