"""Who is there now: the live sessions, how they end, and what this process remembers of them.

Every end of a session has its entry in the log; the rows are `identity.sessions`, logging in and out
is `identity.service`, lending the tablet is `identity.lending`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By, Event
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
    LogUnavailableError,
)
from consent_service.foundation.ids import PersonId
from consent_service.identity import lent_rows, sessions
from consent_service.identity.model import PersonActor, StaffActor, by, person_of
from consent_service.identity.sessions import HandedOver, Session, SessionLimits, digest

REMEMBERED = 1000
"""How many sessions a process remembers, for stops while the database is away."""


class LiveSessions:
    """The sessions of the whole installation, and those this process saw lately."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        clock: Clock,
        *,
        limits: SessionLimits,
        second_factor: bool = True,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._limits = limits
        self._second_factor = second_factor
        self._remembered: OrderedDict[str, Session] = OrderedDict()

    async def actor_for(self, token: str) -> Session | None:
        """The live session of this token; None when unknown, ended or past a limit (which then ends it).

        One that was left alone is locked, and says so; being asked for does not keep it alive.
        """
        now = self._clock.now()
        async with self._database.reading() as conn:
            session = await sessions.find_session(conn, token)
        if session is None:
            return None
        session = self.as_required(session)
        passed = session.ended_by(self._limits, now)
        if passed is not None:
            self.forget(token)
            await self.end_now(session, passed)
            return None
        if session.is_left_alone(self._limits, now):
            return await self._locked(session, now)
        if now - session.last_seen_at >= sessions.SEEN_EVERY:
            async with self._database.transaction() as conn:
                await sessions.note_seen(conn, session, now)
        self._remember(token, session)
        return session

    def as_required(self, session: Session) -> Session:
        """Officers wait for a second factor, unless the installation asks for none (development)."""
        return session if self._second_factor else session.with_waiting()

    async def actor_for_stop(self, token: str) -> Session | None:
        """`actor_for`, but with the database away a session this process saw lately will do.

        Only for stops (withdrawal, objection), which must be accepted then; never to read or to give.
        """
        try:
            return await self.actor_for(token)
        except DatabaseUnavailableError:
            session = self._remembered.get(digest(token))
            if session is None or session.ended_by(self._limits, self._clock.now()) is not None:
                return None
            return session

    async def lock(self, token: str, place: str) -> Session | None:
        """Lock the session of this token now; `place` is the page of ours that was open."""
        session = await self.actor_for(token)
        if session is None or session.locks_after(self._limits) is None:
            return session
        locked = await self._locked(session, self._clock.now())
        await self.keep_place(locked, place)
        return locked

    async def keep_place(self, session: Session, place: str) -> None:
        """Remember the page that a locked session was at; the first one counts."""
        async with self._database.transaction() as conn:
            await lent_rows.keep_place(conn, session, place)

    async def _locked(self, session: Session, now: datetime) -> Session:
        if not session.locked:
            async with self._database.transaction() as conn:
                await lent_rows.lock(conn, session, now)
        return msgspec.structs.replace(session, locked=True)

    async def end_now(self, session: Session, code: str) -> None:
        """End a session with its entries; without them when keys or log are away: an end always works."""
        try:
            async with self._database.transaction() as conn:
                await self.end(conn, session, code)
        except (KeyProviderUnavailableError, KeyDestroyedError, LogUnavailableError):
            async with self._database.transaction() as conn:
                await sessions.end_session(conn, session.id)

    async def end(self, conn: AsyncConnection, session: Session, code: str) -> None:
        """End a session, and a hand-over with it; one that ended before has its entries already."""
        if not await sessions.end_session(conn, session.id):
            return
        if session.handed_over is not None:
            await self.note_handed_back(conn, session.handed_over, code)
        event = events.Logout() if code == "logged_out" else events.SessionEnded(code)
        for actor in _who(session):
            await self.append(conn, actor, event)
        if session.own is not None:
            await self.append_own(conn, session.own, event)

    async def end_expired(self) -> int:
        """End the sessions nobody came back to, each with its entries; how many there were."""
        async with self._database.reading() as conn:
            ids = await sessions.expired_sessions(conn, self._limits, self._clock.now())
        return sum([await self._end_if_over(one) for one in ids])

    async def _end_if_over(self, session_id: str) -> bool:
        """One at a time, and looked at again: somebody may have come back meanwhile."""
        async with self._database.transaction() as conn:
            session = await sessions.session_of_id(conn, session_id)
            if session is None:  # ended meanwhile, or nobody is linked to it any more
                return await sessions.end_session(conn, session_id)
        passed = session.ended_by(self._limits, self._clock.now())
        if passed is not None:
            await self.end_now(session, passed)
        return passed is not None

    async def end_unlinked(self, conn: AsyncConnection, provider: str, subject: str) -> int:
        """End every session of a login that lost a link, with entries for whom it still acts; how many."""
        for lent in await sessions.lent_by_login(conn, provider, subject):
            await self.note_handed_back(conn, lent, "unlinked")
        for session in await sessions.sessions_of_login(conn, provider, subject):
            for actor in session.linked:
                await self.append(conn, actor, events.SessionEnded("unlinked"))
        return await sessions.end_sessions_of(conn, provider, subject)

    async def note_handed_back(self, conn: AsyncConnection, lent: HandedOver, code: str) -> None:
        """The tablet is no longer with the guardian."""
        await self.append_about(conn, lent, events.HandoverEnded(family=lent.family, code=code))

    async def append_about(self, conn: AsyncConnection, lent: HandedOver, event: Event) -> None:
        """A hand-over is about the guardian: it stands on her page."""
        await self._log.append(
            conn, tenant=lent.by.tenant, event=event, by=by(lent.by), subject=lent.guardian
        )

    async def append(self, conn: AsyncConnection, actor: StaffActor, event: Event) -> None:
        """A login or session is about the member of staff."""
        who: By = by(actor)
        await self._log.append(conn, tenant=actor.tenant, event=event, by=who, subject=PersonId(actor.staff))

    async def append_own(self, conn: AsyncConnection, actor: PersonActor, event: Event) -> None:
        """What somebody does with the own page is about that person."""
        who: By = by(actor)
        await self._log.append(conn, tenant=actor.tenant, event=event, by=who, subject=person_of(actor))

    def forget_session(self, session: Session) -> None:
        """Whatever its token is, this session is worth nothing any more here."""
        for token in [token for token, known in self._remembered.items() if known.id == session.id]:
            del self._remembered[token]

    def forget(self, token: str) -> None:
        """This token is worth nothing any more, also while the database is away."""
        self._remembered.pop(digest(token), None)

    def forget_all(self) -> None:
        """Remember nothing: sessions ended of which the tokens are not at hand."""
        self._remembered.clear()

    def _remember(self, token: str, session: Session) -> None:
        self._remembered[digest(token)] = session
        self._remembered.move_to_end(digest(token))
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)


def _who(session: Session) -> Iterable[StaffActor]:
    """Whose session it is: the counsellor while the tablet is handed over, else everybody linked."""
    return session.linked if session.handed_over is None else (session.handed_over.by,)
