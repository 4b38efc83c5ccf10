"""Recompute the whole log and name the first bad entry. Pure: for the CLI, officers and outsiders.

Entries come in pages, so memory does not grow with the log. Loading the pages from the database is
`reading`; what the log says about itself is `announced`; whether each act has its entry is `reconciling`.
Nothing here trusts a stored hash that it can compute.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from consent_service.audit.announced import Announcements, Place, Running
from consent_service.audit.checkpoint import Checkpoint, Note, read_note, verify_note
from consent_service.audit.details import OpenedDetail
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
from consent_service.audit.stored import Leftovers as Leftovers
from consent_service.audit.stored import Page as Page
from consent_service.audit.stored import SequencedEntry as SequencedEntry
from consent_service.audit.stored import StoredCheckpoint as StoredCheckpoint
from consent_service.audit.stored import StoredTile as StoredTile
from consent_service.audit.tiles import PartialTile, Tile, TileEdge, split_hashes
from consent_service.foundation.errors import IntegrityError

What = Literal[
    "leaf_changed",  # the bytes do not have the hash that was put in order
    "leaf_missing",  # put in order, but no longer there
    "leaf_malformed",  # not in the one form in which leaves are written
    "leaf_misplaced",  # the leaf of another entry stands here, or its time is not its id's
    "leaf_backdated",  # more than a day older than an entry before it
    "sequence_gap",  # a number is skipped
    "detail_differs",  # the detail is not the one the leaf commits to
    "detail_missing",  # taken away, and no erasure accounts for it
    "detail_shredded",  # of these so many are gone that the erasures do not account for all
    "erasure_undeclared",  # cannot be opened any more, and no entry tells of the end of that key
    "erasure_unfounded",  # a row says that one runs, and no entries that it was asked and approved
    "erasure_unended",  # one began more than an hour before the newest entry, and has not ended
    "tag_differs",  # whoever the detail says it is shown to does not find it
    "index_differs",  # people, relationships and actors do not find the entry as its detail says
    "detail_damaged",  # the sealed detail is not what was sealed
    "attachment_differs",  # what is attached is not what the detail commits to, or was taken away
    "detail_without_entry",  # a detail of an entry that does not exist
    "entry_not_sequenced",  # behind the cursor of the outbox, but without a place
    "entry_repeated",  # it has more than one place
    "pruning_undeclared",  # entries are no longer kept, and no entry says so
    "tile_differs",  # a stored hash tile is not what the entries give
    "tile_missing",
    "root_differs",  # the entries up to a checkpoint do not give its root
    "checkpoint_malformed",
    "checkpoint_foreign",  # signed for another log
    "checkpoint_signature",  # not signed by a key of this log
    "checkpoint_beyond_log",  # signed for more entries than there are: the end was cut off
    "key_undeclared",  # a key of this log that no entry under the key before it tells of
    "key_retired",  # signed with a key that had been replaced
    "cosignature_unfit",  # kept as signed by a witness, and it is not, or over no head that stands here
    "stamp_unfit",  # kept as the time stamp of a head, and it is not, or of no head that stands here
    "not_signed",  # put in order, but no checkpoint covers it
    "log_undeclared",  # a further log, and its first entry does not say why there is one
    "pin_foreign",  # the pinned head is of no log of this tenant
    "pin_beyond_log",  # the pinned head is over more entries than there are
    "pin_differs",  # the entries up to the pinned head are not those it was signed for
    "no_log",  # the tenant has no log
]
BACKDATED_MILLISECONDS: Final = 24 * 3600 * 1000
"""How much older than one before it an entry may say it is: clocks differ, transactions take a while."""
PROBLEM_LIMIT: Final = 1000
"""Problems kept by name; further ones are only counted."""


class LogIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a verifier must know beforehand: whose log, its origin and every key it has had, oldest first.

    `number` counts the logs of a tenant from 1. Entries below `minimum` are no longer kept.
    """

    tenant: str
    origin: str
    public_keys: tuple[bytes, ...]
    number: int = 1
    minimum: int = 0


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to begin when everything up to a head is known to be right: what the tree remembers there.

    `signer` is the place of the key that signed that head among the keys of the log.
    """

    edge: CompactRange
    partial_tiles: tuple[PartialTile, ...] = ()
    signer: int = 0


class BadEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong, and where. With `until` it is one of the entries `seq` to `until` inclusive.

    `log` counts the logs of a tenant from 1.
    """

    what: What
    seq: int | None = None
    entry: str = ""
    until: int | None = None
    log: int = 1


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The outcome: `ok` only if nothing at all was found.

    Origin, size and root are those of the newest log; `earlier` are the reports of those before it, whose
    problems are counted here too. Only the entries from number `since` on were read.
    """

    ok: bool
    origin: str
    size: int
    root: bytes
    problems: tuple[BadEntry, ...]
    problem_count: int
    pending: int
    details_checked: int
    details_erased: int
    entries_pruned: int = 0
    since: int = 0
    earlier: tuple[Report, ...] = ()

    @property
    def first(self) -> BadEntry | None:
        """The first bad entry: one that is named exactly before a range in which it must lie."""
        return min(self.problems, key=_precision, default=None)


def _precision(bad: BadEntry) -> tuple[bool, bool, int, int]:
    return (bad.seq is None, bad.until is not None, bad.log, bad.seq or 0)


class Verifier:
    """Takes one log page by page, from entry 0 or from `start` on; `finish` gives the report.

    The logs of a tenant are taken in their order, with the same `announced`. With the tree that was
    `recomputed` out of the same entries, tiles and heads, only what the entries say is looked at: pages need
    no tiles, and no heads where all are by one key.
    """

    def __init__(
        self,
        log: LogIdentity,
        announced: Announcements | None = None,
        start: Start | None = None,
        recomputed: CompactRange | None = None,
    ) -> None:
        begin = start or Start(CompactRange())
        self._log = log
        self._announced = announced or Announcements()
        self._is_recomputed = recomputed is not None
        self._edge = recomputed or begin.edge
        self._taken = self._since = begin.edge.size
        self._tiles = TileEdge(begin.partial_tiles)
        self._signed = begin.edge.size
        self._signer = begin.signer
        self._known_keys = begin.signer
        self._covered = begin.edge.size
        self._first_unsigned = ""
        self._forked = False
        self._latest = 0
        self._problems: list[BadEntry] = []
        self._count = 0
        self._checked = 0
        self._erased = 0
        self._pruned = 0

    def take(self, page: Page) -> None:
        """Check the next entries with the checkpoints and tiles that belong to them."""
        heads = {head.size: head for head in page.checkpoints}
        tiles = {(tile.level, tile.index): tile for tile in page.tiles}
        for entry in page.entries:
            self._check_entry(entry)
            if self._taken == self._signed:
                self._first_unsigned = entry.entry
            self._taken += 1
            if not self._is_recomputed:
                self._edge = self._edge.extend((entry.leaf_hash,))
                for tile in self._tiles.add(entry.leaf_hash):
                    self._check_tile(tile, tiles.get((tile.level, tile.index)))
            if self._taken in heads:
                self._check_head(heads[self._taken])

    def finish(self, leftovers: Leftovers) -> Report:
        """The report, after what lies beside the sequence was looked at too."""
        for size in leftovers.checkpoints_beyond:
            self._bad("checkpoint_beyond_log", seq=self._edge.size, until=size - 1)
        for entry in leftovers.not_sequenced:
            self._bad("entry_not_sequenced", entry=entry)
        for entry in leftovers.repeated:
            self._bad("entry_repeated", entry=entry)
        for entry in leftovers.details_without_entry:
            self._bad("detail_without_entry", entry=entry)
        if self._signed < self._edge.size and not self._is_recomputed:
            self._bad("not_signed", self._signed, self._first_unsigned, until=self._edge.size - 1)
        for place in range(self._known_keys + 1, len(self._log.public_keys)):
            if self._declared_at(place) is None:
                self._bad("key_undeclared")
        is_further = self._log.number > 1 and self._edge.size > 0 and not self._since
        if is_further and not self._announced.is_reopened(self._log.number):
            self._bad("log_undeclared", 0)
        return self._report(leftovers.pending)

    def _report(self, pending: int) -> Report:
        return Report(
            ok=self._count == 0,
            origin=self._log.origin,
            size=self._edge.size,
            root=self._edge.root(),
            problems=tuple(self._problems),
            problem_count=self._count,
            pending=pending,
            details_checked=self._checked,
            details_erased=self._erased,
            entries_pruned=self._pruned,
            since=self._since,
        )

    def _check_entry(self, stored: SequencedEntry) -> None:
        if stored.seq != self._taken:
            self._bad("sequence_gap", stored.seq, stored.entry)
        if stored.leaf is None:
            if stored.seq < self._log.minimum:
                self._pruned += 1
            else:
                self._bad("leaf_missing", stored.seq, stored.entry)
            return
        if not self._is_recomputed and leaf_hash(stored.leaf) != stored.leaf_hash:
            self._bad("leaf_changed", stored.seq, stored.entry)
        try:
            leaf = decode_leaf(stored.leaf)
        except IntegrityError:
            self._bad("leaf_malformed", stored.seq, stored.entry)
            return
        written = milliseconds(leaf_time(leaf))
        if leaf.id != stored.entry or id_milliseconds(leaf.id) != written:
            self._bad("leaf_misplaced", stored.seq, stored.entry)
        elif written < self._latest - BACKDATED_MILLISECONDS:
            self._bad("leaf_backdated", stored.seq, stored.entry)
        else:
            self._latest = max(self._latest, written)
        self._check_detail(stored, leaf)

    def _check_detail(self, stored: SequencedEntry, leaf: Leaf) -> None:
        at = Place(self._log.number, stored.seq, stored.entry)
        match stored.opened:
            case "damaged":
                self._bad("detail_damaged", stored.seq, stored.entry)
            case "removed":
                self._bad("detail_missing", stored.seq, stored.entry)
            case "absent" | "erased" if leaf.type:  # about nobody: no erasure takes it away
                self._bad("detail_missing", stored.seq, stored.entry)
            case "absent":
                self._erased += 1
                self._announced.find_missing(at, stored.named)
            case "erased":
                self._erased += 1
                self._announced.find_unreadable(stored.person, at, stored.named)
            case "unread":
                pass
            case opened:
                self._checked += 1
                self._check_opened(stored, leaf, *opened)

    def _check_opened(self, stored: SequencedEntry, leaf: Leaf, salt: bytes, raw: bytes) -> None:
        detail = _told(self._log.tenant, leaf, salt, raw, stored.detail)
        if detail is None:
            self._bad("detail_differs", stored.seq, stored.entry)
            return
        at = Place(self._log.number, stored.seq, stored.entry)
        self._announced.hear(detail, at)
        if stored.tag and stored.tag != leaf.tag:
            self._bad("tag_differs", stored.seq, stored.entry)
        if not stored.is_indexed:
            self._bad("index_differs", stored.seq, stored.entry)
        elif not stored.is_attached:
            self._bad("attachment_differs", stored.seq, stored.entry)
        elif stored.detached is not None:
            self._announced.find_detached(at, *stored.detached)

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
        if not (self._is_recomputed or self._forked) and head.root != self._edge.root():
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
        else:
            wrong = self._wrong_signer(note)
            if wrong is not None:
                self._bad(wrong, begin, begin_entry, until=last)

    def _wrong_signer(self, note: Note) -> What | None:
        """What is wrong with who signed this head: it is the newest key that the log has told of.

        The entry that tells of a key stands under a head by the key before it.
        """
        signer = signer_of(self._log, note)
        if signer is None:
            return "checkpoint_signature"
        if signer < self._signer:
            return "key_retired"
        if signer > self._signer:
            told = self._declared_at(signer)
            if told is None or told >= self._covered:
                return "key_undeclared"
            self._signer = signer
        self._covered = note.checkpoint.size
        return None

    def _declared_at(self, place: int) -> int | None:
        """The number of the entry of this log that tells of the key at this place among its keys."""
        at = self._announced.key_at(self._log.number, place + 1, self._log.public_keys[place])
        return at.seq if at is not None and at.log == self._log.number else None

    def _bad(self, what: What, seq: int | None = None, entry: str = "", *, until: int | None = None) -> None:
        self._count += 1
        if len(self._problems) < PROBLEM_LIMIT:
            exact = until is None or until == seq
            self._problems.append(BadEntry(what, seq, entry, None if exact else until, self._log.number))


def verify_log(log: LogIdentity, pages: Iterable[Page], leftovers: Leftovers) -> Report:
    """The report over the only log of a tenant, given as pages from entry 0 on."""
    announced = Announcements()
    verifier = Verifier(log, announced)
    for page in pages:
        verifier.take(page)
    return whole_report([verifier.finish(leftovers)], [log], announced)


def whole_report(
    reports: Sequence[Report],
    logs: Sequence[LogIdentity],
    announced: Announcements,
    *,
    found: Sequence[BadEntry] = (),
    erasing: Sequence[Running] = (),
) -> Report:
    """One report over every log of a tenant, in their order, with what only all of them together tell.

    `found` was found otherwise. `erasing`: erasures that have not ended yet.
    """
    problems = [*found, *(bad for report in reports for bad in report.problems)]
    count = len(found) + sum(report.problem_count for report in reports)
    more = [*_without_details(announced, erasing), *_prunings_undeclared(logs, announced)]
    *earlier, newest = reports
    return msgspec.structs.replace(
        newest,
        ok=count + len(more) == 0,
        problems=tuple([*more, *problems][:PROBLEM_LIMIT]),
        problem_count=count + len(more),
        details_checked=sum(report.details_checked for report in reports),
        details_erased=sum(report.details_erased for report in reports),
        entries_pruned=sum(report.entries_pruned for report in reports),
        earlier=tuple(earlier),
    )


def signer_of(log: LogIdentity, note: Note) -> int | None:
    """The place of the key that signed this head among the keys of the log; None: none of them did."""
    return next(
        (
            place
            for place, key in enumerate(log.public_keys)
            if verify_note(note, origin=log.origin, public=key)
        ),
        None,
    )


def no_log() -> Report:
    """The report where a tenant has no log at all: never "ok"."""
    return Report(False, "", 0, EMPTY_ROOT, (BadEntry("no_log"),), 1, 0, 0, 0)


def told_by(tenant: str, leaf: bytes, opened: OpenedDetail) -> Detail | None:
    """The opened detail of an entry, if it is the one its leaf commits to."""
    try:
        return _told(tenant, decode_leaf(leaf), opened.salt, opened.raw, opened.detail)
    except IntegrityError:
        return None


def _told(tenant: str, leaf: Leaf, salt: bytes, raw: bytes, read: Detail | None) -> Detail | None:
    """The detail if it is about this entry and names the rules that its leaf names, with its type in clear or
    none; about somebody always none.
    """
    try:
        detail = read or read_detail(raw)
    except IntegrityError:
        return None
    shown = leaf.type == "" or (detail.subject is None and leaf.type == event_type(detail.event))
    ruled = detail.bundle in ("", leaf.bundle)  # earlier releases did not say it in the detail
    fits = shown and ruled and (detail.tenant, detail.entry) == (tenant, leaf.id)
    return detail if fits and commitment(salt, raw) == leaf.com else None


def _without_details(announced: Announcements, erasing: Sequence[Running]) -> list[BadEntry]:
    """Details that are gone or shut, and of which no entry tells why."""
    bad = []
    for one in announced.unaccounted(erasing):
        first, last = one.first, one.last
        until = last.seq if first is not None and last is not None and last.log == first.log else None
        place = (None, "", None, 1) if first is None else (first.seq, first.entry, until, first.log)
        bad.append(BadEntry(one.what, *place))
    return bad


def _prunings_undeclared(logs: Sequence[LogIdentity], announced: Announcements) -> list[BadEntry]:
    return [
        BadEntry("pruning_undeclared", 0, until=log.minimum - 1, log=log.number)
        for log in logs
        if log.minimum and not announced.is_pruned(log.number, log.minimum)
    ]


def _first_difference(tile: Tile, stored: StoredTile) -> int:
    """The number of the first hash that differs; 0 when the stored bytes are no hashes at all."""
    try:
        found = split_hashes(stored.hashes)
    except IntegrityError:
        return 0
    pairs = enumerate(zip(split_hashes(tile.hashes), found, strict=False))
    return next((number for number, (ours, theirs) in pairs if ours != theirs), 0)
