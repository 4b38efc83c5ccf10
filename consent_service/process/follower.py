"""Reads the log behind its cursor and makes tasks of what it finds. Nothing low calls up: no event bus.

Each batch moves the cursor and writes its tasks in one transaction, so that after a crash nothing is
lost or done twice. Of two followers at once the second finds the first one's rows and gives way.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import exc, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog, TrailEntry
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId, new_id
from consent_service.process.model import ONCE, NewTask, Settled, settled_by, tasks_from
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
        try:
            async with self._database.transaction() as conn:
                start = await self._cursor(conn, tenant)
                entries = await self._log.follow(conn, tenant, start or 0, limit=_BATCH)
                for entry in entries:
                    await self._follow(conn, tenant, entry)
                if entries:
                    await self._move(conn, tenant, (start or 0) + len(entries), first=start is None)
        except exc.IntegrityError:  # another follower was first: its rows stand, and so does its cursor
            return 0
        return len(entries)

    async def catch_up(self, tenant: TenantId) -> None:
        """Read to the end."""
        while await self.run_once(tenant) == _BATCH:
            continue

    async def _follow(self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry) -> None:
        if entry.detail is None:
            return
        event, subject = entry.detail.event, entry.detail.subject
        for settled in settled_by(event, subject=subject):
            await self._settle(conn, tenant, settled, entry)
        for new in tasks_from(event, second_approver=self._second_approver, subject=subject):
            if not await self._waits_already(conn, tenant, new):
                await conn.execute(
                    insert(tasks).values(
                        tenant=tenant,
                        task=new_id(),
                        entry=entry.id,
                        created_at=entry.at,
                        **msgspec.structs.asdict(new),
                    )
                )

    async def _waits_already(self, conn: AsyncConnection, tenant: TenantId, new: NewTask) -> bool:
        """One conversation or judgement serves every type it was about: an objection has one task."""
        if new.kind not in ONCE:
            return False
        query = select(tasks.c.task).where(
            tasks.c.tenant == tenant,
            tasks.c.kind == new.kind,
            tasks.c.family.is_not_distinct_from(new.family),
            tasks.c.relationship.is_not_distinct_from(new.relationship),
            tasks.c.information_type.is_not_distinct_from(new.information_type),
            tasks.c.person.is_not_distinct_from(new.person),
            tasks.c.done_at.is_(None),
        )
        return (await conn.execute(query.limit(1))).first() is not None

    async def _settle(
        self, conn: AsyncConnection, tenant: TenantId, settled: Settled, entry: TrailEntry
    ) -> None:
        """Done by what happened; nobody has to tick it off."""
        about = {
            name: value
            for name, value in msgspec.structs.asdict(settled).items()
            if name != "kinds" and value is not None
        }
        await conn.execute(
            update(tasks)
            .where(tasks.c.tenant == tenant, tasks.c.kind.in_(sorted(settled.kinds)))
            .where(tasks.c.done_at.is_(None), *(tasks.c[name] == value for name, value in about.items()))
            .values(done_at=entry.at)
        )

    async def _cursor(self, conn: AsyncConnection, tenant: TenantId) -> int | None:
        """The place to read from, taken until the batch is done; None before the first batch."""
        query = (
            select(follower_cursors.c.next_seq)
            .where(follower_cursors.c.tenant == tenant, follower_cursors.c.follower == _NAME)
            .with_for_update()
        )
        found: int | None = (await conn.execute(query)).scalar_one_or_none()
        return found

    async def _move(self, conn: AsyncConnection, tenant: TenantId, next_seq: int, *, first: bool) -> None:
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
