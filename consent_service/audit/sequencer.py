"""Puts the outbox in order: sequence, hash tiles and a signed checkpoint per batch, per tenant.

One sequencer leads (an advisory lock inside the batch transaction); the primary keys refuse a second
one that slips past it. What stands in the outbox is `log`; checking the result is `verify`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import exc, func, insert, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, verify_note, write_note
from consent_service.audit.log import after_cursor, read_cursor
from consent_service.audit.log_keys import LogKey, current_log, public_keys, sign_for_log
from consent_service.audit.merkle import CompactRange, leaf_hash
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_entries,
    audit_logs,
    audit_sequence,
    audit_tiles,
    oldest_open_transaction,
)
from consent_service.audit.tiles import (
    TILE_WIDTH,
    PartialTile,
    Tile,
    TileEdge,
    split_hashes,
    unfinished_widths,
)
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing

BATCH_LIMIT: Final = 5000
INTERVAL_SECONDS: Final = 0.1
_report = structlog.get_logger(__name__)


class _Head(msgspec.Struct, frozen=True):
    """Where the log stands: what the tree remembers and how far the outbox was read."""

    edge: CompactRange = CompactRange()
    cursor: tuple[int, int] = (0, 0)


class Sequencer:
    """Gives every committed entry its place, in batches; may run in several processes at once."""

    def __init__(self, database: Database, ring: KeyRing, clock: Clock) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Work for all tenants every 100 ms until `stop` is set.

        An outage is waited out; a tenant whose log is damaged stands still and the others go on.
        """
        while not stop.is_set():
            for tenant in await self._tenants():
                await self._drain(tenant)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), INTERVAL_SECONDS)

    async def run_once(self, tenant: TenantId) -> int:
        """Take one batch of at most 5,000 entries; how many were put in order.

        Raises:
            IntegrityError: the newest checkpoint is not what this log signed; nothing is signed.
            UnavailableError: the database or the keys are away.
        """
        if not await self._has_pending(tenant):
            return 0
        try:
            async with self._database.transaction() as conn:
                return await self._integrate(conn, tenant)
        except exc.IntegrityError:  # another sequencer was first: its primary keys stand
            return 0

    async def _integrate(self, conn: AsyncConnection, tenant: TenantId) -> int:
        """The batch transaction.

        1. lead, or leave it to who does
        2. read the signed head and check it
        3. read what was committed since, below the watermark
        4. sequence it and store the tiles that became full
        5. sign the new head
        """
        log = await current_log(conn, tenant) if await _leads(conn, tenant) else None  # 1
        if log is None:
            return 0
        head = await _read_head(conn, log)  # 2
        rows = await _read_outbox(conn, tenant, head.cursor, BATCH_LIMIT)  # 3
        if not rows:
            return 0
        hashes = [leaf_hash(row.leaf) for row in rows]
        await _store_sequence(conn, log, head.edge.size, rows, hashes)  # 4
        await _store_tiles(conn, log, head.edge.size, hashes)
        edge = head.edge.extend(hashes)
        await self._sign_head(conn, log, _Head(edge, (rows[-1].xid, rows[-1].pos)))  # 5
        return len(rows)

    async def _sign_head(self, conn: AsyncConnection, log: LogKey, head: _Head) -> None:
        checkpoint = Checkpoint(log.origin, head.edge.size, head.edge.root())
        signature = await sign_for_log(conn, self._ring, log, checkpoint.body())
        await conn.execute(
            insert(audit_checkpoints).values(
                tenant=log.tenant,
                log=log.log,
                size=checkpoint.size,
                root=checkpoint.root,
                frontier=b"".join(head.edge.hashes),
                note=write_note(checkpoint, public=log.public, signature=signature),
                cursor_xid=head.cursor[0],
                cursor_pos=head.cursor[1],
                at=self._clock.now(),
            )
        )

    async def _drain(self, tenant: TenantId) -> None:
        try:
            while await self.run_once(tenant) == BATCH_LIMIT:
                pass
        except Exception as failure:  # noqa: BLE001 - entries of every tenant wait for this to go on
            _report.error("audit.sequencer.failed", tenant=tenant, failure=type(failure).__name__)

    async def _tenants(self) -> list[TenantId]:
        try:
            async with self._database.reading() as conn:
                rows = await conn.execute(select(audit_logs.c.tenant).distinct())
                return [TenantId(tenant) for tenant in rows.scalars()]
        except Exception as failure:  # noqa: BLE001 - entries of every tenant wait for this to go on
            _report.error("audit.sequencer.failed", failure=type(failure).__name__)
            return []

    async def _has_pending(self, tenant: TenantId) -> bool:
        """Asked first without a write lock: SQLite has only one, and mostly nothing waits."""
        async with self._database.reading() as conn:
            return bool(await _read_outbox(conn, tenant, await read_cursor(conn, tenant), 1))


async def _leads(conn: AsyncConnection, tenant: TenantId) -> bool:
    """On PostgreSQL whoever gets the lock leads until its commit; on SQLite the writer does."""
    if conn.dialect.name == "sqlite":
        return True
    number = int.from_bytes(sha256(b"audit-sequencer/" + tenant.encode()).digest()[:8], "big", signed=True)
    return bool((await conn.execute(select(func.pg_try_advisory_xact_lock(number)))).scalar_one())


async def _read_head(conn: AsyncConnection, log: LogKey) -> _Head:
    query = (
        select(audit_checkpoints)
        .where(audit_checkpoints.c.tenant == log.tenant, audit_checkpoints.c.log == log.log)
        .order_by(audit_checkpoints.c.size.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        return _Head()
    edge = CompactRange(row.size, split_hashes(row.frontier))
    note = read_note(row.note)
    fits = edge.is_sound() and note.checkpoint == Checkpoint(log.origin, edge.size, edge.root())
    keys = await public_keys(conn, log)
    if not fits or not any(verify_note(note, origin=log.origin, public=key) for key in keys):
        raise IntegrityError("the newest checkpoint is not what this log signed")
    return _Head(edge, (row.cursor_xid, row.cursor_pos))


async def _read_outbox(
    conn: AsyncConnection, tenant: TenantId, cursor: tuple[int, int], limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Entries after `cursor` of transactions below the watermark: all of those have ended.

    By id alone, an entry that commits late with a lower id would be passed over for good.
    """
    entries = audit_entries.c
    query = (
        select(entries.id, entries.xid, entries.pos, entries.leaf)
        .where(entries.tenant == tenant, after_cursor(cursor), entries.xid < oldest_open_transaction())
        .order_by(entries.xid, entries.pos)
        .limit(limit)
    )
    return (await conn.execute(query)).all()


async def _store_sequence(
    conn: AsyncConnection,
    log: LogKey,
    first: int,
    rows: Sequence[Row[*tuple[Any, ...]]],
    hashes: Sequence[bytes],
) -> None:
    await conn.execute(
        insert(audit_sequence),
        [
            {"tenant": log.tenant, "log": log.log, "seq": seq, "entry": row.id, "leaf_hash": one}
            for seq, (row, one) in enumerate(zip(rows, hashes, strict=True), start=first)
        ],
    )


async def _store_tiles(conn: AsyncConnection, log: LogKey, size: int, added: Sequence[bytes]) -> None:
    if size // TILE_WIDTH == (size + len(added)) // TILE_WIDTH:
        return
    edge = TileEdge(await read_partial_tiles(conn, log, size))
    full: list[Tile] = [tile for one in added for tile in edge.add(one)]
    await conn.execute(
        insert(audit_tiles),
        [
            {
                "tenant": log.tenant,
                "log": log.log,
                "level": tile.level,
                "tile": tile.index,
                "hashes": tile.hashes,
                "root": tile.root(),
            }
            for tile in full
        ],
    )


async def read_partial_tiles(conn: AsyncConnection, log: LogKey, size: int) -> list[PartialTile]:
    """The unfinished tile of every level at `size`, from the newest leaf hashes and tile roots."""
    partial: list[PartialTile] = []
    for level, width in enumerate(unfinished_widths(size)):
        index = size // TILE_WIDTH ** (level + 1)
        first = index * TILE_WIDTH
        if level == 0:
            query = (
                select(audit_sequence.c.leaf_hash)
                .where(audit_sequence.c.tenant == log.tenant, audit_sequence.c.log == log.log)
                .where(audit_sequence.c.seq >= first, audit_sequence.c.seq < first + width)
                .order_by(audit_sequence.c.seq)
            )
        else:
            query = (
                select(audit_tiles.c.root)
                .where(audit_tiles.c.tenant == log.tenant, audit_tiles.c.log == log.log)
                .where(audit_tiles.c.level == level - 1)
                .where(audit_tiles.c.tile >= first, audit_tiles.c.tile < first + width)
                .order_by(audit_tiles.c.tile)
            )
        partial.append(PartialTile(level, index, tuple((await conn.execute(query)).scalars())))
    return partial
