"""The entries of a log with what their details say, as far as a key still opens them, for `verify`.

What is gone or shut comes with who is said to have named it (`emptied`); whether that holds is `announced`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import and_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import (
    OpenedDetail,
    Opening,
    SealedAttachment,
    SealedDetail,
    open_attachments,
    open_details,
)
from consent_service.audit.emptied import Named, read_emptied
from consent_service.audit.encoding import Detail
from consent_service.audit.erasing import IndexRow, destroyed_among, is_indexed
from consent_service.audit.log import index_keys_of
from consent_service.audit.log_keys import LogKey
from consent_service.audit.removal import Removal
from consent_service.audit.stored import SequencedEntry
from consent_service.audit.tables import audit_details, audit_entries, audit_index, audit_sequence
from consent_service.audit.tagging import expected_tags
from consent_service.foundation.ids import PersonId
from consent_service.keyring.envelope import is_envelope
from consent_service.keyring.service import KeyRing

_Row = Row[*tuple[Any, ...]]
Detached = tuple[str, tuple[str, ...]]
"""The child whose attachment is gone or shut, and the entries that are said to name it."""


async def read_opened(
    conn: AsyncConnection, ring: KeyRing, removal: Removal, log: LogKey, after: int, *, limit: int
) -> tuple[SequencedEntry, ...]:
    """The next entries of a log after number `after`.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    rows = await _rows(conn, log, after, limit)
    sealed = [SealedDetail(row.entry, row.person, row.sealed) for row in rows if row.sealed is not None]
    opened = await open_details(conn, ring, log.tenant, sealed)
    told = {entry: one.detail for entry, one in opened.items() if isinstance(one, OpenedDetail)}
    misplaced = await _not_indexed(conn, log, told)
    tags = await expected_tags(conn, ring, log.tenant, told)
    named = await read_emptied(conn, log.tenant, _gone(rows, told))
    attached = await _otherwise_attached(conn, ring, removal, rows, told, named)
    found = []
    for row in rows:
        opening = await _judged(conn, removal, row, opened.get(row.entry))
        if not isinstance(opening, OpenedDetail):
            by = named.get((row.entry, "detail"), ())
            found.append(SequencedEntry(*_stored(row), opening, person=row.person or "", named=by))
            continue
        otherwise = attached.get(row.entry)
        found.append(
            SequencedEntry(
                *_stored(row),
                (opening.salt, opening.raw),
                is_indexed=row.entry not in misplaced,
                is_attached=otherwise != "differs",
                detached=otherwise if isinstance(otherwise, tuple) else None,
                detail=opening.detail,
                tag=tags.get(row.entry, ""),
            )
        )
    return tuple(found)


async def _rows(conn: AsyncConnection, log: LogKey, after: int, limit: int) -> Sequence[_Row]:
    sequence, entries, details = audit_sequence.c, audit_entries.c, audit_details.c
    query = (
        select(
            *(sequence.seq, sequence.entry, sequence.leaf_hash, entries.leaf),
            *(details.person, details.sealed, details.attached, details.attached_for),
        )
        .select_from(audit_sequence)
        .join(
            audit_entries,
            and_(entries.tenant == sequence.tenant, entries.id == sequence.entry),
            isouter=True,
        )
        .join(
            audit_details,
            and_(details.tenant == sequence.tenant, details.entry == sequence.entry),
            isouter=True,
        )
        .where(sequence.tenant == log.tenant, sequence.log == log.log, sequence.seq > after)
        .order_by(sequence.seq)
        .limit(limit)
    )
    return (await conn.execute(query)).all()


def _stored(row: _Row) -> tuple[int, str, bytes, bytes | None]:
    return row.seq, row.entry, row.leaf_hash, row.leaf


def _gone(rows: Sequence[_Row], told: Mapping[str, Detail]) -> set[str]:
    """Entries of which something may be gone: no detail that opens, or one that commits to an attachment."""
    return {row.entry for row in rows if row.entry not in told or told[row.entry].attached}


async def _judged(
    conn: AsyncConnection, removal: Removal, row: _Row, opening: Opening | None
) -> OpenedDetail | Literal["absent", "erased", "removed", "damaged"]:
    """What came of opening; a key that is gone excuses only where it is noted as destroyed."""
    if opening is None:
        return "absent"
    if opening == "erased" and not is_envelope(row.sealed):
        return "damaged"
    if opening == "erased" and not await removal.is_destroyed(conn, row.person):
        return "removed"
    return opening


async def _otherwise_attached(
    conn: AsyncConnection,
    ring: KeyRing,
    removal: Removal,
    rows: Sequence[_Row],
    told: Mapping[str, Detail],
    named: Named,
) -> dict[str, Detached | Literal["differs"]]:
    """Entries with something else attached than their detail commits to, or with what is gone or shut."""
    whole = [row for row in rows if row.attached is not None and row.attached_for is not None]
    stored = {row.entry: row for row in whole if row.entry in told}
    sealed = [
        (SealedAttachment(entry, PersonId(row.attached_for), row.attached), told[entry].attached)
        for entry, row in stored.items()
    ]
    opened = await open_attachments(conn, ring, removal.tenant, sealed)
    otherwise: dict[str, Detached | Literal["differs"]] = {}
    for entry, detail in told.items():
        row, content = stored.get(entry), opened.get(entry)
        if isinstance(content, bytes) or (row is None and not detail.attached):
            continue
        is_shut = row is None or (content == "erased" and is_envelope(row.attached) and bool(detail.attached))
        child = await removal.child_of(conn, detail.relationship) if is_shut else None
        is_destroyed = child is not None and await removal.is_destroyed(conn, child)
        if child is not None and is_destroyed and (row is None or row.attached_for == child):
            otherwise[entry] = (child, named.get((entry, "attached"), ()))
        else:
            otherwise[entry] = "differs"
    return otherwise


async def _not_indexed(conn: AsyncConnection, log: LogKey, told: Mapping[str, Detail]) -> set[str]:
    """Entries that the index does not find as their details say; it finds nobody any more who is erased."""
    indexed = await _read_index(conn, log, told)
    differing = {
        entry: detail for entry, detail in told.items() if not is_indexed(detail, indexed[entry], ())
    }
    keys = (key for detail in differing.values() for _, key, _ in index_keys_of(detail))
    erased = await destroyed_among(conn, log.tenant, keys) if differing else frozenset[str]()
    return {entry for entry, detail in differing.items() if not is_indexed(detail, indexed[entry], erased)}


async def _read_index(
    conn: AsyncConnection, log: LogKey, opened: Collection[str]
) -> Mapping[str, set[IndexRow]]:
    """By whom these entries are found, as stored."""
    index = audit_index.c
    query = select(index.entry, index.kind, index.key, index.shown).where(
        index.tenant == log.tenant, index.entry.in_(opened)
    )
    found: dict[str, set[IndexRow]] = {entry: set() for entry in opened}
    for row in await conn.execute(query):
        found[row.entry].add((row.kind, row.key, row.shown))
    return found
