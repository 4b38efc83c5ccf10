"""What the desk shows: counts, clocks and where it is done; nothing about anybody."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import Part
from consent_service.web.pages import View


class DeskLine(Part, frozen=True):
    """One kind of work: its article, why it is there, how much waits and until when.

    `tone`: a tone of a tag. Only `decides` work is for who decides; the FG sees it all the same.
    """

    key: str
    title: str
    article: str
    why: str
    count: int
    href: str
    due: date | None = None
    late: bool = False
    about: str = ""


class LogCard(Part, frozen=True):
    """The health of the log; `pending` in whole seconds, -1 when nothing waits."""

    size: int
    signed_at: datetime | None
    witnesses: int
    cosigned_size: int
    cosigned_at: datetime | None
    pending: int
    verify_action: str
    head_href: str


class KeyCard(Part, frozen=True):
    """How far destructions are, and the newest backup of the keys."""

    waiting: int
    waiting_since: datetime | None
    in_backups: int
    finished: int
    backed_up_at: datetime | None


class DeskPage(View, frozen=True):
    """The page on which an officer's work begins. `decides`: the privacy coordinator; the FG advises."""

    template: ClassVar[str] = "officer/desk.html"
    decides: bool
    urgent: tuple[DeskLine, ...]
    quiet: tuple[DeskLine, ...]
    log: LogCard
    keys: KeyCard
    questions_href: str
