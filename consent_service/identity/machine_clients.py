"""Other systems that ask through the API: registering them, admitting them, ending them.

OAuth 2.0 client credentials (RFC 6749 section 4.4) with `private_key_jwt` (RFC 7523). Which scope opens what
is `identity.permissions`; whether an assertion may be believed is `identity.client_assertion`; how an answer
looks is `api.v1`. A token is opaque, lasts five minutes and belongs to one shelter.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Final, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation import pacing
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from consent_service.foundation.ids import TenantId
from consent_service.identity import client_rows as rows
from consent_service.identity.client_assertion import (
    CLIENT_ID,
    AssertionRefusalCode,
    AssertionRefused,
    ProvedAssertion,
    read_assertion,
    verify_assertion,
)
from consent_service.identity.client_keys import MOST_KEYS, ClientKey, read_key_set
from consent_service.identity.client_metrics import ClientMetrics
from consent_service.identity.client_rows import ActingClient, Client, client_id
from consent_service.identity.client_scopes import Scope
from consent_service.identity.model import Actor, MachineClient, System, by
from consent_service.identity.pace import Pace
from consent_service.identity.permissions import Action, Circumstances, Denied, may

LASTS: Final = timedelta(minutes=5)
TOKEN_PATH: Final = "/v1/token"  # noqa: S105 - an address
CALLS: Final = 120
"""Tokens asked for from one place in a minute, whoever asks."""
TOKENS: Final = 30
"""Tokens for one client in a minute: it needs one in five."""
USES: Final = 1200
"""Requests of one client in a minute, whatever it asks for."""
REFUSALS_TOLD: Final = 20
"""Refusals of one client that its log tells of in an hour, per process."""

ClientRefusalCode = (
    AssertionRefusalCode | Literal["client_ended", "assertion_replayed", "scope_foreign", "too_many"]
)
"""Why a known client got no token, as the log of its shelter has it."""


class NewClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator registers: a code name (no name of a person), a JWK set, and for what it may ask."""

    tenant: TenantId
    name: str
    key_set: str
    scopes: frozenset[Scope]


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for a token that is right in form. `scopes`: what is asked for; None: all there is."""

    assertion: str
    client: str = ""
    scopes: frozenset[str] | None = None

    def __repr__(self) -> str:
        return "TokenRequest(...)"


class Admitted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token for these scopes."""

    token: str
    scopes: tuple[Scope, ...]
    lasts: timedelta = LASTS

    def __repr__(self) -> str:
        return "Admitted(...)"


class TokenRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No token (RFC 6749 section 5.2); which check failed is told in the log and to nobody else."""

    code: Literal["invalid_client", "invalid_scope", "too_many"]


class MachineClients:
    """The machine clients of every shelter of the installation."""

    def __init__(self, database: Database, log: AuditLog, clock: Clock, *, public_origin: str) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self.issuer = public_origin
        self.metrics = ClientMetrics()
        self._calls = Pace(CALLS, timedelta(minutes=1))
        self._tokens = Pace(TOKENS, timedelta(minutes=1))
        self._uses = pacing.Pace(clock, times=USES, within=timedelta(minutes=1))
        self._tells = Pace(REFUSALS_TOLD, timedelta(hours=1))
        self._untold: list[tuple[TenantId, str, ClientRefusalCode]] = []

    @property
    def token_endpoint(self) -> str:
        """Where tokens are asked for."""
        return self.issuer + TOKEN_PATH

    # --- by the operator ---------------------------------------------------------------------

    async def register(self, actor: Actor, new: NewClient) -> Client:
        """Let a system ask for tokens from now on.

        Raises:
            InputError: with every problem at once.
            ConflictError: this name is or was another system's; names are not used again.
            NotAllowedError: only the operator registers systems.
        """
        _require_operator(actor)
        keys = _checked(new)
        scopes = tuple(scope for scope in Scope if scope in new.scopes)
        now = self._clock.now()
        async with self._database.transaction() as conn:
            if not await rows.add_client(conn, new.tenant, new.name, scopes, now):
                raise ConflictError("a client with this name is already registered")
            for key in keys:
                await rows.add_key(conn, new.tenant, new.name, key, now)
            event = events.ClientRegistered(new.name, scopes, tuple(key.id for key in keys))
            await self._log.append(conn, tenant=new.tenant, event=event, by=by(actor), subject=None)
        return Client(new.tenant, new.name, frozenset(scopes), now, None, keys)

    async def clients(self, actor: Actor, tenant: TenantId) -> tuple[Client, ...]:
        """Every client of a shelter, also those that ended.

        Raises:
            NotAllowedError: only the operator sees them.
        """
        _require_operator(actor)
        async with self._database.reading() as conn:
            return await rows.all_clients(conn, tenant)

    async def add_key(self, actor: Actor, identifier: str, key_set: str) -> ClientKey:
        """Let a client prove itself with another key too, until the old one is dropped.

        Raises:
            InputError: no usable key, more than one, or there are two already.
            ConflictError: it has or had this key, or one of that name.
            NotFoundError: no such client, or it ended.
            NotAllowedError: only the operator changes clients.
        """
        _require_operator(actor)
        keys = read_key_set(key_set)
        if len(keys) != 1:
            raise InputError([Problem("key", "identity.client_key_one")])
        async with self._database.transaction() as conn:
            known = await _live(conn, identifier)
            if len(known.keys) >= MOST_KEYS:
                raise InputError([Problem("key", "identity.client_key_count")])
            is_named = any(key.kid == keys[0].kid for key in known.keys)
            if is_named or not await rows.add_key(conn, known.tenant, known.name, keys[0], self._clock.now()):
                raise ConflictError("the client has or had this key, or one of this name")
            await self._changed(conn, actor, known, "key_added", keys[0])
        return keys[0]

    async def drop_key(self, actor: Actor, identifier: str, kid: str) -> None:
        """A key proves nothing any more; tokens that were got with it end now.

        Raises:
            NotFoundError: no such client or key, or it ended.
            ConflictError: it is the only one; add the next one first, or end the client.
            NotAllowedError: only the operator changes clients.
        """
        _require_operator(actor)
        async with self._database.transaction() as conn:
            known = await _live(conn, identifier)
            dropped = [key for key in known.keys if key.kid == kid]
            if not dropped:
                raise NotFoundError("no such key")
            if len(known.keys) == 1:
                raise ConflictError("the only key of a client")
            await rows.drop_key(conn, known.tenant, known.name, dropped[0].id, self._clock.now())
            await self._changed(conn, actor, known, "key_dropped", dropped[0])

    async def end(self, actor: Actor, identifier: str) -> None:
        """A client may not ask for anything any more; its tokens end now.

        Raises:
            NotFoundError: no such client, or it ended before.
            NotAllowedError: only the operator ends clients.
        """
        _require_operator(actor)
        async with self._database.transaction() as conn:
            known = await _live(conn, identifier)
            await rows.end_client(conn, known.tenant, known.name, self._clock.now())
            event = events.ClientEnded(known.name)
            await self._log.append(conn, tenant=known.tenant, event=event, by=by(actor), subject=None)

    # --- by the client -----------------------------------------------------------------------

    async def admit(self, asked: TokenRequest, *, place: str = "") -> Admitted | TokenRefused:
        """A token for whoever proves which client it is; `place` as `page_tries.network_of` says it.

        1. not too often from one place, 2. what it says it is, 3. its keys, 4. its proof, 5. the token. Up to
        4 an unknown client, one that ended and a wrong key take the same way, with the same one statement.
        """
        now = self._clock.now()
        if not self._calls.allows(place, now):  # 1
            self.metrics.note("too_many")
            return TokenRefused("too_many")
        claimed = read_assertion(asked.assertion)  # 2
        if claimed is None or asked.client not in ("", claimed.client):
            self.metrics.note("unknown")
            return TokenRefused("invalid_client")
        async with self._database.reading() as conn:
            known = await rows.find_client(conn, claimed.client)  # 3
        keys = known.keys if known is not None and known.ended_at is None else ()
        ours = (self.issuer, self.token_endpoint)
        proved = verify_assertion(claimed, keys, audiences=ours, now=now)  # 4
        if known is None:
            self.metrics.note("unknown")
            return TokenRefused("invalid_client")
        if isinstance(proved, AssertionRefused):
            self._note(known, proved.code if known.ended_at is None else "client_ended")
            return TokenRefused("invalid_client")
        return await self._admit_proved(known, proved, asked.scopes)  # 5

    async def _admit_proved(
        self, client: Client, proved: ProvedAssertion, asked: frozenset[str] | None
    ) -> Admitted | TokenRefused:
        """A token, once per assertion; an assertion that got none is used up all the same."""
        wanted = client.scopes if asked is None else asked
        async with self._database.transaction() as conn:
            if not await rows.take_assertion(conn, client, proved):
                return self._refused(client, "assertion_replayed", "invalid_client")
            if not self._tokens.allows(client.id, self._clock.now()):
                return self._refused(client, "too_many", "too_many")
            if not wanted <= client.scopes:
                return self._refused(client, "scope_foreign", "invalid_scope")
            admitted = Admitted(secrets.token_urlsafe(32), tuple(one for one in Scope if one in wanted))
            until = self._clock.now() + LASTS
            await rows.keep_token(
                conn, client, proved.key, token=admitted.token, scopes=admitted.scopes, until=until
            )
            actor = MachineClient(client.tenant, client.name, frozenset(admitted.scopes))
            event = events.ClientAdmitted(client.name, admitted.scopes)
            await self._log.append(conn, tenant=client.tenant, event=event, by=by(actor), subject=None)
        self.metrics.note("admitted")
        return admitted

    async def client_of(self, token: str) -> ActingClient | None:
        """Who a token speaks for now; None: nobody.

        Raises:
            TooOftenError: this client asks more often than a program needs.
        """
        async with self._database.reading() as conn:
            found = await rows.acting_client(conn, token, self._clock.now())
        if found is not None:
            self._uses.count((found.actor.tenant, found.actor.client))
        return found

    # --- by the service itself ---------------------------------------------------------------

    async def tell_refusals(self) -> None:
        """Append what was refused since the last time; what cannot be appended now waits.

        Not while it is answered: then the time and the statements would tell which clients there are.

        Raises:
            UnavailableError: the database, the keys or the log are away.
        """
        untold, self._untold = self._untold, []
        while untold:
            tenant, name, code = untold[0]
            try:
                async with self._database.transaction() as conn:
                    event = events.ClientRefused(name, code)
                    await self._log.append(conn, tenant=tenant, event=event, by=by(System()), subject=None)
            except UnavailableError:
                self._untold = [*untold, *self._untold]
                raise
            untold = untold[1:]

    async def forget_old(self, conn: AsyncConnection) -> None:
        """Clear away tokens and assertions that are over."""
        await rows.forget_old(conn, self._clock.now())

    def _refused(
        self,
        client: Client,
        code: ClientRefusalCode,
        told: Literal["invalid_client", "invalid_scope", "too_many"],
    ) -> TokenRefused:
        self._note(client, code)
        return TokenRefused(told)

    def _note(self, client: Client, code: ClientRefusalCode) -> None:
        self.metrics.note("refused")
        if self._tells.allows(client.id, self._clock.now()):
            self._untold.append((client.tenant, client.name, code))

    async def _changed(
        self, conn: AsyncConnection, actor: Actor, client: Client, what: str, key: ClientKey
    ) -> None:
        event = events.ClientChanged(client.name, (what,), (key.id,))
        await self._log.append(conn, tenant=client.tenant, event=event, by=by(actor), subject=None)


async def _live(conn: AsyncConnection, identifier: str) -> Client:
    found = await rows.find_client(conn, identifier) if CLIENT_ID.fullmatch(identifier) else None
    if found is None or found.ended_at is not None:
        raise NotFoundError("no such client")
    return found


def _checked(new: NewClient) -> tuple[ClientKey, ...]:
    """The keys of a registration; everything that is wrong with it is told at once."""
    problems: list[Problem] = []
    if CLIENT_ID.fullmatch(client_id(new.tenant, new.name)) is None:
        problems.append(Problem("name", "identity.client_name"))
    if not new.scopes:
        problems.append(Problem("scope", "identity.client_scope"))
    keys: Collection[ClientKey] = ()
    try:
        keys = read_key_set(new.key_set)
    except InputError as wrong:
        problems += wrong.problems
    if problems:
        raise InputError(problems)
    return tuple(keys)


def _require_operator(actor: Actor) -> None:
    answer = may(actor, Action.MANAGE_CLIENTS, Circumstances())
    if isinstance(answer, Denied):
        raise NotAllowedError(f"{Action.MANAGE_CLIENTS}: {answer.code}")
