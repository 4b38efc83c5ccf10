"""Reads the log and makes tasks of what it finds; nothing low calls up, and there is no event bus.

Reading behind a cursor, so that nothing is lost or done twice, is `process.walk`.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog, TrailEntry
from consent_service.foundation.clock import local_date
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId, new_id
from consent_service.process.model import ONCE, NewTask, Settled, settled_by, tasks_from
from consent_service.process.tables import tasks
from consent_service.process.walk import LogWalk


class Follower:
    """Turns entries into tasks, tenant by tenant."""

    def __init__(self, *, database: Database, log: AuditLog, second_approver: frozenset[str]) -> None:
        self._second_approver = second_approver
        self._walk = LogWalk("tasks", self._follow, database=database, log=log)

    async def run_once(self, tenant: TenantId) -> int:
        """Read what was added since the last time; how many entries were read."""
        return await self._walk.run_once(tenant)

    async def catch_up(self, tenant: TenantId) -> None:
        """Read to the end."""
        await self._walk.catch_up(tenant)

    async def _follow(self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry) -> None:
        if entry.detail is None:
            return
        event, subject = entry.detail.event, entry.detail.subject
        for settled in settled_by(event, subject=subject):
            await self._settle(conn, tenant, settled, entry)
        kind = entry.detail.by.kind
        day = local_date(entry.at)
        found = tasks_from(
            event,
            second_approver=self._second_approver,
            day=day,
            subject=subject,
            by_child=kind == "child",
            unasked=kind != "counsellor",
        )
        for new in found:
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
