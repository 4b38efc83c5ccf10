"""Hash tiles and entry bundles of C2SP tlog-tiles: paths, encodings, which tiles become full. Pure.

Only full tiles are stored (by `sequencer`), each with the root over its hashes. A partial tile is
never stored: its hashes are the newest leaf hashes, or the roots of the newest tiles one level down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from consent_service.audit.merkle import HASH_SIZE, CompactRange, node_hash, root_of
from consent_service.foundation.errors import IntegrityError

TILE_WIDTH = 256
"""Hashes in a full tile."""
TILE_HEIGHT = 8
"""Levels of the tree in one tile."""
TOP_LEVEL = 63
"""The highest level a path may name (C2SP tlog-tiles)."""
_LENGTH_BYTES = 2
_LENGTH_LIMIT = (1 << 16) - 1
_LEVEL = re.compile(r"0|[1-9][0-9]?")
_PLACE = re.compile(r"(?P<index>(x[0-9]{3}/){0,5}[0-9]{3})(\.p/(?P<width>[1-9][0-9]{0,2}))?")


class Tile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A full tile: 256 hashes of one level, beginning at hash number `index * 256`."""

    level: int
    index: int
    hashes: bytes

    def root(self) -> bytes:
        """The hash that stands for this whole tile one level up."""
        return root_of(split_hashes(self.hashes))


class PartialTile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The unfinished right edge of one level: fewer than 256 hashes, the first at `index * 256`."""

    level: int
    index: int
    hashes: tuple[bytes, ...] = ()


def unfinished_widths(size: int) -> tuple[int, ...]:
    """How many hashes each level's unfinished tile holds in a log of `size` entries."""
    widths: list[int] = []
    while size:
        widths.append(size % TILE_WIDTH)
        size //= TILE_WIDTH
    return tuple(widths)


class TilePlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tile as somebody asks for it: the first `width` hashes of tile `index` of this level."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def end(self) -> int:
        """How many entries the log must have for this tile to exist at this width."""
        return (self.index * TILE_WIDTH + self.width) << (TILE_HEIGHT * self.level)


def tile_places(ranges: Iterable[tuple[int, int]], size: int) -> tuple[TilePlace, ...]:
    """The tiles that hold every hash these subtrees `[begin, end)` of a tree of `size` are made of.

    `ranges` are those of a proof (`merkle`): each begins where a subtree of its length can.
    """
    numbers = dict.fromkeys(
        (level, first // TILE_WIDTH) for begin, end in ranges for level, first, _ in _hash_runs(begin, end)
    )
    return tuple(
        TilePlace(level, index, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))
        for level, index in numbers
    )


def root_from_tiles(tiles: Mapping[tuple[int, int], Sequence[bytes]], begin: int, end: int) -> bytes:
    """The root of the subtree `[begin, end)` of a proof, from the hashes of tiles by (level, index).

    Raises:
        IntegrityError: a hash it needs is not there.
    """
    roots = []
    for level, first, count in _hash_runs(begin, end):
        at = first % TILE_WIDTH
        hashes = tiles.get((level, first // TILE_WIDTH), ())[at : at + count]
        if len(hashes) != count:
            raise IntegrityError("a hash tile is missing")
        roots.append(_perfect_root(hashes))
    return CompactRange(end - begin, tuple(roots)).root()


class TileEdge:
    """The growing right edge of the tree, by level; gives every tile back at the moment it is full."""

    def __init__(self, partial_tiles: Sequence[PartialTile] = ()) -> None:
        self._index = [tile.index for tile in partial_tiles]
        self._hashes = [list(tile.hashes) for tile in partial_tiles]

    def add(self, leaf_hash: bytes) -> list[Tile]:
        """Add one leaf hash; the tiles this made full, lowest level first."""
        full: list[Tile] = []
        added, level = leaf_hash, 0
        while True:
            if level == len(self._hashes):
                self._index.append(0)
                self._hashes.append([])
            self._hashes[level].append(added)
            if len(self._hashes[level]) < TILE_WIDTH:
                return full
            tile = Tile(level, self._index[level], b"".join(self._hashes[level]))
            full.append(tile)
            self._index[level] += 1
            self._hashes[level] = []
            added, level = tile.root(), level + 1


def tiles_completed_between(begin: int, end: int) -> tuple[tuple[int, int, int], ...]:
    """Per level, `(level, first, last + 1)` of the tiles that become full from size `begin` to `end`."""
    ranges: list[tuple[int, int, int]] = []
    level, span = 0, TILE_WIDTH
    while span <= end:
        if begin // span < end // span:
            ranges.append((level, begin // span, end // span))
        level, span = level + 1, span * TILE_WIDTH
    return tuple(ranges)


def split_hashes(hashes: bytes) -> tuple[bytes, ...]:
    """The hashes of a tile one by one.

    Raises:
        IntegrityError: the bytes are not a whole number of hashes.
    """
    if len(hashes) % HASH_SIZE:
        raise IntegrityError("a hash tile has a broken length")
    return tuple(hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE))


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Where a hash tile is served, partial when `width` is below 256 (C2SP tlog-tiles)."""
    return f"tile/{level}/{_index_path(index)}{_partial(width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Where the entry bundle below the level-0 tile `index` is served (C2SP tlog-tiles)."""
    return f"tile/entries/{_index_path(index)}{_partial(width)}"


def encode_bundle(leaves: Sequence[bytes]) -> bytes:
    """The leaves of one level-0 tile, each with a big-endian 16-bit length (C2SP tlog-tiles).

    Raises:
        IntegrityError: more leaves than a tile has, or a leaf that is too long to be told of.
    """
    if len(leaves) > TILE_WIDTH or any(len(leaf) > _LENGTH_LIMIT for leaf in leaves):
        raise IntegrityError("these leaves do not fit in an entry bundle")
    return b"".join(len(leaf).to_bytes(_LENGTH_BYTES, "big") + leaf for leaf in leaves)


def decode_bundle(bundle: bytes) -> tuple[bytes, ...]:
    """The leaves of an entry bundle.

    Raises:
        IntegrityError: a length points beyond the end, or there are more than a tile has.
    """
    leaves: list[bytes] = []
    at = 0
    while at < len(bundle):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(bundle[at:begin], "big")
        if begin > len(bundle) or at > len(bundle) or len(leaves) == TILE_WIDTH:
            raise IntegrityError("an entry bundle is cut off, or too long")
        leaves.append(bundle[begin:at])
    return tuple(leaves)


def read_tile_path(path: str) -> TilePlace | None:
    """What `tile_path` names in its part behind `tile/`; None for every other spelling of it."""
    level, _, rest = path.partition("/")
    place = _LEVEL.fullmatch(level) and read_bundle_path(rest)
    return TilePlace(int(level), place.index, place.width) if place and int(level) <= TOP_LEVEL else None


def read_bundle_path(path: str) -> TilePlace | None:
    """What `bundle_path` names in its part behind `tile/entries/`; None for every other spelling."""
    found = _PLACE.fullmatch(path)
    if found is None:
        return None
    index = int(found["index"].replace("x", "").replace("/", ""))
    place = TilePlace(0, index, int(found["width"] or TILE_WIDTH))
    is_canonical = f"{_index_path(index)}{_partial(place.width)}" == path
    return place if is_canonical and place.width <= TILE_WIDTH else None


def _hash_runs(begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The whole subtrees `[begin, end)` consists of, as `(level, first, count)` of the hashes in one tile."""
    while begin < end:
        height = (end - begin).bit_length() - 1
        level, inside = divmod(height, TILE_HEIGHT)
        yield level, begin >> TILE_HEIGHT * level, 1 << inside
        begin += 1 << height


def _perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 1, 2, 4, ... hashes; the inner loop of every proof."""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def _index_path(index: int) -> str:
    """Groups of three digits, all but the last with an x: 1234067 becomes x001/x234/067."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def _partial(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"
