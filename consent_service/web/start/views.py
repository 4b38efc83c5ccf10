"""Views of the start with a school. What a school sees before its yes is a name and a birth date."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Option, Part, RecordPart, RefusedPart, ReleasedPart
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class FirstContactPage(View, frozen=True):
    """How far the start is, and the form that sends it when nothing was sent."""

    template: ClassVar[str] = "start/first_contact.html"
    action: str
    back_href: str
    child: str
    school: str
    state: str
    contacts: tuple[str, ...]
    contacts_href: str
    card_href: str
    itself_href: str
    may_send: bool
    sent_at: datetime | None = None
    confirmed_at: datetime | None = None
    read_at: datetime | None = None
    without_login: bool = False
    """Nobody of the contacts has an account: what there is to say goes by phone."""
    refused: str = ""
    """Why the school may not even know of any help."""
    form: FormState = EMPTY


class CallLine(Part, frozen=True):
    """A call that was made: to whom by function, about what, when; never what was said."""

    spoken_to: str
    labels: tuple[str, ...]
    called_at: datetime


class ShownCard(Part, frozen=True):
    """What may be said at this moment and what not; `types` are what can be ticked as told."""

    call: str
    purpose: str
    shown_at: datetime
    records: tuple[RecordPart, ...]
    refused: tuple[RefusedPart, ...]
    types: tuple[Option, ...]


class CallCardPage(View, frozen=True):
    """What may I say now: asked for one purpose, decided anew each time; and the calls that were made."""

    template: ClassVar[str] = "start/call_card.html"
    action: str
    noted_action: str
    back_href: str
    child: str
    school: str
    school_phone: str
    contacts: tuple[str, ...]
    contacts_href: str
    purposes: tuple[str, ...]
    calls: tuple[CallLine, ...]
    card: ShownCard | None = None
    noting: bool = False
    """A call is being noted and the form was not right: the card itself is not shown again."""
    form: FormState = EMPTY


class TalkingPoint(Part, frozen=True):
    """One thing a parent may say, in plain words."""

    type_key: str
    label: str
    words: str


class TellItselfPage(View, frozen=True):
    """The parent tells the school: first about what, then points to take along. Nothing is sent (S52)."""

    template: ClassVar[str] = "start/tell_itself.html"
    action: str
    back_href: str
    child: str
    kinds: tuple[Option, ...]
    points: tuple[TalkingPoint, ...] = ()
    form: FormState = EMPTY


class ConfirmPupilPage(View, frozen=True):
    """Is this a pupil of yours? Nothing else of the child, and not who asks."""

    template: ClassVar[str] = "start/confirm_pupil.html"
    action: str
    back_href: str
    child: str
    birth_date: date
    form: FormState = EMPTY


class WhoHelpsPage(View, frozen=True):
    """Who is involved and whom to call; that it was read is the counsellor's receipt."""

    template: ClassVar[str] = "start/who_helps.html"
    action: str
    back_href: str
    child: str
    organisation: str
    organisation_phone: str
    first_day_href: str
    read_action: str = ""
    """Empty when it was said before."""
    released: ReleasedPart | None = None


class FirstDayLine(Part, frozen=True):
    """One thing to look after, and when it was done."""

    item: str
    done_at: datetime | None


class FirstDayPage(View, frozen=True):
    """What the school looks after on the first day, so that nobody is found through it."""

    template: ClassVar[str] = "start/first_day.html"
    action: str
    back_href: str
    child: str
    lines: tuple[FirstDayLine, ...]
    form: FormState = EMPTY


class OtherParentPage(View, frozen=True):
    """What to say when the other parent calls: about no child, to be printed for the administration."""

    template: ClassVar[str] = "start/other_parent.html"
    back_href: str
