"""Restrictions of processing (AVG 18): what each covers, and reading and writing them.

While one is in force nothing it covers is given to a school or written for the other side; `policy` judges
that, from the facts. Who may set and lift one is `rights.carrying`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.tables_restrictions import restrictions
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, TenantId, TypeKey

RestrictionGround = Literal["contested", "unlawful", "needed_for_claim", "objection"]
"""AVG 18(1): whether it is right is looked into (a); it was unlawful and is not to be erased (b); who it is
about needs it for a claim (c); an objection is weighed (d)."""


class Restriction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One restriction; without a relationship or a type it is about all of them."""

    restriction: str
    family: FamilyId
    child: PersonId
    ground: RestrictionGround
    since: datetime
    set_by: str
    relationship: RelationshipId | None = None
    information_type: TypeKey | None = None
    case: str | None = None
    told_at: datetime | None = None
    told_by: str | None = None
    told_how: str | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    @property
    def in_force(self) -> bool:
        """Whether it stands; nothing but lifting ends one."""
        return self.lifted_at is None


class Restricted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one in force covers at one school of one child; without a type everything."""

    information_type: TypeKey | None = None

    def covers(self, key: TypeKey) -> bool:
        """Whether this type is in it."""
        return self.information_type is None or self.information_type == key


def is_restricted(found: Iterable[Restricted], key: TypeKey) -> bool:
    """Whether anything in force covers this type."""
    return any(one.covers(key) for one in found)


def restricted_from(types: Iterable[str | None]) -> tuple[Restricted, ...]:
    """The types that rows in force name."""
    return tuple(Restricted(None if key is None else TypeKey(key)) for key in types)


async def read_restricted(
    conn: AsyncConnection, tenant: TenantId, child: PersonId, relationship: RelationshipId
) -> tuple[Restricted, ...]:
    """What is restricted now about this child at this school."""
    r = restrictions.c
    here = or_(r.relationship.is_(None), r.relationship == relationship)
    query = select(r.information_type).where(
        and_(r.tenant == tenant, r.child == child, here, r.lifted_at.is_(None))
    )
    return restricted_from((await conn.execute(query)).scalars())


async def read_restrictions(conn: AsyncConnection, tenant: TenantId, *where: Any) -> tuple[Restriction, ...]:
    """Restrictions of this shelter, in force first, then the newest."""
    query = select(restrictions).where(restrictions.c.tenant == tenant, *where)
    order = (restrictions.c.lifted_at.is_not(None), restrictions.c.since.desc(), restrictions.c.restriction)
    return tuple(_restriction(row) for row in await conn.execute(query.order_by(*order)))


def _restriction(row: Row[Any]) -> Restriction:
    return Restriction(
        **{name: getattr(row, name) for name in Restriction.__struct_fields__},
    )
