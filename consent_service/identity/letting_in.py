"""Opens a session for a login that a provider vouched for, as whoever it is linked to and may act as now.

That the login is the provider's is proved before (`identity.oidc`); a link of somebody of a school counts
only when the login says that the person works there (`identity.establishment`), looked at every time.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.foundation.clock import Clock
from consent_service.identity import links, sessions
from consent_service.identity.admission import obstacle_now
from consent_service.identity.claims import Identified, told_schools
from consent_service.identity.levels import Factor, level_code, needs_factor
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import LoginRefused
from consent_service.identity.providers import Provider
from consent_service.identity.secrets import AtProvider, ProviderSecrets
from consent_service.identity.sessions import Opened, Session, SessionLimits, new_session, new_token


class Proved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A login as it is kept: digests of whose it is, how it was done, and of which schools it tells."""

    provider: str
    subject: str
    level: str
    authenticated_at: datetime
    schools: frozenset[str]
    there: AtProvider
    factor: Factor = ""
    """The second factor that the provider says was shown."""

    def __repr__(self) -> str:
        return "Proved(...)"


def proved(provider: Provider, secrets: ProviderSecrets, found: Identified, factor: Factor = "") -> Proved:
    """What is kept of what a provider told; its own words for the person are dropped here."""
    return Proved(
        provider=provider.id,
        subject=secrets.digest_of(provider.issuer, found.subject),
        level=found.acr[:200],
        authenticated_at=found.authenticated_at,
        schools=told_schools(provider.rules, found.organisations),
        there=secrets.at_provider(provider.issuer, sub=found.sub, sid=found.sid),
        factor=factor,
    )


class LettingIn:
    """Sessions for logins."""

    def __init__(self, clock: Clock, *, live: LiveSessions, limits: SessionLimits) -> None:
        self._clock = clock
        self._live = live
        self._limits = limits

    async def let_in(
        self, conn: AsyncConnection, login: Proved, *, replaces: str | None, asked: Provider | None = None
    ) -> Opened | LoginRefused:
        """A session under a fresh token; `replaces` is the token the browser had, whose session ends.

        Refused when nobody is linked to the login, or only people of schools of which it does not tell; and
        when its provider closed, or ended it, since. `asked` is the provider as it was when it was asked.
        """
        barred = await obstacle_now(conn, login.provider, login.there, login.authenticated_at, asked)
        if barred is not None:
            return LoginRefused(barred)
        linked = await links.links_of(conn, login.provider, login.subject)
        actors = links.counting(linked, login.schools)
        if not actors:
            return LoginRefused("wrong_school" if linked else "not_linked")
        now = self._clock.now()
        session = new_session(
            provider=login.provider,
            subject=login.subject,
            actors=actors,
            level=login.level,
            authenticated_at=login.authenticated_at,
            lasts=(now, now + self._limits.absolute),
            factor=login.factor,
        )
        return await self.open(conn, session, replaces, login.there)

    async def is_with_another(self, token: str | None) -> bool:
        """Whether the browser's session is lent or locked: a login begun before that ends nothing there."""
        session = await self._live.actor_for(token) if token else None
        return session is not None and (session.handed_over is not None or session.locked)

    async def open(
        self, conn: AsyncConnection, session: Session, replaces: str | None, there: AtProvider
    ) -> Opened:
        """Keep a session, with an entry for everybody it acts as; `there` is the session at the provider."""
        token = new_token()
        if replaces is not None:
            earlier = await sessions.find_session(conn, replaces)
            if earlier is not None:
                await self._live.end(conn, earlier, "replaced")
            self._live.forget(replaces)
        await sessions.open_session(conn, session, token, there)
        for actor in session.linked:
            event = events.LoginSucceeded(session.provider, level_code(session.level))
            await self._live.append(conn, actor, event)
            if session.factor and needs_factor(actor):
                await self._live.append(conn, actor, events.FactorProved(session.factor))
        return Opened(token, self._live.as_required(session))
