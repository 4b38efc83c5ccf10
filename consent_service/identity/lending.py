"""Lending the tablet to a guardian or child and taking it back, with the PIN or passkey of who lent it.

Owns the transactions and log entries of a hand-over. Its rules are `identity.handover`; the session
rows are `identity.sessions`; who is there now is `identity.live`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    InputError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity import lent_rows, pins, sessions
from consent_service.identity.handover import (
    Given,
    HandOver,
    HandOverRefused,
    TakeBackRefused,
    lent_to,
    problems_of_pin,
)
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import Counsellor
from consent_service.identity.page_tries import WRONG_PINS, forget_quota, give_back, take_of
from consent_service.identity.passkey_rows import Purpose
from consent_service.identity.passkeys import PasskeyProof, Passkeys
from consent_service.identity.sessions import HandedOver, Opened, Session, Unlocked, new_token
from consent_service.identity.tables import return_pins

WrongCode = Literal["pin_wrong", "passkey_wrong"]


class Lending:
    """PINs and hand-overs of the whole installation."""

    def __init__(self, database: Database, clock: Clock, *, live: LiveSessions, passkeys: Passkeys) -> None:
        self._database = database
        self._clock = clock
        self._live = live
        self._passkeys = passkeys

    async def set_pin(self, session: Session, pin: str) -> None:
        """Keep the PIN with which this login takes the tablet back; it replaces an earlier one.

        Raises:
            InputError: not four to eight digits, or too simple.
            NotAllowedError: the tablet is with a guardian.
        """
        if session.handed_over is not None or session.locked:
            raise NotAllowedError("the tablet is handed over")
        problems = problems_of_pin(pin)
        if problems:
            raise InputError(problems)
        hashed = await pins.hashed(pin)
        mine = _pin_of(session)
        values = {"provider": session.provider, "subject": session.subject, "pin": hashed}
        async with self._database.transaction() as conn:
            await conn.execute(delete(return_pins).where(*mine))
            await forget_quota(conn, _wrong_pins_of(session))
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
        if session is None or session.locked:
            return HandOverRefused("no_session")
        lent = lent_to(session, to)
        if isinstance(lent, HandOverRefused):
            return lent
        fresh = new_token()
        async with self._database.transaction() as conn:
            if await _stored_pin(conn, session) is None:
                return HandOverRefused("pin_missing")
            if not await lent_rows.downgrade(conn, session, token, fresh, lent):
                return HandOverRefused("no_session")
            event = events.HandoverStarted(family=lent.family, guardian=lent.guardian)
            await self._live.append_about(conn, lent, event)
            handed = await _reread(conn, fresh)
        self._live.forget(token)
        return Opened(fresh, handed)

    async def take_back(self, token: str, given: Given) -> Opened | TakeBackRefused:
        """Give the session back to the counsellor who knows the PIN or has the passkey, under a new token.

        A try is counted and committed before it is looked at; after the last one the session ends.
        """
        session = await self._proved(token, given, "take_back")
        if isinstance(session, TakeBackRefused):
            return session
        if session.handed_over is None:
            return TakeBackRefused("not_handed_over")
        return await self._taken_back(session, session.handed_over, token)

    async def unlock(self, token: str, given: Given) -> Unlocked | TakeBackRefused:
        """Open a locked tablet for whoever had it, under a new token: the counsellor's PIN or passkey.

        Tries count together with those of `take_back`.
        """
        session = await self._proved(token, given, "unlock")
        if isinstance(session, TakeBackRefused):
            return session
        fresh = new_token()
        async with self._database.transaction() as conn:
            if not await lent_rows.unlock(conn, session, token, fresh, self._clock.now()):
                return TakeBackRefused("no_session")
            opened = self._live.as_required(await _reread(conn, fresh))
        self._live.forget(token)
        return Unlocked(Opened(fresh, opened), session.resume_at)

    async def witness(self, token: str, given: Given) -> Counsellor | TakeBackRefused:
        """The counsellor, by PIN or passkey, as a witness beside the guardian, who keeps the tablet.

        Tries count together with those of `take_back`.
        """
        session = await self._proved(token, given, "witness")
        if isinstance(session, TakeBackRefused):
            return session
        if session.handed_over is None or session.locked:
            return TakeBackRefused("not_handed_over")
        async with self._database.transaction() as conn:
            await lent_rows.forget_pin_tries(conn, session)
        return session.handed_over.by

    async def _proved(self, token: str, given: Given, purpose: Purpose) -> Session | TakeBackRefused:
        """The lent or locked session of this token, if the PIN or passkey is that of its counsellor."""
        session = await self._live.actor_for(token)
        if session is None or (session.handed_over is None and not session.locked):
            return TakeBackRefused("no_session" if session is None else "not_handed_over")
        async with self._database.transaction() as conn:
            tries = await lent_rows.count_pin_try(conn, session)
            if tries is None and not await lent_rows.asks_for_pin(conn, session):
                return TakeBackRefused("no_session")  # given back a moment ago: that is no wrong PIN
        wrong: WrongCode = "pin_wrong" if isinstance(given, str) else "passkey_wrong"
        if tries is not None and await self._fits(session, given, purpose):
            return session
        if tries == 1:
            await self._tell_refused(session, wrong)
        tries_left = 0 if tries is None else lent_rows.MAX_PIN_TRIES - tries
        if tries_left > 0:
            return TakeBackRefused(wrong, tries_left)
        self._live.forget(token)
        await self._live.end_now(session, "pin_exhausted")
        return TakeBackRefused("pin_exhausted")

    async def _fits(self, session: Session, given: Given, purpose: Purpose) -> bool:
        """Whether it is the counsellor's; a PIN takes one of the day's wrong ones until it was right.

        After the last of these no PIN is looked at, so nothing is learnt by trying on.
        """
        if not isinstance(given, str):
            return isinstance(await self._passkeys.proves(session, purpose, given.response), PasskeyProof)
        about = _wrong_pins_of(session)
        async with self._database.transaction() as conn:
            left = await take_of(conn, about, WRONG_PINS, self._clock.now())
            stored = None if left is None else await _stored_pin(conn, session)
        right = await pins.fits(given, stored)
        if right:
            async with self._database.transaction() as conn:
                await give_back(conn, about, self._clock.now())
        return right

    async def _tell_refused(self, session: Session, code: WrongCode) -> None:
        """The first wrong one since the last right one; the log away never makes a wrong one free."""
        lent = session.handed_over
        event = events.HandoverRefused(code, None if lent is None else lent.family)
        actors = session.actors if lent is None else (lent.by,)
        with suppress(KeyProviderUnavailableError, KeyDestroyedError, LogUnavailableError):
            async with self._database.transaction() as conn:
                for actor in actors:
                    await self._live.append(conn, actor, event)

    async def _taken_back(self, session: Session, lent: HandedOver, token: str) -> Opened | TakeBackRefused:
        fresh = new_token()
        async with self._database.transaction() as conn:
            if not await lent_rows.restore(conn, session, token, fresh, self._clock.now()):
                return TakeBackRefused("no_session")
            await self._live.note_handed_back(conn, lent, "returned")
            restored = self._live.as_required(await _reread(conn, fresh))
        self._live.forget(token)
        return Opened(fresh, restored)


def _wrong_pins_of(session: Session) -> str:
    return f"return-pin|{session.provider}|{session.subject}"


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
