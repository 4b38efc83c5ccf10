"""Views of the school contact's pages. What is not available looks as ordinary as what is."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import (
    Attestation,
    Option,
    Part,
    RefusedPart,
    ReleasedPart,
    ShareField,
    TaskLine,
    UrgentChild,
)
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class ChildLine(Part, frozen=True):
    """A child for whom this person is contact: full name and birth date, so that twins stay apart."""

    href: str
    name: str
    birth_date: date
    organisation: str
    stands_in: bool = False
    """Only in place of another contact, who cannot now."""


class WaitingChild(Part, frozen=True):
    """A child whom nobody here confirmed yet: name and birth date, never who asks (S49)."""

    name: str
    birth_date: date
    confirm_href: str = ""
    """Empty when nothing is asked of this contact."""


class SignalChild(Part, frozen=True):
    """A child about whom a signal waits: the first thing to read."""

    href: str
    name: str
    birth_date: date


class ChildrenPage(View, frozen=True):
    """The children I am contact for."""

    template: ClassVar[str] = "school/children.html"
    school: str
    children: tuple[ChildLine, ...]
    tasks: tuple[TaskLine, ...] = ()
    recalls_href: str = ""
    """Empty when nothing was ever asked back."""
    open_recalls: int = 0
    attest_href: str = ""
    """Empty unless this contact is asked something for the term that began."""
    waiting: tuple[WaitingChild, ...] = ()
    other_parent_href: str = ""
    signals: tuple[SignalChild, ...] = ()
    urgent: tuple[UrgentChild, ...] = ()
    tasks_href: str = ""
    method_href: str = ""


class AskedChild(Part, frozen=True):
    """A child about whom this contact says yes or no; `field` is the name in the form."""

    field: str
    name: str
    birth_date: date


class AttestPage(View, frozen=True):
    """Whether this contact still is one, child by child."""

    template: ClassVar[str] = "school/attest.html"
    action: str
    back_href: str
    organisation: str
    children: tuple[AskedChild, ...]
    form: FormState = EMPTY


class RelationshipPage(View, frozen=True):
    """One child: ask with a purpose (POST, so that no prefetch releases anything), write, look back."""

    template: ClassVar[str] = "school/relationship.html"
    action: str
    back_href: str
    child: str
    birth_date: date
    organisation: str
    organisation_phone: str
    purposes: tuple[str, ...]
    write_links: tuple[Option, ...]
    """`value` is the address of the write form, `label` the type."""
    written_href: str
    released: ReleasedPart | None = None
    form: FormState = EMPTY
    step_back_href: str = ""
    away_href: str = ""
    meetings_href: str = ""
    who_helps_href: str = ""
    first_day_href: str = ""
    other_parent_href: str = ""
    stands_in: bool = False
    call_first: bool = False
    """A pick-up list was asked back and none was given since: call before somebody takes the child (S51)."""
    urgent: tuple[UrgentChild, ...] = ()
    timeline_href: str = ""


class StepBackPage(View, frozen=True):
    """Something is not right: no pupil of this school, or this contact is related to the family."""

    template: ClassVar[str] = "school/step_back.html"
    action: str
    back_href: str
    child: str
    form: FormState = EMPTY


class RecallLine(Part, frozen=True):
    """What is to be removed, by a short reference; never whose it is. No `action` once it was removed."""

    recall: str
    reference: str
    label: str
    received_on: date
    answer: str
    action: str
    call_first: bool
    """A pick-up list: until there is a new one, the school calls first (S51)."""
    from_file: bool = False
    """It also stands in a file that may go to another school (S38)."""


class RecallsPage(View, frozen=True):
    """What this contact is asked to remove, and what was answered; `about` has the problems of `form`."""

    template: ClassVar[str] = "school/recalls.html"
    back_href: str
    organisation: str
    organisation_phone: str
    notices: tuple[RecallLine, ...]
    about: str = ""
    form: FormState = EMPTY


class NothingOpenedPage(View, frozen=True):
    """The outcome of a request by somebody who may not know who the child is: no links, and no name.

    `child` only with a care signal before the pupil was confirmed: that is what it is about.
    """

    template: ClassVar[str] = "school/nothing_opened.html"
    back_href: str
    released: ReleasedPart
    child: WaitingChild | None = None


class WritePage(View, frozen=True):
    """Write one item for the shelter."""

    template: ClassVar[str] = "school/write.html"
    action: str
    back_href: str
    child: str
    other_party: str
    type_key: str
    label: str
    fields: tuple[ShareField, ...]
    explanation: str = ""
    attestations: tuple[Attestation, ...] = ()
    refused: RefusedPart | None = None
    form: FormState = EMPTY


class WrittenLine(Part, frozen=True):
    """That this person wrote an item, when, and until when it is kept; never what it says."""

    label: str
    written_at: datetime
    until: date | None


class WrittenPage(View, frozen=True):
    """What I wrote."""

    template: ClassVar[str] = "school/written.html"
    back_href: str
    child: str
    items: tuple[WrittenLine, ...]
