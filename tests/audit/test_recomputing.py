"""The pass over hashes takes what was written for right, and nothing else; what it refuses is named."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any
from unittest.mock import create_autospec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import reading, recomputing_ranges
from consent_service.audit.checkpoint import Checkpoint, write_note
from consent_service.audit.log_keys import LogKey
from consent_service.audit.merkle import CompactRange, leaf_hash
from consent_service.audit.protection import removal_statements
from consent_service.audit.reading import edge_of, verify_hashes, verify_in
from consent_service.audit.recomputing import Recomputing, recompute
from consent_service.audit.recomputing_ranges import Hashed, Range, Stored, hash_stretch
from consent_service.audit.tiles import TILE_WIDTH, PartialTile, TileEdge
from consent_service.audit.verify import LogIdentity, Start, StoredCheckpoint, StoredTile
from consent_service.foundation.errors import DatabaseUnavailableError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.primitives import new_signing_key, sign
from consent_service.keyring.secret import Secret
from tests.audit.factories import Desk

OLD, NEW = new_signing_key(), new_signing_key()
LOG = LogIdentity("tenant", "audit.example.org/t/1", (OLD[1], NEW[1]))
KEY = LogKey(TenantId("tenant"), 1, 1, LOG.origin, OLD[1], b"")
HASHES = [sha256(str(number).encode()).digest() for number in range(3 * TILE_WIDTH + 5)]
BORDERS = st.sampled_from([0, 1, 255, 256, 257, 511, 512, 513, 767, 768, 769, 773]) | st.integers(0, 773)


def head(size: int, *, key: tuple[Secret, bytes] = OLD, origin: str = LOG.origin) -> StoredCheckpoint:
    root = CompactRange().extend(HASHES[:size]).root()
    said = Checkpoint(origin, size, root)
    return StoredCheckpoint(size, root, write_note(said, public=key[1], signature=sign(key[0], said.body())))


def tiles(begin: int, end: int) -> list[StoredTile]:
    edge, full = TileEdge(), []
    for number, one in enumerate(HASHES[:end], start=1):
        made = edge.add(one)
        full += [StoredTile(t.level, t.index, t.hashes, t.root()) for t in made if number > begin]
    return full


def start_at(size: int) -> Start:
    widths = [PartialTile(0, size // TILE_WIDTH, tuple(HASHES[size // TILE_WIDTH * TILE_WIDTH : size]))]
    if size >= TILE_WIDTH:
        widths.append(PartialTile(1, 0, tuple(tile.root for tile in tiles(0, size))))
    return Start(edge_of(size, widths), tuple(widths) if size else ())


class Passing:
    """Hashes stretches one after another and takes what they give."""

    def __init__(self, start: Start) -> None:
        self.recomputing = Recomputing(start)
        self._size = start.edge.size

    def take(self, hashes: list[bytes], heads: list[StoredCheckpoint], stored: list[StoredTile]) -> bool:
        border = (self._size, self._size + len(hashes))
        hashed = hash_stretch(LOG, border, self.recomputing.opened, Stored(hashes, heads, stored))
        self._size = border[1]
        return hashed is not None and self.recomputing.take(hashed)


@settings(max_examples=40, deadline=None)
@given(BORDERS, BORDERS, BORDERS)
def test_the_tree_of_any_size_begun_anywhere_is_that_of_its_leaves(one: int, two: int, three: int) -> None:
    begin, middle, end = sorted((one, two, three))
    passing = Passing(start_at(begin))
    for first, last in ((begin, middle), (middle, end)):
        heads = [head(last)] if last > first else []
        assert passing.take(HASHES[first:last], heads, tiles(first, last))
    assert passing.recomputing.finish() == CompactRange().extend(HASHES[:end])


@pytest.mark.parametrize(
    "wrong",
    [
        replace(head(700), root=b"r" * 32),
        replace(head(700), note=b"no note"),
        replace(head(700), note=head(699).note),
        replace(head(700), note=head(700, key=new_signing_key()).note),
        head(700, origin="another.example.org/t/1"),
    ],
)
def test_a_head_that_is_not_of_these_entries_is_refused(wrong: StoredCheckpoint) -> None:
    assert not Passing(Start(CompactRange())).take(HASHES, [wrong, head(773)], tiles(0, 773))


def test_the_key_before_signs_nothing_any_more() -> None:
    first, second = head(300, key=NEW), head(700, key=OLD)
    assert not Passing(Start(CompactRange())).take(HASHES, [first, second], tiles(0, 773))
    assert Passing(Start(CompactRange())).take(HASHES, [head(300), head(700, key=NEW)], tiles(0, 773))


def test_entries_without_a_head_are_refused_at_the_end() -> None:
    passing = Passing(Start(CompactRange()))
    assert passing.take(HASHES, [head(772)], tiles(0, 773))
    assert passing.recomputing.finish() is None


@given(st.integers(0, 2), st.sampled_from(["missing", "hashes", "root"]))
@settings(max_examples=10, deadline=None)
def test_a_tile_that_is_not_of_these_entries_is_refused(number: int, what: str) -> None:
    stored = tiles(0, 773)
    tile = stored.pop(number)
    if what != "missing":
        stored.append(replace(tile, **{what: bytes(len(getattr(tile, what)))}))
    assert not Passing(Start(CompactRange())).take(HASHES, [head(773)], stored)


def test_a_tile_of_tiles_is_compared_too() -> None:
    many = [HASHES[0]] * TILE_WIDTH**2
    edge, full = TileEdge(), []
    for one in many:
        full += [StoredTile(t.level, t.index, t.hashes, t.root()) for t in edge.add(one)]
    upper = next(tile for tile in full if tile.level)
    assert Passing(Start(CompactRange())).take(many, [], full)
    full[full.index(upper)] = replace(upper, root=bytes(32))
    assert not Passing(Start(CompactRange())).take(many, [], full)


# --- from the database ---------------------------------------------------------------------------

RENAMED = (
    "UPDATE audit_entries SET id = :n WHERE id = :e; UPDATE audit_sequence SET entry = :n WHERE entry = :e"
)
"""The same leaf in the same place, under another name."""
FAULTS = [
    ("audit_entries", "UPDATE audit_entries SET leaf = :b WHERE id = :e", "leaf_changed"),
    ("audit_entries", "DELETE FROM audit_entries WHERE id = :e", "leaf_missing"),
    ("audit_entries", RENAMED, "leaf_misplaced"),
    ("audit_sequence", "UPDATE audit_sequence SET leaf_hash = :b WHERE entry = :e", "leaf_changed"),
    ("audit_sequence", "DELETE FROM audit_sequence WHERE entry = :e", "sequence_gap"),
    ("audit_sequence", "UPDATE audit_sequence SET seq = 9000 WHERE entry = :e", "sequence_gap"),
    ("audit_tiles", "DELETE FROM audit_tiles", "tile_missing"),
    ("audit_tiles", "UPDATE audit_tiles SET hashes = :b", "tile_differs"),
    ("audit_checkpoints", "UPDATE audit_checkpoints SET root = :b WHERE size < 262", "root_differs"),
    ("audit_checkpoints", "UPDATE audit_checkpoints SET note = :b WHERE size < 262", "checkpoint_malformed"),
    ("audit_checkpoints", "DELETE FROM audit_checkpoints WHERE size > 261", "not_signed"),
    (
        "audit_checkpoints",
        "UPDATE audit_checkpoints SET size = 999 WHERE size = 264",
        "checkpoint_beyond_log",
    ),
]


async def a_log(desk: Desk) -> list[str]:
    entries = [*await desk.append_many(261)]
    await desk.sequence()
    entries += await desk.append_many(3)
    await desk.sequence()
    await desk.append()
    return [str(entry) for entry in entries]


class _BackError(Exception):
    """Ends a transaction whose changes nobody wants."""


@asynccontextmanager
async def tampered(desk: Desk, table: str, statement: str, entry: str) -> AsyncIterator[AsyncConnection]:
    """A database with this change, until the end."""
    values = {"b": b"x" * 32, "e": entry, "n": f"{entry[:-4]}{(int(entry[-4:], 16) + 1) % 65536:04x}"}
    with pytest.raises(_BackError):  # noqa: PT012 - all is taken back
        async with desk.database.long_transaction() as conn:
            for removal in removal_statements(conn.dialect.name, {"audit_entries", "audit_sequence", table}):
                await conn.execute(text(removal))
            for step in statement.split("; "):
                own = {name: value for name, value in values.items() if f":{name}" in step}
                await conn.execute(text(step), own)
            yield conn
            raise _BackError


async def test_every_planted_fault_is_handed_over_and_named_without_a_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recomputing_ranges.stretches, "__defaults__", (TILE_WIDTH,))
    monkeypatch.setattr(recomputing_ranges, "BESIDE", 100)  # neither a whole stretch nor a whole tile
    entries = await a_log(desk)
    whole = await desk.verify()
    told: list[tuple[int, int]] = []
    report = await verify_hashes(desk.database, desk.tenant, progress=lambda *at: told.append(at))
    assert (report.ok, report.size, report.root, report.pending) == (True, 264, whole.root, 1)
    assert (report.details_checked, told[-1]) == (0, (264, 264))
    for table, statement, what in FAULTS:
        async with tampered(desk, table, statement, entries[100]) as conn:
            (log,) = await reading._read_logs(conn, desk.tenant)
            assert await recompute(conn, log.key, log.identity, log.size, Start(CompactRange())) is None
            found = await verify_in(conn, None, desk.tenant)
            assert what in {bad.what for bad in found.problems}, statement
            opened = await verify_in(conn, desk.ring, desk.tenant)
            assert {bad.what for bad in found.problems} <= {bad.what for bad in opened.problems}


async def test_an_order_of_its_own_is_no_fault_of_the_log(desk: Desk) -> None:
    """A restored outbox may number otherwise; the order of the log is its own."""
    entries = await a_log(desk)
    statement = "UPDATE audit_entries SET xid = 1 WHERE id = :e"
    async with tampered(desk, "audit_entries", statement, entries[100]) as conn:
        (log,) = await reading._read_logs(conn, desk.tenant)
        assert await recompute(conn, log.key, log.identity, log.size, Start(CompactRange())) is not None
        assert (await verify_in(conn, desk.ring, desk.tenant)).ok


async def test_the_first_entry_gone_is_named(desk: Desk) -> None:
    entries = await a_log(desk)
    async with tampered(desk, "audit_entries", "DELETE FROM audit_entries WHERE id = :e", entries[0]) as conn:
        found = await verify_in(conn, None, desk.tenant)
        assert found.first is not None
        assert (found.first.what, found.first.seq) == ("leaf_missing", 0)


def test_below_the_minimum_a_leaf_may_be_gone_and_must_fit_where_it_is_not() -> None:
    ids, leaves = ("an id" * 8)[:36], [leaf_named("an id" * 8)]
    stored = [leaf_hash(leaves[0]), HASHES[0]]
    whole, named = b"".join(stored), [ids, "gone"]
    assert recomputing_ranges.hashes_of(whole, [*leaves, None], named) == stored
    assert recomputing_ranges.hashes_of(whole, [b"another", None], named) is None
    assert recomputing_ranges.hashes_of(whole, [*leaves, None], [ids[::-1], "gone"]) is None
    assert recomputing_ranges.hashes_of(whole, ["a text", None], named) is None  # type: ignore[list-item]
    borders = list(recomputing_ranges.stretches(3, 5000, 100))
    assert borders == [(3, 100), (100, 2048), (2048, 4096), (4096, 5000)]


def leaf_named(entry: str, bundle: str = "") -> bytes:
    """As much of a leaf as tells where its id stands."""
    return f'{{"bundle":"{bundle}","com":"{"c" * 43}","id":"{entry[:36]}"}}'.encode()


IDS = st.text("0123456789abcdef-", min_size=36, max_size=36)
NAMED = st.tuples(IDS, st.sampled_from(["", "b" * 64]), st.binary(max_size=6))


@given(st.lists(NAMED, min_size=1, max_size=9), st.integers(0))
@settings(max_examples=40, deadline=None)
def test_joined_leaves_are_hashed_one_by_one(entries: list[tuple[str, str, bytes]], at: int) -> None:
    leaves = [leaf_named(entry, bundle) + rest.replace(b"\n", b"") for entry, bundle, rest in entries]
    stored = b"".join(map(leaf_hash, leaves))
    joined, ids = b"\n\x00".join(leaves), b"".join(entry.encode() for entry, _, _ in entries)
    assert recomputing_ranges.leaf_hashes(stored, joined, ids) == [*map(leaf_hash, leaves)]
    assert recomputing_ranges.leaf_hashes(stored, joined + b"\n", ids) is None
    at %= len(ids)
    other = ids[:at] + b"x" + ids[at + 1 :]
    assert recomputing_ranges.leaf_hashes(stored, joined, other) is None
    assert recomputing_ranges.leaf_hashes(leaf_hash(b"short"), b"short", b"") is None


async def test_what_sqlite_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        async def execute_fetchall(self, *_: object) -> list[object]:
            raise sqlite3.OperationalError("away")

    conn = create_autospec(AsyncConnection)
    conn.get_raw_connection.return_value.driver_connection = Away()
    reader = recomputing_ranges._Reader(conn, Range(KEY, LOG, 0, 1))
    with pytest.raises(DatabaseUnavailableError):
        await reader._plainly({})


@pytest.mark.threads
async def test_on_sqlite_the_next_stretch_waits_behind_the_one_that_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that reads goes from one to the other by itself: no more are asked than that."""
    monkeypatch.setattr(recomputing_ranges.stretches, "__defaults__", (TILE_WIDTH,))
    await desk.append_many(3 * TILE_WIDTH)
    await desk.sequence()
    plainly, said = recomputing_ranges._Reader._plainly, list[str]()

    async def noted(self: recomputing_ranges._Reader, asked: Mapping[str, Any]) -> Sequence[Any]:
        said.append(f"asked {asked['begin']}")
        row = await plainly(self, asked)
        said.append(f"read {asked['begin']}")
        return row

    monkeypatch.setattr(recomputing_ranges._Reader, "_plainly", noted)
    taken: list[int] = []

    def take(hashed: Hashed) -> bool:
        taken.append(hashed.end)
        return True

    async with desk.database.reading() as conn:
        (log,) = await reading._read_logs(conn, desk.tenant)
        part = Range(log.key, log.identity, 0, log.size)
        assert await recomputing_ranges.hash_range(conn, part, take)
    assert taken == [256, 512, 768]
    if desk.database.is_sqlite:
        assert said[:2] == ["asked 0", "asked 256"]
        assert sorted(said) == sorted(f"{what} {at}" for what in ("asked", "read") for at in (0, 256, 512))
        assert said.index("read 0") < said.index("asked 512")


async def test_sqlite_keeps_texts_where_bytes_belong_and_that_is_a_fault(desk: Desk) -> None:
    entries = await a_log(desk)
    if desk.database.is_sqlite:
        text_hash = f"UPDATE audit_sequence SET leaf_hash = '{'h' * 32}' WHERE entry = :e"
        text_leaf = "UPDATE audit_entries SET leaf = CAST(leaf AS TEXT) WHERE id = :e"
        number = "UPDATE audit_sequence SET leaf_hash = 7 WHERE entry = :e"
        longer = "UPDATE audit_sequence SET leaf_hash = CAST(leaf_hash || 'x' AS BLOB) WHERE entry = :e"
        for table, statement in (
            ("audit_sequence", text_hash),
            ("audit_sequence", longer),
            ("audit_sequence", "UPDATE audit_sequence SET entry = CAST(entry AS BLOB) WHERE entry = :e"),
            ("audit_entries", "UPDATE audit_entries SET id = CAST(id AS BLOB) WHERE id = :e"),
            ("audit_entries", text_leaf),
            ("audit_sequence", number),
        ):
            async with tampered(desk, table, statement, entries[100]) as conn:
                (log,) = await reading._read_logs(conn, desk.tenant)
                tree = await recompute(conn, log.key, log.identity, log.size, Start(CompactRange()))
                assert tree is None, statement


async def test_whoever_gives_up_can_go_on_reading(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing_ranges.stretches, "__defaults__", (TILE_WIDTH,))
    await a_log(desk)

    def take(_hashed: object) -> bool:
        raise ZeroDivisionError

    async with desk.database.reading() as conn:
        (log,) = await reading._read_logs(conn, desk.tenant)
        with pytest.raises(ZeroDivisionError):
            await recomputing_ranges.hash_range(conn, Range(log.key, log.identity, 0, log.size), take)
        assert (await conn.execute(text("SELECT 1"))).scalar_one() == 1
