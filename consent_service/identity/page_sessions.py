"""Sessions of the own page: opened with code and second factor, for one person, never merged with another.

Who may open one is `consent.page_access`; rows are `sessions`, their end and its entries are `live`.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.foundation.clock import Clock
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.identity import sessions
from consent_service.identity.devices import is_device_mark
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import PersonActor, person_of
from consent_service.identity.sessions import Opened, SessionLimits, new_session, new_token
from consent_service.identity.tables import page_devices

OWN_PAGE: Final = "~own-page"
"""Stands where staff have their login provider; no provider can be called this."""
LASTS: Final = timedelta(hours=1)
"""At most; without use a session ends earlier."""


class PageSessions:
    """The sessions of parents and young people on their own page."""

    def __init__(self, clock: Clock, *, live: LiveSessions, limits: SessionLimits) -> None:
        self._clock = clock
        self._live = live
        self._lasts = min(LASTS, limits.absolute)

    async def open(self, conn: AsyncConnection, actor: PersonActor, *, replaces: str | None) -> Opened:
        """A session under a fresh token; whatever session the browser had, ends."""
        now, token = self._clock.now(), new_token()
        if replaces is not None:
            earlier = await sessions.find_session(conn, replaces)
            if earlier is not None:
                await self._live.end(conn, earlier, "replaced")
            self._live.forget(replaces)
        session = new_session(
            provider=OWN_PAGE,
            subject=subject_of(actor.tenant, person_of(actor)),
            actors=(),
            level="",
            authenticated_at=now,
            lasts=(now, now + self._lasts),
            own=actor,
        )
        await sessions.open_session(conn, session, token)
        await self._live.append_own(conn, actor, events.PageOpened(person_of(actor)))
        return Opened(token, session)

    async def end_all(
        self, conn: AsyncConnection, tenant: TenantId, person: PersonId, *, but: str | None = None
    ) -> int:
        """Every session of this person's own page ends now, on whatever device; how many there were.

        `but`: the id of the one session that goes on, in which the person asks for this.
        """
        ended = await sessions.end_sessions_of(conn, OWN_PAGE, subject_of(tenant, person), but=but)
        self._live.forget_all()
        return ended


def subject_of(tenant: TenantId, person: PersonId) -> str:
    """What stands where staff have the digest of their login."""
    return hashlib.sha256(f"own-page/v1|{tenant}|{person}".encode()).hexdigest()


def device_of_person(tenant: TenantId, person: PersonId, mark: str) -> str | None:
    """What is stored of a device; another value for each person, so that they cannot be compared."""
    if not is_device_mark(mark):
        return None
    return hashlib.sha256(f"own-device/v1|{tenant}|{person}|{mark}".encode()).hexdigest()


async def is_known_device(conn: AsyncConnection, tenant: TenantId, person: PersonId, device: str) -> bool:
    """Whether this person logged in there before."""
    query = select(page_devices.c.device).where(
        page_devices.c.tenant == tenant, page_devices.c.person == person, page_devices.c.device == device
    )
    return (await conn.execute(query)).first() is not None


async def remember_device(
    conn: AsyncConnection, tenant: TenantId, person: PersonId, device: str, clock: Clock
) -> None:
    """This person logged in there."""
    keys = {"tenant": tenant, "person": person, "device": device}
    used = {"last_used_at": clock.now()}
    if conn.dialect.name == "sqlite":
        lite = sqlite.insert(page_devices).values(keys | used)
        await conn.execute(lite.on_conflict_do_update(index_elements=list(keys), set_=used))
    else:
        full = postgresql.insert(page_devices).values(keys | used)
        await conn.execute(full.on_conflict_do_update(index_elements=list(keys), set_=used))


async def forget_devices(conn: AsyncConnection, tenant: TenantId, person: PersonId) -> None:
    """No device is known any more: one of them may be in other hands."""
    await conn.execute(
        delete(page_devices).where(page_devices.c.tenant == tenant, page_devices.c.person == person)
    )
