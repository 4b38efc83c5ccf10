"""Reads the log behind its cursor and makes tasks of what it finds. Nothing low calls up: no event bus.

Each batch moves the cursor and writes its tasks in one transaction, so that after a crash nothing is
lost or done twice.
"""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog, TrailEntry
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId, new_id
from consent_service.process.model import NewTask, tasks_from
from consent_service.process.tables import follower_cursors, tasks

_NAME = "tasks"
_BATCH = 200


class Follower:
    """Turns entries into tasks, tenant by tenant."""

    def __init__(
        self, *, database: Database, log: AuditLog, clock: Clock, second_approver: frozenset[str]
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._second_approver = second_approver

    async def run_once(self, tenant: TenantId) -> int:
        """Read what was added since the last time; how many entries were read."""
        async with self._database.transaction() as conn:
            start = await self._cursor(conn, tenant)
            entries = await self._log.follow(conn, tenant, start, limit=_BATCH)
            for entry in entries:
                await self._follow(conn, tenant, entry)
            if entries:
                await self._move(conn, tenant, start + len(entries), first=start == 0)
        return len(entries)

    async def catch_up(self, tenant: TenantId) -> None:
        """Read to the end."""
        while await self.run_once(tenant) == _BATCH:
            continue

    async def _follow(self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry) -> None:
        if entry.detail is None:
            return
        for new in tasks_from(entry.detail.event, second_approver=self._second_approver):
            if not await self._known(conn, tenant, entry, new):
                await conn.execute(
                    insert(tasks).values(
                        tenant=tenant,
                        task=new_id(),
                        kind=new.kind,
                        audience=new.audience,
                        family=new.family,
                        relationship=new.relationship,
                        entry=entry.id,
                        created_at=entry.at,
                    )
                )

    async def _known(
        self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry, new: NewTask
    ) -> bool:
        query = select(tasks.c.task).where(
            tasks.c.tenant == tenant, tasks.c.entry == entry.id, tasks.c.kind == new.kind
        )
        return (await conn.execute(query)).first() is not None

    async def _cursor(self, conn: AsyncConnection, tenant: TenantId) -> int:
        query = select(follower_cursors.c.next_seq).where(
            follower_cursors.c.tenant == tenant, follower_cursors.c.follower == _NAME
        )
        found: int | None = (await conn.execute(query)).scalar_one_or_none()
        return found or 0

    async def _move(
        self, conn: AsyncConnection, tenant: TenantId, next_seq: int, *, first: bool
    ) -> None:
        if first:
            await conn.execute(
                insert(follower_cursors).values(tenant=tenant, follower=_NAME, next_seq=next_seq)
            )
            return
        await conn.execute(
            update(follower_cursors)
            .where(follower_cursors.c.tenant == tenant, follower_cursors.c.follower == _NAME)
            .values(next_seq=next_seq)
        )
