"""Every entry that carries the tag of one view key, and what entries among those release to its holder.

All leaves are looked at: that no entry is missing is proved by the root they give, which a head of the
log signs. It does what `standalone` does, over the database. Who may ask this is `rights.exporting`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.bundle_content import OpenedEntry, open_entries
from consent_service.audit.checkpoint import read_note, signed_checkpoint
from consent_service.audit.encoding import decode_leaf, hash_text, leaf_time, read_detail
from consent_service.audit.events import event_type
from consent_service.audit.log_keys import LogKey, logs_of, public_keys
from consent_service.audit.merkle import CompactRange, leaf_hash
from consent_service.audit.served import minimum_index
from consent_service.audit.tables import audit_entries, audit_sequence
from consent_service.audit.tree import newest_head
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.view_keys import tag_under

_PAGE: Final = 2048


class FoundEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry for the holder of the key; `type` is empty where its content can be opened no more."""

    log: int
    seq: int
    entry: str
    at: datetime
    type: str = ""


class FoundEntries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the key finds in all logs, in their order; `released` are those that were hidden before.

    `looked_at` counts the entries the tag was looked for in, `pruned` those that are kept no more.
    """

    tagged: tuple[FoundEntry, ...]
    released: tuple[FoundEntry, ...]
    looked_at: int
    pruned: int


async def find_entries(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, view_key: Secret
) -> FoundEntries:
    """Look through every signed entry of the tenant; `conn` reads one snapshot throughout.

    Raises:
        IntegrityError: the entries are not those that were signed, or one says something else than it
            commits to; `audit verify` names it.
        UnavailableError: the database or the key provider is away.
    """
    rows: list[Row[*tuple[Any, ...]]] = []
    looked_at = pruned = 0
    for log in await logs_of(conn, tenant):
        edge, minimum = CompactRange(), await minimum_index(conn, log)
        note = await newest_head(conn, log)
        if note is None:
            continue
        head = signed_checkpoint(read_note(note), origin=log.origin, keys=await public_keys(conn, log))
        async for page in _pages(conn, log, head.size):
            edge = edge.extend(row.leaf_hash for row in page)
            kept = [row for row in page if _is_kept(row, minimum)]
            looked_at, pruned = looked_at + len(kept), pruned + len(page) - len(kept)
            rows += [row for row in kept if _is_tagged(row.leaf, view_key)]
        if (edge.size, edge.root()) != (head.size, head.root):
            raise IntegrityError("the entries do not give the root that was signed")
    tagged = await open_entries(conn, ring, tenant, [row.entry for row in rows])
    opened = {one.entry: one for one in tagged}
    released = sorted({entry for one in tagged for entry in one.released} - opened.keys())
    later = await open_entries(conn, ring, tenant, released)
    return FoundEntries(
        tagged=tuple(_found(row.log, row.seq, row.leaf, opened.get(row.entry)) for row in rows),
        released=tuple(_found(one.log, one.seq, one.leaf, one) for one in later),
        looked_at=looked_at,
        pruned=pruned,
    )


async def _pages(conn: AsyncConnection, log: LogKey, size: int) -> AsyncIterator[list[Row[*tuple[Any, ...]]]]:
    sequence, entries = audit_sequence.c, audit_entries.c
    for begin in range(0, size, _PAGE):
        query = (
            select(sequence.log, sequence.seq, sequence.entry, sequence.leaf_hash, entries.leaf)
            .select_from(audit_sequence)
            .join(
                audit_entries,
                and_(entries.tenant == sequence.tenant, entries.id == sequence.entry),
                isouter=True,
            )
            .where(sequence.tenant == log.tenant, sequence.log == log.log)
            .where(sequence.seq >= begin, sequence.seq < min(begin + _PAGE, size))
            .order_by(sequence.seq)
        )
        yield list((await conn.execute(query)).all())


def _is_kept(row: Row[*tuple[Any, ...]], minimum: int) -> bool:
    if row.leaf is None and row.seq < minimum:
        return False
    if row.leaf is None or leaf_hash(row.leaf) != row.leaf_hash:
        raise IntegrityError("an entry is not the one that was put in order")
    return True


def _is_tagged(leaf: bytes, view_key: Secret) -> bool:
    read = decode_leaf(leaf)
    return hash_text(tag_under(view_key, read.id)) == read.tag


def _found(log: int, seq: int, raw: bytes, opened: OpenedEntry | None) -> FoundEntry:
    leaf = decode_leaf(raw)
    if opened is None:
        return FoundEntry(log, seq, leaf.id, leaf_time(leaf), leaf.type)
    return FoundEntry(log, seq, leaf.id, leaf_time(leaf), event_type(read_detail(opened.raw).event))
