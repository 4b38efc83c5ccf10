"""Whether a login that was checked may still open a session: what happened here while the provider was asked.

Asking a provider takes time, in which another process closes it or the provider logs the person out again.
Each takes the provider's row first, so one of the two sees what the other did.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.model import RefusalCode
from consent_service.identity.oidc import LoginSecret
from consent_service.identity.providers import Provider, ProviderRules, find_provider
from consent_service.identity.secrets import AtProvider
from consent_service.identity.sessions import digest
from consent_service.identity.tables import login_attempts, logout_tokens_seen


async def obstacle_now(
    conn: AsyncConnection,
    provider_id: str,
    there: AtProvider,
    authenticated_at: datetime,
    asked: Provider | None = None,
) -> RefusalCode | None:
    """Why no session may be opened, in the transaction that would; None: nothing stands against it.

    `there` is the session at the provider; `asked` the provider as it was read before the login was checked.
    """
    provider = await find_provider(conn, provider_id, held="shared")
    if provider is None or provider.disabled:
        return "provider_disabled"
    if asked is not None and _how_read(asked) != _how_read(provider):
        return "state_unknown"
    ended = await _ended_there(conn, provider_id, there, authenticated_at)
    return "login_too_old" if ended else None


def _how_read(provider: Provider) -> tuple[ProviderRules, str, str, str]:
    return provider.rules, provider.issuer, provider.client_id, provider.audience


async def is_under_way(conn: AsyncConnection, secret: LoginSecret, now: datetime) -> bool:
    """Whether this browser began a login, here or there, that is not over; anybody can make up a cookie."""
    query = select(login_attempts.c.state).where(
        login_attempts.c.tenant == INSTALLATION,
        login_attempts.c.state == digest(secret.state),
        login_attempts.c.expires_at > now,
    )
    return (await conn.execute(query)).first() is not None


async def _ended_there(
    conn: AsyncConnection, provider_id: str, there: AtProvider, authenticated_at: datetime
) -> bool:
    """Whether the provider said lately that this login ended, as `sessions.sessions_at_provider` reads it."""
    seen = logout_tokens_seen.c
    query = select(seen.sub, seen.sid, seen.made_at).where(
        seen.tenant == INSTALLATION, seen.provider == provider_id, seen.made_at.is_not(None)
    )
    for row in await conn.execute(query):
        if row.sub and row.sub != there.sub:
            continue
        if row.sid and there.sid:
            if row.sid == there.sid:
                return True
        elif row.sub and authenticated_at <= row.made_at:
            return True
    return False
