"""Tiles and bundles in the C2SP form, and the moment at which a tile becomes full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.audit import tiles
from consent_service.audit.merkle import leaf_hash, root_of
from consent_service.foundation.errors import IntegrityError


@pytest.mark.parametrize(
    "level, index, width, path",
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (1, 999, 256, "tile/1/999"),
        (2, 1000, 5, "tile/2/x001/000.p/5"),
    ],
)
def test_a_tile_has_the_path_of_the_specification(level: int, index: int, width: int, path: str) -> None:
    assert tiles.tile_path(level, index, width) == path


def test_an_entry_bundle_has_the_path_of_the_specification() -> None:
    assert tiles.bundle_path(1000) == "tile/entries/x001/000"
    assert tiles.bundle_path(0, 7) == "tile/entries/000.p/7"


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_a_bundle_reads_back_as_it_was_written(leaves: list[bytes]) -> None:
    assert list(tiles.decode_bundle(tiles.encode_bundle(leaves))) == leaves


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_a_cut_off_bundle_is_refused(cut: int) -> None:
    whole = tiles.encode_bundle([b"leaf", b"xy"])
    with pytest.raises(IntegrityError):
        tiles.decode_bundle(whole[:-cut])


def test_hashes_of_a_broken_length_are_refused() -> None:
    with pytest.raises(IntegrityError):
        tiles.split_hashes(b"x" * 33)


def test_every_full_tile_comes_out_once_with_its_root_one_level_up() -> None:
    hashes = [leaf_hash(number.to_bytes(4, "big")) for number in range(256 * 256 + 300)]
    edge = tiles.TileEdge()
    full = [tile for one in hashes for tile in edge.add(one)]
    assert [(tile.level, tile.index) for tile in full if tile.level] == [(1, 0)]
    assert [tile.index for tile in full if not tile.level] == list(range(257))
    (top,) = [tile for tile in full if tile.level == 1]
    assert top.root() == root_of(hashes[: 256 * 256])
    assert tiles.split_hashes(top.hashes)[3] == root_of(hashes[3 * 256 : 4 * 256])


def test_an_edge_taken_up_again_gives_the_same_tiles() -> None:
    hashes = [leaf_hash(number.to_bytes(4, "big")) for number in range(600)]
    edge = tiles.TileEdge()
    whole = [tile for one in hashes for tile in edge.add(one)]
    resumed = tiles.TileEdge(
        [
            tiles.PartialTile(0, 1, tuple(hashes[256:300])),
            tiles.PartialTile(1, 0, (root_of(hashes[:256]),)),
        ]
    )
    assert [tile for one in hashes[300:] for tile in resumed.add(one)] == whole[1:]


def test_unfinished_widths_and_completed_tiles_follow_from_the_size() -> None:
    assert tiles.unfinished_widths(0) == ()
    assert tiles.unfinished_widths(300) == (44, 1)
    assert tiles.tiles_completed_between(0, 255) == ()
    assert tiles.tiles_completed_between(250, 520) == ((0, 0, 2),)
    assert tiles.tiles_completed_between(65535, 65536) == ((0, 255, 256), (1, 0, 1))
    assert tiles.tiles_completed_between(65536, 65537) == ()
