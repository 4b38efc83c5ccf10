"""Loads a tenant's log from the database, in pages of one snapshot, for `verify`.

Details are opened where their key still lives, so that their commitments are checked too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.announced import Announcements, Place, Running, Unheard
from consent_service.audit.checkpoint import Checkpoint, read_note
from consent_service.audit.details import OpenedDetail, SealedDetail, open_details
from consent_service.audit.hearing import hear_before, judge_endings
from consent_service.audit.leftovers import Placed, read_leftovers
from consent_service.audit.log import after_cursor, read_cursor
from consent_service.audit.log_keys import LogKey, current_log, public_keys
from consent_service.audit.merkle import CompactRange
from consent_service.audit.opened_entries import read_opened
from consent_service.audit.recomputing import read_heads, read_tiles, recompute
from consent_service.audit.recomputing_processes import Processes, processes_for
from consent_service.audit.removal import Removal
from consent_service.audit.sequencer import read_partial_tiles
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_details,
    audit_entries,
    audit_logs,
    audit_prunings,
    audit_sequence,
)
from consent_service.audit.tiles import PartialTile
from consent_service.audit.verify import (
    BadEntry,
    LogIdentity,
    Page,
    Report,
    SequencedEntry,
    Start,
    Verifier,
    no_log,
    signer_of,
    told_by,
    whole_report,
)
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing

PAGE_SIZE: Final = 2048
Progress = Callable[[int, int], None]
"""Called with (entries done, entries in all)."""
Erasing = Callable[[AsyncConnection, TenantId], Awaitable[Sequence[Running]]]
"""The erasures that have not ended yet, as their rows say."""
Beside = Callable[[AsyncConnection, TenantId, Checkpoint | None], Awaitable[Sequence[BadEntry]]]
"""What else is wrong with what is kept of a tenant's log, of a pinned head what came after it."""


async def verify_stored(
    database: Database,
    ring: KeyRing,
    tenant: TenantId,
    *,
    since: Checkpoint | None = None,
    erasing: Erasing | None = None,
    beside: Beside | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> Report:
    """Recompute every log of a tenant from one snapshot of the database.

    With `since`, a head that was kept outside the database, only what came after it: the stored hashes up
    to there must give its root. If they do not, everything is read, to find where it begins to differ.
    `erasing` says, of the same snapshot, which erasures are under way: what they took is held against all the
    entries, so then everything is read. `beside` looks at what else is kept of the log. So many `processes`
    hash a large log.

    Raises:
        UnavailableError: the database or the key provider is away.
    """
    async with database.reading() as conn:
        if not database.is_sqlite:
            await conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        async with processes_for(database, conn, tenant, processes) as several:
            return await verify_in(
                conn,
                ring,
                tenant,
                since=since,
                erasing=erasing,
                beside=beside,
                progress=progress,
                processes=several,
            )


async def verify_hashes(
    database: Database,
    tenant: TenantId,
    *,
    since: Checkpoint | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> Report:
    """As `verify_stored`, of what needs no key: leaves, order, hash tiles, roots and signatures.

    No detail is opened, so nothing is said about what details, index and attachments hold, about what was
    erased, or about whether the log itself tells of its keys, its prunings and its reopening.

    Raises:
        UnavailableError: the database is away, or a process ended.
    """
    async with (
        database.reading() as conn,
        processes_for(database, conn, tenant, processes) as several,
    ):
        return await verify_in(conn, None, tenant, since=since, progress=progress, processes=several)


async def verify_in(
    conn: AsyncConnection,
    ring: KeyRing | None,
    tenant: TenantId,
    *,
    since: Checkpoint | None = None,
    erasing: Erasing | None = None,
    beside: Beside | None = None,
    progress: Progress | None = None,
    processes: Processes | None = None,
) -> Report:
    """As `verify_stored`, in a transaction that sees one state; without a ring as `verify_hashes`."""
    logs = await _read_logs(conn, tenant)
    if not logs:
        return no_log()
    walk = _Walk(conn, ring, tenant, progress, processes)
    start, found = await walk.start_at(logs, since)
    running = () if erasing is None else await erasing(conn, tenant)
    if beside is not None:
        found = (*found, *await beside(conn, tenant, since))
    return await walk.through(logs, _Start() if running else start, found, running)


class _Log(msgspec.Struct, frozen=True):
    """One of the logs of a tenant: for reading its rows, and for the verifier."""

    key: LogKey
    identity: LogIdentity
    size: int


class _Start(msgspec.Struct, frozen=True):
    """Begin in this log; those before it are not read."""

    log: int = 1
    at: Start | None = None


class _Walk:
    """Reads the logs of one tenant, in their order, within one snapshot."""

    def __init__(
        self,
        conn: AsyncConnection,
        ring: KeyRing | None,
        tenant: TenantId,
        progress: Progress | None,
        processes: Processes | None,
    ) -> None:
        self._conn = conn
        self._processes = processes
        self._opening = None if ring is None else (ring, Removal(ring, tenant))
        self._announced = Unheard() if ring is None else Announcements()
        self._progress = progress or _untold

    async def start_at(
        self, logs: Sequence[_Log], since: Checkpoint | None
    ) -> tuple[_Start, tuple[BadEntry, ...]]:
        """Where the pinned head lets us begin, and what is wrong with it."""
        if since is None:
            return _Start(), ()
        pinned = next((log for log in logs if log.key.origin == since.origin), None)
        if pinned is None:
            return _Start(), (BadEntry("pin_foreign"),)
        number = pinned.identity.number
        if since.size > pinned.size:
            return _Start(), (BadEntry("pin_beyond_log", pinned.size, until=since.size - 1, log=number),)
        partial = await read_partial_tiles(self._conn, pinned.key, since.size)
        edge = edge_of(since.size, partial)
        if not edge.is_sound() or edge.root() != since.root:
            return _Start(), (BadEntry("pin_differs", 0, until=since.size - 1, log=number),)
        signer = await _signer_at(self._conn, pinned, since.size)
        return _Start(number, Start(edge, tuple(partial), signer)), ()

    async def through(
        self, logs: Sequence[_Log], start: _Start, found: tuple[BadEntry, ...], erasing: Sequence[Running]
    ) -> Report:
        """Every log from `start` on."""
        wanted = [log for log in logs if log.identity.number >= start.log]
        if start.at is not None and self._opening is not None:
            await hear_before(self._conn, self._opening[0], wanted[0].key, self._announced)
        skipped = 0 if start.at is None else start.at.edge.size
        total, done = sum(log.size for log in wanted) - skipped, 0
        reports, placed = [], Placed()
        for log, (at, tree) in zip(wanted, await self._trees(wanted, start, total), strict=True):
            verifier = Verifier(log.identity, self._announced, at, tree)
            if tree is None or self._opening is not None:
                async for page in self._pages(log, at.edge.size, is_recomputed=tree is not None):
                    verifier.take(page)
                    self._progress(done + page.entries[-1].seq + 1 - at.edge.size, total)
            done += log.size - at.edge.size
            is_all = tree is not None and at.edge.size == log.identity.minimum == 0
            placed = placed.after(log.size, is_whole=is_all and wanted == logs)
            leftovers = await read_leftovers(
                self._conn,
                log.key,
                log.size,
                placed if log is wanted[-1] else None,
                is_opened=self._opening is not None,
            )
            reports.append(verifier.finish(leftovers))
        if self._opening is not None:
            await self._hear_pending(*self._opening)
            endings = self._announced.endings()
            await judge_endings(
                self._conn, self._opening[0], self._opening[1].tenant, self._announced, endings
            )
        identities = [log.identity for log in wanted]
        return whole_report(reports, identities, self._announced, found=found, erasing=erasing)

    async def _trees(
        self, wanted: Sequence[_Log], start: _Start, total: int
    ) -> list[tuple[Start, CompactRange | None]]:
        """Where each log begins, and its tree; opening comes after all of that, so that no process waits."""
        found, done = [], 0
        for log in wanted:
            at = (start.at if log is wanted[0] else None) or Start(CompactRange())
            told, processes = partial(self._tell, done, total), self._processes
            tree = await recompute(
                self._conn, log.key, log.identity, log.size, at, told=told, processes=processes
            )
            found.append((at, tree))
            done += log.size - at.edge.size
        return found

    def _tell(self, done: int, total: int, further: int) -> None:
        """How far it is, where what tells of it is the last that is done."""
        if self._opening is None:
            self._progress(done + further, total)

    async def _pages(self, log: _Log, begin: int, *, is_recomputed: bool) -> AsyncIterator[Page]:
        """What was recomputed is not read again: no tiles, and heads only to see who signed them."""
        many = len(log.identity.public_keys) > 1
        done, after = begin, begin - 1
        while entries := await self._entries(log.key, after):
            end = done + len(entries)
            heads = await read_heads(self._conn, log.key, done, end) if many or not is_recomputed else ()
            tiles = () if is_recomputed else await read_tiles(self._conn, log.key, done, end)
            yield Page(entries, tuple(heads), tuple(tiles))
            done, after = end, entries[-1].seq

    async def _entries(self, log: LogKey, after: int) -> tuple[SequencedEntry, ...]:
        if self._opening is None:
            return await _read_lines(self._conn, log, after)
        return await read_opened(self._conn, *self._opening, log, after, limit=PAGE_SIZE)

    async def _hear_pending(self, ring: KeyRing, removal: Removal) -> None:
        """What was done a moment ago is announced by an entry that has no place yet."""
        entries, details = audit_entries.c, audit_details.c
        tenant, cursor = removal.tenant, await read_cursor(self._conn, removal.tenant)
        query = (
            select(entries.id, entries.leaf, entries.xid, entries.pos, details.person, details.sealed)
            .join(audit_details, and_(details.tenant == entries.tenant, details.entry == entries.id))
            .where(entries.tenant == tenant)
            .order_by(entries.xid, entries.pos)
            .limit(PAGE_SIZE)
        )
        while rows := (await self._conn.execute(query.where(after_cursor(cursor)))).all():
            cursor = (rows[-1].xid, rows[-1].pos)
            sealed = [SealedDetail(row.id, row.person, row.sealed) for row in rows]
            opened = await open_details(self._conn, ring, tenant, sealed)
            for row in rows:
                one = opened[row.id]
                detail = told_by(tenant, row.leaf, one) if isinstance(one, OpenedDetail) else None
                if detail is not None:
                    self._announced.hear(detail, Place(0, 0, row.id))


def _untold(_done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


def edge_of(size: int, partial: Sequence[PartialTile]) -> CompactRange:
    """What the tree must remember at `size`, from the unfinished tile of every level."""
    parts = [CompactRange().extend(tile.hashes).hashes for tile in reversed(partial)]
    return CompactRange(size, tuple(one for part in parts for one in part))


async def _read_logs(conn: AsyncConnection, tenant: TenantId) -> list[_Log]:
    """Every log of the tenant, oldest first."""
    logs = []
    for newest in await all_logs(conn, tenant):
        minimum = await _minimum(conn, newest)
        keys = await public_keys(conn, newest)
        identity = LogIdentity(tenant, newest.origin, keys, newest.log, minimum)
        logs.append(_Log(newest, identity, await _length(conn, newest)))
    return logs


async def all_logs(conn: AsyncConnection, tenant: TenantId) -> tuple[LogKey, ...]:
    """Every log the tenant has had, oldest first, each with its newest key."""
    query = (
        select(audit_logs)
        .where(audit_logs.c.tenant == tenant)
        .order_by(audit_logs.c.log, audit_logs.c.key_number)
    )
    newest = {
        row.log: LogKey(tenant, row.log, row.key_number, row.origin, row.public_key, row.sealed_key)
        for row in await conn.execute(query)
    }
    return tuple(newest.values())


async def _minimum(conn: AsyncConnection, log: LogKey) -> int:
    """From which number on this log keeps its entries."""
    rows = audit_prunings.c
    query = select(func.coalesce(func.max(rows.minimum), 0))
    return int((await conn.execute(query.where(rows.tenant == log.tenant, rows.log == log.log))).scalar_one())


async def _signer_at(conn: AsyncConnection, log: _Log, size: int) -> int:
    """Whose key signed the stored head of this size; the first key where that cannot be told."""
    heads = audit_checkpoints.c
    query = select(heads.note).where(
        heads.tenant == log.key.tenant, heads.log == log.key.log, heads.size == size
    )
    raw = (await conn.execute(query)).scalar_one_or_none()
    try:
        return (raw and signer_of(log.identity, read_note(raw))) or 0
    except IntegrityError:
        return 0


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


async def _read_lines(conn: AsyncConnection, log: LogKey, after: int) -> tuple[SequencedEntry, ...]:
    """The next entries as anybody can read them."""
    sequence, entries = audit_sequence.c, audit_entries.c
    belongs = and_(entries.tenant == sequence.tenant, entries.id == sequence.entry)
    query = (
        select(sequence.seq, sequence.entry, sequence.leaf_hash, entries.leaf)
        .select_from(audit_sequence)
        .join(audit_entries, belongs, isouter=True)
        .where(sequence.tenant == log.tenant, sequence.log == log.log, sequence.seq > after)
        .order_by(sequence.seq)
        .limit(PAGE_SIZE)
    )
    return tuple(SequencedEntry(*row, "unread") for row in await conn.execute(query))
