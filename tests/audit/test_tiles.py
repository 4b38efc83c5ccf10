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


@given(st.integers(0, 63), st.integers(0, 10**9), st.integers(1, 256))
def test_every_path_reads_back_and_stands_for_one_tile(level: int, index: int, width: int) -> None:
    place = tiles.TilePlace(level, index, width)
    bundle = tiles.bundle_path(index, width).removeprefix("tile/entries/")
    assert tiles.read_bundle_path(bundle) == tiles.TilePlace(0, index, width)
    assert tiles.read_tile_path(tiles.tile_path(level, index, width).removeprefix("tile/")) == place


@given(st.text(alphabet="0129x/.p", max_size=14))
def test_any_path_that_reads_is_spelled_as_it_is_written(path: str) -> None:
    bundle, tile = tiles.read_bundle_path(path), tiles.read_tile_path(path)
    if bundle is not None:
        assert tiles.bundle_path(bundle.index, bundle.width) == f"tile/entries/{path}"
    if tile is not None:
        assert tiles.tile_path(tile.level, tile.index, tile.width) == f"tile/{path}"


@pytest.mark.parametrize(
    "path",
    [
        "", "0", "00", "0000", "x000", "x000/000", "x001x000", "001/000", "x001/x000", "000.p", "000.p/",
        "000.p/0", "000.p/01", "000.p/256", "000.p/257", "000.p/999", "000p/1", "000.p/1/", "/000", "000 ",
        "000\n", "\u0660\u0660\u0660", "-01", "x999/x999/x999/x999/x999/x999/999",
    ],
)  # fmt: skip
def test_every_other_spelling_of_a_path_is_nothing(path: str) -> None:
    assert tiles.read_bundle_path(path) is None
    assert tiles.read_tile_path(f"0/{path}") is None


@pytest.mark.parametrize("level", ["", "00", "01", "64", "100", "-1", "x", " 1", "\u0661"])
def test_every_other_spelling_of_a_level_is_nothing(level: str) -> None:
    assert tiles.read_tile_path(f"{level}/000") is None


def test_partial_tiles_have_the_widths_of_the_specification() -> None:
    """Its example of 70,000 entries: which tiles there are, and how wide each is."""
    size = 70_000
    last = tiles.tile_places([(0, size)], size)
    assert set(last) == {
        tiles.TilePlace(2, 0, 1),
        tiles.TilePlace(1, 1, 17),
        tiles.TilePlace(0, 273, 112),
    }
    assert all(place.end <= size for place in last)
    assert tiles.TilePlace(0, 272).end == 273 * 256
    assert tiles.TilePlace(1, 0).end == 65_536


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_a_bundle_reads_back_as_it_was_written(leaves: list[bytes]) -> None:
    assert list(tiles.decode_bundle(tiles.encode_bundle(leaves))) == leaves


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_a_cut_off_bundle_is_refused(cut: int) -> None:
    whole = tiles.encode_bundle([b"leaf", b"xy"])
    with pytest.raises(IntegrityError):
        tiles.decode_bundle(whole[:-cut])


def test_a_bundle_holds_no_more_than_a_tile_and_no_leaf_that_its_length_cannot_tell() -> None:
    assert len(tiles.decode_bundle(tiles.encode_bundle([b"x" * 65_535] * 256))) == 256
    for too_much in ([b""] * 257, [b"x" * 65_536]):
        with pytest.raises(IntegrityError):
            tiles.encode_bundle(too_much)
    with pytest.raises(IntegrityError):
        tiles.decode_bundle(b"\0\0" * 257)


@given(st.binary(max_size=300))
def test_whatever_comes_in_as_a_bundle_is_read_or_refused_by_name(raw: bytes) -> None:
    try:
        leaves = tiles.decode_bundle(raw)
    except IntegrityError:
        return
    assert tiles.encode_bundle(leaves) == raw


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
