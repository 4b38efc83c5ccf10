"""Walks the log behind a cursor of its own, entry by entry; what each walker does of it is its own.

A batch moves the cursor and does its work in one transaction, so that after a crash nothing is lost or
done twice. Of two walkers at once the second finds the first one's cursor and gives way. A batch ends when
it has taken a second, whatever it is of: nobody else waits long, and slow work still gets on.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import exc, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog, TrailEntry
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId
from consent_service.process.tables import follower_cursors

_BATCH: Final = 50
_LONGEST: Final = 1.0
"""Seconds after which a batch takes no other entry."""
Step = Callable[[AsyncConnection, TenantId, TrailEntry], Awaitable[None]]


class LogWalk:
    """One walker through the logs of every tenant, by its name."""

    def __init__(self, name: str, step: Step, *, database: Database, log: AuditLog) -> None:
        self._name = name
        self._step = step
        self._database = database
        self._log = log

    async def run_once(self, tenant: TenantId) -> int:
        """Read what was added since the last time; how many entries were read."""
        try:
            async with self._database.transaction() as conn:
                start = await self._cursor(conn, tenant)
                entries = await self._log.follow(conn, tenant, start or 0, limit=_BATCH)
                read, until = 0, time.monotonic() + _LONGEST
                for entry in entries:
                    await self._step(conn, tenant, entry)
                    read += 1
                    if time.monotonic() > until:
                        break
                if read:
                    await self._move(conn, tenant, (start or 0) + read, first=start is None)
        except exc.IntegrityError:  # another walker was first: its rows stand, and so does its cursor
            return 0
        return read

    async def catch_up(self, tenant: TenantId) -> None:
        """Read to the end."""
        while await self.run_once(tenant):
            continue

    async def _cursor(self, conn: AsyncConnection, tenant: TenantId) -> int | None:
        """The place to read from, taken until the batch is done; None before the first batch."""
        query = (
            select(follower_cursors.c.next_seq)
            .where(follower_cursors.c.tenant == tenant, follower_cursors.c.follower == self._name)
            .with_for_update()
        )
        found: int | None = (await conn.execute(query)).scalar_one_or_none()
        return found

    async def _move(self, conn: AsyncConnection, tenant: TenantId, next_seq: int, *, first: bool) -> None:
        if first:
            await conn.execute(
                insert(follower_cursors).values(tenant=tenant, follower=self._name, next_seq=next_seq)
            )
            return
        await conn.execute(
            update(follower_cursors)
            .where(follower_cursors.c.tenant == tenant, follower_cursors.c.follower == self._name)
            .values(next_seq=next_seq)
        )
