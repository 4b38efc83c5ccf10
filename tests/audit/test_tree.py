"""Proofs out of stored tiles: the same as from all leaves, a few tiles each, nothing believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, insert

from consent_service.audit import tiles
from consent_service.audit.log_keys import LogKey
from consent_service.audit.merkle import (
    CompactRange,
    consistency_proof,
    consistency_ranges,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from consent_service.audit.tables import audit_sequence, audit_tiles
from consent_service.audit.tiles import TILE_WIDTH, Tile, TileEdge, TilePlace
from consent_service.audit.tree import (
    checkpoint_at,
    consistency_path,
    inclusion_path,
    newest_head,
    read_tiles,
)
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import new_id
from tests.audit.factories import Desk
from tests.audit.test_merkle import reference_path, reference_root, reference_subproof

SIZE = 65_536 + 3 * 256 + 40
"""One full tile on level 1, three more on level 0, and unfinished ones on every level."""
KEPT_FROM = 65_536
"""Before this no single leaf hash is in the database: proofs have to come from tiles."""
MILLION, TEN_MILLION = 1_000_000, 10_000_000


def hashes_of(size: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


class Growing:
    """All tiles of a log as they stand at each size, kept in memory."""

    def __init__(self, hashes: list[bytes]) -> None:
        edge = TileEdge()
        self.hashes = hashes
        self.full: list[Tile] = [tile for one in hashes for tile in edge.add(one)]
        self._by_place = {(tile.level, tile.index): tile for tile in self.full}

    def at(self, place: TilePlace) -> tuple[bytes, ...]:
        first = place.index * TILE_WIDTH
        if place.level == 0:
            return tuple(self.hashes[first : first + place.width])
        below = range(first, first + place.width)
        return tuple(self._by_place[place.level - 1, index].root() for index in below)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that reach the database."""
    seen: list[str] = []
    engine: Engine = database.engine.sync_engine

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def lay(desk: Desk, grown: Growing) -> None:
    """Store what a sequencer would have, without the leaf hashes that no proof may need."""
    log = {"tenant": desk.tenant, "log": desk.key.log}
    async with desk.database.transaction() as conn:
        rows = [
            {**log, "level": one.level, "tile": one.index, "hashes": one.hashes, "root": one.root()}
            for one in grown.full
        ]
        await conn.execute(insert(audit_tiles), rows)
        kept = enumerate(grown.hashes[KEPT_FROM:], start=KEPT_FROM)
        leaves = [{**log, "seq": seq, "entry": new_id(), "leaf_hash": one} for seq, one in kept]
        await conn.execute(insert(audit_sequence), leaves)


@given(st.integers(1, 2000), st.data())
def test_tiles_give_the_same_paths_as_all_leaves(size: int, data: st.DataObject) -> None:
    grown = Growing(hashes_of(size))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    for ranges, expected in (
        (inclusion_ranges(index, size), inclusion_proof(index, grown.hashes)),
        (consistency_ranges(old, size), consistency_proof(old, grown.hashes)),
    ):
        found = {(place.level, place.index): grown.at(place) for place in tiles.tile_places(ranges, size)}
        assert tuple(tiles.root_from_tiles(found, begin, end) for begin, end in ranges) == expected


@settings(max_examples=30)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=4), st.data())
def test_a_log_that_grows_and_restarts_agrees_with_a_naive_tree(
    batches: list[int], data: st.DataObject
) -> None:
    """Roots, tiles and proofs at every checkpoint, taken up again each time from what would be stored."""
    leaves: list[bytes] = []
    edge, full = CompactRange(), dict[tuple[int, int], Tile]()
    for batch in batches:
        size = len(leaves)
        added = [number.to_bytes(4, "big") for number in range(size, size + batch)]
        resumed = TileEdge([_partial(full, leaves, level, size) for level in range(levels_of(size))])
        for one in map(leaf_hash, added):
            full |= {(tile.level, tile.index): tile for tile in resumed.add(one)}
        edge = edge.extend(map(leaf_hash, added))
        leaves += added
        assert edge.root() == reference_root(leaves)
        index = data.draw(st.integers(0, len(leaves) - 1))
        old = data.draw(st.integers(1, len(leaves)))
        assert _from_tiles(full, leaves, inclusion_ranges(index, len(leaves))) == reference_path(
            index, leaves
        )
        assert _from_tiles(full, leaves, consistency_ranges(old, len(leaves))) == reference_subproof(
            old, leaves, True
        )


def levels_of(size: int) -> int:
    return len(tiles.unfinished_widths(size))


def _hashes_at(full: dict[tuple[int, int], Tile], leaves: list[bytes], place: TilePlace) -> tuple[bytes, ...]:
    """A tile as the database would give it: stored when full, else from the leaves or from one level down."""
    if place.width == TILE_WIDTH:
        return tiles.split_hashes(full[place.level, place.index].hashes)
    first = place.index * TILE_WIDTH
    if place.level == 0:
        return tuple(map(leaf_hash, leaves[first : first + place.width]))
    return tuple(full[place.level - 1, first + number].root() for number in range(place.width))


def _partial(
    full: dict[tuple[int, int], Tile], leaves: list[bytes], level: int, size: int
) -> tiles.PartialTile:
    width = tiles.unfinished_widths(size)[level]
    index = size // TILE_WIDTH ** (level + 1)
    hashes = _hashes_at(full, leaves, TilePlace(level, index, width)) if width else ()
    return tiles.PartialTile(level, index, hashes)


def _from_tiles(
    full: dict[tuple[int, int], Tile], leaves: list[bytes], ranges: tuple[tuple[int, int], ...]
) -> list[bytes]:
    places = tiles.tile_places(ranges, len(leaves))
    found = {(place.level, place.index): _hashes_at(full, leaves, place) for place in places}
    return [tiles.root_from_tiles(found, begin, end) for begin, end in ranges]


@given(st.integers(1, 16 * MILLION), st.data())
def test_a_proof_takes_at_most_six_tiles(size: int, data: st.DataObject) -> None:
    for spot in (MILLION, TEN_MILLION, size):
        index, old = data.draw(st.integers(0, spot - 1)), data.draw(st.integers(1, spot))
        for ranges in (inclusion_ranges(index, spot), consistency_ranges(old, spot)):
            places = tiles.tile_places(ranges, spot)
            assert len(places) <= 6
            assert all(0 < place.width <= TILE_WIDTH and place.end <= spot for place in places)


async def test_proofs_from_the_database_verify_at_every_size_with_one_statement(desk: Desk) -> None:
    grown = Growing(hashes_of(SIZE))
    await lay(desk, grown)
    sizes = {size: root_of(grown.hashes[:size]) for size in (SIZE, SIZE - 40, KEPT_FROM + 300, KEPT_FROM)}
    async with desk.database.reading() as conn:
        for size, root in sizes.items():
            for index in (0, 255, 256, 65_535, size // 2, size - 1):
                with counted(desk.database) as statements:
                    path = await inclusion_path(conn, desk.key, index, size)
                assert len(statements) == 1
                leaf = grown.hashes[index]
                assert verify_inclusion(leaf, index=index, size=size, proof=path, root=root)
            for old, old_root in sizes.items():
                if old <= size:
                    path = await consistency_path(conn, desk.key, old, size)
                    assert verify_consistency(old=old, size=size, old_root=old_root, root=root, proof=path)
        assert await consistency_path(conn, desk.key, 0, SIZE) == ()
        assert await read_tiles(conn, desk.key, []) == {}


async def test_what_is_missing_or_impossible_is_named_and_what_is_changed_proves_nothing(desk: Desk) -> None:
    await desk.append_many(300)
    await desk.sequence()
    async with desk.database.reading() as conn:
        root = root_of([row.leaf_hash for row in await desk.rows(_ALL, tenant=desk.tenant)])
        for index, size in ((300, 300), (-1, 300), (0, 0), (10, 9_000)):
            with pytest.raises(IntegrityError):
                await inclusion_path(conn, desk.key, index, size)
        for old, size in ((301, 300), (-1, 300), (10, 9_000)):
            with pytest.raises(IntegrityError):
                await consistency_path(conn, desk.key, old, size)
        assert await checkpoint_at(conn, desk.key, 300) == await newest_head(conn, desk.key) is not None
        assert await checkpoint_at(conn, desk.key, 299) is None
        assert await newest_head(conn, _another(desk.key)) is None
    changed = "UPDATE audit_tiles SET hashes = :hashes WHERE level = 0 AND tile = 0"
    await desk.tamper(["audit_tiles"], changed, hashes=b"x" * 32 * TILE_WIDTH)
    async with desk.database.reading() as conn:
        path = await inclusion_path(conn, desk.key, 3, 300)
        assert not verify_inclusion(b"x" * 32, index=3, size=300, proof=path, root=root)
    for broken in (b"x" * 33, b"x" * 32):
        await desk.tamper([], changed, hashes=broken)
        async with desk.database.reading() as conn:
            with pytest.raises(IntegrityError):
                await inclusion_path(conn, desk.key, 3, 300)


_ALL = "SELECT leaf_hash FROM audit_sequence WHERE tenant = :tenant ORDER BY seq"


def _another(log: LogKey) -> LogKey:
    return LogKey(log.tenant, log.log + 1, 1, "audit.example.org/t/other", log.public, log.sealed)


def test_a_hash_that_no_tile_holds_is_named() -> None:
    with pytest.raises(IntegrityError):
        tiles.root_from_tiles({(0, 0): (b"x" * 32,)}, 0, 2)
    assert tiles.root_from_tiles({}, 0, 0) == CompactRange().root()
