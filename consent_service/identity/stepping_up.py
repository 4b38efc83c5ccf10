"""Proving more while one is logged in: a second factor, or once more who one is.

The same person at the same provider, in the same browser and session, or nothing changes: the session
that was there goes on as it was. Every proof brings a fresh token. Which acts ask for a proof is decided
by the pages (`web.visit`); codes for a first passkey are `identity.factors`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotAllowedError
from consent_service.identity import links, sessions
from consent_service.identity.admission import obstacle_now
from consent_service.identity.attempts import Attempt, Attempts, StartedLogin
from consent_service.identity.claims import Identified
from consent_service.identity.letting_in import Proved as Login
from consent_service.identity.levels import Factor, factor_of, level_code, needs_factor
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import LoginRefused
from consent_service.identity.own_address import is_own_address
from consent_service.identity.passkeys import PasskeyRefused, Passkeys
from consent_service.identity.providers import Provider
from consent_service.identity.sessions import Opened, Session, digest, is_session, new_token
from consent_service.identity.tables import sessions as session_rows

Wanted = Literal["factor", "step_up"]
"""A second factor for who waits for one, or once more who it is."""
_SETTLED: Final = {"proves_for": None, "locked_at": None, "resume_at": None, "pin_tries": 0}


class ProofRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the installation asks of officers; `demo_allowed`: levels of the demo's provider count."""

    second_factor: bool = True
    demo_allowed: bool = False

    def factor_of(self, found: Identified, provider: Provider) -> Factor:
        """Whether the provider says that somebody showed a second factor."""
        counts = provider.rules.second_factor_acrs
        return factor_of(found.acr, counts, demo_allowed=self.demo_allowed)


class Proved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The session under a fresh token, and the page that asked for the proof."""

    opened: Opened
    return_to: str


class SteppingUp:
    """Proofs of who is logged in, for the whole installation."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        attempts: Attempts,
        live: LiveSessions,
        passkeys: Passkeys,
        rules: ProofRules,
    ) -> None:
        self._database = database
        self._clock = clock
        self._attempts = attempts
        self._live = live
        self._passkeys = passkeys
        self._rules = rules

    async def login_offered(self, session: Session, wanted: Wanted) -> Provider | None:
        """The provider at which this session can prove what it lacks; None: there it cannot."""
        provider = await self._attempts.provider(session.provider)
        if isinstance(provider, LoginRefused):
            return None
        purpose = self._purpose_of(session, wanted)
        return None if purpose == "factor" and not provider.rules.second_factor_acrs else provider

    async def keep_place(self, session: Session, address: str) -> None:
        """Remember the page of ours that asked for a proof; anything else is not kept."""
        if not is_own_address(address) or address == session.proves_for:
            return
        async with self._database.transaction() as conn:
            of_session = update(session_rows).where(*is_session(session.id))
            await conn.execute(of_session.values(proves_for=address))

    async def start(
        self, session: Session, wanted: Wanted, *, place: str = ""
    ) -> StartedLogin | LoginRefused:
        """Send who is logged in to the provider once more, which must ask for everything again.

        An officer comes back at a level that is a second factor. `place` is where the browser is.

        Raises:
            NotAllowedError: the tablet is lent, or locked, or it is somebody's own page.
        """
        if session.handed_over is not None or session.own is not None or session.locked:
            raise NotAllowedError("only who is logged in can prove more")
        provider = await self._attempts.provider(session.provider)
        if isinstance(provider, LoginRefused):
            return provider
        attempt = Attempt(session.proves_for or "/", 0, self._purpose_of(session, wanted), session.id)
        if attempt.purpose == "factor" and not provider.rules.second_factor_acrs:
            return LoginRefused("level_too_low")
        return await self._attempts.begin(provider, attempt, place=place)

    async def by_passkey(
        self, token: str, wanted: Wanted, response: str
    ) -> Proved | PasskeyRefused | LoginRefused:
        """What a passkey of this login proves of the session of this token.

        Raises:
            NotAllowedError: nobody is logged in, the tablet is lent or locked, or it is somebody's own page.
        """
        session = await self._live.actor_for(token)
        if session is None or session.handed_over is not None or session.own is not None or session.locked:
            raise NotAllowedError("only who is logged in can prove more")
        proof = await self._passkeys.proves(session, wanted, response)
        if isinstance(proof, PasskeyRefused):
            await self._tell_refused(session, "passkey")
            return proof
        changed = {"factor": "passkey", "factor_at": proof.at}
        return await self._proved(session, token, changed, session.proves_for or "/")

    async def finish(
        self,
        attempt: Attempt,
        token: str | None,
        login: Login,
        *,
        asked: Provider | None = None,
    ) -> Proved | LoginRefused:
        """What a login that was begun by `start` proves of the session of this token.

        1. the session it was begun in, which is open and not lent, 2. the same person at the same provider,
        3. the session under a fresh token, with its entries; not when the provider closed or ended the login
        meanwhile, nor when it tells no longer of the school of somebody the session acts as: then it ends.
        `asked` is the provider as it was when it was asked.
        """
        session = await self._live.actor_for(token or "")
        if token is None or session is None or session.id != attempt.session:  # 1
            return LoginRefused("state_unknown")
        if session.handed_over is not None:
            return LoginRefused("state_unknown")
        if (login.provider, login.subject) != (session.provider, session.subject):  # 2
            await self._tell_refused(session, "other_person")
            return LoginRefused("other_person")
        changed: dict[str, Any] = {"acr": login.level, "authenticated_at": login.authenticated_at}
        if login.factor:
            changed |= {"factor": login.factor, "factor_at": login.authenticated_at}
        if login.there.sid:
            changed["sid"] = login.there.sid
        return await self._proved(session, token, changed, attempt.return_to, (login, asked))  # 3

    async def _proved(
        self,
        session: Session,
        token: str,
        changed: dict[str, Any],
        return_to: str,
        login: tuple[Login, Provider | None] | None = None,
    ) -> Proved | LoginRefused:
        fresh, renewed, elsewhere = new_token(), None, False
        async with self._database.transaction() as conn:
            if login is not None:
                it, asked = login
                barred = await obstacle_now(conn, it.provider, it.there, it.authenticated_at, asked)
                if barred is not None:
                    return LoginRefused(barred)
            if not await _renew(conn, session, (token, fresh), self._clock.now(), changed):
                return LoginRefused("state_unknown")
            elsewhere = login is not None and await _is_elsewhere(conn, session, login[0])
            if elsewhere:
                await self._live.end(conn, session, "wrong_school")
            else:
                await self._tell_proved(conn, session, changed)
                renewed = await sessions.find_session(conn, fresh)
        self._live.forget(token)
        if elsewhere:
            return LoginRefused("wrong_school")
        if renewed is None:  # whose last link went a moment ago
            return LoginRefused("not_linked")
        return Proved(Opened(fresh, self._live.as_required(renewed)), return_to)

    async def _tell_proved(self, conn: AsyncConnection, session: Session, changed: dict[str, Any]) -> None:
        """Somebody who waited has a second factor now; anybody else proved again who it is."""
        level = level_code(changed.get("acr", session.level))
        factor = changed.get("factor", "")
        for actor in session.linked:
            waited = actor in session.waiting and factor
            event = events.FactorProved(factor) if waited else events.SteppedUp(session.provider, level)
            await self._live.append(conn, actor, event)

    async def _tell_refused(self, session: Session, code: str) -> None:
        async with self._database.transaction() as conn:
            for actor in session.linked:
                await self._live.append(conn, actor, events.FactorRefused(code))

    def _purpose_of(self, session: Session, wanted: Wanted) -> Wanted:
        """Who acts as an officer proves it with a second factor, also when it was shown before."""
        officer = self._rules.second_factor and any(needs_factor(one) for one in session.actors)
        return "factor" if officer else wanted


async def _is_elsewhere(conn: AsyncConnection, session: Session, login: Login) -> bool:
    """Whether the login tells no longer of the school of somebody the session acts as."""
    linked = await links.links_of(conn, login.provider, login.subject)
    told = links.counting(linked, login.schools)
    return any(one.actor in session.linked and one.actor not in told for one in linked)


async def _renew(
    conn: AsyncConnection, session: Session, tokens: tuple[str, str], now: datetime, changed: dict[str, Any]
) -> bool:
    """Keep what was proved under a fresh token; False when another request was first, or it was lent.

    A screen that locked itself meanwhile opens: its PIN proves less than this.
    """
    old, fresh = tokens
    renewed = await conn.execute(
        update(session_rows)
        .where(
            *is_session(session.id),
            session_rows.c.token == digest(old),
            session_rows.c.guardian.is_(None),
        )
        .values(token=digest(fresh), last_seen_at=now, **_SETTLED, **changed)
    )
    return renewed.rowcount == 1
