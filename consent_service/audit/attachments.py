"""Read what is kept beside entries of the log, in the order it was written.

An attachment is for whoever examines the log later; no page shows it with the entry. Sealing and opening
is `details`, writing it is `log.append`, what the bytes mean is whoever attached them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import (
    OpenedDetail,
    SealedAttachment,
    SealedDetail,
    open_attachments,
    open_details,
)
from consent_service.audit.encoding import decode_leaf, leaf_time
from consent_service.audit.tables import audit_details, audit_entries
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, PersonId, TenantId
from consent_service.keyring.service import KeyRing

UNREADABLE: Final = datetime.fromisoformat("1970-01-01T00:00:00Z")
"""The moment of an entry whose leaf cannot be read; `verify` says what is wrong with it."""


class Attached(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is attached to one entry. `raw` is empty unless `state` is open.

    `erased`: the key of whom it is about was destroyed. `damaged`: these are not the bytes the entry
    committed to.
    """

    entry: EntryId
    at: datetime
    bundle: str
    state: Literal["open", "erased", "damaged"]
    raw: bytes = b""


async def read_attached(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, *, before: EntryId | None = None, limit: int
) -> tuple[Attached, ...]:
    """Up to `limit` attachments, newest first; go on with `before` the last entry.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    entries, details = audit_entries.c, audit_details.c
    query = (
        select(
            entries.id, entries.leaf, details.person, details.sealed, details.attached, details.attached_for
        )
        .join(audit_details, and_(details.tenant == entries.tenant, details.entry == entries.id))
        .where(entries.tenant == tenant, details.attached.is_not(None), details.attached_for.is_not(None))
        .order_by(entries.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(entries.id < before)
    return await _opened(conn, ring, tenant, (await conn.execute(query)).all())


async def read_attached_to(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, entry: EntryId
) -> Attached | None:
    """What is attached to this entry; None when nothing is, or there is no such entry.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    return (await read_attached_of(conn, ring, tenant, [entry])).get(entry)


async def read_attached_of(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, wanted: Sequence[EntryId]
) -> dict[EntryId, Attached]:
    """What is attached to these entries, at most a few hundred; those without anything are not in it.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    entries, details = audit_entries.c, audit_details.c
    query = (
        select(
            entries.id, entries.leaf, details.person, details.sealed, details.attached, details.attached_for
        )
        .join(audit_details, and_(details.tenant == entries.tenant, details.entry == entries.id))
        .where(entries.tenant == tenant, entries.id.in_(wanted))
        .where(details.attached.is_not(None), details.attached_for.is_not(None))
    )
    found = await _opened(conn, ring, tenant, (await conn.execute(query)).all())
    return {one.entry: one for one in found}


async def _opened(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, rows: Sequence[Row[*tuple[Any, ...]]]
) -> tuple[Attached, ...]:
    """A detail must be open to say what it committed to; each is opened under its own key."""
    details = await open_details(conn, ring, tenant, [SealedDetail(r.id, r.person, r.sealed) for r in rows])
    committed = {
        entry: one.detail.attached for entry, one in details.items() if isinstance(one, OpenedDetail)
    }
    sealed = [
        (SealedAttachment(row.id, PersonId(row.attached_for), row.attached), committed[row.id])
        for row in rows
        if row.id in committed
    ]
    opened = await open_attachments(conn, ring, tenant, sealed)
    return tuple(_attached(row, opened.get(row.id, details[row.id])) for row in rows)


def _attached(row: Row[*tuple[Any, ...]], content: object) -> Attached:
    try:
        leaf = decode_leaf(row.leaf)
    except IntegrityError:
        return Attached(EntryId(row.id), UNREADABLE, "", "damaged")
    entry, at = EntryId(row.id), leaf_time(leaf)
    if isinstance(content, bytes):
        return Attached(entry, at, leaf.bundle, "open", content)
    return Attached(entry, at, leaf.bundle, "erased" if content == "erased" else "damaged")
