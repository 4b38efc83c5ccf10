"""Proves of one stored entry that it is in the log, against the newest signed head.

Nothing stored is trusted: the leaf is hashed anew, the path computed, and the head must carry the log's
own signature. Recomputing the whole log is `verify`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, verify_note
from consent_service.audit.encoding import decode_leaf
from consent_service.audit.log_keys import LogKey, current_log, public_keys
from consent_service.audit.merkle import CompactRange, inclusion_ranges, leaf_hash, verify_inclusion
from consent_service.audit.reading import newest_checkpoint
from consent_service.audit.tables import audit_entries, audit_sequence, audit_tiles
from consent_service.audit.tiles import TILE_WIDTH
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, TenantId


class EntryProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The exact leaf of an entry, its hash, and whether a signed head of `size` entries covers it.

    `state` is pending while no head covers the entry yet; failed is an alarm.
    """

    leaf: bytes
    leaf_hash: bytes
    state: Literal["proved", "pending", "failed"]
    size: int = 0

    @property
    def tag(self) -> str:
        """What a view-key holder finds the entry by; nothing when the leaf cannot be read."""
        try:
            return decode_leaf(self.leaf).tag
        except IntegrityError:
            return ""


async def prove_entry(conn: AsyncConnection, tenant: TenantId, entry: EntryId) -> EntryProof | None:
    """The proof of one entry; None when there is no such entry."""
    query = (
        select(audit_entries.c.leaf, audit_sequence.c.seq, audit_sequence.c.log)
        .join(
            audit_sequence,
            and_(audit_sequence.c.tenant == audit_entries.c.tenant, audit_sequence.c.entry == entry),
            isouter=True,
        )
        .where(audit_entries.c.tenant == tenant, audit_entries.c.id == entry)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        return None
    hashed = leaf_hash(row.leaf)
    log = await current_log(conn, tenant)
    if log is None or row.seq is None or row.log != log.log:
        return EntryProof(row.leaf, hashed, "pending")
    try:
        head = await _signed_head(conn, log)
    except IntegrityError:
        return EntryProof(row.leaf, hashed, "failed")
    if head is None or row.seq >= head.size:
        return EntryProof(row.leaf, hashed, "pending")
    path = [
        await _root_of_range(conn, log, begin, end) for begin, end in inclusion_ranges(row.seq, head.size)
    ]
    fits = verify_inclusion(hashed, index=row.seq, size=head.size, proof=path, root=head.root)
    return EntryProof(row.leaf, hashed, "proved" if fits else "failed", head.size)


async def _signed_head(conn: AsyncConnection, log: LogKey) -> Checkpoint | None:
    """The newest head, if a key of this log signed it.

    Raises:
        IntegrityError: it did not, or the head is malformed.
    """
    stored = await newest_checkpoint(conn, log.tenant)
    if stored is None:
        return None
    note = read_note(stored)
    keys = await public_keys(conn, log)
    if not any(verify_note(note, origin=log.origin, public=public) for public in keys):
        raise IntegrityError("the newest checkpoint is not signed by this log")
    return note.checkpoint


async def _root_of_range(conn: AsyncConnection, log: LogKey, begin: int, end: int) -> bytes:
    """The root of a subtree, from whole tiles as far as they reach and leaf hashes after those.

    A subtree of 256 entries or more begins at a tile, and of a smaller one all hashes are read.
    """
    tiles = _Span(begin // TILE_WIDTH, end // TILE_WIDTH)
    if end - begin < TILE_WIDTH:
        return CompactRange().extend(await _leaf_hashes(conn, log, _Span(begin, end))).root()
    whole = CompactRange().extend(await _tile_roots(conn, log, tiles))
    rest = CompactRange().extend(await _leaf_hashes(conn, log, _Span(tiles.end * TILE_WIDTH, end)))
    return CompactRange(end - begin, (*whole.hashes, *rest.hashes)).root()


class _Span(msgspec.Struct, frozen=True):
    begin: int
    end: int


async def _leaf_hashes(conn: AsyncConnection, log: LogKey, span: _Span) -> tuple[bytes, ...]:
    hashes = audit_sequence.c
    query = (
        select(hashes.leaf_hash)
        .where(hashes.tenant == log.tenant, hashes.log == log.log)
        .where(hashes.seq >= span.begin, hashes.seq < span.end)
        .order_by(hashes.seq)
    )
    return tuple((await conn.execute(query)).scalars())


async def _tile_roots(conn: AsyncConnection, log: LogKey, span: _Span) -> tuple[bytes, ...]:
    tiles = audit_tiles.c
    query = (
        select(tiles.root)
        .where(tiles.tenant == log.tenant, tiles.log == log.log, tiles.level == 0)
        .where(tiles.tile >= span.begin, tiles.tile < span.end)
        .order_by(tiles.tile)
    )
    return tuple((await conn.execute(query)).scalars())
