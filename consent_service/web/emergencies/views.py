"""Views of break-glass. What was asked stands on one page only, that of the second person."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from consent_service.web.components import Attestation, FieldLine, Option, Part, ReleasedPart, ShareField
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class AskedLine(Part, frozen=True):
    """One break-glass as its counsellor follows it; addresses are empty for what cannot be done now."""

    label: str
    state: str
    reason: str
    requested_at: datetime
    requested_by: str
    approver: str
    ends_at: datetime | None
    untold: bool
    told_at: datetime | None
    drop_action: str = ""
    end_action: str = ""
    tell_action: str = ""


class EmergencyPage(View, frozen=True):
    """What was asked before about this child at this school, and of which type something new can be asked."""

    template: ClassVar[str] = "emergencies/list.html"
    back_href: str
    child: str
    school: str
    lines: tuple[AskedLine, ...]
    kinds: tuple[Option, ...]


class AskPage(View, frozen=True):
    """The one item, why a life may depend on it, who agreed, and whether the parents are told."""

    template: ClassVar[str] = "emergencies/ask.html"
    action: str
    back_href: str
    child: str
    school: str
    type_key: str
    label: str
    step_token: str
    fields: tuple[ShareField, ...]
    colleagues: tuple[Option, ...]
    attestations: tuple[Attestation, ...] = ()
    refused: str = ""
    form: FormState = EMPTY


class WaitingLine(Part, frozen=True):
    """What waits for a second person, or what this person agreed to and can stop."""

    label: str
    state: str
    reason: str
    requested_by: str
    requested_at: datetime
    action: str


class WaitingPage(View, frozen=True):
    """Everything a colleague may decide along about."""

    template: ClassVar[str] = "emergencies/waiting.html"
    back_href: str
    lines: tuple[WaitingLine, ...]
    form: FormState = EMPTY


class DecidePage(View, frozen=True):
    """One request with what the school would read; `acts` are the buttons, in the order of the table."""

    template: ClassVar[str] = "emergencies/decide.html"
    back_href: str
    base: str
    label: str
    state: str
    reason: str
    requested_by: str
    requested_at: datetime
    why: str
    untold: str
    item: tuple[FieldLine, ...]
    acts: tuple[str, ...]


class UrgentItemPage(View, frozen=True):
    """What a contact reads now, and until when."""

    template: ClassVar[str] = "emergencies/item.html"
    back_href: str
    child: str
    phone: str
    released: ReleasedPart
    until: datetime | None


class ReviewLine(Part, frozen=True):
    """One break-glass for who looks at it afterwards; `action` is empty when there is nothing to say."""

    label: str
    state: str
    reason: str
    school: str
    requested_by: str
    requested_at: datetime
    approver: str
    by_phone: bool
    starts_at: datetime | None
    ends_at: datetime | None
    untold: bool
    told_at: datetime | None
    action: str
    end_action: str
    read_at: datetime | None = None
    outcome: str = ""


class ReviewPage(View, frozen=True):
    """Every break-glass of the shelter, without what it said."""

    template: ClassVar[str] = "emergencies/review.html"
    lines: tuple[ReviewLine, ...]
    form: FormState = EMPTY
