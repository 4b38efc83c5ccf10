"""Views of the privacy officer's pages: metadata and plain words, never content."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import FieldLine, Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class EntryLine(Part, frozen=True):
    """One entry in plain words. `seq` is empty while it is not yet in the tree."""

    href: str
    at: datetime
    sentence: str
    actor: str
    seq: str = ""
    erased: bool = False


class VerifyResult(Part, frozen=True):
    """The outcome of verifying the whole log; `problems` are translated, the first bad entry first."""

    ok: bool
    size: int
    root: str
    at: datetime
    problems: tuple[str, ...] = ()


class TrailPage(View, frozen=True):
    """The trail and its filters (a GET form: `person`, `relationship`, `actor`, `event`, `from`, `until`)."""

    template: ClassVar[str] = "officer/trail.html"
    filter_action: str
    verify_action: str
    tasks_href: str
    event_types: tuple[Option, ...]
    entries: tuple[EntryLine, ...]
    form: FormState = EMPTY
    filtered: bool = False
    first_href: str = ""
    next_href: str = ""
    open_tasks: int = 0
    verified: VerifyResult | None = None


class EntryPage(View, frozen=True):
    """One entry with everything that proves it. `inclusion` is a code of `vocabulary.INCLUSION`."""

    template: ClassVar[str] = "officer/entry.html"
    back_href: str
    id: str
    seq: str
    at: datetime
    sentence: str
    event: str
    actor: str
    details: tuple[FieldLine, ...]
    leaf: str
    leaf_hash: str
    tag: str
    bundle: str
    inclusion: str
    tree_size: str = ""
    erased: bool = False
    title: str = ""
    """The short name of the event; the sentence may be long."""


class VerifyPage(View, frozen=True):
    """The outcome of "Nu controleren"."""

    template: ClassVar[str] = "officer/verify.html"
    back_href: str
    verify_action: str
    result: VerifyResult


class OfficerTask(Part, frozen=True):
    """Something to judge: what it asks, the entry that caused it, and the POST that finishes it.

    Without `finish_action` the reader may see it and not decide on it (AVG 38(6)).
    """

    sentence: str
    since: datetime
    entry_href: str
    finish_action: str = ""
    about: str = ""
    due: date | None = None


class TasksPage(View, frozen=True):
    """The privacy officer's open tasks."""

    template: ClassVar[str] = "officer/tasks.html"
    back_href: str
    tasks: tuple[OfficerTask, ...]


class TextLine(Part, frozen=True):
    """One version of one text in one language; `label` is what it is about, in the reader's language."""

    href: str
    label: str
    language: str
    version: int
    short_hash: str
    reviewed: bool
    out_of_use: bool
    current: bool
    resting: int
    waiting: int = 0


class TextsPage(View, frozen=True):
    """The texts that answers rest on here, and those that are asked with and rest on nothing yet."""

    template: ClassVar[str] = "officer/texts.html"
    used: tuple[TextLine, ...]
    unused: tuple[TextLine, ...]


class Words(Part, frozen=True):
    """Some of the exact words, and where they stand."""

    place: str
    words: str


class TextPage(View, frozen=True):
    """One text with its exact words. Without an action the reader only looks (AVG 38(6))."""

    template: ClassVar[str] = "officer/text.html"
    back_href: str
    text: TextLine
    text_id: str
    text_hash: str
    language_code: str
    first_used_at: datetime | None
    words: tuple[Words, ...]
    wrong_href: str = ""
    right_action: str = ""


class WrongTextPage(View, frozen=True):
    """Asks whether the text is really wrong, and says what then happens to how many answers."""

    template: ClassVar[str] = "officer/wrong_text.html"
    back_href: str
    text: TextLine
    action: str
