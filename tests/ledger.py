"""Looking behind the doors: rows, versions and entries, as no page would show them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId
from consent_service.organisations.tables import relationship_state
from tests.shelter import World


async def rows(world: World, table: Table, **wanted: Any) -> list[Any]:
    """The rows of a table with these values."""
    query = select(table).where(*(table.c[name] == value for name, value in wanted.items()))
    async with world.services.installation.database.reading() as conn:
        return list((await conn.execute(query)).all())


async def version(world: World, relationship: RelationshipId) -> int:
    """The version a release about this relationship would be guarded by."""
    (row,) = await rows(world, relationship_state, relationship=relationship)
    found: int = row.version
    return found


async def count(world: World, table: Table) -> int:
    """How many rows a table has."""
    async with world.services.installation.database.reading() as conn:
        found: int = (await conn.execute(select(func.count()).select_from(table))).scalar_one()
    return found


async def entries(world: World, *types: str, shown_to: PersonId | None = None) -> tuple[TrailEntry, ...]:
    """All entries of these types, newest first, without leaving one about having looked."""
    wanted = TrailFilter(types=frozenset(types), shown_to=shown_to)
    async with world.services.installation.database.reading() as conn:
        return await whole_trail(world.services.log, conn, world.tenant, wanted)


async def whole_trail(
    log: AuditLog, conn: AsyncConnection, tenant: TenantId, wanted: TrailFilter
) -> tuple[TrailEntry, ...]:
    """Every page of the trail, newest first: on a slow machine a test may leave many entries."""
    found: list[TrailEntry] = []
    after: EntryId | None = None
    while True:
        page = await log.trail(conn, tenant, wanted, after=after, limit=500)
        found += page.entries
        after = page.next
        if after is None:
            return tuple(found)
