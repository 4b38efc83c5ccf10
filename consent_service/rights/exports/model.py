"""What is asked for, what was written, and the words a file needs. Pure."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

import msgspec

from consent_service.audit.events import By, Event
from consent_service.foundation.ids import PersonId, StaffId, TenantId

Form = Literal["ldv", "nen7513"]
STANDARDS: dict[Form, str] = {
    "ldv": "Logboek Dataverwerkingen 1.0.0",
    "nen7513": "NEN 7513:2024",
}


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the log is asked for; `until` is exclusive, `person` keeps to one data subject.

    `coordinator` is who decided it, where somebody else carries it out.
    """

    tenant: TenantId
    since: datetime | None = None
    until: datetime | None = None
    person: PersonId | None = None
    coordinator: StaffId | None = None


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One log of the tenant as far as it was read: `size` entries of it had their place."""

    log: int
    origin: str
    size: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands beside a file, so that whoever gets it can tell whether it is whole.

    `records` lines of the file stand for `entries` entries of the log. Of `erased` entries only the leaf
    is left and of `damaged` ones the content does not read; neither has a record. `waiting` were not in
    the log yet.
    """

    form: Form
    standard: str
    made_at: datetime
    since: datetime | None
    until: datetime | None
    logs: tuple[Head, ...]
    records: int
    entries: int
    erased: int
    damaged: int
    waiting: int
    sha256: str


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is on the disk and was read back, with what its manifest says."""

    path: Path
    manifest: Manifest


class Wording(Protocol):
    """Words for people, in one language. The officers' pages have them too."""

    def name(self, kind: str) -> str:
        """The short name of a kind of event; empty for one it does not know."""

    def event(self, event: Event) -> str:
        """What happened, in one sentence."""

    def by(self, by: By) -> str:
        """Who did it, by capacity and the end of the id."""


def is_register(address: str) -> bool:
    """Whether activities can be named below this address: http(s) or tag, without query or fragment."""
    parts = urlsplit(address)
    plain = address.isascii() and address.isprintable() and not set(address) & set(' ?#<>"{}|\\^`')
    if parts.scheme == "tag":  # RFC 4151: tag:authority,date:specific
        return plain and parts.path.count(":") == 1 and "," in parts.path
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname)
