"""Views of messages, of members of staff and of somebody on the own page."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class MessageLine(Part, frozen=True):
    """One message: a translated sentence of its kind without any name. `notice` travels in forms only."""

    notice: str
    sentence: str
    at: datetime
    is_read: bool
    href: str


class InboxPage(View, frozen=True):
    """The messages of a member of staff, and where and when they are told outside the service."""

    template: ClassVar[str] = "inbox/staff.html"
    back_href: str
    lines: tuple[MessageLine, ...]
    read_action: str
    settings_action: str
    languages: tuple[Option, ...]
    address: Literal["none", "works", "bounced"]
    form: FormState = EMPTY


class OwnInboxPage(View, frozen=True):
    """The messages of a guardian or young person. `has_channel`: mails or texts go to the own channel."""

    template: ClassVar[str] = "inbox/own.html"
    back_href: str
    lines: tuple[MessageLine, ...]
    read_action: str
    settings_action: str
    languages: tuple[Option, ...]
    has_channel: bool
    young: bool = False
    form: FormState = EMPTY
