"""What lies beside the places of a log, or twice, is named also where every hash and signature fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.dialects import sqlite

from consent_service.audit import leftovers, recomputing_ranges
from consent_service.audit.checkpoint import Checkpoint, write_note
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.leftovers import count_entries, repeated_in_first
from consent_service.audit.log import read_cursor
from consent_service.audit.log_keys import sign_for_log
from consent_service.audit.merkle import CompactRange
from consent_service.audit.reading import verify_hashes
from consent_service.audit.tables import audit_checkpoints, audit_sequence
from consent_service.audit.tiles import TILE_WIDTH
from consent_service.foundation.ids import EntryId, new_id
from tests.audit.factories import Desk
from tests.audit.test_lawful import reopened
from tests.audit.test_reading import leaf_of

ONCE_NO_MORE = "ALTER TABLE audit_sequence DROP CONSTRAINT uq_audit_sequence_tenant_log_entry"
COPIED = (
    "PRAGMA legacy_alter_table=ON",
    (
        "CREATE TABLE copied (tenant TEXT NOT NULL, log INTEGER NOT NULL, seq INTEGER NOT NULL,"
        " entry TEXT NOT NULL, leaf_hash BLOB NOT NULL)"
    ),
    "INSERT INTO copied SELECT tenant, log, seq, entry, leaf_hash FROM audit_sequence",
    "DROP TABLE audit_sequence",
    "ALTER TABLE copied RENAME TO audit_sequence",
)
"""The same rows in a table that holds no constraint."""
SAID_TO_BE_UNIQUE = (
    "CREATE INDEX said ON audit_sequence (tenant, log, entry)",
    "PRAGMA writable_schema=ON",
    "UPDATE sqlite_master SET sql = replace(sql, 'CREATE INDEX', 'CREATE UNIQUE INDEX') WHERE name = 'said'",
    "PRAGMA writable_schema=RESET",
)


async def place_again(desk: Desk, entry: EntryId) -> None:
    """Whoever has the key of the newest log gives this entry one more place there, under a signed head."""
    places = audit_sequence.c
    async with desk.database.transaction() as conn:
        leaf_hash = select(places.leaf_hash).where(places.entry == entry).limit(1)
        again = (await conn.execute(leaf_hash)).scalar_one()
        own = select(places.leaf_hash).where(places.log == desk.key.log).order_by(places.seq)
        edge = CompactRange().extend([*(await conn.execute(own)).scalars(), again])
        row = {"tenant": desk.tenant, "log": desk.key.log}
        placed = {"seq": edge.size - 1, "entry": entry, "leaf_hash": again}
        await conn.execute(insert(audit_sequence).values(**row, **placed))
        said = Checkpoint(desk.key.origin, edge.size, edge.root())
        signature = await sign_for_log(conn, desk.ring, desk.key, said.body())
        xid, pos = await read_cursor(conn, desk.tenant)
        head = {
            "size": edge.size,
            "root": said.root,
            "frontier": b"".join(edge.hashes),
            "note": write_note(said, public=desk.key.public, signature=signature),
            "cursor_xid": xid,
            "cursor_pos": pos,
            "at": desk.clock.now(),
        }
        await conn.execute(insert(audit_checkpoints).values(**row, **head))


async def named(desk: Desk) -> list[tuple[str, str]]:
    report = await verify_hashes(desk.database, desk.tenant)
    return [(bad.what, bad.entry) for bad in report.problems]


async def test_an_entry_with_two_places_in_a_log_is_named(desk: Desk) -> None:
    entries = await desk.append_many(5)
    await desk.sequence()
    assert await named(desk) == []
    await desk.tamper(["audit_sequence"], *(COPIED if desk.database.is_sqlite else (ONCE_NO_MORE,)))
    assert await named(desk) == []
    await place_again(desk, entries[1])
    assert await named(desk) == [("entry_repeated", entries[1])]


async def test_an_index_that_says_that_it_holds_each_entry_once_is_not_believed(desk: Desk) -> None:
    entries = await desk.append_many(5)
    await desk.sequence()
    if desk.database.is_sqlite:
        await desk.tamper(["audit_sequence"], *COPIED)
        await place_again(desk, entries[1])
        await desk.tamper([], *SAID_TO_BE_UNIQUE)
        async with desk.database.reading() as conn:
            # what SQLite itself counts, for it takes the index at its word
            different = text("SELECT count(DISTINCT entry) FROM audit_sequence WHERE tenant = :t AND log = 1")
            assert (await conn.execute(different, {"t": desk.tenant})).scalar_one() == 6
        assert await named(desk) == [("entry_repeated", entries[1])]


async def test_an_entry_with_places_in_two_logs_is_named(desk: Desk, tmp_path: Path) -> None:
    entries = await desk.append_many(5)
    await desk.sequence()
    await reopened(desk, KnownHeads(tmp_path / "heads.jsonl"))
    await desk.append()
    await desk.sequence()
    assert await named(desk) == []
    await place_again(desk, entries[1])
    assert await named(desk) == [("entry_repeated", entries[1])]


@pytest.mark.parametrize("at", [0, TILE_WIDTH, 2 * TILE_WIDTH - 1])
async def test_an_entry_without_a_place_between_two_stretches_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Behind the cursor, before the first, between two stretches, and within the last."""
    monkeypatch.setattr(recomputing_ranges.stretches, "__defaults__", (TILE_WIDTH,))
    entries = await desk.append_many(2 * TILE_WIDTH)
    await desk.sequence()
    forged = EntryId(new_id())
    slipped = (
        "INSERT INTO audit_entries (tenant, id, xid, pos, leaf) {} SELECT tenant, :forged, xid{}, :l"
        " FROM audit_entries WHERE id = :e"
    )
    just_before = (
        slipped.format("", ", pos - 0.5")
        if desk.database.is_sqlite
        else slipped.format("OVERRIDING SYSTEM VALUE", " - 1, pos")
    )
    leaf = (await leaf_of(desk, entries[at])).replace(entries[at].encode(), forged.encode())
    await desk.tamper(["audit_entries"], just_before, forged=forged, l=leaf, e=entries[at])
    assert await named(desk) == [("entry_not_sequenced", forged)]


async def test_counted_at_once_or_in_stretches_it_is_as_many(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "STRETCH", 2)
    entries = await desk.append_many(5)
    await desk.sequence()
    async with desk.database.reading() as conn:
        assert await count_entries(conn, desk.tenant) == len(entries)


async def test_the_search_follows_an_index_and_sorts_nothing(desk: Desk) -> None:
    """Sorting would take memory or disk as the log grows; on PostgreSQL it goes in stretches."""
    if desk.database.is_sqlite:
        search = repeated_in_first(desk.tenant).compile(
            dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
        )
        async with desk.database.reading() as conn:
            plan = (await conn.execute(text(f"EXPLAIN QUERY PLAN {search}"))).all()
        (only,) = [row[3] for row in plan]
        assert "USING COVERING INDEX" in only or "USING INDEX" in only, only
