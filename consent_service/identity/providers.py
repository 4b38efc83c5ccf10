"""The OpenID Providers of the installation: what was registered, and reading it back.

How a login runs against them is `identity.oidc`; which people may log in is `identity.links`.
"""

from __future__ import annotations

import re
import secrets as random
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from joserfc.jwk import RSAKey
from sqlalchemy import insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.secrets import ProviderSecrets, open_secrets, seal_secrets
from consent_service.identity.tables import oidc_providers
from consent_service.keyring.service import KeyRing

AuthMethod = Literal["private_key_jwt", "client_secret"]
Audience = Literal["school", "shelter", "officer", "any"]
Algorithm = Literal["PS256", "RS256", "ES256"]

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class ProviderRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How strictly a provider is read, and what its claims are called.

    `acr_order` goes from weak to strong; with `minimum_acr` set, a login at a level that is lower or
    not in the list is refused. `subject_claim` is what staff are linked by; `email` counts only when
    the provider says it is verified.
    """

    algorithms: tuple[Algorithm, ...] = ("PS256", "RS256", "ES256")
    scopes: tuple[str, ...] = ("openid",)
    subject_claim: str = "sub"
    ask_userinfo: bool = False
    acr_order: tuple[str, ...] = ()
    minimum_acr: str = ""
    max_age: int | None = None
    """Seconds since the person last proved who they are to the provider."""
    assertion_audience: Literal["issuer", "token_endpoint"] = "issuer"


class NewProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator registers. Without `client_secret`, a key pair is made for `private_key_jwt`."""

    id: str
    name: str
    issuer: str
    client_id: str
    audience: Audience = "any"
    client_secret: str = ""
    rules: ProviderRules = ProviderRules()

    def __repr__(self) -> str:
        return f"NewProvider(id={self.id!r})"


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A registered provider; its secrets stay sealed."""

    id: str
    name: str
    issuer: str
    client_id: str
    auth_method: AuthMethod
    audience: Audience
    rules: ProviderRules
    public_key: str
    """Our public JWK as JSON; empty for a provider with a client secret."""


def problems_of(new: NewProvider, *, loopback_allowed: bool) -> tuple[Problem, ...]:
    """Everything wrong with a registration, at once."""
    found: list[Problem] = []
    if _ID.fullmatch(new.id) is None:
        found.append(Problem("id", "identity.provider_id"))
    if not 1 <= len(new.name.strip()) <= 100:
        found.append(Problem("name", "identity.provider_name"))
    if not is_provider_address(new.issuer, loopback_allowed=loopback_allowed):
        found.append(Problem("issuer", "identity.provider_issuer"))
    if not 1 <= len(new.client_id.strip()) <= 200:
        found.append(Problem("client_id", "identity.provider_client_id"))
    if not new.rules.algorithms:
        found.append(Problem("algorithms", "identity.provider_algorithms"))
    if new.rules.minimum_acr and new.rules.minimum_acr not in new.rules.acr_order:
        found.append(Problem("minimum_acr", "identity.provider_minimum_acr"))
    return tuple(found)


def is_provider_address(address: str, *, loopback_allowed: bool) -> bool:
    """https without query or fragment (OpenID Connect Discovery 1.0); http on loopback in development."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if not host or "?" in address or "#" in address or parts.username is not None or len(address) > 300:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and loopback_allowed and host in LOOPBACK)


LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


async def register_provider(
    conn: AsyncConnection, ring: KeyRing, clock: Clock, new: NewProvider, *, loopback_allowed: bool
) -> Provider:
    """Keep a provider; without a client secret a fresh RSA key pair is made for it.

    Raises:
        InputError: with every problem at once.
        ConflictError: the id is taken.
    """
    problems = problems_of(new, loopback_allowed=loopback_allowed)
    if problems:
        raise InputError(problems)
    if await _row(conn, new.id) is not None:
        raise ConflictError("a provider with this id is already registered")
    credential, public_key = (new.client_secret, "") if new.client_secret else _new_client_key()
    sealed = ProviderSecrets(credential, random.token_bytes(32))
    provider = Provider(
        id=new.id,
        name=new.name.strip(),
        issuer=new.issuer,
        client_id=new.client_id.strip(),
        auth_method="client_secret" if new.client_secret else "private_key_jwt",
        audience=new.audience,
        rules=new.rules,
        public_key=public_key,
    )
    values = msgspec.to_builtins(provider) | {"rules": msgspec.json.encode(new.rules).decode()}
    envelope = await seal_secrets(conn, ring, new.id, sealed)
    await conn.execute(
        insert(oidc_providers).values(tenant=INSTALLATION, secrets=envelope, created_at=clock.now(), **values)
    )
    return provider


def _new_client_key() -> tuple[str, str]:
    key = RSAKey.generate_key(3072, {"use": "sig", "alg": "PS256"}, private=True, auto_kid=True)
    private, public = key.as_dict(private=True), key.as_dict(private=False)
    return msgspec.json.encode(private).decode(), msgspec.json.encode(public).decode()


async def all_providers(conn: AsyncConnection) -> tuple[Provider, ...]:
    """Every registered provider, by name."""
    query = select(oidc_providers).where(oidc_providers.c.tenant == INSTALLATION)
    rows = (await conn.execute(query.order_by(oidc_providers.c.name, oidc_providers.c.id))).mappings()
    return tuple(_provider(row) for row in rows)


async def provider_with_secrets(
    conn: AsyncConnection, ring: KeyRing, provider_id: str
) -> tuple[Provider, ProviderSecrets]:
    """One provider and what it takes to speak for us there.

    Raises:
        NotFoundError: no such provider.
        KeyProviderUnavailableError: the keys are away.
    """
    row = await _row(conn, provider_id)
    if row is None:
        raise NotFoundError("no such login provider")
    return _provider(row), await open_secrets(conn, ring, provider_id, row["secrets"])


async def find_provider(conn: AsyncConnection, provider_id: str) -> Provider | None:
    """One provider without its secrets."""
    row = await _row(conn, provider_id)
    return None if row is None else _provider(row)


async def _row(conn: AsyncConnection, provider_id: str) -> RowMapping | None:
    query = select(oidc_providers).where(
        oidc_providers.c.tenant == INSTALLATION, oidc_providers.c.id == provider_id
    )
    return (await conn.execute(query)).mappings().one_or_none()


def _provider(row: RowMapping) -> Provider:
    return Provider(
        id=row["id"],
        name=row["name"],
        issuer=row["issuer"],
        client_id=row["client_id"],
        auth_method=row["auth_method"],
        audience=row["audience"],
        rules=msgspec.json.decode(row["rules"], type=ProviderRules),
        public_key=row["public_key"],
    )
