"""Where a member of staff is logged in, what those devices are called, and ending them from elsewhere.

A device is the mark in the cookie of one browser; here is a digest of it, another one for each login. What
kind of browser it is, is a coarse word; what its owner calls it is typed text and sealed
(`identity.given_names`).
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity import links, sessions
from consent_service.identity.devices import is_device_mark
from consent_service.identity.given_names import LONGEST, open_given_name, seal_given_name
from consent_service.identity.live import LiveSessions
from consent_service.identity.sessions import Session, SessionSummary, is_session
from consent_service.identity.tables import session_devices
from consent_service.identity.tables import sessions as session_rows
from consent_service.keyring.service import KeyRing


class SessionLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of "where am I logged in"."""

    id: str
    name: str
    """What its owner calls the device; may be empty."""
    browser: str
    """Coarse words, see `web.device`; empty when nobody noted them."""
    created_at: datetime
    last_seen_at: datetime
    handed_over: bool
    is_this: bool
    can_be_named: bool


class OwnSessions:
    """The sessions of one login, for whoever is logged in with it. A lent or locked session shows nothing."""

    def __init__(self, database: Database, ring: KeyRing, clock: Clock, *, live: LiveSessions) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock
        self._live = live

    async def listed(self, session: Session) -> tuple[SessionLine, ...]:
        """Where this login is logged in, the newest first; nothing while the tablet is lent or locked.

        Raises:
            KeyProviderUnavailableError: names cannot be opened now.
        """
        if not _may_see(session):
            return ()
        async with self._database.reading() as conn:
            found = await sessions.sessions_of(conn, session.provider, session.subject)
            names = await self._names(conn, session)
        return tuple(_line(one, names, session) for one in found)

    async def end(self, session: Session, session_id: str) -> bool:
        """End another session of the same login, and a hand-over with it; False when it is not one."""
        async with self._database.reading() as conn:
            other = await sessions.session_of_id(conn, session_id)
        own = other is not None and (other.provider, other.subject) == (session.provider, session.subject)
        if other is None or not own or not _may_see(session):
            return False
        await self._live.end_now(other, "by_owner")
        self._live.forget_all()
        return True

    async def end_others(self, session: Session) -> int:
        """End every session of this login but this one; how many there were."""
        others = [one.id for one in await self.listed(session) if not one.is_this]
        return sum([await self.end(session, one) for one in others])

    async def note_device(self, session: Session, mark: str, browser: str) -> None:
        """This session is on the device with this mark, in a browser of this kind."""
        device = device_of_login(mark, session) if is_device_mark(mark) else None
        async with self._database.transaction() as conn:
            await conn.execute(
                update(session_rows)
                .where(*is_session(session.id))
                .values(device=device, browser=browser[:24])
            )

    async def rename(self, session: Session, session_id: str, name: str) -> bool:
        """Call the device of an own session so, now and after every next login; False when it is not one.

        Raises:
            InputError: no name, or too long a name.
            KeyProviderUnavailableError: the keys are away; nothing was kept.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= LONGEST:
            raise InputError((Problem("device_name", "identity.device_name", {"most": str(LONGEST)}),))
        async with self._database.transaction() as conn:
            found = await sessions.sessions_of(conn, session.provider, session.subject)
            device = next((one.device for one in found if one.id == session_id), None)
            actors = await links.actors_of(conn, session.provider, session.subject)
            if device is None or not actors or not _may_see(session):
                return False
            sealed = await seal_given_name(conn, self._ring, actors[0], device, name)
            owner = {"named_in": actors[0].tenant, "named_by": actors[0].staff}
            named = {"sealed_name": sealed, "named_at": self._clock.now(), **owner}
            await _keep_name(conn, session, device, named)
        return True

    async def _names(self, conn: AsyncConnection, session: Session) -> dict[str, str]:
        query = select(session_devices).where(
            session_devices.c.tenant == INSTALLATION,
            session_devices.c.provider == session.provider,
            session_devices.c.subject == session.subject,
        )
        return {
            row.device: await open_given_name(
                conn, self._ring, (row.named_in, row.named_by), row.device, row.sealed_name
            )
            for row in await conn.execute(query)
        }


def device_of_login(mark: str, session: Session) -> str:
    """What is stored of a device; another value for each login, so that they cannot be compared."""
    return hashlib.sha256(
        f"session-device/v1|{session.provider}|{session.subject}|{mark}".encode()
    ).hexdigest()


def _may_see(session: Session) -> bool:
    return session.handed_over is None and session.own is None and not session.locked


def _line(one: SessionSummary, names: dict[str, str], session: Session) -> SessionLine:
    return SessionLine(
        id=one.id,
        name=names.get(one.device or "", ""),
        browser=one.browser,
        created_at=one.created_at,
        last_seen_at=one.last_seen_at,
        handed_over=one.handed_over,
        is_this=one.id == session.id,
        can_be_named=one.device is not None,
    )


async def _keep_name(conn: AsyncConnection, session: Session, device: str, named: dict[str, object]) -> None:
    keys = {
        "tenant": INSTALLATION,
        "provider": session.provider,
        "subject": session.subject,
        "device": device,
    }
    if conn.dialect.name == "sqlite":
        lite = sqlite.insert(session_devices).values(keys | named)
        await conn.execute(lite.on_conflict_do_update(index_elements=list(keys), set_=named))
    else:
        full = postgresql.insert(session_devices).values(keys | named)
        await conn.execute(full.on_conflict_do_update(index_elements=list(keys), set_=named))
