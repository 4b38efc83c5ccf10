"""Hash tiles and entry bundles of C2SP tlog-tiles: paths, encodings, which tiles become full. Pure.

Only full tiles are stored (by `sequencer`), each with the root over its hashes. A partial tile is
never stored: its hashes are the newest leaf hashes, or the roots of the newest tiles one level down.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from consent_service.audit.merkle import HASH_SIZE, root_of
from consent_service.foundation.errors import IntegrityError

TILE_WIDTH = 256
"""Hashes in a full tile."""
_LENGTH_BYTES = 2


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
    """The leaves of one level-0 tile, each with a big-endian 16-bit length (C2SP tlog-tiles)."""
    return b"".join(len(leaf).to_bytes(_LENGTH_BYTES, "big") + leaf for leaf in leaves)


def decode_bundle(bundle: bytes) -> tuple[bytes, ...]:
    """The leaves of an entry bundle.

    Raises:
        IntegrityError: a length points beyond the end.
    """
    leaves: list[bytes] = []
    at = 0
    while at < len(bundle):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(bundle[at:begin], "big")
        if at > len(bundle):
            raise IntegrityError("an entry bundle is cut off")
        leaves.append(bundle[begin:at])
    return tuple(leaves)


def _index_path(index: int) -> str:
    """Groups of three digits, all but the last with an x: 1234067 becomes x001/x234/067."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def _partial(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"
