"""Views of the privacy officer's pages: metadata and plain words, never content."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import FieldLine, Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class EntryLine(Part, frozen=True):
    """One entry in plain words. `number` counts from 1, and is empty while it is not yet in the tree."""

    href: str
    at: datetime
    sentence: str
    actor: str
    number: str = ""
    erased: bool = False


class VerifiedLog(Part, frozen=True):
    """One of the logs of a shelter, by its number from 1; `root` is spelled as people compare it."""

    number: int
    size: int
    root: str


class VerifyResult(Part, frozen=True):
    """The outcome of verifying every log; `problems` are translated, the first bad entry first."""

    ok: bool
    logs: tuple[VerifiedLog, ...]
    at: datetime
    problems: tuple[str, ...] = ()
    acts: int = 0
    """How many acts were held against the log; none where the log itself is not whole."""

    @property
    def size(self) -> int:
        """How many entries all of the logs have."""
        return sum(log.size for log in self.logs)


class SearchChoices(Part, frozen=True):
    """What can be chosen in the search."""

    organisations: tuple[Option, ...]
    event_types: tuple[Option, ...]
    decisions: tuple[Option, ...]
    bases: tuple[Option, ...]


class TrailPage(View, frozen=True):
    """The trail, and a search in it: a POST with `web.officer.forms.SEARCH_FIELDS`, since ids stay out of
    addresses. `searched` are the fields of a search in use; the following page takes them with `after`.
    """

    template: ClassVar[str] = "officer/trail.html"
    home_href: str
    search_action: str
    verify_action: str
    tasks_href: str
    head_href: str
    choices: SearchChoices
    entries: tuple[EntryLine, ...]
    form: FormState = EMPTY
    searched: tuple[FieldLine, ...] = ()
    later: bool = False
    """Newer entries stand before these."""
    after: str = ""
    """The following page begins after this entry; empty at the end."""
    open_tasks: int = 0
    verified: VerifyResult | None = None


class RecipientLine(Part, frozen=True):
    """Somebody a hidden entry may be released to, by capacity and id; `standing` is a code of
    `vocabulary.ENTRY_STANDINGS`. Without `value` it cannot be released to this person now."""

    label: str
    standing: str
    value: str = ""


class EntryPage(View, frozen=True):
    """One entry with everything that proves it. `inclusion` is a code of `vocabulary.INCLUSION`.

    Only what is proved has its `number` (from 1) within `tree_size` entries of the log `origin`, and a proof
    to download.
    """

    template: ClassVar[str] = "officer/entry.html"
    back_href: str
    id: str
    number: str
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
    tree_size: int = 0
    origin: str = ""
    proof_href: str = ""
    erased: bool = False
    title: str = ""
    """The short name of the event; the sentence may be long."""
    rerun_action: str = ""
    """Takes the POST that judges the recorded decision again; empty where the entry tells of none."""
    recipients: tuple[RecipientLine, ...] = ()
    """Of a hidden entry: the people of the family it is about."""
    release_action: str = ""
    """Takes the POST that releases it to `person`; empty for who may not decide that."""
    ask_action: str = ""
    """Takes the POST that asks who saw something of `ask_person`, whom the entry is about."""
    ask_person: str = ""


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
    late: bool = False
    place_href: str = ""
    """The page where it is done, when that is more than looking at the entry."""


class WaitingRules(Part, frozen=True):
    """A proposal for other rules that is open; `sentence` says whether the reader is to approve it."""

    sentence: str
    since: datetime
    hash: str
    href: str


class TasksPage(View, frozen=True):
    """The privacy officer's open tasks, and the proposals for other rules that are open."""

    template: ClassVar[str] = "officer/tasks.html"
    back_href: str
    tasks: tuple[OfficerTask, ...]
    proposals: tuple[WaitingRules, ...] = ()


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
