"""In which capacity a guardian speaks about a child today; used by sittings and stops alike."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import Capacity
from consent_service.families.model import authority_on
from consent_service.families.reading import guardian_ids, read_authority
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import FamilyId, PersonId, TenantId


async def capacity_of(
    conn: AsyncConnection,
    tenant: TenantId,
    *,
    family: FamilyId,
    guardian: PersonId,
    child: PersonId,
    now: datetime,
) -> Capacity:
    """Holder or voogd when the guardian decides about the child today, else without authority."""
    facts = await read_authority(conn, tenant, persons=[child])
    authority = authority_on(local_date(now), await guardian_ids(conn, tenant, family), facts)
    if guardian not in authority.deciders:
        return "without_authority"
    return "voogd" if authority.by_court else "holder"
