"""Events of the log itself, of keys and stops."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening

ExportKind = Literal["bundle", "entries", "find", "ldv", "nen7513"]
"""What was taken out of the log: a bundle that checks itself, entry bundles, the entries of one person,
processing records (Logboek Dataverwerkingen), access records (NEN 7513)."""
ExportRecipient = Literal["", "oneself", "person", "court"]
"""Whose bundle it was: one's own, one with a person's entries opened, or one with closed entries for a court
or the supervisor. Empty: nobody's, and in entries of before this was kept."""
Urgency = Literal["planned", "compromised"]


class LogViewed(Happening, frozen=True, tag="log.viewed.v1"):
    """Which filters were used and how many entries were shown."""

    filters: tuple[Code, ...] = ()
    results: int = 0


class LogVerified(Happening, frozen=True, tag="log.verified.v1"):
    size: int
    problems: int = 0


class LogPinned(Happening, frozen=True, tag="log.pinned.v1"):
    """An officer keeps the head of `size` entries outside this service, to compare later heads with."""

    size: int


class LogExported(Happening, frozen=True, tag="log.exported.v1"):
    """How many entries left in a file; about whom is `subject`. `coordinator` decided it for an operator."""

    kind: ExportKind
    entries: int
    coordinator: Code = ""
    recipient: ExportRecipient = ""


class LogReopened(Happening, frozen=True, tag="log.reopened.v1"):
    """The first entry of a new log: why there is one, and the last head that is known of the one before.

    `previous_size` and `previous_root` (hexadecimal) are of the largest head known outside the database.
    """

    log: int
    reason: Literal["restored", "compromised"]
    previous_size: int
    previous_root: Code


class LogKeyRotated(Happening, frozen=True, tag="log.key_rotated.v1"):
    """From now on key `number` signs the heads of this log; `public` is it, in hexadecimal."""

    log: int
    number: int
    public: Code
    reason: Urgency


class LogHeadLearned(Happening, frozen=True, tag="log.head_learned.v1"):
    """A signed head that somebody kept elsewhere was brought in: nothing is signed behind it."""

    log: int
    size: int


class LogHeadAccepted(Happening, frozen=True, tag="log.head_accepted.v1"):
    """What was known of heads outside the database is gone; an operator took its newest head as known.

    Nobody can tell from then on whether more was signed before (`size` entries were), but who kept a head.
    """

    log: int
    size: int


class WitnessDismissed(Happening, frozen=True, tag="log.witness_dismissed.v1"):
    """What a witness said of this log no longer keeps it from being signed; an operator judged it wrong."""

    log: int
    witness: Code


class LogPruned(Happening, frozen=True, tag="log.pruned.v1"):
    """The entries below number `minimum` are no longer kept; their hashes are (C2SP tlog-tiles, pruning).

    `coordinator` decided it for an operator.
    """

    log: int
    minimum: int
    coordinator: Code = ""


class EntriesReleased(Happening, frozen=True, tag="entries.released.v1"):
    """Entries that only officers could find may now be found by whom this entry is shown to."""

    entries: tuple[Code, ...]


class KeyCreated(Happening, frozen=True, tag="key.created.v1"):
    kind: Code
    owner: Code
    version: int = 1


class KeyDestroyed(Happening, frozen=True, tag="key.destroyed.v1"):
    """`details`: how many of the log it shut; `erasing`: an erasure takes those away, and will say so.

    -1: it was not counted, as in entries of earlier releases and for keys that seal none. `emptied` commits
    to which details and attachments those are (`audit.emptied`); earlier releases only counted.
    """

    kind: Code
    owner: Code
    details: int = -1
    erasing: bool = False
    emptied: Code = ""


class StopReplayed(Happening, frozen=True, tag="stop.replayed.v1"):
    """A stop accepted at `accepted_at` while the database, log or keys were away took effect."""

    stop: Code
    kind: Code
    accepted_at: datetime


LogEvent = (
    LogViewed
    | LogVerified
    | LogPinned
    | LogExported
    | LogReopened
    | LogKeyRotated
    | LogHeadLearned
    | LogHeadAccepted
    | WitnessDismissed
    | LogPruned
    | EntriesReleased
    | KeyCreated
    | KeyDestroyed
    | StopReplayed
)

ADMINISTRATION = (
    LogReopened,
    LogKeyRotated,
    LogHeadLearned,
    LogHeadAccepted,
    WitnessDismissed,
    LogPruned,
)
"""What outsiders must see of a log to verify it: only these stand in it with their type in clear.

Of anything else the type would tell them when somebody was erased, or what an officer was looking into.
"""
