"""What an officer searches the log for, put into a filter: organisations and legal bases become ids.

A search holds ids, codes and days. It is never in an address, and of its values nothing is logged.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.filtering import Decision, Party, TrailFilter
from consent_service.families.tables import relationships
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import PersonId, RelationshipId, SchoolId, StaffId, TenantId, TypeKey
from consent_service.information.model import Catalogue, LegalBasis
from consent_service.organisations.looking import school_in
from consent_service.organisations.tables import staff

SHELTER: Final = "shelter"
"""The shelter itself, where an organisation is asked for; a school goes by its id."""


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold of an entry; what is left out does not narrow. `until` is exclusive.

    `actor` is who did it; `organisation` is `SHELTER` or a school's id; `basis` is the legal basis of the
    information types that an entry names, as the catalogue has them now; `rests_on` begins the hash of
    rules, a text or a screen.
    """

    person: PersonId | None = None
    relationship: RelationshipId | None = None
    actor: str | None = None
    organisation: str = ""
    event: str = ""
    decision: Decision | None = None
    basis: LegalBasis | None = None
    rests_on: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def filter_of(
    conn: AsyncConnection, tenant: TenantId, asked: Search, catalogue: Catalogue
) -> TrailFilter:
    """The search as the log answers it.

    Raises:
        NotFoundError: no such school with this shelter.
    """
    return TrailFilter(
        person=asked.person,
        relationship=asked.relationship,
        actor=asked.actor,
        organisation=await _party(conn, tenant, asked.organisation) if asked.organisation else None,
        types=frozenset({asked.event}) if asked.event else frozenset(),
        decision=asked.decision,
        basis=_types_on(catalogue, asked.basis) if asked.basis else None,
        rests_on=asked.rests_on,
        since=asked.since,
        until=asked.until,
    )


def _types_on(catalogue: Catalogue, basis: LegalBasis) -> frozenset[TypeKey]:
    return frozenset(kind.key for kind in catalogue.types.values() if kind.legal_basis == basis)


async def _party(conn: AsyncConnection, tenant: TenantId, organisation: str) -> Party:
    if organisation == SHELTER:
        return Party()
    school = SchoolId(organisation)
    if await school_in(conn, tenant, school) is None:
        raise NotFoundError("school")
    people = select(staff.c.staff).where(staff.c.tenant == tenant, staff.c.school == school)
    places = select(relationships.c.relationship).where(
        relationships.c.tenant == tenant, relationships.c.school == school
    )
    return Party(
        school=school,
        staff=frozenset(StaffId(one) for one in (await conn.execute(people)).scalars()),
        relationships=frozenset(RelationshipId(one) for one in (await conn.execute(places)).scalars()),
    )
