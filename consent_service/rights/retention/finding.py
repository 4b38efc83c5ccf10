"""What is past its period now, and what of it is held. Reads codes, dates and ids; opens nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Column, ColumnElement, String, Table, and_, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.tables import families, relationships
from consent_service.foundation.clock import local_date
from consent_service.foundation.database import UtcDateTime, metadata
from consent_service.foundation.ids import (
    INSTALLATION,
    FamilyId,
    RelationshipId,
    StaffId,
    TenantId,
    TypeKey,
)
from consent_service.information.model import InformationType
from consent_service.keyring.tables import relationship_keys
from consent_service.organisations.tables import staff
from consent_service.process.notices.tables import notice_addresses, notice_wishes
from consent_service.process.signals.tables import care_signals, signal_hearers
from consent_service.records.tables import records
from consent_service.rights.erasure_places import PLACES
from consent_service.rights.retention.model import (
    Own,
    Past,
    last_day_past,
    months_after,
    past_before,
    record_due,
)
from consent_service.rights.retention.register import FAMILY_MONTHS, REGISTER, STAFF_MONTHS

OF_LEAVERS: Final[Mapping[str, Column[Any]]] = {
    "notice_addresses": notice_addresses.c.staff,
    "notice_wishes": notice_wishes.c.recipient,
}
"""What is of no use once a member of staff left."""
_HOLDING: Final = {place.table.name: place.holding for place in PLACES}


class PastRecords(msgspec.Struct, frozen=True):
    """Records of one type of one child at one school: those past their own day, and those without a day."""

    relationship: RelationshipId
    information_type: TypeKey
    dated: int
    undated: int
    held: bool

    @property
    def count(self) -> int:
        """How many."""
        return self.dated + self.undated


async def past_records(
    conn: AsyncConnection,
    tenant: TenantId,
    kinds: Mapping[TypeKey, InformationType],
    now: datetime,
    held: Collection[str],
) -> tuple[PastRecords, ...]:
    """Every record that may not be kept any longer, by child at a school and type."""
    here, place = records.c, relationships.c
    query = (
        select(
            here.relationship,
            here.information_type,
            place.ended_at,
            _count(here.expires_at <= now).label("dated"),
            _count(here.expires_at.is_(None)).label("undated"),
        )
        .join(relationships, and_(place.tenant == here.tenant, place.relationship == here.relationship))
        .where(here.tenant == tenant)
        .group_by(here.relationship, here.information_type, place.ended_at)
        .order_by(here.relationship, here.information_type)
    )
    found = []
    for row in await conn.execute(query):
        due = record_due(kinds.get(row.information_type), None, row.ended_at)
        undated = row.undated if due is not None and due <= now else 0
        one = PastRecords(
            row.relationship, row.information_type, row.dated, undated, row.relationship in held
        )
        if one.count:
            found.append(one)
    return tuple(found)


def record_condition(tenant: TenantId, one: PastRecords, now: datetime) -> ColumnElement[bool]:
    """The records that this counts."""
    here = records.c
    past = here.expires_at <= now
    return and_(
        here.tenant == tenant,
        here.relationship == one.relationship,
        here.information_type == one.information_type,
        or_(past, here.expires_at.is_(None)) if one.undated else past,
    )


async def past_keys(
    conn: AsyncConnection, tenant: TenantId, months: int, now: datetime
) -> tuple[RelationshipId, ...]:
    """Children at schools of whom nothing is kept any more, and whose key lives on."""
    here, key = relationships.c, relationship_keys.c
    left = select(records.c.record).where(
        records.c.tenant == here.tenant, records.c.relationship == here.relationship
    )
    query = (
        select(here.relationship, here.ended_at)
        .where(here.tenant == tenant, here.ended_at.is_not(None), not_(left.exists()))
        .where(
            select(key.relationship)
            .where(key.tenant == here.tenant, key.relationship == here.relationship)
            .exists()
        )
        .order_by(here.relationship)
    )
    rows = await conn.execute(query)
    return tuple(row.relationship for row in rows if months_after(row.ended_at, months) <= now)


async def past_families(conn: AsyncConnection, tenant: TenantId, now: datetime) -> tuple[FamilyId, ...]:
    """Families whose guidance ended so long ago, and of whose children no record is kept any more."""
    here, place = families.c, relationships.c
    left = (
        select(records.c.record)
        .join(
            relationships,
            and_(place.tenant == records.c.tenant, place.relationship == records.c.relationship),
        )
        .where(place.tenant == here.tenant, place.family == here.family)
    )
    query = select(here.family).where(
        here.tenant == tenant,
        here.ended_at < past_before(Own(months=FAMILY_MONTHS), now),
        not_(left.exists()),
    )
    return tuple(FamilyId(one) for one in (await conn.execute(query.order_by(here.ended_at))).scalars())


async def past_staff(conn: AsyncConnection, tenant: TenantId, now: datetime) -> tuple[StaffId, ...]:
    """Members of staff who left so long ago, and whom no row about a family names any more."""
    query = select(staff.c.staff).where(
        staff.c.tenant == tenant, staff.c.ended_at < past_before(Own(months=STAFF_MONTHS), now)
    )
    left = set((await conn.execute(query)).scalars())
    for place in PLACES:
        for column in _of_staff(place.table, place.holding):
            if left:
                named = select(column).where(place.table.c.tenant == tenant, column.in_(sorted(left)))
                left -= set((await conn.execute(named.distinct())).scalars())
    return tuple(StaffId(one) for one in sorted(left))


def _of_staff(table: Table, holding: Collection[Column[Any]]) -> tuple[Column[Any], ...]:
    """The columns of a table about families that name who works there."""
    return tuple(
        column
        for column in table.columns
        if column.info["personal"] == "pseudonym"
        and all(column is not one for one in holding)
        and isinstance(column.type, String)
    )


def swept_tables() -> tuple[str, ...]:
    """The tables of which the run removes rows that are past a period of their own."""
    own = [name for name, kept in REGISTER.items() if kept.remover == "run" and isinstance(kept.period, Own)]
    return (*own, *OF_LEAVERS)


def row_condition(table: str, tenant: TenantId, now: datetime) -> ColumnElement[bool]:
    """The rows of a swept table that are past their period. Sessions and codes are of the installation."""
    found, kept = metadata.tables[table], REGISTER[table]
    here = found.c.tenant.in_((tenant, INSTALLATION))
    if table in OF_LEAVERS:
        gone = select(staff.c.staff).where(staff.c.tenant == tenant, staff.c.ended_at <= now)
        return and_(here, OF_LEAVERS[table].in_(gone))
    assert isinstance(kept.period, Own)  # noqa: S101 - `swept_tables`
    column = found.c[kept.since]
    if isinstance(column.type, UtcDateTime):
        return and_(here, column < past_before(kept.period, now))
    return and_(here, column <= last_day_past(local_date(now), kept.period.months))


def free_of(table: str, held: Collection[str]) -> ColumnElement[bool]:
    """The rows of a table that name nobody and nothing that is held."""
    ids = sorted(held)
    named = [column.in_(ids) for column in _HOLDING.get(table, ())]
    if table == "signal_hearers":
        of_held = select(care_signals.c.signal).where(care_signals.c.relationship.in_(ids))
        named.append(signal_hearers.c.signal.in_(of_held))
    return and_(true(), *(func.coalesce(not_(one), True) for one in named)) if ids else true()


async def count_rows(
    conn: AsyncConnection, table: str, tenant: TenantId, now: datetime, held: Collection[str]
) -> Past:
    """How many rows of a swept table are past their period."""
    found = metadata.tables[table]
    past, free = row_condition(table, tenant, now), free_of(table, held)
    query = select(_count(free), func.count()).select_from(found).where(past)
    going, every = (await conn.execute(query)).one()
    return Past(going or 0, every - (going or 0))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows it holds of."""
    return func.count().filter(condition)
