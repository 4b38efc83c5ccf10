"""A new log after a restore: another origin and key, and a first entry that says why.

A database that was put back from a backup may be behind a head that was signed after it. Going on under
the same origin would give two histories, so nothing more is signed there. The next log begins with an entry
that names the largest head known of the one before; what the old log still holds stays where it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import exc, insert, literal, select, tuple_
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, write_note
from consent_service.audit.events import By, LogReopened
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.numbering import require_numbers_go_on
from consent_service.audit.leading import Lead
from consent_service.audit.log import AuditLog, after_cursor, read_cursor
from consent_service.audit.log_keys import LogKey, current_log, open_next_log, sign_for_log
from consent_service.audit.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_entries,
    audit_sequence,
    audit_tiles,
    oldest_open_transaction,
)
from consent_service.audit.tiles import TileEdge
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, NotFoundError
from consent_service.foundation.ids import EntryId, TenantId
from consent_service.keyring.service import KeyRing

Why = Literal["restored", "compromised"]
_ATTEMPTS: Final = 50
_PAUSE_SECONDS: Final = 0.1


class Reopened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The new log, its first head, and what is known of the one before: its largest head outside.

    `lost` entries of that one are not in the database.
    """

    log: LogKey
    head: Checkpoint
    previous: Checkpoint
    lost: int


class Reopening:
    """Begins the next log of a tenant."""

    def __init__(
        self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock, heads: KnownHeads, lead: Lead
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._heads = heads
        self._lead = lead

    async def reopen(self, tenant: TenantId, *, why: Why, by: By) -> Reopened:
        """Begin the next log; entries that wait for their place get one there, after the first.

        Raises:
            NotFoundError: the tenant has no log.
            ConflictError: the log is being put in order, or somebody writes: stop the service first.
            ConfigurationError: the database counts its transactions anew; see `numbering`.
            UnavailableError: something is away; nothing was changed.
        """
        try:
            async with self._database.transaction() as conn:
                reopened = await self._reopen(conn, tenant, why, by)
        except exc.IntegrityError as failure:
            raise ConflictError("somebody else opened the log anew") from failure
        head = reopened.head
        await asyncio.to_thread(self._heads.remember, head.origin, head.size, head.root)
        return reopened

    async def _reopen(self, conn: AsyncConnection, tenant: TenantId, why: Why, by: By) -> Reopened:
        """The transaction.

        1. keep sequencers away
        2. what is known of the log so far
        3. the next log, and the entry that says why
        4. that entry first, then whatever waits, in its order
        5. sign the first head
        """
        now = self._clock.now()
        await self._take_the_lead(conn, tenant)  # 1
        await require_numbers_go_on(conn)
        before = await current_log(conn, tenant)  # 2
        if before is None:
            raise NotFoundError("log")
        stored = await _stored_head(conn, before)
        previous = self._largest_known(stored)
        log = await open_next_log(conn, self._ring, before, now=now)  # 3
        root = previous.root.hex()
        event = LogReopened(log.log, why, previous.size, root)
        entry = await self._log.append(conn, tenant=tenant, event=event, by=by, subject=None)
        rows = await _first_and_waiting(conn, tenant, entry)  # 4
        edge = await _store(conn, log, rows)
        head = await self._sign(conn, log, edge, (rows[0].xid, rows[0].pos), now)  # 5
        return Reopened(log, head, previous, max(0, previous.size - stored.size))

    async def _take_the_lead(self, conn: AsyncConnection, tenant: TenantId) -> None:
        for _ in range(_ATTEMPTS):
            if await self._lead.takes(conn, tenant, self._clock.now()):
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        raise ConflictError("the log is being put in order")

    def _largest_known(self, stored: Checkpoint) -> Checkpoint:
        """The largest head; of one that only a witness speaks of the root is not known, and empty."""
        known = self._heads.newest(stored.origin)
        largest = stored
        if known is not None and known.size >= stored.size:
            largest = Checkpoint(known.origin, known.size, known.root)
        claimed = max((claim.size or 0 for claim in self._heads.claims(stored.origin)), default=0)
        return largest if claimed <= largest.size else Checkpoint(stored.origin, claimed, b"")

    async def _sign(
        self,
        conn: AsyncConnection,
        log: LogKey,
        edge: CompactRange,
        cursor: tuple[int, int],
        now: datetime,
    ) -> Checkpoint:
        head = Checkpoint(log.origin, edge.size, edge.root())
        signature = await sign_for_log(conn, self._ring, log, head.body())
        await conn.execute(
            insert(audit_checkpoints).values(
                tenant=log.tenant,
                log=log.log,
                size=head.size,
                root=head.root,
                frontier=b"".join(edge.hashes),
                note=write_note(head, public=log.public, signature=signature),
                cursor_xid=cursor[0],
                cursor_pos=cursor[1],
                at=now,
            )
        )
        return head


async def _stored_head(conn: AsyncConnection, log: LogKey) -> Checkpoint:
    heads = audit_checkpoints.c
    query = (
        select(heads.size, heads.root)
        .where(heads.tenant == log.tenant, heads.log == log.log)
        .order_by(heads.size.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).first()
    return Checkpoint(log.origin, row.size, row.root) if row else Checkpoint(log.origin, 0, EMPTY_ROOT)


async def _first_and_waiting(
    conn: AsyncConnection, tenant: TenantId, entry: EntryId | None
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The entry of this transaction, and those before it that have no place in any log.

    Those that come later are behind the cursor of the new log. For that, every transaction with a lower
    number must have ended.

    Raises:
        ConflictError: one has not.
    """
    entries, placed = audit_entries.c, audit_sequence.c
    columns = (entries.id, entries.xid, entries.pos, entries.leaf)
    own = (await conn.execute(select(*columns).where(entries.tenant == tenant, entries.id == entry))).one()
    await _wait_for_older(conn, own.xid)
    has_place = select(placed.seq).where(placed.tenant == tenant, placed.entry == entries.id)
    earlier = tuple_(entries.xid, entries.pos) < tuple_(literal(own.xid), literal(own.pos))
    waiting = (
        select(*columns)
        .where(entries.tenant == tenant, after_cursor(await read_cursor(conn, tenant)), earlier)
        .where(~has_place.exists())
        .order_by(entries.xid, entries.pos)
    )
    return [own, *(await conn.execute(waiting)).all()]


async def _wait_for_older(conn: AsyncConnection, xid: int) -> None:
    for _ in range(_ATTEMPTS):
        if (await conn.execute(select(oldest_open_transaction()))).scalar_one() >= xid:
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    raise ConflictError("somebody else is writing to the database")


async def _store(conn: AsyncConnection, log: LogKey, rows: Sequence[Row[*tuple[Any, ...]]]) -> CompactRange:
    """Places and full tiles of a log that begins."""
    hashes = [leaf_hash(row.leaf) for row in rows]
    own = {"tenant": log.tenant, "log": log.log}
    places = [
        {**own, "seq": seq, "entry": row.id, "leaf_hash": one}
        for seq, (row, one) in enumerate(zip(rows, hashes, strict=True))
    ]
    await conn.execute(insert(audit_sequence), places)
    edge = TileEdge()
    tiles = [
        {**own, "level": tile.level, "tile": tile.index, "hashes": tile.hashes, "root": tile.root()}
        for one in hashes
        for tile in edge.add(one)
    ]
    if tiles:
        await conn.execute(insert(audit_tiles), tiles)
    return CompactRange().extend(hashes)
