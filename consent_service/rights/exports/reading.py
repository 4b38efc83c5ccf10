"""The log in its own order, page by page, and the names that the people of a page have."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import SealedDetail, open_details
from consent_service.audit.encoding import milliseconds
from consent_service.audit.events import By
from consent_service.audit.tables import audit_details, audit_entries, audit_logs, audit_sequence
from consent_service.audit.traces import with_traces
from consent_service.audit.trail import TrailEntry, joined, trail_entry
from consent_service.families.identity_data import open_identity
from consent_service.families.tables import children, guardians
from consent_service.foundation.database import Database
from consent_service.foundation.ids import FamilyId, PersonId, StaffId, TenantId
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService
from consent_service.organisations.tables import schools, staff
from consent_service.rights.exports.access import Names
from consent_service.rights.exports.model import Head, Order

PAGE: Final = 500
"""Entries that are opened at a time; memory stays flat in the length of the log."""
_STAFF: Final = frozenset({"counsellor", "school_staff", "privacy_coordinator", "fg"})


async def heads_of(conn: AsyncConnection, tenant: TenantId) -> tuple[Head, ...]:
    """Every log the tenant has had, oldest first, and how many entries of it have their place now."""
    place = audit_sequence.c
    sizes = (
        select(place.log, (func.max(place.seq) + 1).label("size"))
        .where(place.tenant == tenant)
        .group_by(place.log)
        .subquery()
    )
    query = (
        select(audit_logs.c.log, func.min(audit_logs.c.origin).label("origin"), func.max(sizes.c.size))
        .join(sizes, sizes.c.log == audit_logs.c.log, isouter=True)
        .where(audit_logs.c.tenant == tenant)
        .group_by(audit_logs.c.log)
        .order_by(audit_logs.c.log)
    )
    return tuple(Head(log, origin, size or 0) for log, origin, size in await conn.execute(query))


async def count_waiting(conn: AsyncConnection, order: Order) -> int:
    """How many entries that are asked for have no place in any log yet."""
    placed = (
        select(audit_sequence.c.entry)
        .where(audit_sequence.c.tenant == order.tenant, audit_sequence.c.entry == audit_entries.c.id)
        .exists()
    )
    query = select(func.count()).select_from(audit_entries).where(audit_entries.c.tenant == order.tenant)
    found: int = (await conn.execute(_within(query, order).where(~placed))).scalar_one()
    return found


async def pages(
    database: Database, ring: KeyRing, heads: Iterable[Head], order: Order
) -> AsyncIterator[tuple[TrailEntry, ...]]:
    """What is asked for of these logs, oldest first, opened where keys still live.

    Each page is read in a transaction of its own: entries never change their place, and what comes after
    a head is not read.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    for head in heads:
        start = 0
        while start < head.size:
            async with database.reading() as conn:
                found = await _page(conn, ring, head, order, start)
            if found:
                yield found
            if len(found) < PAGE:
                break
            start = (found[-1].seq or 0) + 1


async def _page(
    conn: AsyncConnection, ring: KeyRing, head: Head, order: Order, start: int
) -> tuple[TrailEntry, ...]:
    place = audit_sequence.c
    query = joined(order.tenant, head.log).where(place.seq >= start, place.seq < head.size)
    if order.person is not None:
        query = query.where(audit_details.c.person == order.person)
    rows = (await conn.execute(_within(query, order).order_by(place.seq).limit(PAGE))).all()
    sealed = [SealedDetail(row.id, row.person, row.sealed) for row in rows if row.sealed is not None]
    opened = await open_details(conn, ring, order.tenant, sealed)
    return await with_traces(conn, ring, order.tenant, (trail_entry(row, opened) for row in rows))


def _within(query: Select[*tuple[Any, ...]], order: Order) -> Select[*tuple[Any, ...]]:
    if order.since is not None:
        query = query.where(audit_entries.c.id >= _first_id(order.since))
    if order.until is not None:
        query = query.where(audit_entries.c.id < _first_id(order.until))
    return query


def _first_id(at: datetime) -> str:
    """The lowest id an entry written at `at` can have (UUIDv7 begins with its milliseconds)."""
    return str(uuid.UUID(int=milliseconds(at) << 80))


async def names_of(
    conn: AsyncConnection, ring: KeyRing, organisations: OrganisationService, tenant: TenantId, users: set[By]
) -> Names:
    """The names of these users as far as their keys live, and the schools of those of a school."""
    members = [StaffId(by.id) for by in users if by.kind in _STAFF]
    found = await organisations.staff_members(conn, tenant, members)
    family = await _family_names(
        conn, ring, tenant, [by.id for by in users if by.kind in ("guardian", "child")]
    )
    return Names(
        names={one.staff: one.name for one in found} | family,
        schools={one.staff: one.school for one in found if one.school is not None},
    )


async def _family_names(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, people: list[str]
) -> dict[str, str]:
    keys = await ring.person_keys(conn, tenant, people)
    named: dict[str, str] = {}
    for table, column in ((guardians, guardians.c.guardian), (children, children.c.child)):
        query = select(column.label("person"), table.c.sealed_identity).where(
            table.c.tenant == tenant, column.in_(sorted(keys))
        )
        for row in await conn.execute(query):
            named[row.person] = open_identity(ring, keys[row.person], row.sealed_identity).full_name
    return named


async def school_names(conn: AsyncConnection, tenant: TenantId, members: Iterable[str]) -> dict[str, str]:
    """The name of the school at which each of these members of staff works or worked, by their id."""
    at_school = and_(schools.c.tenant == staff.c.tenant, schools.c.school == staff.c.school)
    query = (
        select(staff.c.staff, schools.c.name)
        .join(schools, at_school)
        .where(staff.c.tenant == tenant, staff.c.staff.in_(sorted(set(members))))
    )
    return {row.staff: row.name for row in await conn.execute(query)}


async def family_of_guardian(conn: AsyncConnection, tenant: TenantId, person: PersonId) -> FamilyId | None:
    """The family this person is a guardian in; None for anybody else."""
    query = select(guardians.c.family).where(guardians.c.tenant == tenant, guardians.c.guardian == person)
    found = (await conn.execute(query)).scalar_one_or_none()
    return None if found is None else FamilyId(found)
