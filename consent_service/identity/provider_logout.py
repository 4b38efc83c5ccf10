"""Somebody logged out at the provider: end the sessions here, once per logout token.

OpenID Connect Back-Channel Logout 1.0. Whether a token may be believed is `identity.backchannel`; a token is
noted in the transaction that ends the sessions, so that of two processes one takes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    KeyDestroyedError,
    KeyProviderUnavailableError,
    LogUnavailableError,
    NotFoundError,
)
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity import sessions
from consent_service.identity.backchannel import EndedThere, LogoutRefused
from consent_service.identity.live import LiveSessions
from consent_service.identity.oidc import OpenIdConnect
from consent_service.identity.pace import Pace
from consent_service.identity.provider_http import AwayError
from consent_service.identity.providers import Provider, find_provider, provider_with_secrets
from consent_service.identity.refusals import Refusals
from consent_service.identity.secrets import AtProvider, ProviderSecrets
from consent_service.identity.sessions import Session
from consent_service.identity.tables import logout_tokens_seen
from consent_service.keyring.service import KeyRing

ENDED: Final = "provider_logout"
"""Why these sessions ended, as the log has it."""
_UNPROVED = frozenset(
    {"token_malformed", "algorithm_not_allowed", "key_unknown", "signature_invalid", "type_foreign"}
)
"""What anybody can send: of these the log is told nothing."""
_ANYBODYS = _UNPROVED | {"provider_unknown", "provider_unavailable"}
CALLS = 300
"""Junk from one place in a minute."""
REMEMBERED = timedelta(minutes=10)
"""No login takes longer to be finished once a provider was asked: until then a logout stands against it."""


class ProviderLogout:
    """Takes logout tokens of every provider."""

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        *,
        oidc: OpenIdConnect,
        live: LiveSessions,
        refusals: Refusals,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._oidc = oidc
        self._live = live
        self._refusals = refusals
        self._calls = Pace(CALLS, timedelta(minutes=1))

    async def end(self, provider_id: str, token: str, *, place: str = "") -> int | LogoutRefused:
        """End every session that this token speaks of; how many there were.

        From one place only so many junk tokens are answered; one that the provider signed is always taken.

        Raises:
            KeyProviderUnavailableError: whose they are cannot be computed now.
        """
        ended = await self._end_one(provider_id, token)
        anybodys = isinstance(ended, LogoutRefused) and ended.code in _ANYBODYS
        if anybodys and not self._calls.allows(place, self._clock.now()):
            return LogoutRefused("too_many")
        return ended

    async def _end_one(self, provider_id: str, token: str) -> int | LogoutRefused:
        try:
            async with self._database.reading() as conn:
                provider, secrets = await provider_with_secrets(conn, self._ring, provider_id)
        except NotFoundError:
            return LogoutRefused("provider_unknown")
        try:
            ended = await self._oidc.ended_there(provider, token)
        except AwayError:
            return LogoutRefused("provider_unavailable")
        if isinstance(ended, LogoutRefused):
            return ended if ended.code in _UNPROVED else await self._refusals.logout(provider_id, ended)
        try:
            gone = await self._end(provider, secrets, ended, logged=True)
        except (KeyProviderUnavailableError, KeyDestroyedError, LogUnavailableError):
            gone = await self._end(provider, secrets, ended, logged=False)
        if gone is None:
            return await self._refusals.logout(provider_id, LogoutRefused("replayed"))
        for session in gone:
            self._live.forget_session(session)
        return len(gone)

    async def _end(
        self, provider: Provider, secrets: ProviderSecrets, ended: EndedThere, *, logged: bool
    ) -> tuple[Session, ...] | None:
        """The sessions that ended, or None when this token was taken before. An end always works."""
        there = secrets.at_provider(provider.issuer, sub=ended.sub, sid=ended.sid)
        async with self._database.transaction() as conn:
            await find_provider(conn, provider.id, held="alone")  # no login is let in meanwhile
            if not await _is_new(conn, provider.id, ended, there, self._clock.now()):
                return None
            found = await sessions.sessions_at_provider(conn, provider.id, there)
            for session in found:
                if logged:
                    await self._live.end(conn, session, ENDED)
                else:
                    await sessions.end_session(conn, session.id)
        return found

    async def forget_old_tokens(self, conn: AsyncConnection) -> None:
        """A token that is too old to be believed need not be remembered."""
        old = logout_tokens_seen.c.expires_at <= self._clock.now()
        await conn.execute(delete(logout_tokens_seen).where(logout_tokens_seen.c.tenant == INSTALLATION, old))


async def _is_new(
    conn: AsyncConnection, provider: str, ended: EndedThere, there: AtProvider, now: datetime
) -> bool:
    """Note the token; False when it was noted before, also by a process at work at this moment."""
    row = {
        "tenant": INSTALLATION,
        "provider": provider,
        "token": ended.token,
        "expires_at": max(ended.until, now + REMEMBERED),
        "sub": there.sub or None,
        "sid": there.sid or None,
        "made_at": ended.made_at,
    }
    kind = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    noted = kind(logout_tokens_seen).values(row).on_conflict_do_nothing()
    return (await conn.execute(noted.returning(logout_tokens_seen.c.token))).first() is not None
