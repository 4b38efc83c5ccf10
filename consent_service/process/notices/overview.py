"""How many messages stand in which state, for whoever runs the service. No person, no kind, no address."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import TenantId
from consent_service.process.notices.tables import notices


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many messages stand in which state, and how long the oldest one that is due has waited."""

    states: tuple[tuple[str, int], ...]
    oldest_minutes: int = 0


async def waiting_in(conn: AsyncConnection, tenant: TenantId, now: datetime) -> Waiting:
    """The messages of one shelter, counted."""
    c = notices.c
    query = select(c.state, func.count()).where(c.tenant == tenant).group_by(c.state).order_by(c.state)
    states = tuple((str(row[0]), int(row[1])) for row in await conn.execute(query))
    due = select(func.min(c.due_at)).where(c.tenant == tenant, c.state == "waiting", c.due_at <= now)
    oldest: datetime | None = (await conn.execute(due)).scalar_one_or_none()
    waited = 0 if oldest is None else (now - oldest) // timedelta(minutes=1)
    return Waiting(states, waited)
