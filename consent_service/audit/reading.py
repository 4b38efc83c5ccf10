"""Loads a tenant's log from the database, in pages of one snapshot, for `verify`.

Details are opened where their key still lives, so that their commitments are checked too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from sqlalchemy import and_, func, not_, select, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import OpenedDetail, Opening, SealedDetail, open_details
from consent_service.audit.encoding import decode_leaf
from consent_service.audit.log import after_cursor, index_keys_of, read_cursor
from consent_service.audit.log_keys import LogKey, current_log, public_keys
from consent_service.audit.removal import Removal, Unopened
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_details,
    audit_entries,
    audit_index,
    audit_sequence,
    audit_tiles,
)
from consent_service.audit.tiles import tiles_completed_between
from consent_service.audit.verify import (
    Leftovers,
    LogIdentity,
    Page,
    Report,
    SequencedEntry,
    StoredCheckpoint,
    StoredTile,
    Verifier,
    no_log,
)
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing

PAGE_SIZE: Final = 2048
_NAMED_LEFTOVERS: Final = 100
Progress = Callable[[int, int], None]
"""Called with (entries done, entries in all)."""


async def verify_stored(
    database: Database, ring: KeyRing, tenant: TenantId, *, progress: Progress | None = None
) -> Report:
    """Recompute a tenant's whole log from one snapshot of the database.

    Raises:
        UnavailableError: the database or the key provider is away.
    """
    async with database.reading() as conn:
        if not database.is_sqlite:
            await conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        log = await current_log(conn, tenant)
        if log is None:
            return no_log()
        verifier = Verifier(LogIdentity(tenant, log.origin, await public_keys(conn, log)))
        total = await _length(conn, log)
        removal = Removal(ring, tenant)
        done, after = 0, -1
        while entries := await _read_entries(conn, ring, removal, log, after):
            verifier.take(await _page(conn, log, entries, done))
            done, after = done + len(entries), entries[-1].seq
            if progress is not None:
                progress(done, total)
        return verifier.finish(await _read_leftovers(conn, log, done))


async def newest_checkpoint(conn: AsyncConnection, tenant: TenantId) -> bytes | None:
    """The newest signed head (C2SP tlog-checkpoint, signed note); None while nothing is signed."""
    log = await current_log(conn, tenant)
    if log is None:
        return None
    query = (
        select(audit_checkpoints.c.note)
        .where(audit_checkpoints.c.tenant == tenant, audit_checkpoints.c.log == log.log)
        .order_by(audit_checkpoints.c.size.desc())
        .limit(1)
    )
    note: bytes | None = (await conn.execute(query)).scalar_one_or_none()
    return note


async def _length(conn: AsyncConnection, log: LogKey) -> int:
    query = select(func.coalesce(func.max(audit_sequence.c.seq) + 1, 0)).where(
        audit_sequence.c.tenant == log.tenant, audit_sequence.c.log == log.log
    )
    return int((await conn.execute(query)).scalar_one())


async def _read_entries(
    conn: AsyncConnection, ring: KeyRing, removal: Removal, log: LogKey, after: int
) -> tuple[SequencedEntry, ...]:
    sequence, entries, details = audit_sequence.c, audit_entries.c, audit_details.c
    query = (
        select(sequence.seq, sequence.entry, sequence.leaf_hash, entries.leaf, details.person, details.sealed)
        .select_from(audit_sequence)
        .join(
            audit_entries,
            and_(entries.tenant == sequence.tenant, entries.id == sequence.entry),
            isouter=True,
        )
        .join(
            audit_details,
            and_(details.tenant == sequence.tenant, details.entry == sequence.entry),
            isouter=True,
        )
        .where(sequence.tenant == log.tenant, sequence.log == log.log, sequence.seq > after)
        .order_by(sequence.seq)
        .limit(PAGE_SIZE)
    )
    rows = (await conn.execute(query)).all()
    sealed = [SealedDetail(row.entry, row.person, row.sealed) for row in rows if row.sealed is not None]
    opened = await open_details(conn, ring, log.tenant, sealed)
    indexed = await _read_index(conn, log, opened)
    found = []
    for row in rows:
        opening = opened.get(row.entry)
        removed = opening in (None, "erased") and await _is_removed(conn, removal, row)
        found.append(_entry(row, "removed" if removed else opening, indexed))
    return tuple(found)


async def _is_removed(conn: AsyncConnection, removal: Removal, row: Row[*tuple[Any, ...]]) -> bool:
    """Whether this detail should still open. A leaf that is gone or damaged is named for that."""
    try:
        return row.leaf is not None and await removal.is_removed(
            conn, Unopened(decode_leaf(row.leaf), row.person)
        )
    except IntegrityError:
        return False


_Index = set[tuple[str, str, bool]]


async def _read_index(
    conn: AsyncConnection, log: LogKey, opened: Mapping[str, Opening]
) -> Mapping[str, _Index]:
    """By whom these entries are found, as stored."""
    index = audit_index.c
    query = select(index.entry, index.kind, index.key, index.shown).where(
        index.tenant == log.tenant, index.entry.in_(opened)
    )
    found: dict[str, _Index] = {entry: set() for entry in opened}
    for row in await conn.execute(query):
        found[row.entry].add((row.kind, row.key, row.shown))
    return found


def _entry(
    row: Row[*tuple[Any, ...]],
    opening: Opening | Literal["removed"] | None,
    indexed: Mapping[str, _Index],
) -> SequencedEntry:
    if isinstance(opening, OpenedDetail):
        is_indexed = indexed[row.entry] == set(index_keys_of(opening.detail))
        return SequencedEntry(
            row.seq, row.entry, row.leaf_hash, row.leaf, (opening.salt, opening.raw), is_indexed
        )
    return SequencedEntry(row.seq, row.entry, row.leaf_hash, row.leaf, opening or "absent")


async def _page(conn: AsyncConnection, log: LogKey, entries: Sequence[SequencedEntry], done: int) -> Page:
    """The entries with the checkpoints and full tiles that fall within them."""
    end = done + len(entries)
    heads = audit_checkpoints.c
    query = (
        select(heads.size, heads.root, heads.note)
        .where(heads.tenant == log.tenant, heads.log == log.log, heads.size > done, heads.size <= end)
        .order_by(heads.size)
    )
    checkpoints = [StoredCheckpoint(row.size, row.root, row.note) for row in await conn.execute(query)]
    stored: list[StoredTile] = []
    for level, first, last in tiles_completed_between(done, end):
        tiles = audit_tiles.c
        found = select(tiles.tile, tiles.hashes, tiles.root).where(
            tiles.tenant == log.tenant,
            tiles.log == log.log,
            tiles.level == level,
            tiles.tile >= first,
            tiles.tile < last,
        )
        rows = await conn.execute(found)
        stored += [StoredTile(level, row.tile, row.hashes, row.root) for row in rows]
    return Page(tuple(entries), tuple(checkpoints), tuple(stored))


async def _read_leftovers(conn: AsyncConnection, log: LogKey, size: int) -> Leftovers:
    """What a deletion or an insertion past the log leaves behind."""
    entries, details, heads = audit_entries.c, audit_details.c, audit_checkpoints.c
    cursor = await read_cursor(conn, log.tenant)
    placed = select(audit_sequence.c.seq).where(
        audit_sequence.c.tenant == entries.tenant, audit_sequence.c.entry == entries.id
    )
    own = entries.tenant == log.tenant
    not_sequenced = select(entries.id).where(own, not_(after_cursor(cursor)), not_(placed.exists()))
    pending = select(func.count()).select_from(audit_entries).where(own, after_cursor(cursor))
    known = select(entries.id).where(entries.tenant == details.tenant, entries.id == details.entry)
    orphans = select(details.entry).where(details.tenant == log.tenant, not_(known.exists()))
    beyond = select(heads.size).where(heads.tenant == log.tenant, heads.log == log.log, heads.size > size)
    return Leftovers(
        not_sequenced=tuple((await conn.execute(not_sequenced.limit(_NAMED_LEFTOVERS))).scalars()),
        details_without_entry=tuple((await conn.execute(orphans.limit(_NAMED_LEFTOVERS))).scalars()),
        checkpoints_beyond=tuple((await conn.execute(beyond.limit(_NAMED_LEFTOVERS))).scalars()),
        pending=(await conn.execute(pending)).scalar_one(),
    )
