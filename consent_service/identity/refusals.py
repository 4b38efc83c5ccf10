"""Refused logins and logouts in the log of the installation, at a pace at which nobody fills or silences it.

Each code of each provider has a pace of its own, so that what a stranger can bring about hides nothing else;
when one runs out a last entry says `too_many`.
"""

from __future__ import annotations

from datetime import timedelta

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.backchannel import LogoutRefused
from consent_service.identity.model import LoginRefused, System, by
from consent_service.identity.pace import Pace

TOLD = 120
"""Entries of one code of one provider in an hour, per process."""
_HOUR = timedelta(hours=1)


class Refusals:
    """Writes the entries."""

    def __init__(self, database: Database, log: AuditLog, clock: Clock, *, most: int = TOLD) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._told = Pace(most, _HOUR)
        self._more = Pace(1, _HOUR)

    async def login(self, provider_id: str, refused: LoginRefused) -> LoginRefused:
        """Tell of a refused login; the refusal again."""
        if self._tells("login", provider_id, refused.code):
            await self._append(events.LoginRefused(provider_id, refused.code))
        elif self._more.allows(f"login|{provider_id}", self._clock.now()):
            await self._append(events.LoginRefused(provider_id, "too_many"))
        return refused

    async def logout(self, provider_id: str, refused: LogoutRefused) -> LogoutRefused:
        """Tell of a refused logout token; the refusal again."""
        if self._tells("logout", provider_id, refused.code):
            await self._append(events.LogoutRefused(provider_id, refused.code))
        elif self._more.allows(f"logout|{provider_id}", self._clock.now()):
            await self._append(events.LogoutRefused(provider_id, "too_many"))
        return refused

    def _tells(self, what: str, provider_id: str, code: str) -> bool:
        return self._told.allows(f"{what}|{provider_id}|{code}", self._clock.now())

    async def _append(self, event: events.LoginRefused | events.LogoutRefused) -> None:
        async with self._database.transaction() as conn:
            await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(System()), subject=None)
