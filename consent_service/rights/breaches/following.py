"""Opens a breach when the log tells of what may be one: nobody has to think of it (S12, S29).

The clock runs from when it was said, not from when somebody at the desk reads it. What was assessed before
there was a register is not opened again: its task was done.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailEntry
from consent_service.foundation.database import Database
from consent_service.foundation.ids import EntryId, RelationshipId, TenantId
from consent_service.process.tables import tasks
from consent_service.process.walk import LogWalk
from consent_service.rights.breaches.model import BreachKind
from consent_service.rights.breaches.service import BreachService


class Suspected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an entry makes likely."""

    kind: BreachKind
    source: Literal["disowned", "break_glass"]
    relationship: RelationshipId


class BreachFollower:
    """Turns entries into breaches, tenant by tenant."""

    def __init__(self, *, database: Database, log: AuditLog, breaches: BreachService) -> None:
        self._breaches = breaches
        self._walk = LogWalk("breaches", self._follow, database=database, log=log)

    async def catch_up(self, tenant: TenantId) -> None:
        """Read to the end."""
        await self._walk.catch_up(tenant)

    async def _follow(self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry) -> None:
        if entry.detail is None:
            return
        found = suspected_of(entry.detail.event)
        if found is None or await _was_assessed(conn, tenant, entry.id):
            return
        await self._breaches.open_by_itself(
            conn,
            tenant,
            entry.id,
            entry.detail.late_since or entry.at,
            kind=found.kind,
            source=found.source,
            relationship=found.relationship,
        )


def suspected_of(event: events.Event) -> Suspected | None:
    """Which breach an entry makes likely; most tell of none. Pure."""
    match event:
        case events.PupilDisowned(relationship=relationship):
            return Suspected("wrong_recipient", "disowned", relationship)
        case (
            events.BreakGlassMoved(act="deny", relationship=relationship)
            | events.BreakGlassMoved(act="review", code="not_justified", relationship=relationship)
        ):
            return Suspected("wrong_person_saw", "break_glass", relationship)
        case _:
            return None


async def _was_assessed(conn: AsyncConnection, tenant: TenantId, entry: EntryId) -> bool:
    query = select(tasks.c.task).where(
        tasks.c.tenant == tenant, tasks.c.entry == entry, tasks.c.done_at.is_not(None)
    )
    return (await conn.execute(query.limit(1))).first() is not None
