"""Parts that pages of several audiences share: tasks, records with their labels, fields of a share form."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

FieldKind = Literal["text", "choice", "date", "time", "yes_no", "name", "phone", "address", "email"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything that stands inside a view."""


class Option(Part, frozen=True):
    """One choice of a field: the value that is sent and the translated label that is read."""

    value: str
    label: str
    hint: str = ""


class FieldLine(Part, frozen=True):
    """A translated label and the value beside it."""

    label: str
    value: str


class TaskLine(Part, frozen=True):
    """Something to do. `sentence` is translated and holds no more than this reader may know.

    `about` is the information type it is about; `done_action` takes the POST that says it has been done.
    `late`: its day is past, which the page says in a word. An empty `href`: it is done outside this service.
    """

    sentence: str
    href: str
    due: date | None = None
    urgent: bool = False
    done_action: str = ""
    about: str = ""
    late: bool = False


class RecordPart(Part, frozen=True):
    """One shared item, opened for this reader: who wrote it (organisation and role) and what it says."""

    type_key: str
    label: str
    written_at: datetime
    written_by: str
    until: date | None
    lines: tuple[FieldLine, ...]
    not_for_other_parent: bool = True
    not_in_file: bool = False


class RefusedPart(Part, frozen=True):
    """A type that is not opened: as ordinary to look at as one that is. `sentence` is `policy.explain`'s.

    `code` names the reason for the shelter's own staff; a school never gets it.
    """

    label: str
    sentence: str
    code: str = ""


class ReleasedPart(Part, frozen=True):
    """The outcome of one request: what was opened, what was not, when and for which purpose."""

    purpose: str
    at: datetime
    records: tuple[RecordPart, ...] = ()
    empty: tuple[str, ...] = ()
    """Labels of types that may be seen but hold nothing yet."""
    refused: tuple[RefusedPart, ...] = ()


class ShareField(Part, frozen=True):
    """One field of an information type's schema, with its label in the reader's language."""

    name: str
    kind: FieldKind
    label: str
    required: bool = True
    max_length: int = 200
    options: tuple[Option, ...] = ()
    hint: str = ""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Value and label of each option."""
        return tuple((option.value, option.label) for option in self.options)


class Attestation(Part, frozen=True):
    """A warning that the writer may answer with a tick, e.g. `not_a_bsn`: "Dit is geen BSN."."""

    code: str
    warning: str
    label: str


class PasskeyAsked(Part, frozen=True):
    """What a page asks a passkey for: WebAuthn options as JSON; `then` goes along with the answer."""

    options: str
    then: str = ""


class UrgentChild(Part, frozen=True):
    """A child about whom a contact may read something now because a life may depend on it, until when."""

    action: str
    name: str
    birth_date: date
    until: datetime
