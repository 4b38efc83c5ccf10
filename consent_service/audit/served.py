"""What a log gives away: its newest signed head, hash tiles, entry bundles (C2SP tlog-tiles).

Heads and tiles are for everybody: hashes, and how many entries there are. Entry bundles hold leaves, which
say nothing about anybody without a view key; who may have those is `rights.entry_bundles`. Everything
served lies below the newest signed head, and all of one kind at one place is the same forever.
"""

from __future__ import annotations

import re

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import (
    SIGNATURE_LIMIT,
    add_signatures,
    read_note,
    read_signature_line,
)
from consent_service.audit.cosignature import cosignature_time
from consent_service.audit.log_keys import LogKey
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_cosignatures,
    audit_entries,
    audit_logs,
    audit_prunings,
    audit_sequence,
)
from consent_service.audit.tiles import TILE_WIDTH, TilePlace, encode_bundle
from consent_service.audit.tree import newest_head, read_tiles
from consent_service.foundation.errors import IntegrityError, NotFoundError

_NAME = re.compile(r"[0-9a-f]{32}")


class PrunedError(NotFoundError):
    """These entries were in the log and are kept no more; their hashes still prove what is kept elsewhere."""

    code = "pruned"


async def log_named(conn: AsyncConnection, name: str) -> LogKey | None:
    """The log whose origin ends in this random name (32 hexadecimal digits), with its newest key."""
    if not _NAME.fullmatch(name):
        return None
    logs = audit_logs.c
    query = select(audit_logs).where(logs.origin.endswith(f"/t/{name}")).order_by(logs.key_number.desc())
    row = (await conn.execute(query.limit(1))).first()
    if row is None:
        return None
    return LogKey(row.tenant, row.log, row.key_number, row.origin, row.public_key, row.sealed_key)


async def served_checkpoint(conn: AsyncConnection, log: LogKey) -> bytes | None:
    """The newest signed head with the cosignatures that witnesses gave it; None while nothing is signed.

    Raises:
        IntegrityError: the stored head is malformed.
    """
    note = await newest_head(conn, log)
    return None if note is None else await cosigned(conn, log, note)


async def cosigned(conn: AsyncConnection, log: LogKey, note: bytes) -> bytes:
    """A signed head of this log with the cosignatures that are kept for its size.

    What cannot be one is left out: junk in a table must not keep the head from who checks it. Whoever reads
    it verifies each; here `heads.kept` names the ones that do not fit.

    Raises:
        IntegrityError: the head is malformed.
    """
    lines = audit_cosignatures.c
    query = (
        select(lines.line)
        .where(lines.tenant == log.tenant, lines.log == log.log)
        .where(lines.size == read_note(note).checkpoint.size)
        .order_by(lines.witness)
    )
    kept = [line for line in (await conn.execute(query)).scalars() if _may_be_cosignature(line)]
    return add_signatures(note, kept[: SIGNATURE_LIMIT // 2])


def _may_be_cosignature(line: bytes) -> bool:
    try:
        cosignature_time(read_signature_line(line))
    except IntegrityError:
        return False
    return True


async def hash_tile(
    conn: AsyncConnection, log: LogKey, level: int, index: int, width: int = TILE_WIDTH
) -> bytes:
    """The first `width` hashes of a tile, 32 bytes each. Hash tiles are never pruned.

    Raises:
        NotFoundError: the signed log is not that long yet.
        IntegrityError: a stored tile is gone or damaged.
    """
    place = TilePlace(level, index, width)
    await _refuse_beyond(conn, log, place)
    return b"".join((await read_tiles(conn, log, [place]))[level, index])


async def entry_bundle(conn: AsyncConnection, log: LogKey, index: int, width: int = TILE_WIDTH) -> bytes:
    """The first `width` leaves below the level-0 tile `index`, each behind its length.

    Raises:
        NotFoundError: the signed log is not that long yet.
        PrunedError: it was, and these entries are kept no more.
        IntegrityError: a leaf is gone that was not pruned.
    """
    place = TilePlace(0, index, width)
    await _refuse_beyond(conn, log, place)
    minimum = await minimum_index(conn, log)
    first = index * TILE_WIDTH
    if place.end <= minimum:
        raise PrunedError("these entries are kept no more")
    leaves = await _leaves(conn, log, first, place.end)
    if len(leaves) != width:
        if first < minimum:
            raise PrunedError("some of these entries are kept no more")
        raise IntegrityError("a leaf is missing")
    return encode_bundle(leaves)


async def minimum_index(conn: AsyncConnection, log: LogKey) -> int:
    """From which place on the log still keeps its entries; 0 where nothing was ever pruned."""
    prunings = audit_prunings.c
    query = select(func.coalesce(func.max(prunings.minimum), 0)).where(
        prunings.tenant == log.tenant, prunings.log == log.log
    )
    return int((await conn.execute(query)).scalar_one())


async def _refuse_beyond(conn: AsyncConnection, log: LogKey, place: TilePlace) -> None:
    """Nobody can check what no signed head covers, so it is not served."""
    heads = audit_checkpoints.c
    query = select(func.coalesce(func.max(heads.size), 0)).where(
        heads.tenant == log.tenant, heads.log == log.log
    )
    if place.end > (await conn.execute(query)).scalar_one():
        raise NotFoundError("tile")


async def _leaves(conn: AsyncConnection, log: LogKey, begin: int, end: int) -> list[bytes]:
    sequence, entries = audit_sequence.c, audit_entries.c
    query = (
        select(entries.leaf)
        .join(
            audit_sequence,
            (sequence.tenant == entries.tenant) & (sequence.entry == entries.id),
        )
        .where(sequence.tenant == log.tenant, sequence.log == log.log)
        .where(sequence.seq >= begin, sequence.seq < end)
        .order_by(sequence.seq)
    )
    return list((await conn.execute(query)).scalars())
