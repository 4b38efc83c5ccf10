"""The rows of machine clients, their keys, their tokens and what they proved already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import INSTALLATION, TenantId
from consent_service.identity.client_assertion import ProvedAssertion
from consent_service.identity.client_keys import ClientKey
from consent_service.identity.client_scopes import Scope
from consent_service.identity.model import MachineClient
from consent_service.identity.sessions import digest
from consent_service.identity.tables import api_client_keys, api_clients, api_tokens, client_assertions_seen

_clients, _keys, _tokens = api_clients.c, api_client_keys.c, api_tokens.c
_ITS_KEYS = and_(_keys.tenant == _clients.tenant, _keys.client == _clients.client, _keys.dropped_at.is_(None))


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A registered system: its code name within its shelter, and the keys it proves itself with now."""

    tenant: TenantId
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    ended_at: datetime | None
    keys: tuple[ClientKey, ...]

    @property
    def id(self) -> str:
        """Its client identifier (RFC 6749 section 2.2)."""
        return client_id(self.tenant, self.name)


class ActingClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who a token speaks for, and until when."""

    actor: MachineClient
    until: datetime


def client_id(tenant: TenantId, name: str) -> str:
    """The client identifier of a system: its shelter's id and its code name, so that none is another's."""
    return f"{tenant}.{name}"


def parted(identifier: str) -> tuple[TenantId, str]:
    """The shelter's id and the code name in a client identifier."""
    tenant, _, name = identifier.partition(".")
    return TenantId(tenant), name


async def find_client(conn: AsyncConnection, identifier: str) -> Client | None:
    """One client with its keys, also one that ended; one statement, whether it is there or not."""
    tenant, name = parted(identifier)
    found = await _clients_where(conn, tenant, name)
    return found[0] if found else None


async def all_clients(conn: AsyncConnection, tenant: TenantId) -> tuple[Client, ...]:
    """Every client of a shelter, also those that ended, by name."""
    return await _clients_where(conn, tenant)


async def _clients_where(
    conn: AsyncConnection, tenant: TenantId, name: str | None = None
) -> tuple[Client, ...]:
    query = (
        select(api_clients, _keys.key, _keys.kid, _keys.algorithm, _keys.jwk)
        .outerjoin(api_client_keys, _ITS_KEYS)
        .where(_clients.tenant == tenant)
        .order_by(_clients.client, _keys.added_at, _keys.key)
    )
    if name is not None:
        query = query.where(_clients.client == name)
    grouped: dict[str, list[RowMapping]] = {}
    for row in (await conn.execute(query)).mappings():
        grouped.setdefault(row["client"], []).append(row)
    return tuple(_client(rows) for rows in grouped.values())


def _client(rows: Sequence[RowMapping]) -> Client:
    first = rows[0]
    return Client(
        tenant=TenantId(first["tenant"]),
        name=first["client"],
        scopes=_scopes(first["scopes"]),
        created_at=first["created_at"],
        ended_at=first["ended_at"],
        keys=tuple(
            ClientKey(row["key"], row["kid"], row["algorithm"], row["jwk"]) for row in rows if row["key"]
        ),
    )


def _scopes(stored: str) -> frozenset[Scope]:
    """A scope that this release does not know is none."""
    return frozenset(scope for scope in Scope if scope in stored.split())


async def add_client(
    conn: AsyncConnection, tenant: TenantId, name: str, scopes: Sequence[Scope], now: datetime
) -> bool:
    """Keep a client; False when the name is or was another's."""
    values = {"tenant": tenant, "client": name, "scopes": " ".join(scopes), "created_at": now}
    kind = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    added = kind(api_clients).values(values).on_conflict_do_nothing().returning(_clients.client)
    return (await conn.execute(added)).first() is not None


async def add_key(conn: AsyncConnection, tenant: TenantId, name: str, key: ClientKey, now: datetime) -> bool:
    """Keep a key of a client; False when it has or had this very key."""
    values = {"tenant": tenant, "client": name, "key": key.id, "added_at": now}
    values |= {"kid": key.kid, "algorithm": key.algorithm, "jwk": key.jwk}
    kind = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    added = kind(api_client_keys).values(values).on_conflict_do_nothing().returning(_keys.key)
    return (await conn.execute(added)).first() is not None


async def drop_key(conn: AsyncConnection, tenant: TenantId, name: str, key: str, now: datetime) -> None:
    """This key proves nothing any more; tokens that were got with it are worth nothing (`acting_client`)."""
    its = and_(_keys.tenant == tenant, _keys.client == name, _keys.key == key)
    await conn.execute(update(api_client_keys).where(its).values(dropped_at=now))


async def end_client(conn: AsyncConnection, tenant: TenantId, name: str, now: datetime) -> None:
    """Nothing of this client is worth anything any more."""
    its = and_(_clients.tenant == tenant, _clients.client == name)
    await conn.execute(update(api_clients).where(its).values(ended_at=now))


async def take_assertion(conn: AsyncConnection, client: Client, proved: ProvedAssertion) -> bool:
    """Note an assertion; False when it was noted before, also by a process at work at this moment."""
    row = {
        "tenant": INSTALLATION,
        "shelter": client.tenant,
        "client": client.name,
        "token": proved.token,
        "expires_at": proved.until,
    }
    kind = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    noted = kind(client_assertions_seen).values(row).on_conflict_do_nothing()
    return (await conn.execute(noted.returning(client_assertions_seen.c.token))).first() is not None


async def keep_token(
    conn: AsyncConnection,
    client: Client,
    key: ClientKey,
    *,
    token: str,
    scopes: Sequence[Scope],
    until: datetime,
) -> None:
    """Keep the digest of a token that was got with this key."""
    await conn.execute(
        insert(api_tokens).values(
            tenant=INSTALLATION,
            token=digest(token),
            shelter=client.tenant,
            client=client.name,
            key=key.id,
            scopes=" ".join(scopes),
            expires_at=until,
        )
    )


async def acting_client(conn: AsyncConnection, token: str, now: datetime) -> ActingClient | None:
    """Who a token speaks for: while it lasts, its client has not ended, and the key that got it stands.

    It may do what both the token and its client are for.
    """
    query = (
        select(
            _tokens.shelter, _tokens.client, _tokens.expires_at, _tokens.scopes, _clients.scopes.label("all")
        )
        .join(api_clients, and_(_clients.tenant == _tokens.shelter, _clients.client == _tokens.client))
        .join(api_client_keys, and_(_ITS_KEYS, _keys.key == _tokens.key))
        .where(_tokens.tenant == INSTALLATION, _tokens.token == digest(token), _tokens.expires_at > now)
        .where(_clients.ended_at.is_(None))
    )
    row = (await conn.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    scopes = _scopes(row["scopes"]) & _scopes(row["all"])
    return ActingClient(MachineClient(TenantId(row["shelter"]), row["client"], scopes), row["expires_at"])


async def forget_old(conn: AsyncConnection, now: datetime) -> None:
    """Tokens that are over, and assertions that are too old to be believed, need not be remembered."""
    for table in (api_tokens, client_assertions_seen):
        old = and_(table.c.tenant == INSTALLATION, table.c.expires_at <= now)
        await conn.execute(delete(table).where(old))
