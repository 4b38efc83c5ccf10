"""Rows of records as structs, and what is known about a relationship inside a writing transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import Decision
from consent_service.consent.reading import read_decisions
from consent_service.families.model import Child, Contact, Relationship, protected_of, safety_of
from consent_service.families.reading import (
    read_assessments,
    read_authority,
    read_children,
    read_competence,
    read_contacts,
    read_markers,
    read_relationships,
)
from consent_service.families.restrictions import read_restricted
from consent_service.families.tables import guardians
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.foundation.ids import PersonId, RecordId, RelationshipId, StaffId, TenantId, TypeKey
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService
from consent_service.organisations.tables import assignments, staff
from consent_service.policy.projection import Assigned, Known
from consent_service.records.model import SealedRecord, WrittenRecord
from consent_service.records.tables import records


async def read_known(
    conn: AsyncConnection,
    ring: KeyRing,
    organisations: OrganisationService,
    about: Relationship,
) -> tuple[Known, tuple[Child, ...]]:
    """What bears on sharing about this relationship, and the children of the family.

    Raises:
        KeyDestroyedError: the child was erased.
    """
    tenant = about.tenant
    children = await read_children(conn, ring, tenant, family=about.family)
    child = next((one for one in children if one.child == about.child), None)
    if child is None or child.identity.birth_date is None:
        raise KeyDestroyedError("this child's data no longer exists")
    everyone = await conn.execute(
        select(guardians.c.guardian).where(guardians.c.tenant == tenant, guardians.c.family == about.family)
    )
    decisions = await _decisions_about(conn, about)
    assessments = await read_assessments(conn, tenant, family=about.family)
    markers = await read_markers(conn, tenant, family=about.family)
    known = Known(
        relationship=about,
        birth_date=child.identity.birth_date,
        guardians=tuple(PersonId(person) for person in everyone.scalars()),
        authority=await read_authority(conn, tenant, persons=[about.child]),
        safety=safety_of(assessments),
        protected=protected_of(assessments),
        markers=tuple(one for one in markers if one.approved and one.ended_at is None),
        competence=await read_competence(conn, tenant, children=[about.child]),
        agreements=await organisations.agreements_with(conn, tenant, about.school),
        contacts=await _present_contacts(conn, about),
        assigned=await _assigned(conn, about),
        decisions=tuple(row for row in decisions if row.relationship == about.relationship),
        objections=tuple(row for row in decisions if row.relationship != about.relationship),
        restricted=await read_restricted(conn, tenant, about.child, about.relationship),
    )
    return known, children


async def _decisions_about(conn: AsyncConnection, about: Relationship) -> tuple[Decision, ...]:
    """Those about this child, at whichever school."""
    same_child = [
        one.relationship
        for one in await read_relationships(conn, about.tenant, family=about.family)
        if one.child == about.child
    ]
    return await read_decisions(conn, about.tenant, same_child)


async def _present_contacts(conn: AsyncConnection, about: Relationship) -> tuple[Contact, ...]:
    contacts = await read_contacts(conn, about.tenant, [about.relationship])
    gone = await _ended_staff(conn, about.tenant)
    return tuple(contact for contact in contacts[about.relationship] if contact.staff not in gone)


async def read_records(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, key: TypeKey
) -> tuple[SealedRecord, ...]:
    """The current records of one type, sealed."""
    query = select(records).where(
        records.c.tenant == tenant,
        records.c.relationship == relationship,
        records.c.information_type == key,
    )
    return tuple(record_from(row) for row in await conn.execute(query))


async def read_written(
    conn: AsyncConnection, tenant: TenantId, *conditions: ColumnElement[bool]
) -> tuple[WrittenRecord, ...]:
    """What was written, newest first, without the content."""
    query = select(records).where(records.c.tenant == tenant, *conditions)
    ordered = query.order_by(records.c.written_at.desc(), records.c.record.desc())
    found = [record_from(row) for row in await conn.execute(ordered)]
    return tuple(
        WrittenRecord(
            one.record,
            one.relationship,
            one.information_type,
            one.author,
            one.approved_by,
            one.written_at,
            one.expires_at,
        )
        for one in found
    )


def record_from(row: Row[Any]) -> SealedRecord:
    """A row of `records` as a struct."""
    return SealedRecord(
        record=RecordId(row.record),
        relationship=RelationshipId(row.relationship),
        information_type=TypeKey(row.information_type),
        direction=row.direction,
        version=row.version,
        author=StaffId(row.author),
        about=None if row.about is None else PersonId(row.about),
        approved_by=None if row.approved_by is None else StaffId(row.approved_by),
        written_at=row.written_at,
        expires_at=row.expires_at,
        envelope=row.envelope,
    )


async def _ended_staff(conn: AsyncConnection, tenant: TenantId) -> set[str]:
    query = select(staff.c.staff).where(staff.c.tenant == tenant, staff.c.ended_at.is_not(None))
    return set((await conn.execute(query)).scalars())


async def _assigned(conn: AsyncConnection, about: Relationship) -> tuple[Assigned, ...]:
    query = select(assignments).where(
        assignments.c.tenant == about.tenant, assignments.c.family == about.family
    )
    return tuple(
        Assigned(StaffId(row.staff), row.starts_at, row.ends_at) for row in await conn.execute(query)
    )
