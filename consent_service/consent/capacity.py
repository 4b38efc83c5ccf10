"""In which capacity somebody speaks about a child today, and about which children one is asked.

Used by sittings and stops alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import NO_SAY, Capacity
from consent_service.families.model import (
    Ages,
    AuthorityFact,
    AuthorityKind,
    ChildVoice,
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
from consent_service.identity.model import ChildActor, PersonActor, person_of
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
    conn: AsyncConnection, ring: KeyRing, actor: PersonActor, *, ages: Ages, now: datetime
) -> tuple[Relationship, ...]:
    """The active relationships of the children about whom this guardian or child decides today.

    A guardian: over whom one has authority, and who do not decide alone (from 16, S9). A child: about
    itself only, along or alone. A child whose data was erased is left out.
    """
    voices = await voices_of(conn, ring, actor.tenant, actor.family, ages=ages, now=now)
    found = []
    for relationship in await read_relationships(conn, actor.tenant, family=actor.family):
        voice = voices.get(relationship.child)
        if voice is None or not relationship.is_active(now):
            continue
        capacity = await capacity_of(
            conn,
            actor.tenant,
            family=actor.family,
            guardian=person_of(actor),
            child=relationship.child,
            now=now,
        )
        if _decides(actor, capacity, voice):
            found.append(relationship)
    return tuple(found)


def _decides(actor: PersonActor, capacity: Capacity, voice: ChildVoice) -> bool:
    if isinstance(actor, ChildActor):
        return capacity == "child" and voice != "heard"
    return voice != "alone" and capacity not in NO_SAY


async def voices_of(
    conn: AsyncConnection,
    ring: KeyRing,
    tenant: TenantId,
    family: FamilyId,
    *,
    ages: Ages,
    now: datetime,
) -> dict[PersonId, ChildVoice]:
    """What the answer of each child of the family is today; erased children are left out."""
    today = local_date(now)
    kids = await read_children(conn, ring, tenant, family=family)
    judged = await read_competence(conn, tenant, children=[kid.child for kid in kids])
    voices: dict[PersonId, ChildVoice] = {}
    for kid in kids:
        competent = is_competent(one for one in judged if one.child == kid.child)
        born = kid.identity.birth_date
        if born is not None:
            voices[kid.child] = voice_on(born, today, ages, competent=competent)
    return voices
