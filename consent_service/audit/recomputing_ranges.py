"""Reads a range of a log and hashes it: leaves, level-0 tiles and the signatures of its heads.

What a range gives does not depend on what stands before it, so that ranges can be hashed beside each other;
`recomputing` holds them together into one tree. Nothing is opened. Each range is read in stretches, and the
next stretch is asked for while one is hashed; on SQLite the one after that as well, see `_Reader`.

On both engines a stretch is one row: the stored leaf hashes, ids and leaves, each joined into one value by
the database. The leaves come in the order of the outbox, which is that of the log; where it is not (a
restored database), and where entries were pruned, each is looked up. What is joined is split at line ends.
That is exact: there are as many leaves as places, none is missing, so as many parts as places means that no
leaf holds a line end (a leaf of ours never does). Whatever this does not take for right is looked at one by
one.

Of what a leaf says only its id is read, where it stands in every leaf of ours, and held against the id under
which the entry is kept: that one nobody signed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from io import BytesIO
from typing import Any, Final, NamedTuple, Self, TypeVar, cast

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note
from consent_service.audit.log_keys import LogKey
from consent_service.audit.merkle import HASH_SIZE, CompactRange, leaf_hash
from consent_service.audit.tables import audit_checkpoints, audit_tiles
from consent_service.audit.tiles import TILE_HEIGHT, TILE_WIDTH, tiles_completed_between
from consent_service.audit.verify import LogIdentity, StoredCheckpoint, StoredTile, signer_of
from consent_service.foundation.errors import DatabaseUnavailableError, IntegrityError

STRETCH: Final = 8 * TILE_WIDTH
"""Entries held at a time, and as many again that are being read, twice as many on SQLite: with more the
memory that they take is given back to the system each time and asked for again, which costs as much as half
of the reading."""
BESIDE: Final = 8 * STRETCH
"""Entries of which the heads and tiles are read at once."""
_SOME: Final = 1 << 17
_QUOTE: Final = 0x22
"""Behind `{"bundle":"` where none is named: then the id of a leaf stands 64 bytes earlier."""
_A_MOMENT: Final = 20e-6
_AT_BEGIN: Final = (
    "FROM audit_sequence s JOIN audit_entries e ON e.tenant = s.tenant AND e.id = s.entry"
    " WHERE s.tenant = :tenant AND s.log = :log AND s.seq = :begin"
)
_PLACES: Final = "FROM audit_sequence WHERE tenant = :tenant AND log = :log AND seq >= :begin AND seq < :end"
_ON_POSTGRESQL: Final = (
    "SELECT p.stored, o.leaves, convert_to(p.entries, 'UTF8') AS ids,"  # noqa: S608 - ours, as all of these
    " p.fit AND o.fit AND p.entries = o.entries AND p.many = :count AND o.many = :count AS fit"
    " FROM (SELECT string_agg(leaf_hash, CAST('' AS bytea)) AS stored, string_agg(entry, '') AS entries,"
    " count(*) AS many, bool_and(octet_length(entry) = 36 AND octet_length(leaf_hash) = 32) AS fit"
    f" FROM (SELECT entry, leaf_hash {_PLACES} ORDER BY seq) places) p,"
    " (SELECT string_agg(leaf, CAST('\\x0a00' AS bytea)) AS leaves, string_agg(id, '') AS entries,"
    " count(leaf) AS many, bool_and(octet_length(id) = 36) AS fit"
    " FROM (SELECT id, leaf FROM audit_entries WHERE tenant = :tenant"
    f" AND (xid, pos) >= (SELECT e.xid, e.pos {_AT_BEGIN}) ORDER BY xid, pos LIMIT :count) outbox) o"
)
_ON_SQLITE: Final = (
    "SELECT p.stored, o.leaves, CAST(p.entries AS BLOB) AS ids,"  # noqa: S608
    " p.odd = 0 AND o.odd = 0 AND p.entries = o.entries AND p.many = :count AND o.many = :count"
    " AND typeof(p.sum) = 'integer' AND p.sum = :sum AS fit"
    " FROM (SELECT CAST(group_concat(leaf_hash, '') AS BLOB) AS stored, group_concat(entry, '') AS entries,"
    " count(*) AS many, sum(seq) AS sum,"
    " count(*) FILTER (WHERE length(entry) <> 36 OR entry >= x''"
    " OR length(leaf_hash) <> 32 OR leaf_hash < x'') AS odd"
    f" {_PLACES}) p,"
    " (SELECT CAST(group_concat(leaf, x'0a00') AS BLOB) AS leaves, group_concat(id, '') AS entries,"
    " count(leaf) AS many, count(*) FILTER (WHERE length(id) <> 36 OR id >= x'' OR leaf < x'') AS odd"
    " FROM audit_entries WHERE tenant = :tenant AND xid = 0"
    f" AND pos >= (SELECT e.pos {_AT_BEGIN}) AND pos < (SELECT e.pos {_AT_BEGIN}) + :count) o"
)
"""SQLite keeps in any column what it is given: no blob is less than the empty one, and only whole numbers add
up to one. It reads in the order of the index that it uses, and its outbox counts without a gap; where either
were not so, nothing would fit here, and each entry is looked up."""
_JOINED: Final = (
    "SELECT s.leaf_hash, e.leaf, s.entry FROM audit_sequence s"
    " LEFT JOIN audit_entries e ON e.tenant = s.tenant AND e.id = s.entry"
    " WHERE s.tenant = :tenant AND s.log = :log AND s.seq >= :begin AND s.seq < :end ORDER BY s.seq"
)
_NUMBERS: Final = f"SELECT sum(seq) {_PLACES}"
_IN_ORDER: Final = ("enable_sort", "enable_bitmapscan")
"""Off, PostgreSQL follows its indexes; it would sort the whole outbox anew for every stretch."""


class Range(msgspec.Struct, frozen=True):
    """Entries `begin` to `end` of a log; `opened` are the leaf hashes since the last whole tile before."""

    log: LogKey
    identity: LogIdentity
    begin: int
    end: int
    opened: tuple[bytes, ...] = ()


class SignedHead(msgspec.Struct, frozen=True):
    """A head whose form and signature are right. Not compared yet: its root, and whose turn it was to sign.

    `edge` is what a tree remembers of the entries since the last whole tile.
    """

    size: int
    root: bytes
    signer: int
    edge: tuple[bytes, ...]


class Hashed(msgspec.Struct, frozen=True):
    """What entries `begin` to `end` give: the roots of the level-0 tiles they complete, all as stored.

    `upper` are the stored tiles above those; `opened` the leaf hashes since the last whole tile.
    """

    begin: int
    end: int
    roots: tuple[bytes, ...]
    heads: tuple[SignedHead, ...]
    upper: tuple[StoredTile, ...]
    opened: tuple[bytes, ...]


_Kept = TypeVar("_Kept")
Border = tuple[int, int]
"""The first entry of a stretch, and the first after it."""
Take = Callable[[Hashed], bool]
"""Takes the next stretch; False where it does not fit what came before."""


async def hash_range(conn: AsyncConnection, part: Range, take: Take) -> bool:
    """Give every stretch of the range to `take`, in their order; False as soon as anything does not fit.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    reader, opened = _Reader(conn, part), part.opened
    async with reader.reading(), _Ahead(reader, part) as ahead:
        while (border := ahead.border) is not None:
            stored = await ahead.read()
            hashed = stored and hash_stretch(part.identity, border, opened, stored)
            if hashed is None or not take(hashed):
                return False
            opened = hashed.opened
    return True


async def read_heads(conn: AsyncConnection, log: LogKey, begin: int, end: int) -> list[StoredCheckpoint]:
    """The stored heads over more than `begin` and at most `end` entries."""
    heads = audit_checkpoints.c
    query = (
        select(heads.size, heads.root, heads.note)
        .where(heads.tenant == log.tenant, heads.log == log.log, heads.size > begin, heads.size <= end)
        .order_by(heads.size)
    )
    return [StoredCheckpoint(row.size, row.root, row.note) for row in await conn.execute(query)]


async def read_tiles(conn: AsyncConnection, log: LogKey, begin: int, end: int) -> list[StoredTile]:
    """The stored tiles that become full from size `begin` to `end`."""
    stored: list[StoredTile] = []
    for level, first, last in tiles_completed_between(begin, end):
        tiles = audit_tiles.c
        found = select(tiles.tile, tiles.hashes, tiles.root).where(
            tiles.tenant == log.tenant,
            tiles.log == log.log,
            tiles.level == level,
            tiles.tile >= first,
            tiles.tile < last,
        )
        rows = await conn.execute(found)
        stored += [StoredTile(level, row.tile, row.hashes, row.root) for row in rows]
    return stored


# --- hashing -------------------------------------------------------------------------------------


class Stored(NamedTuple):
    """A stretch as stored: its leaf hashes, which are those of its leaves, its heads and its tiles."""

    hashes: Sequence[bytes]
    heads: Sequence[StoredCheckpoint] = ()
    tiles: Sequence[StoredTile] = ()


def hash_stretch(log: LogIdentity, border: Border, opened: Sequence[bytes], stored: Stored) -> Hashed | None:
    """What the stretch gives; None where a level-0 tile or a signature is not that of these leaf hashes."""
    begin, end = border
    added = [*opened, *stored.hashes]
    first, full = begin - len(opened), len(added) // TILE_WIDTH * TILE_WIDTH
    roots = _tile_roots(added[:full])
    heads = _signed_heads(log, first, added, stored.heads)
    if heads is None or not _tiles_fit(first // TILE_WIDTH, b"".join(added[:full]), roots, stored.tiles):
        return None
    upper = tuple(tile for tile in stored.tiles if tile.level)
    return Hashed(begin, end, tuple(roots), heads, upper, tuple(added[full:]))


def leaf_hashes(stored: bytes, joined: bytes, ids: bytes) -> list[bytes] | None:
    """The hashes of leaves that are joined by a line end and a zero byte, if they and their ids are these."""
    lines, hashes, named = BytesIO(b"".join((b"\x00", joined, b"\n"))), list[bytes](), list[bytes]()
    try:
        while some := lines.readlines(_SOME):  # all at once they would not fit in the processor's caches
            hashes += [sha256(line[:-1]).digest() for line in some]
            named += [line[72:108] if line[12] == _QUOTE else line[136:172] for line in some]
    except IndexError:  # too short for a leaf
        return None
    return hashes if b"".join(hashes) == stored and b"".join(named) == ids else None


def _signed_heads(
    log: LogIdentity, first: int, added: Sequence[bytes], heads: Iterable[StoredCheckpoint]
) -> tuple[SignedHead, ...] | None:
    found, tile, edge = [], first, CompactRange()
    for head in heads:
        signer = _signer(log, head)
        if signer is None:
            return None
        if (whole := head.size // TILE_WIDTH * TILE_WIDTH) > tile:
            tile, edge = whole, CompactRange()
        edge = edge.extend(added[tile + edge.size - first : head.size - first])
        found.append(SignedHead(head.size, head.root, signer, edge.hashes))
    return tuple(found)


def _signer(log: LogIdentity, head: StoredCheckpoint) -> int | None:
    """Which key of the log signed this head as it is stored."""
    try:
        note = read_note(head.note)
    except IntegrityError:
        return None
    is_said = note.checkpoint == Checkpoint(log.origin, head.size, head.root)
    return signer_of(log, note) if is_said else None


def _tiles_fit(first: int, whole: bytes, roots: Sequence[bytes], tiles: Iterable[StoredTile]) -> bool:
    stored = {tile.index: (tile.hashes, tile.root) for tile in tiles if tile.level == 0}
    length = TILE_WIDTH * HASH_SIZE
    return all(
        stored.get(first + number) == (whole[number * length : (number + 1) * length], root)
        for number, root in enumerate(roots)
    )


def _tile_roots(hashes: Sequence[bytes]) -> Sequence[bytes]:
    """The roots of full tiles, from their hashes one after another."""
    for _ in range(TILE_HEIGHT):
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return hashes


# --- reading -------------------------------------------------------------------------------------


class _Joined(NamedTuple):
    """The leaf hashes of a stretch one after another, and its leaves and ids joined, or one by one."""

    stored: bytes
    leaves: bytes | Sequence[bytes | None]
    ids: bytes | Sequence[str]

    def hashes(self) -> list[bytes] | None:
        """The leaf hashes, if they are the stored ones, of the entries that stand there."""
        leaves, ids = self.leaves, self.ids
        if isinstance(leaves, bytes) or isinstance(ids, bytes):
            return leaf_hashes(self.stored, cast("bytes", leaves), cast("bytes", ids))
        return hashes_of(self.stored, leaves, ids)


def hashes_of(stored: bytes, leaves: Sequence[bytes | None], ids: Sequence[str]) -> list[bytes] | None:
    """The leaf hashes, if they and their ids are these; for a leaf that was pruned the stored hash stands."""
    try:
        hashes = [
            stored[at * HASH_SIZE : (at + 1) * HASH_SIZE] if leaf is None else leaf_hash(leaf)
            for at, leaf in enumerate(leaves)
        ]
    except TypeError:  # a text
        return None
    return hashes if b"".join(hashes) == stored and _are_named(leaves, ids) else None


def _are_named(leaves: Sequence[bytes | None], ids: Sequence[str]) -> bool:
    """Whether each leaf that is kept has the id under which it stands."""
    for leaf, entry in zip(leaves, ids, strict=True):
        named = leaf and (leaf[71:107] if leaf[11:12] == b'"' else leaf[135:171])
        if leaf is not None and not (isinstance(entry, str) and entry.encode() == named):
            return False
    return True


class _Reader:
    """Reads stretches of one log, as plainly as the engine can.

    SQLite is read by a thread of this process, which needs the interpreter for a moment before it begins with
    a stretch, and would get it only when whoever hashes is done. So one more waits for that thread already:
    it begins with that one in the moment in which it hands over the one before.
    """

    def __init__(self, conn: AsyncConnection, part: Range) -> None:
        self._conn = conn
        self._log = part.log
        self._minimum = part.identity.minimum
        self._is_sqlite = conn.dialect.name == "sqlite"
        self._is_streamed = True
        self._coming: asyncio.Task[Sequence[Any]] | None = None
        self._beside = part.begin
        self._end = part.end
        self._heads: deque[StoredCheckpoint] = deque()
        self._tiles: deque[StoredTile] = deque()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Everything is read within this."""
        settings = () if self._is_sqlite else _IN_ORDER
        for setting in settings:
            await self._conn.execute(text(f"SET LOCAL {setting} = off"))
        yield
        for setting in settings:
            await self._conn.execute(text(f"SET LOCAL {setting} = on"))

    async def read(self, border: Border, following: Border | None) -> tuple[_Joined, Stored] | None:
        """The places of `border` with their heads and tiles; None where they are not as they must be.

        Those of `following` are read next.
        """
        joined, end = await self._places(border, following), border[1]
        if joined is None:
            return None
        while self._beside < end:
            await self._read_beside()
        heads = _taken(self._heads, lambda head: head.size <= end)
        return joined, Stored((), heads, _taken(self._tiles, lambda tile: _end(tile) <= end))

    async def _read_beside(self) -> None:
        """The next heads and tiles, in the order of the entries that complete them."""
        begin, end = self._beside, min(self._end, self._beside + BESIDE)
        self._heads.extend(await read_heads(self._conn, self._log, begin, end))
        tiles = await read_tiles(self._conn, self._log, begin, end)
        self._tiles.extend(sorted(tiles, key=_end))
        self._beside = end

    async def rest(self) -> None:
        """Nothing is being read any more."""
        if self._coming is not None:
            await asyncio.gather(self._coming, return_exceptions=True)

    async def _places(self, border: Border, following: Border | None) -> _Joined | None:
        if self._is_streamed and border[0] >= self._minimum:
            stored, leaves, ids, fit = await (
                self._in_turn(border, following) if self._is_sqlite else self._at_once(border)
            )
            if fit:
                return _Joined(stored, leaves, ids)
            self._is_streamed = False
        return await self._looked_up(*border)

    async def _looked_up(self, begin: int, end: int) -> _Joined | None:
        rows = (await self._conn.execute(text(_JOINED), self._asked(begin, end))).all()
        if len(rows) != end - begin or not await self._is_numbered(begin, end):
            return None
        stored, leaves, ids = ([row[at] for row in rows] for at in range(3))
        if begin >= self._minimum and None in leaves:
            return None
        try:  # SQLite would also keep a text
            whole = set(map(len, stored)) == {HASH_SIZE}
            return _Joined(b"".join(stored), leaves, ids) if whole else None
        except TypeError:
            return None

    async def _is_numbered(self, begin: int, end: int) -> bool:
        """Whether the places are whole numbers, each of them there; PostgreSQL takes no others."""
        if not self._is_sqlite:
            return True
        total = (await self._conn.execute(text(_NUMBERS), self._asked(begin, end))).scalar_one()
        return isinstance(total, int) and total == _sum(begin, end)

    async def _at_once(self, border: Border) -> Sequence[Any]:
        return (await self._conn.execute(text(_ON_POSTGRESQL), self._asked(*border))).one()

    async def _in_turn(self, border: Border, following: Border | None) -> Sequence[Any]:
        """What was asked for before, or is now; `following` waits behind it."""
        this = self._coming or asyncio.create_task(self._plainly(self._asked(*border)))
        self._coming = following and asyncio.create_task(self._plainly(self._asked(*following)))
        return await this

    async def _plainly(self, asked: Mapping[str, Any]) -> Sequence[Any]:
        """Through the driver itself: beside the megabytes of a stretch SQLAlchemy takes as long as SQLite."""
        raw = cast("Any", (await self._conn.get_raw_connection()).driver_connection)
        try:
            return cast("Sequence[Any]", (await raw.execute_fetchall(_ON_SQLITE, asked))[0])
        except sqlite3.Error as failure:
            raise DatabaseUnavailableError("the database did not answer") from failure

    def _asked(self, begin: int, end: int) -> dict[str, Any]:
        own = {"tenant": self._log.tenant, "log": self._log.log, "begin": begin, "end": end}
        return {**own, "count": end - begin, "sum": _sum(begin, end)}


def _taken(waiting: deque[_Kept], is_due: Callable[[_Kept], bool]) -> list[_Kept]:
    """Those at the front that are due, taken off."""
    taken = []
    while waiting and is_due(waiting[0]):
        taken.append(waiting.popleft())
    return taken


class _Ahead:
    """Asks for the next stretch before it gives one, so that the database reads while that one is hashed."""

    def __init__(self, reader: _Reader, part: Range) -> None:
        self._reader = reader
        self._borders = stretches(part.begin, part.end, part.identity.minimum)
        self._task: asyncio.Task[tuple[_Joined, Stored] | None] | None = None
        self._following = next(self._borders, None)
        self.border: Border | None = None
        self._ask()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """The connection is free again: nothing is being read."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self._reader.rest()

    async def read(self) -> Stored | None:
        """The stretch of `border`, with its leaf hashes, if they are right; `border` is then the next one."""
        found = await cast("asyncio.Task[tuple[_Joined, Stored] | None]", self._task)
        self._ask()
        await asyncio.sleep(_A_MOMENT)  # it is asked now, and the thread that reads SQLite has begun
        if found is None:
            return None
        joined, stored = found
        hashes = joined.hashes()
        return None if hashes is None else stored._replace(hashes=hashes)

    def _ask(self) -> None:
        self.border, self._following = self._following, next(self._borders, None)
        if self.border is not None:
            self._task = asyncio.create_task(self._reader.read(self.border, self._following))


def stretches(begin: int, end: int, minimum: int, length: int = STRETCH) -> Iterator[tuple[int, int]]:
    """From `begin` to `end`, each ending where a whole number of tiles does, or at `minimum`."""
    while begin < end:
        until = min(end, begin // length * length + length)
        until = minimum if begin < minimum < until else until
        yield begin, until
        begin = until


def _end(tile: StoredTile) -> int:
    """How many entries the log has when this tile is full."""
    return (tile.index + 1) << TILE_HEIGHT * (tile.level + 1)


def _sum(begin: int, end: int) -> int:
    return (begin + end - 1) * (end - begin) // 2
