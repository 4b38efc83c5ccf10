"""Taking away what is past its period: small batches, each a part of its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.custody.service import CustodyService
from consent_service.families.reading import read_relationship
from consent_service.foundation.database import metadata
from consent_service.foundation.ids import PersonId, RecordId, StaffId, TenantId
from consent_service.identity.tables import enrolments, staff_devices, staff_invitations
from consent_service.keyring.service import KeyRing
from consent_service.organisations.tables import staff
from consent_service.process.notices.tables import notice_addresses, notice_wishes
from consent_service.records.retracting import expire_records
from consent_service.records.tables import records
from consent_service.rights.breaches.tables import breach_exams, breach_letters, breach_people, breaches
from consent_service.rights.retention.finding import PastRecords, free_of, record_condition, row_condition
from consent_service.rights.retention.holding import held_ids

_OF_MEMBER: tuple[tuple[Table, Column[Any]], ...] = (
    (staff_invitations, staff_invitations.c.staff),
    (staff_devices, staff_devices.c.staff),
    (enrolments, enrolments.c.staff),
    (notice_addresses, notice_addresses.c.staff),
    (notice_wishes, notice_wishes.c.recipient),
    (staff, staff.c.staff),
)
"""What goes with a member of staff; who works where comes last."""


async def remove_records(
    conn: AsyncConnection,
    ring: KeyRing,
    log: AuditLog,
    tenant: TenantId,
    one: PastRecords,
    *,
    now: datetime,
    limit: int,
) -> int:
    """The next records of one type of one child at one school, unless they are held meanwhile; how many."""
    about = await read_relationship(conn, tenant, one.relationship)
    if about is None or one.relationship in await held_ids(conn, tenant):
        return 0
    query = select(records.c.record).where(record_condition(tenant, one, now)).limit(limit)
    found = [RecordId(record) for record in (await conn.execute(query)).scalars()]
    return await expire_records(conn, ring, log, about, found, now=now) if found else 0


async def remove_rows(
    conn: AsyncConnection, table: str, tenant: TenantId, held: Collection[str], *, now: datetime, limit: int
) -> int:
    """The next rows of a swept table; how many."""
    rows = await _past_rows(conn, table, tenant, held, now=now, limit=limit)
    if not rows:
        return 0
    found = metadata.tables[table]
    key = tuple(found.primary_key.columns)
    return (await conn.execute(delete(found).where(tuple_(*key).in_(rows)))).rowcount


async def remove_breaches(
    conn: AsyncConnection,
    custody: CustodyService,
    tenant: TenantId,
    held: Collection[str],
    *,
    now: datetime,
    limit: int,
) -> int:
    """The next breaches, each with the key of its words and whom it was about; how many."""
    rows = await _past_rows(conn, breaches.name, tenant, held, now=now, limit=limit)
    for _, breach in rows:
        await custody.end_owner(conn, tenant, PersonId(breach))
        for table in (breach_letters, breach_people, breach_exams, breaches):
            await conn.execute(delete(table).where(table.c.tenant == tenant, table.c.breach == breach))
    return len(rows)


async def _past_rows(
    conn: AsyncConnection, table: str, tenant: TenantId, held: Collection[str], *, now: datetime, limit: int
) -> list[tuple[Any, ...]]:
    """The primary keys of the next ones."""
    key = tuple(metadata.tables[table].primary_key.columns)
    past = (row_condition(table, tenant, now), free_of(table, held))
    return [tuple(row) for row in await conn.execute(select(*key).where(*past).limit(limit))]


async def remove_member(
    conn: AsyncConnection, custody: CustodyService, tenant: TenantId, member: StaffId
) -> None:
    """Somebody who left long ago: the name, with the key it was sealed under, and everything of the login."""
    await custody.end_owner(conn, tenant, PersonId(member))
    for table, column in _OF_MEMBER:
        await conn.execute(delete(table).where(table.c.tenant == tenant, column == member))
