"""Logins under way: begun in one browser, kept without anything that could finish them, taken once.

What follows from a finished login is `identity.service` for somebody new and `identity.stepping_up` for
somebody who is logged in and proves more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity import sessions
from consent_service.identity.form_tokens import same
from consent_service.identity.model import LoginRefused
from consent_service.identity.oidc import Callback, LoginSecret, OpenIdConnect
from consent_service.identity.providers import Provider, find_provider
from consent_service.identity.starts import Starts
from consent_service.identity.tables import login_attempts

ATTEMPT_LASTS = timedelta(minutes=10)
STARTS = 200
"""Logins begun from one place in that time: a whole school may share one address."""

Purpose = Literal["", "step_up", "factor", "operator"]
"""Why a login was begun: nothing is a new session; else the session there is proves more.

`factor`: at a level that is a second factor. `step_up`: at any level. `operator`: as `factor`, but of no
session; see `identity.operators`.
"""


class StartedLogin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Send the browser to `address` and give it `cookie`, the only thing that can finish this login."""

    address: str
    cookie: str
    lasts: timedelta = ATTEMPT_LASTS

    def __repr__(self) -> str:
        return "StartedLogin(...)"


class Attempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a login is for: the session of that id proves more, or an invitation was typed (a digest)."""

    return_to: str
    max_age: int | None
    purpose: Purpose = ""
    session: str = ""
    invitation: str | None = None

    def levels(self, provider: Provider) -> tuple[str, ...]:
        """The levels of which this login must have one, as the provider is read now; none: any."""
        return provider.rules.second_factor_acrs if self.purpose in ("factor", "operator") else ()


class Attempts:
    """The logins under way of the whole installation."""

    def __init__(self, database: Database, clock: Clock, *, oidc: OpenIdConnect) -> None:
        self._database = database
        self._clock = clock
        self._oidc = oidc
        self._starts = Starts(database, clock, most=STARTS, within=ATTEMPT_LASTS)

    async def provider(self, provider_id: str) -> Provider | LoginRefused:
        """The provider, if people log in through it."""
        async with self._database.reading() as conn:
            found = await find_provider(conn, provider_id)
        if found is None:
            return LoginRefused("provider_unknown")
        return LoginRefused("provider_disabled") if found.disabled else found

    async def begin(
        self, provider: Provider, attempt: Attempt, *, place: str, mark: str = ""
    ) -> StartedLogin | LoginRefused:
        """Begin a login; from one place (`page_tries.network_of`) only so many at a time (`starts`)."""
        secret = LoginSecret.fresh()
        if not await self._starts.allows(secret.state, place, mark):
            return LoginRefused("too_many")
        address = await self._oidc.authorization_address(
            provider, secret, max_age=attempt.max_age, levels=attempt.levels(provider)
        )
        if isinstance(address, LoginRefused):
            return address
        async with self._database.transaction() as conn:
            await self._keep(conn, provider.id, secret, attempt)
        return StartedLogin(address, secret.cookie)

    def finished(self, secret: LoginSecret) -> None:
        """This login ended in a session: it does not count against its place."""
        self._starts.finished(secret.state)

    async def take(
        self, conn: AsyncConnection, provider_id: str, callback: Callback, secret: LoginSecret
    ) -> Attempt | None:
        """The attempt this browser began with this provider, used up; None for anything else."""
        if not secret.cookie or not same(callback.state, secret.state):
            return None
        one = login_attempts.c
        taken = await conn.execute(
            delete(login_attempts)
            .where(
                one.tenant == INSTALLATION,
                one.state == sessions.digest(secret.state),
                one.provider == provider_id,
                one.expires_at > self._clock.now(),
            )
            .returning(one.return_to, one.max_age, one.purpose, one.session, one.invitation)
        )
        row = taken.one_or_none()
        if row is None:
            return None
        return Attempt(row.return_to, row.max_age, row.purpose or "", row.session or "", row.invitation)

    async def _keep(
        self, conn: AsyncConnection, provider_id: str, secret: LoginSecret, attempt: Attempt
    ) -> None:
        now = self._clock.now()
        of_installation = login_attempts.c.tenant == INSTALLATION
        await conn.execute(delete(login_attempts).where(of_installation, login_attempts.c.expires_at <= now))
        await conn.execute(
            insert(login_attempts).values(
                tenant=INSTALLATION,
                state=sessions.digest(secret.state),
                provider=provider_id,
                return_to=attempt.return_to,
                max_age=attempt.max_age,
                expires_at=now + ATTEMPT_LASTS,
                purpose=attempt.purpose or None,
                session=attempt.session or None,
                invitation=attempt.invitation,
            )
        )
