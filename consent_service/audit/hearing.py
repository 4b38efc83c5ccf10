"""Hears single entries that `verify` does not read, or not in time, because something stored names them.

Of each only what its leaf commits to counts, and only under a head that its log signed. With a pinned head
that is what was announced before it; with entries that were let go, what stands among them and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, select, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.announced import Announcements, Place
from consent_service.audit.details import OpenedDetail, SealedDetail, open_details
from consent_service.audit.emptied import stored_digest
from consent_service.audit.encoding import Detail
from consent_service.audit.events import KeyDestroyed, KeyDestroyedOnOrder
from consent_service.audit.log_keys import LogKey, key_history, log_numbered
from consent_service.audit.merkle import leaf_hash
from consent_service.audit.proofs import prove_place
from consent_service.audit.tables import (
    audit_details,
    audit_emptied,
    audit_entries,
    audit_prunings,
    audit_sequence,
)
from consent_service.audit.trail import first_id
from consent_service.audit.verify import told_by
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing

_EARLIER: Final = timedelta(hours=1)
"""An announced key is put in use within seconds of its entry, or never."""
_LATER: Final = timedelta(minutes=1)
_ROTATED: Final = text("(audit_entries.leaf || '') LIKE '%\"type\"\\:\"log.key_rotated.v1\"%'")
"""The type stands in clear in such a leaf; `leaf || ''` as in `tables.PRUNED`."""
_PAGE: Final = 500


_Row = Row[*tuple[Any, ...]]


async def hear_before(conn: AsyncConnection, ring: KeyRing, log: LogKey, announced: Announcements) -> None:
    """What this log announced that still counts: which keys it has had, and what was let go.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    rows = audit_prunings.c
    pruned = select(rows.entry).where(rows.tenant == log.tenant, rows.log == log.log)
    told = set((await conn.execute(pruned)).scalars())
    entries = audit_entries.c
    for period in (await key_history(conn, log))[1:]:
        begin, end = first_id(period.since - _EARLIER), first_id(period.since + _LATER)
        near = select(entries.id).where(entries.tenant == log.tenant, entries.id >= begin, entries.id < end)
        told.update((await conn.execute(near.where(_ROTATED))).scalars())
    await hear_entries(conn, ring, log.tenant, announced, told)


async def judge_endings(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, announced: Announcements, endings: Iterable[str]
) -> None:
    """Look at what is kept as named by these entries, after hearing those that were not heard.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    wanted = announced.unjudged(endings)
    await hear_entries(conn, ring, tenant, announced, (one for one in wanted if not announced.has_heard(one)))
    for ending in sorted(wanted):
        announced.keep_digest(ending, await stored_digest(conn, tenant, ending))


async def hear_entries(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, announced: Announcements, ids: Iterable[str]
) -> None:
    """Hear these entries, as far as there are such that stand in a log or wait for their place.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    for row, detail in await _told(conn, ring, tenant, ids):
        if await _is_placed(conn, tenant, row):
            announced.hear(detail, Place(row.log or 0, row.seq or 0, row.id))


async def is_named_end(conn: AsyncConnection, ring: KeyRing, tenant: TenantId, owner: str) -> bool:
    """Whether an entry that names what it shut tells of the end of this person's key.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    named = audit_emptied.c
    query = select(named.ending).where(named.tenant == tenant).distinct()
    endings = sorted((await conn.execute(query)).scalars())
    for begin in range(0, len(endings), _PAGE):
        for _, detail in await _told(conn, ring, tenant, endings[begin : begin + _PAGE]):
            match detail.event:
                case KeyDestroyed(owner=of) | KeyDestroyedOnOrder(owner=of) if of == owner:
                    return True
                case _:
                    pass
    return False


async def _told(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, ids: Iterable[str]
) -> list[tuple[_Row, Detail]]:
    """What these entries say, of those whose detail is what their leaf commits to."""
    rows = await _rows(conn, tenant, sorted(set(ids)))
    sealed = [SealedDetail(row.id, row.person, row.sealed) for row in rows]
    opened = await open_details(conn, ring, tenant, sealed)
    found = []
    for row in rows:
        one = opened[row.id]
        detail = told_by(tenant, row.leaf, one) if isinstance(one, OpenedDetail) else None
        if detail is not None:
            found.append((row, detail))
    return found


async def _rows(conn: AsyncConnection, tenant: TenantId, ids: Sequence[str]) -> Sequence[_Row]:
    entries, details, places = audit_entries.c, audit_details.c, audit_sequence.c
    query = (
        select(entries.id, entries.leaf, details.person, details.sealed, places.log, places.seq)
        .join(audit_details, and_(details.tenant == entries.tenant, details.entry == entries.id))
        .join(
            audit_sequence,
            and_(places.tenant == entries.tenant, places.entry == entries.id),
            isouter=True,
        )
        .where(entries.tenant == tenant, entries.id.in_(ids))
        .order_by(entries.id)
    )
    return (await conn.execute(query)).all()


async def _is_placed(conn: AsyncConnection, tenant: TenantId, row: _Row) -> bool:
    """Whether it waits for its place still, or a head of its log covers it."""
    if row.seq is None:
        return True
    log = await log_numbered(conn, tenant, row.log)
    try:
        return log is not None and await prove_place(conn, log, row.seq, leaf_hash(row.leaf)) is not None
    except IntegrityError:
        return False
