"""Recomputes a log without opening anything: leaf hashes, order, hash tiles, roots, signatures.

Needs no key that opens a detail, so that it runs on a copy as well. It answers only whether everything
fits; where something does not, `verify` reads the same entries one by one and says what and where. Of
a leaf it reads no more than its id: that it has the form of one, the time of its id, and is no older than
those before it, only `verify` says, as it does what an opened detail tells. Whoever has the database and no
key of the log can change none of those.

Every signature is verified. It takes some sixty microseconds, as much as fifty entries, and a log that is
written slowly has one per entry or two; but a head that nobody checks is a head that anybody can write.

Ranges are read and hashed by `recomputing_ranges`, here or in processes beside this one
(`recomputing_processes`); what they give is held together here.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log_keys import LogKey
from consent_service.audit.merkle import CompactRange
from consent_service.audit.recomputing_processes import Processes
from consent_service.audit.recomputing_ranges import Hashed, Range, SignedHead, hash_range
from consent_service.audit.recomputing_ranges import read_heads as read_heads
from consent_service.audit.recomputing_ranges import read_tiles as read_tiles
from consent_service.audit.tiles import TILE_WIDTH, PartialTile, TileEdge
from consent_service.audit.verify import LogIdentity, Start


class Recomputing:
    """Takes what the stretches of one log give, in their order; says whether it is one signed tree."""

    def __init__(self, start: Start) -> None:
        edge, partial = start.edge, start.partial_tiles
        tiles = edge.size // TILE_WIDTH
        self._signer = start.signer
        self._size = self._signed = edge.size
        self._opened = partial[0].hashes if partial else ()
        self._tiles = CompactRange(tiles, edge.hashes[: tiles.bit_count()])
        above = [PartialTile(tile.level - 1, tile.index, tile.hashes) for tile in partial[1:]]
        self._above = TileEdge(above)

    @property
    def opened(self) -> tuple[bytes, ...]:
        """The leaf hashes since the last whole tile."""
        return self._opened

    def take(self, hashed: Hashed) -> bool:
        """Whether these entries are the next ones, and the heads and upper tiles in them what they give."""
        if hashed.begin != self._size or not self._heads_fit(hashed):
            return False
        stored = {(tile.level, tile.index): (tile.hashes, tile.root) for tile in hashed.upper}
        for root in hashed.roots:
            for tile in self._above.add(root):
                if stored.get((tile.level + 1, tile.index)) != (tile.hashes, tile.root()):
                    return False
        self._tiles = self._tiles.extend(hashed.roots)
        self._opened, self._size = hashed.opened, hashed.end
        return True

    def finish(self) -> CompactRange | None:
        """The tree, if there is a head over all of it."""
        edge = _tree(self._size, self._tiles, CompactRange().extend(self._opened).hashes)
        return edge if self._signed == edge.size else None

    def _heads_fit(self, hashed: Hashed) -> bool:
        tiles, first = self._tiles, self._tiles.size
        for head in hashed.heads:
            tiles = tiles.extend(hashed.roots[tiles.size - first : head.size // TILE_WIDTH - first])
            if not self._head_fits(head, tiles):
                return False
        return True

    def _head_fits(self, head: SignedHead, tiles: CompactRange) -> bool:
        """Whether it is over this tree, signed by the key of the head before it or by a newer one."""
        if head.signer < self._signer or _tree(head.size, tiles, head.edge).root() != head.root:
            return False
        self._signer, self._signed = head.signer, head.size
        return True


async def recompute(
    conn: AsyncConnection,
    log: LogKey,
    identity: LogIdentity,
    size: int,
    start: Start,
    *,
    told: Callable[[int], None] = lambda _entries: None,
    processes: Processes | None = None,
) -> CompactRange | None:
    """The tree of the stored log from `start` on; None as soon as anything does not fit.

    `told` is called with how many entries were taken so far. `processes`, which see what `conn` sees, share
    the work.

    Raises:
        DatabaseUnavailableError: the database is away.
        UnavailableError: one of the processes ended.
    """
    recomputing = Recomputing(start)
    whole = Range(log, identity, start.edge.size, size, recomputing.opened)

    def take(hashed: Hashed) -> bool:
        fits = recomputing.take(hashed)
        if fits:
            told(hashed.end - start.edge.size)
        return fits

    if processes is None:
        fits = await hash_range(conn, whole, take)
    else:
        fits = await processes.hash_range(conn, whole, take)
    return recomputing.finish() if fits else None


def _tree(size: int, tiles: CompactRange, edge: tuple[bytes, ...]) -> CompactRange:
    """What the tree remembers after so many full tiles and what came after them."""
    return CompactRange(size, (*tiles.hashes, *edge))
