"""In which capacity a guardian speaks about a child today, and about which children one is asked.

Used by sittings and stops alike.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import Capacity
from consent_service.families.model import Relationship, age_band_on, authority_on
from consent_service.families.reading import (
    guardian_ids,
    read_authority,
    read_children,
    read_relationships,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.identity.model import GuardianActor
from consent_service.keyring.service import KeyRing


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


async def deciding_about(
    conn: AsyncConnection, ring: KeyRing, actor: GuardianActor, *, now: datetime
) -> tuple[Relationship, ...]:
    """The active relationships of the children over whom this guardian decides today.

    A child that decides alone (from 16, S9) is left out: its parents are asked nothing. So is one whose
    data was erased.
    """
    asked = await _decided_for(conn, ring, actor, now)
    found = []
    for relationship in await read_relationships(conn, actor.tenant, family=actor.family):
        child = relationship.child
        if relationship.is_active(now) and child in asked:
            capacity = await capacity_of(
                conn, actor.tenant, family=actor.family, guardian=actor.guardian, child=child, now=now
            )
            found += [relationship] if capacity != "without_authority" else []
    return tuple(found)


async def _decided_for(
    conn: AsyncConnection, ring: KeyRing, actor: GuardianActor, now: datetime
) -> set[PersonId]:
    """The children of the family who are too young to decide alone."""
    today = local_date(now)
    return {
        kid.child
        for kid in await read_children(conn, ring, actor.tenant, family=actor.family)
        if kid.identity.birth_date is not None and age_band_on(kid.identity.birth_date, today) != "16_plus"
    }
