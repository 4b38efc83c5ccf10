"""What is kept although its period is over, because somebody may need it before a court or an authority."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.happenings.erasures import ErasureScope
from consent_service.custody.circle import Circle
from consent_service.families.tables import children, guardians, relationships
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, StaffId, TenantId
from consent_service.rights.retention.model import Hold
from consent_service.rights.retention.tables import retention_holds


async def read_holds(conn: AsyncConnection, tenant: TenantId) -> tuple[Hold, ...]:
    """Every hold of the shelter, those that stand first, the newest first."""
    here = retention_holds.c
    query = select(retention_holds).where(here.tenant == tenant)
    rows = await conn.execute(query.order_by(here.placed_at.desc(), here.hold.desc()))
    return tuple(sorted((_hold(row) for row in rows), key=lambda one: not one.stands))


async def find_hold(conn: AsyncConnection, tenant: TenantId, hold: str) -> Hold | None:
    """One hold; its row is locked until the transaction ends where the engine has locks."""
    here = retention_holds.c
    query = select(retention_holds).where(here.tenant == tenant, here.hold == hold)
    row = (await conn.execute(query.with_for_update())).first()
    return None if row is None else _hold(row)


async def write_hold(conn: AsyncConnection, tenant: TenantId, one: Hold) -> None:
    """A new hold."""
    plain = {name: getattr(one, name) for name in one.__struct_fields__}
    await conn.execute(insert(retention_holds).values(tenant=tenant, **plain))


async def end_hold(conn: AsyncConnection, tenant: TenantId, hold: str, *, by: StaffId, at: datetime) -> None:
    """It keeps nothing any more, and no longer says whom it was about."""
    here = retention_holds.c
    values = {"family": None, "child": None, "lifted_by": by, "lifted_at": at}
    await conn.execute(
        update(retention_holds).where(here.tenant == tenant, here.hold == hold).values(**values)
    )


async def held_families(conn: AsyncConnection, tenant: TenantId) -> frozenset[FamilyId]:
    """Families of which something is held: none of them is forgotten as a whole."""
    return frozenset(one.family for one in await _standing(conn, tenant) if one.family is not None)


async def held_ids(conn: AsyncConnection, tenant: TenantId) -> frozenset[str]:
    """The ids of everybody and everything that is held: rows that name one of them stay."""
    standing = await _standing(conn, tenant)
    whole = sorted(one.family for one in standing if one.family is not None and one.child is None)
    kids = {one.child for one in standing if one.child is not None}
    for table, person in ((children, children.c.child), (guardians, guardians.c.guardian)):
        query = select(person).where(table.c.tenant == tenant, table.c.family.in_(whole))
        kids |= set((await conn.execute(query)).scalars())
    here = relationships.c
    places = select(here.relationship).where(here.tenant == tenant, here.child.in_(sorted(kids)))
    return frozenset({*whole, *kids, *(await conn.execute(places)).scalars()})


async def refuse_held(conn: AsyncConnection, circle: Circle, scope: ErasureScope) -> None:
    """Nothing of a family is erased of which all is held, and no child, family or guardian of a held child.

    Asked with the family's row locked. The sentence can be sent to whoever asked to be forgotten.

    Raises:
        InputError: a hold stands (AVG 17(3)).
    """
    for one in await _standing(conn, circle.tenant):
        about_all = one.child is None or scope != "child" or one.child in circle.children
        if one.family == circle.family and about_all:
            raise InputError([Problem("subject", "erasures.held")])


async def refuse_held_child(
    conn: AsyncConnection, tenant: TenantId, family: FamilyId, child: PersonId
) -> None:
    """No key of a held child is destroyed, of all its schools or of one.

    Raises:
        InputError: a hold stands (AVG 17(3)).
    """
    await refuse_held(conn, Circle(tenant, family, whole=False, children=(child,)), "child")


async def _standing(conn: AsyncConnection, tenant: TenantId) -> tuple[Hold, ...]:
    return tuple(one for one in await read_holds(conn, tenant) if one.stands)


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        hold=row.hold,
        family=None if row.family is None else FamilyId(row.family),
        child=None if row.child is None else PersonId(row.child),
        ground=row.ground,
        review_on=row.review_on,
        placed_by=StaffId(row.placed_by),
        placed_at=row.placed_at,
        lifted_at=row.lifted_at,
    )
