"""The one item of a break-glass as a sealed record: who decided, and until when, is bound into its digest.

So nobody who can write to the database can forge a second person, lengthen the day or move the item to
another child. Its id is that of the break-glass, so that no other record can take its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import RecordId, RelationshipId, StaffId, TenantId, TypeKey
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.service import KeyRing
from consent_service.records.model import SealedRecord
from consent_service.records.sealing import digest_of
from consent_service.records.tables_emergencies import break_glasses

RUNNING: Final = ("running", "running_by_phone")
"""The states in which a school may read the item, if the time is right."""
OPEN: Final = ("asked", *RUNNING)
"""The states in which there still is an item."""


class Decided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asked for it and who agreed, from when until when; nobody and never before somebody agreed."""

    requested_by: StaffId
    requested_at: datetime
    approver: StaffId | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def urgent_item(
    break_glass: RecordId,
    relationship: RelationshipId,
    information_type: TypeKey,
    decided: Decided,
    envelope: bytes,
) -> SealedRecord:
    """The item as a record from shelter to school: approved by the second person, expiring with the day."""
    return SealedRecord(
        record=break_glass,
        relationship=relationship,
        information_type=information_type,
        direction="s2c",
        version=1,
        author=decided.requested_by,
        about=None,
        approved_by=decided.approver,
        written_at=decided.starts_at or decided.requested_at,
        expires_at=decided.ends_at,
        envelope=envelope,
    )


def urgent_digest(ring: KeyRing, key: WrappedRelationshipKey, item: SealedRecord) -> bytes:
    """What is kept beside the item, to find out that something about it was changed."""
    return digest_of(ring, key, item.information_type, [item])


async def open_items(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
) -> Sequence[tuple[SealedRecord, bytes]]:
    """Every item of this relationship there still is, with its digest."""
    b = break_glasses.c
    query = select(break_glasses).where(b.tenant == tenant, b.relationship == relationship, b.state.in_(OPEN))
    found = []
    for row in await conn.execute(query.order_by(b.break_glass)):
        decided = Decided(
            StaffId(row.requested_by),
            row.requested_at,
            None if row.approver is None else StaffId(row.approver),
            row.starts_at,
            row.ends_at,
        )
        item = urgent_item(
            RecordId(row.break_glass), relationship, TypeKey(row.information_type), decided, row.envelope
        )
        found.append((item, row.digest))
    return found


async def replace_item(conn: AsyncConnection, tenant: TenantId, item: SealedRecord, digest: bytes) -> None:
    """The same item sealed anew."""
    b = break_glasses.c
    await conn.execute(
        update(break_glasses)
        .where(b.tenant == tenant, b.break_glass == item.record)
        .values(envelope=item.envelope, digest=digest)
    )
