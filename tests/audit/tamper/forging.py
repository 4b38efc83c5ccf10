"""The hand of somebody with all rights on the database, who may have stolen the key of the log too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, write_note
from consent_service.audit.details import OpenedDetail, SealedDetail, open_details
from consent_service.audit.log_keys import LogKey, sign_for_log
from consent_service.audit.merkle import CompactRange, leaf_hash
from consent_service.audit.protection import (
    loosening_statements,
    protection_statements,
    removal_conditions,
    removal_statements,
)
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_details,
    audit_entries,
    audit_index,
    audit_sequence,
    audit_tiles,
)
from consent_service.audit.tiles import TileEdge
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.ids import PersonId
from consent_service.keyring.primitives import sign
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from tests.scenarios.stories import Told
from tests.shelter import World

GUARDED: Final = (
    "audit_checkpoints",
    "audit_emptied",
    "audit_entries",
    "audit_logs",
    "audit_sequence",
    "audit_tiles",
    "consent_ledger",
)
"""The insert-only tables that are tampered with."""


@dataclass(frozen=True)
class Place:
    """One entry in its place."""

    entry: str
    leaf: bytes


@dataclass
class Forger:
    """Everything a row of the matrix works with; `conn` is rolled back after it."""

    conn: AsyncConnection
    world: World
    told: Told
    log: LogKey
    mother: PersonId
    snapshot: int
    """The size of the log when a copy of the whole database was made; acts have no rows that came later."""
    hidden_entry: str
    """About the mother, long ago; she cannot see it, and no act has a row of it."""
    shown_to_witness: Checkpoint | None = None

    @property
    def ring(self) -> KeyRing:
        return self.world.services.installation.ring

    @property
    def clock(self) -> MovableClock:
        return self.world.clock

    async def do(self, *statements: str, **values: object) -> None:
        """Statements of which each uses some of the values."""
        for statement in statements:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await self.conn.execute(text(statement), used)

    async def places(self) -> list[Place]:
        """Every entry of the log, in order."""
        place, entry = audit_sequence.c, audit_entries.c
        query = (
            select(entry.id, entry.leaf)
            .join(audit_sequence, (place.tenant == entry.tenant) & (place.entry == entry.id))
            .where(place.tenant == self.log.tenant, place.log == self.log.log)
            .order_by(place.seq)
        )
        return [Place(row.id, row.leaf) for row in await self.conn.execute(query)]

    async def sizes(self) -> list[int]:
        """The sizes that were signed."""
        own = audit_checkpoints.c.tenant == self.log.tenant
        return sorted((await self.conn.execute(select(audit_checkpoints.c.size).where(own))).scalars())

    async def edit(self, seq: int, old: bytes, new: bytes) -> list[Place]:
        """Change the leaf at this place; the places as they are then."""
        places = await self.places()
        edited = Place(places[seq].entry, places[seq].leaf.replace(old, new, 1))
        assert edited != places[seq]
        await self.do(
            "UPDATE audit_entries SET leaf = :leaf WHERE id = :id", leaf=edited.leaf, id=edited.entry
        )
        return [*places[:seq], edited, *places[seq + 1 :]]

    async def drop(self, entries: Iterable[str]) -> None:
        """Take entries away, with what is kept beside them."""
        wanted = sorted(entries)
        for table, column in (
            (audit_details, audit_details.c.entry),
            (audit_index, audit_index.c.entry),
            (audit_entries, audit_entries.c.id),
        ):
            await self.conn.execute(delete(table).where(column.in_(wanted)))

    async def reorder(
        self,
        places: Sequence[Place],
        *,
        sign_at: Iterable[int],
        keep: Iterable[int] = (),
        key: tuple[Secret, bytes] | None = None,
    ) -> None:
        """Write order, tiles and heads anew; heads of the sizes in `keep` stay as they were.

        Signed with the stolen key of the log, or with another (private, public) one.
        """
        own, heads = self.log.tenant, set(sign_at)
        kept = sorted({0, *keep})
        cursor = select(audit_checkpoints.c.cursor_xid, audit_checkpoints.c.cursor_pos).where(
            audit_checkpoints.c.tenant == own
        )
        newest = (await self.conn.execute(cursor.order_by(audit_checkpoints.c.size.desc()).limit(1))).one()
        for table in (audit_sequence, audit_tiles):
            await self.conn.execute(delete(table).where(table.c.tenant == own))
        gone = audit_checkpoints.c.size.not_in(kept)
        await self.conn.execute(delete(audit_checkpoints).where(audit_checkpoints.c.tenant == own, gone))
        edge, tiles = CompactRange(), TileEdge()
        of = {"tenant": own, "log": self.log.log}
        for seq, place in enumerate(places):
            hashed = leaf_hash(place.leaf)
            edge = edge.extend((hashed,))
            row = {"seq": seq, "entry": place.entry, "leaf_hash": hashed}
            await self.conn.execute(insert(audit_sequence).values(of | row))
            for tile in tiles.add(hashed):
                tiled = {"level": tile.level, "tile": tile.index, "hashes": tile.hashes, "root": tile.root()}
                await self.conn.execute(insert(audit_tiles).values(of | tiled))
            if edge.size in heads:
                await self._head(edge, (newest.cursor_xid, newest.cursor_pos), key)

    async def _head(
        self, edge: CompactRange, cursor: tuple[int, int], key: tuple[Secret, bytes] | None
    ) -> None:
        head = Checkpoint(self.log.origin, edge.size, edge.root())
        if key is None:
            signature, public = (
                await sign_for_log(self.conn, self.ring, self.log, head.body()),
                self.log.public,
            )
        else:
            signature, public = sign(key[0], head.body()), key[1]
        await self.conn.execute(
            insert(audit_checkpoints).values(
                tenant=self.log.tenant,
                log=self.log.log,
                size=head.size,
                root=head.root,
                frontier=b"".join(edge.hashes),
                note=write_note(head, public=public, signature=signature),
                cursor_xid=cursor[0],
                cursor_pos=cursor[1],
                at=self.clock.now(),
            )
        )

    async def go_on(self, *added: Place, key: tuple[Secret, bytes] | None = None) -> None:
        """Put these entries at the end, as the service does, under one more head."""
        places, sizes = [*await self.places(), *added], await self.sizes()
        await self.reorder(places, sign_at=[len(places)], keep=sizes, key=key)
        outbox = audit_entries.c
        newest = select(outbox.xid, outbox.pos).where(outbox.tenant == self.log.tenant)
        last = (await self.conn.execute(newest.order_by(outbox.xid.desc(), outbox.pos.desc()))).first()
        assert last is not None
        await self.do(
            "UPDATE audit_checkpoints SET cursor_xid = :x, cursor_pos = :p WHERE size = :s",
            x=last.xid,
            p=last.pos,
            s=len(places),
        )

    async def written(self, entry: str) -> Place:
        """An entry that was appended a moment ago."""
        query = select(audit_entries.c.leaf).where(audit_entries.c.id == entry)
        return Place(entry, (await self.conn.execute(query)).scalar_one())

    async def put(self, place: Place) -> None:
        """A row of the outbox, as if it had been written by an act."""
        taken = select(func.max(audit_entries.c.xid), func.max(audit_entries.c.pos)).where(
            audit_entries.c.tenant == self.log.tenant
        )
        xid, pos = (await self.conn.execute(taken)).one()
        values = {"tenant": self.log.tenant, "id": place.entry, "leaf": place.leaf, "xid": xid}
        if self.conn.dialect.name == "sqlite":
            values["pos"] = pos + 1
        await self.conn.execute(insert(audit_entries).values(values))

    async def sealed_for(self, person: str, count: int) -> list[Row[Any]]:
        """The first details that are sealed for somebody."""
        query = select(audit_details).where(audit_details.c.person == person)
        rows = await self.conn.execute(query.order_by(audit_details.c.entry).limit(count))
        return list(rows.all())

    async def said(self, entry: str) -> Any:
        """The detail of an entry, opened."""
        query = select(audit_details).where(audit_details.c.entry == entry)
        row = (await self.conn.execute(query)).one()
        sealed = [SealedDetail(row.entry, row.person, row.sealed)]
        opened = (await open_details(self.conn, self.ring, self.log.tenant, sealed))[entry]
        assert isinstance(opened, OpenedDetail)
        return opened.detail

    async def guard(self, *, on: bool) -> None:
        """Switch the triggers off, or on again as they were."""
        dialect = self.conn.dialect.name
        statements = removal_statements(dialect, GUARDED)
        if on:
            conditions = {name: one for name, one in removal_conditions().items() if name in GUARDED}
            statements = (
                *protection_statements(dialect, GUARDED),
                *loosening_statements(dialect, conditions),
            )
        for statement in statements:
            await self.conn.execute(text(statement))
