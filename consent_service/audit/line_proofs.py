"""Which of many entries are proved to be in the log, for a page that shows them as lines.

As `proofs` does it for one, with the tiles of all of them read together; no proof is handed out here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import and_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, signed_checkpoint
from consent_service.audit.log_keys import LogKey, log_numbered, public_keys
from consent_service.audit.merkle import inclusion_ranges, leaf_hash, verify_inclusion
from consent_service.audit.proof_states import ProofState
from consent_service.audit.tables import audit_entries, audit_sequence
from consent_service.audit.tiles import root_from_tiles, tile_places
from consent_service.audit.tree import newest_head, read_tiles
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, TenantId

_AT_ONCE: Final = 50
"""An entry's path is made of a few tiles, and one statement may name 500 of them on SQLite."""
_Head = tuple[LogKey, Checkpoint]


async def prove_lines(
    conn: AsyncConnection, tenant: TenantId, entries: Collection[EntryId]
) -> dict[EntryId, ProofState]:
    """How each of these entries stands in the newest head of its log; one that is not stored failed."""
    found: dict[EntryId, ProofState] = dict.fromkeys(entries, "failed")
    heads: dict[int | None, _Head | ProofState] = {None: "pending"}
    for some in _parts(list(found)):
        rows = (await conn.execute(_stored(tenant, some))).all()
        for number in {row.log for row in rows}:
            if number not in heads:
                heads[number] = await _head(conn, tenant, number)
            of_log = [row for row in rows if row.log == number]
            found.update(await _prove(conn, heads[number], of_log))
    return found


def _parts(entries: Sequence[EntryId]) -> Iterator[Sequence[EntryId]]:
    for first in range(0, len(entries), _AT_ONCE):
        yield entries[first : first + _AT_ONCE]


def _stored(tenant: TenantId, entries: Sequence[EntryId]) -> Any:
    stored, sequence = audit_entries.c, audit_sequence.c
    return (
        select(stored.id, stored.leaf, sequence.seq, sequence.log)
        .join(
            audit_sequence,
            and_(sequence.tenant == stored.tenant, sequence.entry == stored.id),
            isouter=True,
        )
        .where(stored.tenant == tenant, stored.id.in_(entries))
    )


async def _head(conn: AsyncConnection, tenant: TenantId, number: int) -> _Head | ProofState:
    """The log with its newest head, once its own key turns out to have signed it."""
    log = await log_numbered(conn, tenant, number)
    note = None if log is None else await newest_head(conn, log)
    if log is None or note is None:
        return "pending"
    try:
        keys = await public_keys(conn, log)
        return log, signed_checkpoint(read_note(note), origin=log.origin, keys=keys)
    except IntegrityError:
        return "failed"


async def _prove(
    conn: AsyncConnection, head: _Head | ProofState, rows: Sequence[Row[Any]]
) -> dict[EntryId, ProofState]:
    if isinstance(head, str):
        return {EntryId(row.id): head for row in rows}
    log, signed = head
    found: dict[EntryId, ProofState] = {EntryId(row.id): "pending" for row in rows}
    paths = {row.seq: inclusion_ranges(row.seq, signed.size) for row in rows if row.seq < signed.size}
    places = tile_places(dict.fromkeys(one for path in paths.values() for one in path), signed.size)
    try:
        tiles = await read_tiles(conn, log, places)
    except IntegrityError:
        return dict.fromkeys(found, "failed")
    for row in rows:
        if row.seq in paths:
            proof = tuple(root_from_tiles(tiles, begin, end) for begin, end in paths[row.seq])
            hashed = leaf_hash(row.leaf)
            fits = verify_inclusion(hashed, index=row.seq, size=signed.size, proof=proof, root=signed.root)
            found[EntryId(row.id)] = "proved" if fits else "failed"
    return found
