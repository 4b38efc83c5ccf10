"""Rows of what goes before consent, as structs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import RecordId, TenantId
from consent_service.process.emergencies.model import BreakGlass, Meldcode
from consent_service.process.tables_emergencies import meldcodes
from consent_service.records.tables_emergencies import break_glasses

Shape = TypeVar("Shape", bound=msgspec.Struct)


async def read_break_glasses(
    conn: AsyncConnection, tenant: TenantId, *conditions: ColumnElement[bool]
) -> tuple[BreakGlass, ...]:
    """Newest first, without what they say."""
    b = break_glasses.c
    query = select(break_glasses).where(b.tenant == tenant, *conditions)
    rows = await conn.execute(query.order_by(b.requested_at.desc(), b.break_glass.desc()))
    return tuple(_as(BreakGlass, row) for row in rows)


async def lock_break_glass(
    conn: AsyncConnection, tenant: TenantId, break_glass: RecordId
) -> BreakGlass | None:
    """The row taken until the transaction ends, so that two acts on it follow each other."""
    b = break_glasses.c
    query = select(break_glasses).where(b.tenant == tenant, b.break_glass == break_glass)
    row = (await conn.execute(query.with_for_update())).first()
    return None if row is None else _as(BreakGlass, row)


async def read_meldcodes(
    conn: AsyncConnection, tenant: TenantId, *conditions: ColumnElement[bool], lock: bool = False
) -> Sequence[Meldcode]:
    """Newest first; with `lock` taken until the transaction ends."""
    m = meldcodes.c
    query = select(meldcodes).where(m.tenant == tenant, *conditions)
    query = query.order_by(m.opened_at.desc(), m.meldcode.desc())
    rows = await conn.execute(query.with_for_update() if lock else query)
    return [_as(Meldcode, row) for row in rows]


def _as(shape: type[Shape], row: Row[Any]) -> Shape:
    return shape(**{name: getattr(row, name) for name in shape.__struct_fields__})
