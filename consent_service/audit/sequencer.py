"""Puts the outbox in order: sequence, hash tiles and a signed checkpoint per batch, per tenant.

One sequencer leads (`leading`); the primary keys refuse a second one that slips past it. Nothing is signed
on top of a head that is behind one known outside the database (`heads.known`): that database was put back.
What stands in the outbox is `log`; who holds entries up is `watermark`; checking the result is `verify`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import exc, insert, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, verify_note, write_note
from consent_service.audit.encoding import id_milliseconds
from consent_service.audit.heads.beginning import begin_unless_gone
from consent_service.audit.heads.known import HeadsGoneError, KnownHeads
from consent_service.audit.leading import lead_by
from consent_service.audit.log import after_cursor, read_cursor
from consent_service.audit.log_keys import LogKey, current_log, public_keys, sign_for_log
from consent_service.audit.merkle import CompactRange, leaf_hash
from consent_service.audit.metrics import Alarm, LogMetrics
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
from consent_service.audit.watermark import ALARM_AFTER, WatermarkAlarm, blocker
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.foundation.settings import SequencerLock
from consent_service.keyring.service import KeyRing

BATCH_LIMIT: Final = 5000
INTERVAL_SECONDS: Final = 0.1
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_report = structlog.get_logger(__name__)


class BehindKnownHeadError(IntegrityError):
    """The database holds less of this log than was signed, or something else: it was put back or replaced."""


class _Head(msgspec.Struct, frozen=True):
    """Where the log stands: what the tree remembers and how far the outbox was read."""

    edge: CompactRange = CompactRange()
    cursor: tuple[int, int] = (0, 0)


class _Waiting(msgspec.Struct, frozen=True):
    """The oldest entry of a tenant without a place; `held`: an older transaction is still open."""

    tenant: TenantId
    since: datetime
    held: bool


class Sequencer:
    """Gives every committed entry its place, in batches; may run in several processes at once.

    Args:
        heads: the newest heads known outside the database; None only where nothing is kept there.
        lock: how processes agree on who leads; see `leading`.
    """

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        clock: Clock,
        heads: KnownHeads | None = None,
        lock: SequencerLock = "auto",
    ) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock
        self._heads = heads
        self._lead = lead_by(lock)
        self._watermark = WatermarkAlarm()
        self._failing: dict[TenantId | None, str] = {}
        self._ask: Callable[[TenantId], Awaitable[None]] | None = None
        self._asked: set[TenantId] = set()
        self.metrics = LogMetrics(clock)

    def ask_first(self, ask: Callable[[TenantId], Awaitable[None]]) -> None:
        """Have `ask` find out where others stand, once per tenant, before this process signs its first head.

        While it fails nothing is signed; what it found stands in `heads`.
        """
        self._ask = ask

    async def run(self, stop: asyncio.Event) -> None:
        """Work for all tenants every 100 ms until `stop` is set.

        An outage is waited out; a tenant whose log is damaged stands still and the others go on.
        """
        while not stop.is_set():
            await self.run_all()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), INTERVAL_SECONDS)
        with suppress(Exception):  # otherwise the lease ends by itself
            async with self._database.transaction() as conn:
                await self._lead.lets_go(conn, self._clock.now())

    async def run_all(self) -> None:
        """Put in order what waits, for all tenants; a failure is told by its kind and does not end this."""
        try:
            waiting = await self._look()
            await self._watch([one for one in waiting if one.held])
            self._told(None, None)
        except Exception as failure:  # noqa: BLE001 - entries of every tenant wait for this to go on
            self._told(None, failure)
            return
        for one in waiting:
            if not one.held:
                await self._drain(one.tenant)
        for tenant in set(self._failing).difference(one.tenant for one in waiting):
            self._told(tenant, None)  # another sequencer put it in order

    async def run_once(self, tenant: TenantId) -> int:
        """Take one batch of at most 5,000 entries; how many were put in order.

        Raises:
            BehindKnownHeadError: a larger or another head is known outside the database; nothing is signed.
            HeadsGoneError: what was known outside it is gone; nothing is signed.
            IntegrityError: the newest checkpoint is not what this log signed; nothing is signed.
            UnavailableError: the database, the keys or the file of known heads are away.
        """
        async with self._database.reading() as conn:
            waiting = await _read_waiting(conn, tenant)
        return 0 if waiting is None or waiting.held else await self._run_batch(tenant)

    async def _run_batch(self, tenant: TenantId) -> int:
        if self._ask is not None and tenant not in self._asked:
            await self._ask(tenant)
            self._asked.add(tenant)
        try:
            async with self._database.transaction() as conn:
                done = await self._integrate(conn, tenant)
        except exc.IntegrityError:  # another sequencer was first: its primary keys stand
            return 0
        if done is None:
            return 0
        if self._heads is not None:
            head = done.head
            await asyncio.to_thread(self._heads.remember, head.origin, head.size, head.root)
        self.metrics.note_batch(done.entries, done.oldest)
        return done.entries

    async def _integrate(self, conn: AsyncConnection, tenant: TenantId) -> _Batch | None:
        """The batch transaction.

        1. lead, or leave it to who does
        2. read the signed head and check it, also against what is known outside
        3. read what was committed since, below the watermark
        4. sequence it and store the tiles that became full
        5. sign the new head
        """
        if not await self._lead.takes(conn, tenant, self._clock.now()):  # 1
            return None
        log = await current_log(conn, tenant)
        head = None if log is None else await self._checked_head(conn, log)  # 2
        if log is None or head is None:
            return None
        rows = await _read_outbox(conn, tenant, head.cursor, BATCH_LIMIT)  # 3
        if not rows:
            return None
        hashes = [leaf_hash(row.leaf) for row in rows]
        await _store_sequence(conn, log, head.edge.size, rows, hashes)  # 4
        await _store_tiles(conn, log, head.edge.size, hashes)
        after = _Head(head.edge.extend(hashes), (rows[-1].xid, rows[-1].pos))
        signed = await self._sign_head(conn, log, after)  # 5
        return _Batch(signed, len(rows), _written_at(rows[0].id))

    async def _checked_head(self, conn: AsyncConnection, log: LogKey) -> _Head | None:
        """Where the log stands; None when another sequencer went on while this one looked."""
        if self._heads is not None and not await begin_unless_gone(conn, self._heads):
            raise HeadsGoneError("the file of known heads is gone")
        known = None if self._heads is None else self._heads.newest(log.origin)
        head = await _read_head(conn, log)
        if self._heads is None:
            return head
        if self._heads.refuses(log.origin, head.edge.size, head.edge.root()):
            if (await _read_head(conn, log)).edge.size != head.edge.size:
                return None
            raise BehindKnownHeadError("the database is behind a head that is known outside it")
        if known is not None and 0 < known.size < head.edge.size:
            stored = await _read_root(conn, log, known.size)
            if stored != known.root:
                raise BehindKnownHeadError("the log does not extend a head that is known outside it")
        return head

    async def _sign_head(self, conn: AsyncConnection, log: LogKey, head: _Head) -> Checkpoint:
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
        return checkpoint

    async def _drain(self, tenant: TenantId) -> None:
        try:
            while await self._run_batch(tenant) == BATCH_LIMIT:
                pass
            self._told(tenant, None)
        except Exception as failure:  # noqa: BLE001 - entries of every tenant wait for this to go on
            self._told(tenant, failure)

    async def _look(self) -> list[_Waiting]:
        """What waits in every log, without a write lock: SQLite has only one, and mostly nothing waits."""
        async with self._database.reading() as conn:
            tenants = (await conn.execute(select(audit_logs.c.tenant).distinct())).scalars().all()
            found = [await _read_waiting(conn, TenantId(tenant)) for tenant in tenants]
        waiting = [one for one in found if one is not None]
        self.metrics.note_pass(
            [(one.tenant, one.since) for one in waiting],
            held_up=[one.tenant for one in waiting if one.held and self._is_late(one)],
        )
        return waiting

    async def _watch(self, held: Sequence[_Waiting]) -> None:
        """Tell who keeps entries waiting, once one has waited longer than any transaction of this service."""
        late = [one.since for one in held if self._is_late(one)]
        if late or self._watermark.is_on:
            async with self._database.reading() as conn:
                found = await blocker(conn) if late else None
            self._watermark.tell(found, self._clock.now() - min(late) if late else timedelta())

    def _is_late(self, waiting: _Waiting) -> bool:
        return self._clock.now() - waiting.since > ALARM_AFTER

    def _told(self, tenant: TenantId | None, failure: Exception | None) -> None:
        """A failure stands in the log of the process once, by its kind, until it is over or another one."""
        kind = None if failure is None else type(failure).__name__
        if failure is not None:
            self.metrics.note_failure(tenant, _alarm_of(failure))
        else:
            self.metrics.clear(tenant)
        if kind == self._failing.get(tenant):
            return
        if kind is None:
            del self._failing[tenant]
            _report.info("audit.sequencer.recovered", tenant=tenant)
        else:
            self._failing[tenant] = kind
            _report.error("audit.sequencer.failed", tenant=tenant, failure=kind)


class _Batch(msgspec.Struct, frozen=True):
    """What one transaction did: the head it signed over so many entries, the first of them written then."""

    head: Checkpoint
    entries: int
    oldest: datetime


def _alarm_of(failure: Exception) -> Alarm:
    if isinstance(failure, BehindKnownHeadError | HeadsGoneError):
        return "behind"
    return "damaged" if isinstance(failure, IntegrityError) else "failed"


def _written_at(entry: str) -> datetime:
    """When an entry was written, by its id; long ago when that is no id of ours."""
    try:
        return datetime.fromtimestamp(id_milliseconds(entry) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return _LONG_AGO


async def _read_waiting(conn: AsyncConnection, tenant: TenantId) -> _Waiting | None:
    """The oldest entry of the outbox that has no place yet."""
    entries = audit_entries.c
    query = (
        select(entries.id, (entries.xid >= oldest_open_transaction()).label("held"))
        .where(entries.tenant == tenant, after_cursor(await read_cursor(conn, tenant)))
        .order_by(entries.xid, entries.pos)
        .limit(1)
    )
    row = (await conn.execute(query)).first()
    return None if row is None else _Waiting(tenant, _written_at(row.id), bool(row.held))


async def _read_root(conn: AsyncConnection, log: LogKey, size: int) -> bytes | None:
    """The stored root of the head of `size`, if one was signed."""
    heads = audit_checkpoints.c
    query = select(heads.root).where(heads.tenant == log.tenant, heads.log == log.log, heads.size == size)
    root: bytes | None = (await conn.execute(query)).scalar_one_or_none()
    return root


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
