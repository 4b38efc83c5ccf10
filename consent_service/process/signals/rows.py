"""Rows of starts, calls and signals as structs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import Relationship
from consent_service.families.reading import read_relationship
from consent_service.families.tables_starting import first_contacts
from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConflictError, NotFoundError
from consent_service.foundation.ids import RelationshipId, SchoolId, TenantId, TypeKey
from consent_service.process.signals.model import Call, CareSignal, FirstContact, RouteSetting
from consent_service.process.signals.school_days import Region
from consent_service.process.signals.tables import phone_calls, school_regions, signal_routes


async def running(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, clock: Clock
) -> Relationship:
    """The child at the school, as long as that goes on.

    Raises:
        NotFoundError: no such relationship in this shelter.
        ConflictError: it has ended.
    """
    found = await read_relationship(conn, tenant, relationship)
    if found is None:
        raise NotFoundError("relationship")
    if not found.is_active(clock.now()):
        raise ConflictError("this relationship has ended")
    return found


async def first_contact_in(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, *, lock: bool = False
) -> FirstContact | None:
    """How far the start is; None when nothing was ever sent. `lock`: nobody else goes on meanwhile."""
    query = select(first_contacts).where(
        first_contacts.c.tenant == tenant, first_contacts.c.relationship == relationship
    )
    row = (await conn.execute(query.with_for_update() if lock else query)).first()
    if row is None:
        return None
    return FirstContact(relationship, row.state, row.sent_at, row.confirmed_at, row.read_at)


async def calls_in(conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId) -> tuple[Call, ...]:
    """The calls that were made about this child, newest first."""
    query = (
        select(phone_calls)
        .where(phone_calls.c.tenant == tenant, phone_calls.c.relationship == relationship)
        .where(phone_calls.c.called_at.is_not(None))
        .order_by(phone_calls.c.called_at.desc(), phone_calls.c.call)
    )
    return tuple(Call(row.spoken_to, unpacked(row.told), row.called_at) for row in await conn.execute(query))


async def region_of(conn: AsyncConnection, tenant: TenantId, school: SchoolId) -> Region | None:
    """In which holiday region a school is, as far as somebody said."""
    query = select(school_regions.c.region).where(
        school_regions.c.tenant == tenant, school_regions.c.school == school
    )
    found: Region | None = (await conn.execute(query)).scalar_one_or_none()
    return found


async def route_in(conn: AsyncConnection, tenant: TenantId, region: Region) -> RouteSetting:
    """Along which way signals of a region go; straight to the school until somebody says otherwise."""
    query = select(signal_routes).where(signal_routes.c.tenant == tenant, signal_routes.c.region == region)
    row = (await conn.execute(query)).first()
    if row is None:
        return RouteSetting(region, "direct", "", "")
    return RouteSetting(region, row.route, row.recipient, row.phone)


def signal_from(row: Row[Any]) -> CareSignal:
    """A row of care_signals."""
    return CareSignal(
        signal=row.signal,
        relationship=RelationshipId(row.relationship),
        state=row.state,
        route=row.route,
        sent_at=row.sent_at,
        due_at=row.due_at,
        gone_at=row.gone_at,
        read_at=row.read_at,
        called_at=row.called_at,
    )


def packed(types: Iterable[TypeKey]) -> str:
    """Keys of types as one value."""
    return ",".join(types)


def unpacked(stored: str | None) -> tuple[TypeKey, ...]:
    """The other way round."""
    return tuple(TypeKey(key) for key in (stored or "").split(",") if key)
