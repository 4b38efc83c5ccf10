"""What became of a break-glass, for who looks at it afterwards: from the log, without what it said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import BreakGlassMoved, BreakGlassRead, InformationReleased
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.families.reading import read_relationship
from consent_service.foundation.ids import EntryId, SchoolId, TenantId
from consent_service.process.emergencies.model import BreakGlass

_TOLD: Final = frozenset({"break_glass.moved.v1", "break_glass.read.v1", "information.released.v1"})


class Afterwards(msgspec.Struct, frozen=True):
    """At which school it was, when somebody there first opened the item, and what the coordinator said.

    school: None of an erased child. read_at: None when nobody opened it; its line in a list is not the item.
    outcome: empty until somebody said.
    """

    school: SchoolId | None
    read_at: datetime | None
    outcome: str


async def read_afterwards(
    conn: AsyncConnection, log: AuditLog, tenant: TenantId, one: BreakGlass
) -> Afterwards:
    """What followed, by the log."""
    about = await read_relationship(conn, tenant, one.relationship)
    named, opened, outcome = set[EntryId](), dict[EntryId, datetime](), ""
    async for entry in _entries(conn, log, tenant, one):
        match None if entry.detail is None else entry.detail.event:
            case BreakGlassRead(break_glass=about_one, entry=read) if about_one == one.break_glass:
                named.add(read)
            case InformationReleased(records=records) if records:
                opened[entry.id] = entry.at
            case BreakGlassMoved(break_glass=about_one, act="review", code=code):
                outcome = code if about_one == one.break_glass else outcome
            case _:
                pass
    first = min((opened[name] for name in named if name in opened), default=None)
    return Afterwards(None if about is None else about.school, first, outcome)


async def _entries(
    conn: AsyncConnection, log: AuditLog, tenant: TenantId, one: BreakGlass
) -> AsyncIterator[TrailEntry]:
    """Everything of this kind about this child at this school since it was asked."""
    wanted = TrailFilter(relationship=one.relationship, since=one.requested_at, types=_TOLD)
    after: EntryId | None = None
    while True:
        page = await log.trail(conn, tenant, wanted, after=after)
        for entry in page.entries:
            yield entry
        after = page.next
        if after is None:
            return
