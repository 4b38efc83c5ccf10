"""Recompute the whole log and name the first bad entry. Pure: for the CLI, officers and outsiders.

Entries come in pages, so memory does not grow with the log. Loading the pages from the database is
`reading`; nothing here trusts a stored hash that it can compute.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from consent_service.audit.checkpoint import Checkpoint, read_note, verify_note
from consent_service.audit.encoding import (
    Detail,
    Leaf,
    commitment,
    decode_leaf,
    id_milliseconds,
    leaf_time,
    milliseconds,
    read_detail,
)
from consent_service.audit.events import event_type
from consent_service.audit.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from consent_service.audit.tiles import Tile, TileEdge, split_hashes
from consent_service.foundation.errors import IntegrityError

What = Literal[
    "leaf_changed",  # the bytes do not have the hash that was put in order
    "leaf_missing",  # put in order, but no longer there
    "leaf_malformed",  # not in the one form in which leaves are written
    "leaf_misplaced",  # the leaf of another entry stands here, or its time is not its id's
    "sequence_gap",  # a number is skipped
    "detail_differs",  # the detail is not the one the leaf commits to
    "detail_missing",  # taken away, while the key that opens it lives
    "index_differs",  # people, relationships and actors do not find the entry as its detail says
    "detail_damaged",  # the sealed detail is not what was sealed
    "detail_without_entry",  # a detail of an entry that does not exist
    "entry_not_sequenced",  # behind the cursor of the outbox, but without a place
    "tile_differs",  # a stored hash tile is not what the entries give
    "tile_missing",
    "root_differs",  # the entries up to a checkpoint do not give its root
    "checkpoint_malformed",
    "checkpoint_foreign",  # signed for another log
    "checkpoint_signature",  # not signed by a key of this log
    "checkpoint_beyond_log",  # signed for more entries than there are: the end was cut off
    "not_signed",  # put in order, but no checkpoint covers it
    "no_log",  # the tenant has no log
]
PROBLEM_LIMIT: Final = 1000
"""Problems kept by name; further ones are only counted."""


class LogIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a verifier must know beforehand: whose log, its origin and every key it has had."""

    tenant: str
    origin: str
    public_keys: tuple[bytes, ...]


class SequencedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place in the log as stored. `opened` is (salt, canonical detail) when a key still opens it.

    `removed`: there is nothing to open although the key lives; without the key it is `erased` or `absent`.
    `is_indexed`: the index finds it by what the opened detail says, and by nothing else.
    """

    seq: int
    entry: str
    leaf_hash: bytes
    leaf: bytes | None
    opened: tuple[bytes, bytes] | Literal["absent", "erased", "removed", "damaged"] = "absent"
    is_indexed: bool = True


class StoredCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed head as stored."""

    size: int
    root: bytes
    note: bytes


class StoredTile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A full hash tile as stored, with the stored hash that stands for it one level up."""

    level: int
    index: int
    hashes: bytes
    root: bytes


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Consecutive entries, the checkpoints over a size reached in them, the tiles they complete."""

    entries: tuple[SequencedEntry, ...] = ()
    checkpoints: tuple[StoredCheckpoint, ...] = ()
    tiles: tuple[StoredTile, ...] = ()


class Leftovers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the database holds beside the sequence; `pending` entries rightly wait for their place."""

    not_sequenced: tuple[str, ...] = ()
    details_without_entry: tuple[str, ...] = ()
    checkpoints_beyond: tuple[int, ...] = ()
    pending: int = 0


class BadEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong, and where. With `until` it is one of the entries `seq` to `until` inclusive."""

    what: What
    seq: int | None = None
    entry: str = ""
    until: int | None = None


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The outcome: `ok` only if nothing at all was found."""

    ok: bool
    origin: str
    size: int
    root: bytes
    problems: tuple[BadEntry, ...]
    problem_count: int
    pending: int
    details_checked: int
    details_erased: int

    @property
    def first(self) -> BadEntry | None:
        """The first bad entry: one that is named exactly before a range in which it must lie."""
        return min(self.problems, key=_precision, default=None)


def _precision(bad: BadEntry) -> tuple[bool, bool, int]:
    return (bad.seq is None, bad.until is not None, bad.seq or 0)


class Verifier:
    """Takes the log page by page from entry 0 on; `finish` gives the report."""

    def __init__(self, log: LogIdentity) -> None:
        self._log = log
        self._edge = CompactRange()
        self._tiles = TileEdge()
        self._signed = 0
        self._first_unsigned = ""
        self._forked = False
        self._problems: list[BadEntry] = []
        self._count = 0
        self._checked = 0
        self._erased = 0

    def take(self, page: Page) -> None:
        """Check the next entries with the checkpoints and tiles that belong to them."""
        heads = {head.size: head for head in page.checkpoints}
        tiles = {(tile.level, tile.index): tile for tile in page.tiles}
        for entry in page.entries:
            self._check_entry(entry)
            if self._edge.size == self._signed:
                self._first_unsigned = entry.entry
            self._edge = self._edge.extend((entry.leaf_hash,))
            for tile in self._tiles.add(entry.leaf_hash):
                self._check_tile(tile, tiles.get((tile.level, tile.index)))
            if self._edge.size in heads:
                self._check_head(heads[self._edge.size])

    def finish(self, leftovers: Leftovers) -> Report:
        """The report, after what lies beside the sequence was looked at too."""
        for size in leftovers.checkpoints_beyond:
            self._bad("checkpoint_beyond_log", seq=self._edge.size, until=size - 1)
        for entry in leftovers.not_sequenced:
            self._bad("entry_not_sequenced", entry=entry)
        for entry in leftovers.details_without_entry:
            self._bad("detail_without_entry", entry=entry)
        if self._signed < self._edge.size:
            self._bad("not_signed", self._signed, self._first_unsigned, until=self._edge.size - 1)
        return Report(
            ok=self._count == 0,
            origin=self._log.origin,
            size=self._edge.size,
            root=self._edge.root(),
            problems=tuple(self._problems),
            problem_count=self._count,
            pending=leftovers.pending,
            details_checked=self._checked,
            details_erased=self._erased,
        )

    def _check_entry(self, stored: SequencedEntry) -> None:
        if stored.seq != self._edge.size:
            self._bad("sequence_gap", stored.seq, stored.entry)
        if stored.leaf is None:
            self._bad("leaf_missing", stored.seq, stored.entry)
            return
        if leaf_hash(stored.leaf) != stored.leaf_hash:
            self._bad("leaf_changed", stored.seq, stored.entry)
        try:
            leaf = decode_leaf(stored.leaf)
        except IntegrityError:
            self._bad("leaf_malformed", stored.seq, stored.entry)
            return
        if leaf.id != stored.entry or id_milliseconds(leaf.id) != milliseconds(leaf_time(leaf)):
            self._bad("leaf_misplaced", stored.seq, stored.entry)
        self._check_detail(stored, leaf)

    def _check_detail(self, stored: SequencedEntry, leaf: Leaf) -> None:
        if stored.opened == "damaged":
            self._bad("detail_damaged", stored.seq, stored.entry)
        elif stored.opened == "removed":
            self._bad("detail_missing", stored.seq, stored.entry)
        elif isinstance(stored.opened, str):
            self._erased += 1
        else:
            self._checked += 1
            salt, raw = stored.opened
            if commitment(salt, raw) != leaf.com or not self._tells_of(raw, leaf):
                self._bad("detail_differs", stored.seq, stored.entry)
            elif not stored.is_indexed:
                self._bad("index_differs", stored.seq, stored.entry)

    def _tells_of(self, raw: bytes, leaf: Leaf) -> bool:
        """Whether the detail is about this entry, with the type in clear exactly when it should be."""
        try:
            detail: Detail = read_detail(raw)
        except IntegrityError:
            return False
        shown_type = "" if detail.subject else event_type(detail.event)
        return (detail.tenant, detail.entry, shown_type) == (self._log.tenant, leaf.id, leaf.type)

    def _check_tile(self, tile: Tile, stored: StoredTile | None) -> None:
        first = tile.index * 256 ** (tile.level + 1)
        if stored is None:
            self._bad("tile_missing", first, until=self._edge.size - 1)
        elif stored.hashes != tile.hashes or stored.root != tile.root():
            seq = first + _first_difference(tile, stored) * 256**tile.level
            exact = tile.level == 0 and stored.hashes != tile.hashes
            self._bad("tile_differs", seq, until=None if exact else self._edge.size - 1)

    def _check_head(self, head: StoredCheckpoint) -> None:
        """Form, root and signature of a checkpoint over the entries taken so far."""
        begin, begin_entry = self._signed, self._first_unsigned
        last = head.size - 1
        self._signed = head.size
        if not self._forked and head.root != self._edge.root():
            self._forked = True  # every later root differs too: that says nothing new
            self._bad("root_differs", begin, begin_entry, until=last)
        try:
            note = read_note(head.note)
        except IntegrityError:
            self._bad("checkpoint_malformed", begin, begin_entry, until=last)
            return
        if note.checkpoint.origin != self._log.origin:
            self._bad("checkpoint_foreign", begin, begin_entry, until=last)
        elif note.checkpoint != Checkpoint(self._log.origin, head.size, head.root):
            self._bad("checkpoint_malformed", begin, begin_entry, until=last)
        elif not any(verify_note(note, origin=self._log.origin, public=key) for key in self._log.public_keys):
            self._bad("checkpoint_signature", begin, begin_entry, until=last)

    def _bad(self, what: What, seq: int | None = None, entry: str = "", *, until: int | None = None) -> None:
        self._count += 1
        if len(self._problems) < PROBLEM_LIMIT:
            exact = until is None or until == seq
            self._problems.append(BadEntry(what, seq, entry, None if exact else until))


def verify_log(log: LogIdentity, pages: Iterable[Page], leftovers: Leftovers) -> Report:
    """The report over a whole log given as pages from entry 0 on."""
    verifier = Verifier(log)
    for page in pages:
        verifier.take(page)
    return verifier.finish(leftovers)


def no_log() -> Report:
    """The report where a tenant has no log at all: never "ok"."""
    return Report(False, "", 0, EMPTY_ROOT, (BadEntry("no_log"),), 1, 0, 0, 0)


def _first_difference(tile: Tile, stored: StoredTile) -> int:
    """The number of the first hash that differs; 0 when the stored bytes are no hashes at all."""
    try:
        found = split_hashes(stored.hashes)
    except IntegrityError:
        return 0
    pairs = enumerate(zip(split_hashes(tile.hashes), found, strict=False))
    return next((number for number, (ours, theirs) in pairs if ours != theirs), 0)
