"""Proofs out of stored hash tiles: a handful of tiles, read in one statement, however long the log is.

What is stored is not trusted and not checked here: a path is worth what `merkle.verify_inclusion` and
`verify_consistency` make of it under a signed head. Only full tiles are stored; the hashes of an unfinished
one are the newest leaf hashes, or the roots of the tiles one level down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log_keys import LogKey
from consent_service.audit.merkle import consistency_ranges, inclusion_ranges
from consent_service.audit.tables import audit_checkpoints, audit_sequence, audit_tiles
from consent_service.audit.tiles import (
    TILE_WIDTH,
    TilePlace,
    root_from_tiles,
    split_hashes,
    tile_places,
)
from consent_service.foundation.errors import IntegrityError

Tiles = dict[tuple[int, int], tuple[bytes, ...]]
"""Hashes of tiles, by (level, index)."""
_Kind = Literal["whole", "leaves", "below"]


async def inclusion_path(conn: AsyncConnection, log: LogKey, index: int, size: int) -> tuple[bytes, ...]:
    """The audit path of entry `index` in the first `size` entries, nearest first (RFC 6962 section 2.1.1).

    Raises:
        IntegrityError: there is no such place in a tree of this size, or a tile is gone or damaged.
    """
    return await _path(conn, log, _ranges_of(inclusion_ranges, index, size), size)


async def consistency_path(conn: AsyncConnection, log: LogKey, old: int, size: int) -> tuple[bytes, ...]:
    """What proves that the first `size` entries extend the first `old` (RFC 6962 section 2.1.2).

    Nothing has to be proved where `old` is 0: every log extends an empty one.

    Raises:
        IntegrityError: `old` is larger than `size` or negative, or a tile is gone or damaged.
    """
    ranges = _ranges_of(consistency_ranges, old, size) if old else ()
    return await _path(conn, log, ranges, size)


async def read_tiles(conn: AsyncConnection, log: LogKey, places: Sequence[TilePlace]) -> Tiles:
    """These tiles as stored or as put together from one level down, in one statement.

    Raises:
        IntegrityError: one of them is not there, or holds another number of hashes than its width.
    """
    if not places:
        return {}
    wanted: dict[str, object] = {"tenant": log.tenant, "log": log.log}
    for part, place in enumerate(places):
        wanted |= _wanted(part, place)
    found: list[dict[int, bytes]] = [{} for _ in places]
    for part, number, hashes in await conn.execute(_statement(tuple(map(_kind, places))), wanted):
        found[part][number] = hashes
    return {
        (place.level, place.index): _joined(place, rows) for place, rows in zip(places, found, strict=True)
    }


async def checkpoint_at(conn: AsyncConnection, log: LogKey, size: int) -> bytes | None:
    """The signed head over the first `size` entries; None where none was signed at exactly that size."""
    note: bytes | None = (await conn.execute(_notes(log).where(_heads.size == size))).scalar_one_or_none()
    return note


async def newest_head(conn: AsyncConnection, log: LogKey) -> bytes | None:
    """The newest signed head of this log, which need not be the tenant's newest log."""
    newest = _notes(log).order_by(_heads.size.desc()).limit(1)
    note: bytes | None = (await conn.execute(newest)).scalar_one_or_none()
    return note


async def head_signed_after(conn: AsyncConnection, log: LogKey, at: datetime, size: int) -> bytes | None:
    """The first head signed at `at` or later over more than `size` entries; None while there is none."""
    query = _notes(log).where(_heads.at >= at, _heads.size > size).order_by(_heads.size).limit(1)
    note: bytes | None = (await conn.execute(query)).scalar_one_or_none()
    return note


_heads = audit_checkpoints.c


def _notes(log: LogKey) -> Select[bytes]:
    return select(_heads.note).where(_heads.tenant == log.tenant, _heads.log == log.log)


def _ranges_of(ranges: Any, place: int, size: int) -> tuple[tuple[int, int], ...]:
    try:
        found: tuple[tuple[int, int], ...] = ranges(place, size)
    except ValueError as failure:
        raise IntegrityError("the log has no such place") from failure
    return found


async def _path(
    conn: AsyncConnection, log: LogKey, ranges: Iterable[tuple[int, int]], size: int
) -> tuple[bytes, ...]:
    wanted = tuple(ranges)
    tiles = await read_tiles(conn, log, tile_places(wanted, size))
    return tuple(root_from_tiles(tiles, begin, end) for begin, end in wanted)


def _kind(place: TilePlace) -> _Kind:
    """Where the hashes of a tile stand: together in a row, each in that of a leaf, or of a tile below."""
    if place.width == TILE_WIDTH:
        return "whole"
    return "leaves" if place.level == 0 else "below"


def _wanted(part: int, place: TilePlace) -> dict[str, object]:
    """The values of one part of the statement."""
    if place.width == TILE_WIDTH:
        return {f"level_{part}": place.level, f"tile_{part}": place.index}
    first = place.index * TILE_WIDTH
    values: dict[str, object] = {f"first_{part}": first, f"end_{part}": first + place.width}
    return values | ({f"level_{part}": place.level - 1} if place.level else {})


@lru_cache(maxsize=512)
def _statement(kinds: tuple[_Kind, ...]) -> CompoundSelect[Any]:
    """Rows `(part, number, hash)`, or one with all hashes of a part together.

    Made once for each combination of kinds, of which there are few: making it costs as much as running it.
    """
    return union_all(*(_part(part, kind) for part, kind in enumerate(kinds)))


def _part(part: int, kind: _Kind) -> Select[Any]:
    number: ColumnElement[int] = literal_column(str(part))
    tiles, sequence = audit_tiles.c, audit_sequence.c
    level = tiles.level == bindparam(f"level_{part}", type_=tiles.level.type)
    if kind == "whole":
        whole = select(number, literal_column("0"), tiles.hashes).where(*_of_log(tiles), level)
        return whole.where(tiles.tile == bindparam(f"tile_{part}", type_=tiles.tile.type))
    if kind == "leaves":
        leaves = select(number, sequence.seq, sequence.leaf_hash).where(*_of_log(sequence))
        return leaves.where(*_between(part, sequence.seq))
    below = select(number, tiles.tile, tiles.root).where(*_of_log(tiles), level)
    return below.where(*_between(part, tiles.tile))


def _of_log(columns: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    tenant, log = bindparam("tenant", type_=columns.tenant.type), bindparam("log", type_=columns.log.type)
    return columns.tenant == tenant, columns.log == log


def _between(part: int, column: ColumnElement[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    first = bindparam(f"first_{part}", type_=column.type)
    return column >= first, column < bindparam(f"end_{part}", type_=column.type)


def _joined(place: TilePlace, rows: dict[int, bytes]) -> tuple[bytes, ...]:
    hashes = split_hashes(b"".join(rows[number] for number in sorted(rows)))
    if len(hashes) != place.width:
        raise IntegrityError("a hash tile is missing or has another length")
    return hashes
