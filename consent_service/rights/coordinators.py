"""Who is privacy coordinator of a shelter now: those who decide about being forgotten."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import TenantId
from consent_service.organisations.tables import staff


async def coordinators_of(conn: AsyncConnection, tenant: TenantId) -> frozenset[str]:
    """The ids of the privacy coordinators of this shelter."""
    member = staff.c
    query = select(member.staff).where(
        member.tenant == tenant, member.kind == "privacy_coordinator", member.ended_at.is_(None)
    )
    return frozenset((await conn.execute(query)).scalars())


async def is_coordinator(conn: AsyncConnection, tenant: TenantId, member: str) -> bool:
    """Whether this member of staff is one."""
    return member in await coordinators_of(conn, tenant)
