"""The version row by which every act that may change a release makes itself known.

Each ledger, authority, safety, contact, agreement and record act raises the row in its own
transaction. A release is only logged, and so only made, while the version it decided on still
stands. An insert-only ledger cannot serve for this: a withdrawal in flight is invisible to it.

`next_change_at` is the first moment at which time alone could change a decision. An act sets it to
its own moment, which makes the next release compute it anew before deciding.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import FamilyId, RelationshipId, SchoolId, TenantId
from consent_service.organisations.tables import relationship_state as state


async def open_state(
    conn: AsyncConnection,
    tenant: TenantId,
    relationship: RelationshipId,
    *,
    school: SchoolId,
    family: FamilyId,
    at: datetime,
) -> None:
    """Begin the row of a new relationship at version 1."""
    values = {"school": school, "family": family, "version": 1, "next_change_at": at}
    await conn.execute(insert(state).values(tenant=tenant, relationship=relationship, **values))


async def raise_relationship(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, at: datetime
) -> None:
    """An act concerning one relationship."""
    await _raise(conn, tenant, state.c.relationship == relationship, at)


async def raise_family(conn: AsyncConnection, tenant: TenantId, family: FamilyId, at: datetime) -> None:
    """An act concerning every relationship of a family, such as a safety assessment."""
    await _raise(conn, tenant, state.c.family == family, at)


async def raise_school(conn: AsyncConnection, tenant: TenantId, school: SchoolId, at: datetime) -> None:
    """An act concerning every relationship with a school, such as the end of an agreement."""
    await _raise(conn, tenant, state.c.school == school, at)


async def raise_tenant(conn: AsyncConnection, tenant: TenantId, at: datetime) -> None:
    """An act concerning every relationship of a tenant, such as other policies."""
    await _raise(conn, tenant, true(), at)


async def hold_tenant(conn: AsyncConnection, tenant: TenantId) -> None:
    """Lock every row of a tenant, always in one order: two who do so wait and never block each other."""
    rows = select(state.c.relationship).where(state.c.tenant == tenant).order_by(state.c.relationship)
    await conn.execute(rows.with_for_update())


async def move_state(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, school: SchoolId
) -> None:
    """The relationship is with another school from now on; raising its version is the caller's."""
    await conn.execute(
        update(state)
        .where(state.c.tenant == tenant, state.c.relationship == relationship)
        .values(school=school)
    )


async def set_next_change(
    conn: AsyncConnection,
    tenant: TenantId,
    relationship: RelationshipId,
    *,
    version: int,
    next_change_at: datetime,
) -> None:
    """Note until when decisions on `version` hold; does nothing when somebody acted meanwhile."""
    await conn.execute(
        update(state)
        .where(state.c.tenant == tenant, state.c.relationship == relationship)
        .where(state.c.version == version)
        .values(next_change_at=next_change_at)
    )


async def _raise(conn: AsyncConnection, tenant: TenantId, which: ColumnElement[bool], at: datetime) -> None:
    await conn.execute(
        update(state)
        .where(state.c.tenant == tenant, which)
        .values(version=state.c.version + 1, next_change_at=at)
    )
