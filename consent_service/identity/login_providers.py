"""Login providers while the service runs: what is offered, where their pages are, changing and closing one.

Registering one is `identity.service`; how the rows change is `identity.provider_changes`.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotAllowedError
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity import provider_changes, sessions
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import Actor, by
from consent_service.identity.operators import end_operators_through
from consent_service.identity.passkey_rows import forget_passkeys
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.providers import Provider, ProviderRules, all_providers
from consent_service.identity.published import Published
from consent_service.keyring.service import KeyRing


class LoginProviders:
    """The providers of this installation, for the login page and the operator."""

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        *,
        published: Published,
        live: LiveSessions,
        demo_allowed: bool = False,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._published = published
        self._live = live
        self._demo_allowed = demo_allowed
        self._open: frozenset[str] = frozenset()

    async def offered(self) -> tuple[Provider, ...]:
        """What can be chosen on the login page of staff."""
        found = await self._those_open()
        return tuple(one for one in found if one.audience not in ("guardian", "operator"))

    async def learn(self) -> None:
        """Ask providers where their pages are, as far as they answer at once; see `origins`."""
        await self._published.learn([one.issuer for one in await self._those_open()])

    def origins(self) -> frozenset[str]:
        """The origins to which a login or logout form of ours can lead, as far as they are known.

        Of providers that were open when a login page was last asked of this process.
        """
        return self._published.origins(self._open)

    async def change(self, actor: Actor, provider_id: str, rules: ProviderRules) -> None:
        """Read a provider in another way from the next login on.

        Raises:
            InputError: with every problem at once.
            NotFoundError: no such provider.
            NotAllowedError: only the operator changes providers.
        """
        _require_operator(actor)
        async with self._database.transaction() as conn:
            await provider_changes.change_rules(conn, provider_id, rules, demo_allowed=self._demo_allowed)
            await self._changed(conn, actor, provider_id, "rules")

    async def set_open(self, actor: Actor, provider_id: str, *, is_open: bool) -> int:
        """Let people log in through a provider, or nobody: then every session ends now. How many ended.

        Passkeys of its logins go with it: when it opens again, everybody adds one anew. What its operators
        approved ends too.

        Raises:
            NotFoundError: no such provider.
            NotAllowedError: only the operator changes providers.
        """
        _require_operator(actor)
        ended = 0
        async with self._database.transaction() as conn:
            await provider_changes.set_open(conn, self._clock, provider_id, is_open=is_open)
            await self._changed(conn, actor, provider_id, "opened" if is_open else "closed")
            if not is_open:
                await forget_passkeys(conn, provider_id)
                await end_operators_through(conn, provider_id, self._clock.now())
                for session in await sessions.sessions_through(conn, provider_id):
                    await self._live.end(conn, session, "provider_closed")
                    ended += 1
        self._live.forget_all()
        await self._those_open()
        return ended

    async def prepare_key(self, actor: Actor, provider_id: str) -> str:
        """Publish the key that comes after ours at this provider; its public JWK as JSON.

        Raises:
            NotFoundError: no such provider.
            ConflictError: it knows us by a client secret.
            NotAllowedError: only the operator changes providers.
        """
        _require_operator(actor)
        async with self._database.transaction() as conn:
            public = await provider_changes.prepare_key(conn, self._ring, provider_id)
            await self._changed(conn, actor, provider_id, "key_prepared")
        return public

    async def use_next_key(self, actor: Actor, provider_id: str) -> None:
        """Sign with the prepared key from now on. Raises as `prepare_key`, or none was prepared."""
        _require_operator(actor)
        async with self._database.transaction() as conn:
            await provider_changes.use_next_key(conn, self._ring, provider_id)
            await self._changed(conn, actor, provider_id, "key_replaced")

    async def _changed(self, conn: AsyncConnection, actor: Actor, provider_id: str, what: str) -> None:
        event = events.ProviderChanged(provider_id, (what,))
        await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(actor), subject=None)

    async def _those_open(self) -> tuple[Provider, ...]:
        async with self._database.reading() as conn:
            found = tuple(one for one in await all_providers(conn) if not one.disabled)
        self._open = frozenset(one.issuer for one in found)
        return found


def _require_operator(actor: Actor) -> None:
    """Who may register a provider may change it.

    Raises:
        NotAllowedError: somebody else.
    """
    answer = may(actor, Action.REGISTER_PROVIDER, Circumstances())
    if isinstance(answer, Denied):
        raise NotAllowedError(f"{Action.REGISTER_PROVIDER}: {answer.code}")
