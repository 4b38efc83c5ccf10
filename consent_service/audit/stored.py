"""What of a log is stored, as read for `verify` and `recomputing`. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec

from consent_service.audit.encoding import Detail

Part = Literal["detail", "attached"]
"""What of an entry the end of a key shuts: its detail, or what is attached to it."""


class SequencedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place in the log as stored. `opened` is (salt, canonical detail) when a key still opens it.

    `absent`: there is no detail. `erased`: the key of `person`, who sealed it, is noted as destroyed.
    `removed`: there is nothing to open, and nothing excuses that. `unread`: nobody looked.
    `is_indexed`: the index finds it by what the opened detail says, and by nothing else.
    `is_attached`: what is attached is what the opened detail commits to, or its key was destroyed.
    `named`: the entries that are said to name this detail among what the end of a key shut. `detached`: the
    same of an attachment that is gone or shut, after the child whose key that was.
    `detail`: what whoever opened it read out of those very bytes; None leaves the reading to the verifier.
    `tag`: what the leaf must carry for whom the detail says it is shown to; empty when their key is gone.
    """

    seq: int
    entry: str
    leaf_hash: bytes
    leaf: bytes | None
    opened: tuple[bytes, bytes] | Literal["absent", "erased", "removed", "damaged", "unread"] = "absent"
    is_indexed: bool = True
    is_attached: bool = True
    person: str = ""
    detail: Detail | None = None
    tag: str = ""
    named: tuple[str, ...] = ()
    detached: tuple[str, tuple[str, ...]] | None = None


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
    repeated: tuple[str, ...] = ()
    details_without_entry: tuple[str, ...] = ()
    checkpoints_beyond: tuple[int, ...] = ()
    pending: int = 0
