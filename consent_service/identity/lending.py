"""Lending the tablet to a guardian or child and taking it back, with the PIN of who lent it.

Owns the transactions and log entries of a hand-over. Its rules are `identity.handover`; the session
rows are `identity.sessions`; who is there now is `identity.live`.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity import pins, sessions
from consent_service.identity.handover import (
    HandOver,
    HandOverRefused,
    TakeBackRefused,
    lent_to,
    problems_of_pin,
)
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import Counsellor
from consent_service.identity.sessions import HandedOver, Opened, Session, new_token
from consent_service.identity.tables import return_pins


class Lending:
    """PINs and hand-overs of the whole installation."""

    def __init__(self, database: Database, clock: Clock, *, live: LiveSessions) -> None:
        self._database = database
        self._clock = clock
        self._live = live

    async def set_pin(self, session: Session, pin: str) -> None:
        """Keep the PIN with which this login takes the tablet back; it replaces an earlier one.

        Raises:
            InputError: not four to eight digits, or too simple.
            NotAllowedError: the tablet is with a guardian.
        """
        if session.handed_over is not None:
            raise NotAllowedError("the tablet is handed over")
        problems = problems_of_pin(pin)
        if problems:
            raise InputError(problems)
        hashed = await pins.hashed(pin)
        mine = _pin_of(session)
        values = {"provider": session.provider, "subject": session.subject, "pin": hashed}
        async with self._database.transaction() as conn:
            await conn.execute(delete(return_pins).where(*mine))
            await conn.execute(
                insert(return_pins).values(tenant=INSTALLATION, set_at=self._clock.now(), **values)
            )

    async def has_pin(self, session: Session) -> bool:
        """Whether this login can take a tablet back."""
        async with self._database.reading() as conn:
            return await _stored_pin(conn, session) is not None

    async def hand_over(self, token: str, to: HandOver) -> Opened | HandOverRefused:
        """Downgrade the counsellor's session to one guardian of one family, under a new token."""
        session = await self._live.actor_for(token)
        if session is None:
            return HandOverRefused("no_session")
        lent = lent_to(session, to)
        if isinstance(lent, HandOverRefused):
            return lent
        fresh = new_token()
        async with self._database.transaction() as conn:
            if await _stored_pin(conn, session) is None:
                return HandOverRefused("pin_missing")
            if not await sessions.downgrade(conn, session, token, fresh, lent):
                return HandOverRefused("no_session")
            event = events.HandoverStarted(family=lent.family, guardian=lent.guardian)
            await self._live.append_about(conn, lent, event)
            handed = await _reread(conn, fresh)
        self._live.forget(token)
        return Opened(fresh, handed)

    async def take_back(self, token: str, pin: str) -> Opened | TakeBackRefused:
        """Give the session back to the counsellor who knows the PIN, under a new token.

        A try is counted and committed before the PIN is looked at; after the last one the session ends.
        """
        lent = await self._lent_with_pin(token, pin)
        if isinstance(lent, TakeBackRefused):
            return lent
        return await self._taken_back(*lent, token)

    async def witness(self, token: str, pin: str) -> Counsellor | TakeBackRefused:
        """The counsellor who knows the PIN, as a witness beside the guardian, who keeps the tablet.

        Tries count together with those of `take_back`.
        """
        lent = await self._lent_with_pin(token, pin)
        if isinstance(lent, TakeBackRefused):
            return lent
        session, handed_over = lent
        async with self._database.transaction() as conn:
            await sessions.forget_pin_tries(conn, session)
        return handed_over.by

    async def _lent_with_pin(self, token: str, pin: str) -> tuple[Session, HandedOver] | TakeBackRefused:
        session = await self._live.actor_for(token)
        if session is None or session.handed_over is None:
            return TakeBackRefused("no_session" if session is None else "not_handed_over")
        async with self._database.transaction() as conn:
            tries = await sessions.count_pin_try(conn, session)
            if tries is None and not await sessions.is_lent(conn, session):
                return TakeBackRefused("no_session")  # given back a moment ago: that is no wrong PIN
            stored = await _stored_pin(conn, session)
        if tries is not None and await pins.fits(pin, stored):
            return session, session.handed_over
        tries_left = 0 if tries is None else sessions.MAX_PIN_TRIES - tries
        if tries_left > 0:
            return TakeBackRefused("pin_wrong", tries_left)
        self._live.forget(token)
        await self._live.end_now(session, "pin_exhausted")
        return TakeBackRefused("pin_exhausted")

    async def _taken_back(self, session: Session, lent: HandedOver, token: str) -> Opened | TakeBackRefused:
        fresh = new_token()
        async with self._database.transaction() as conn:
            if not await sessions.restore(conn, session, token, fresh):
                return TakeBackRefused("no_session")
            await self._live.note_handed_back(conn, lent, "returned")
            restored = await _reread(conn, fresh)
        self._live.forget(token)
        return Opened(fresh, restored)


def _pin_of(session: Session) -> tuple[ColumnElement[bool], ...]:
    return (
        return_pins.c.tenant == INSTALLATION,
        return_pins.c.provider == session.provider,
        return_pins.c.subject == session.subject,
    )


async def _stored_pin(conn: AsyncConnection, session: Session) -> str | None:
    stored: str | None = (
        await conn.execute(select(return_pins.c.pin).where(*_pin_of(session)))
    ).scalar_one_or_none()
    return stored


async def _reread(conn: AsyncConnection, token: str) -> Session:
    session = await sessions.find_session(conn, token)
    if session is None:
        raise NotFoundError("the session ended meanwhile")
    return session
