"""In which capacity a guardian speaks about a child today, and about which children one is asked.

Used by sittings and stops alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import Capacity
from consent_service.families.model import (
    Ages,
    AuthorityFact,
    AuthorityKind,
    Relationship,
    authority_on,
    is_competent,
    voice_on,
)
from consent_service.families.reading import (
    child_ids,
    guardian_ids,
    read_authority,
    read_children,
    read_competence,
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
    """In which capacity this person speaks about the child today; a child only about itself."""
    if guardian == child:
        return "child"
    facts = await read_authority(conn, tenant, persons=[child])
    authority = authority_on(local_date(now), await guardian_ids(conn, tenant, family), facts)
    mine = _latest(facts, guardian, local_date(now))
    if guardian not in authority.deciders:
        return "gezinsvoogd" if mine == "gezinsvoogd" else "without_authority"
    return "holder" if mine is None or mine == "none" else mine


def _latest(facts: Iterable[AuthorityFact], guardian: PersonId, day: date) -> AuthorityKind | None:
    begun = [fact for fact in facts if fact.guardian == guardian and fact.valid_from <= day]
    return max(begun, key=lambda fact: fact.recorded_at).kind if begun else None


async def people_of(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> frozenset[PersonId]:
    """Everybody of the family who may have answered: guardians and children."""
    guardians = await guardian_ids(conn, tenant, family)
    return frozenset((*guardians, *await child_ids(conn, tenant, family)))


async def deciding_about(
    conn: AsyncConnection, ring: KeyRing, actor: GuardianActor, *, ages: Ages, now: datetime
) -> tuple[Relationship, ...]:
    """The active relationships of the children over whom this guardian decides today.

    A child that decides alone (from 16, S9) is left out: its parents are asked nothing. So is one whose
    data was erased.
    """
    asked = await _decided_for(conn, ring, actor, ages, now)
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
    conn: AsyncConnection, ring: KeyRing, actor: GuardianActor, ages: Ages, now: datetime
) -> set[PersonId]:
    """The children of the family who are too young to decide alone."""
    today = local_date(now)
    kids = await read_children(conn, ring, actor.tenant, family=actor.family)
    judged = await read_competence(conn, actor.tenant, children=[kid.child for kid in kids])
    decided = set()
    for kid in kids:
        competent = is_competent(one for one in judged if one.child == kid.child)
        born = kid.identity.birth_date
        if born is not None and voice_on(born, today, ages, competent=competent) != "alone":
            decided.add(kid.child)
    return decided
