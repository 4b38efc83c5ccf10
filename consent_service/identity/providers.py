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
from consent_service.identity.levels import DEMO_LEVELS
from consent_service.identity.secrets import ProviderSecrets, open_secrets, seal_secrets
from consent_service.identity.tables import oidc_providers
from consent_service.keyring.service import KeyRing

AuthMethod = Literal["private_key_jwt", "client_secret", "client_secret_post"]
"""How we prove who we are at the token endpoint; a secret goes in a header, or in the form."""
CredentialsIn = Literal["header", "form"]
"""Where a client secret goes (RFC 6749 section 2.3.1); the form only where a provider reads no header."""
Audience = Literal["school", "shelter", "officer", "any", "guardian", "operator"]
Algorithm = Literal["PS256", "RS256", "ES256"]

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ADDRESS = re.compile(r"[!$-&(-;=@-Z\[\]_a-z~]+")
"""What an address is made of (RFC 3986), without the marks of query and fragment, and without quotes."""
_ORIGIN = re.compile(r"https?://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[::1\])(:[0-9]{1,5})?")
_SCHOOL = re.compile(r"[0-9]{2}[A-Z]{2}([0-9]{2})?")
_CLAIM = re.compile(r"[!-~]{1,200}")
"""Claim names are short, or addresses (`urn:...`): visible ASCII without spaces."""
_LEVEL = re.compile(r"[!-~]{1,200}")
"""Levels are asked for with spaces between them (`acr_values`, OpenID Connect Core 1.0 section 3.1.2.1)."""


class ProviderRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How strictly a provider is read, and what its claims are called.

    `acr_order` goes from weak to strong; with `minimum_acr` set, a login at a level that is lower or
    not in the list is refused. `subject_claim` is what staff are linked by; `email` counts only when
    the provider says it is verified. `organisation_claims` say for which school somebody is there; with a
    claim of `refused_claims` somebody acts for another, which is refused. `refuse_citizen_numbers`: a
    subject that can be a BSN is refused. `claims_request` is where we ask for these claims by name.
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
    organisation_claims: tuple[str, ...] = ()
    refused_claims: tuple[str, ...] = ("represents",)
    refuse_citizen_numbers: bool = False
    claims_request: Literal["off", "id_token", "userinfo"] = "off"
    second_factor_acrs: tuple[str, ...] = ()
    """The levels at which somebody showed two factors; officers and operators log in at one of these."""
    establishments: tuple[str, ...] = ()
    """Of which schools (BRIN of four, or code of six) this is the own provider; where no claim says it."""


class NewProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator registers. Without `client_secret`, a key pair is made for `private_key_jwt`."""

    id: str
    name: str
    issuer: str
    client_id: str
    audience: Audience = "any"
    client_secret: str = ""
    credentials_in: CredentialsIn = "header"
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
    next_public_key: str = ""
    """The one that comes after it: published already, not signed with yet."""
    disabled: bool = False
    """Nobody logs in through it."""


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
    return (*found, *problems_of_rules(new.rules, demo_allowed=loopback_allowed))


def problems_of_rules(rules: ProviderRules, *, demo_allowed: bool = False) -> tuple[Problem, ...]:
    """Everything wrong with how a provider is to be read, at once; `demo_allowed`: in development."""
    found: list[Problem] = []
    if not rules.algorithms:
        found.append(Problem("algorithms", "identity.provider_algorithms"))
    if rules.minimum_acr and rules.minimum_acr not in rules.acr_order:
        found.append(Problem("minimum_acr", "identity.provider_minimum_acr"))
    if "openid" not in rules.scopes:
        found.append(Problem("scopes", "identity.provider_scopes"))
    if any(_LEVEL.fullmatch(level) is None for level in (*rules.acr_order, *rules.second_factor_acrs)):
        found.append(Problem("acr_order", "identity.provider_levels"))
    found += _problems_of_factor(rules, demo_allowed=demo_allowed)
    if rules.max_age is not None and rules.max_age < 0:
        found.append(Problem("max_age", "identity.provider_max_age"))
    names = (rules.subject_claim, *rules.organisation_claims, *rules.refused_claims)
    if any(_CLAIM.fullmatch(name) is None for name in names):
        found.append(Problem("claims", "identity.provider_claims"))
    if any(_SCHOOL.fullmatch(code) is None for code in rules.establishments):
        found.append(Problem("establishments", "identity.provider_establishments"))
    return tuple(found)


def _problems_of_factor(rules: ProviderRules, *, demo_allowed: bool) -> list[Problem]:
    """Levels for officers that no login could have, or that prove nothing."""
    found: list[Problem] = []
    if any(level.startswith(DEMO_LEVELS) for level in rules.second_factor_acrs) and not demo_allowed:
        found.append(Problem("second_factor_acrs", "identity.provider_demo_level"))
    if rules.minimum_acr in rules.acr_order and rules.minimum_acr:
        taken = rules.acr_order[rules.acr_order.index(rules.minimum_acr) :]
        if not set(rules.second_factor_acrs) <= set(taken):
            found.append(Problem("second_factor_acrs", "identity.provider_second_factor"))
    return found


def is_provider_address(address: str, *, loopback_allowed: bool) -> bool:
    """https without query or fragment (OpenID Connect Discovery 1.0); http on loopback in development.

    Visible ASCII only, with a host of letters, digits, dots and hyphens: it is named in headers of ours
    (`is_plain_origin`), where an internationalised name stands in its ASCII form (RFC 5890).
    """
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or len(address) > 300 or _ADDRESS.fullmatch(address) is None:
        return False
    if not is_plain_origin(f"{parts.scheme}://{parts.netloc}"):
        return False
    return parts.scheme == "https" or (loopback_allowed and host in LOOPBACK)


def is_plain_origin(origin: str) -> bool:
    """Scheme, host and perhaps a port, so that it means itself in a header: `https://login.example.nl`."""
    return _ORIGIN.fullmatch(origin) is not None


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
    credential, public_key = (new.client_secret, "") if new.client_secret else new_client_key()
    sealed = ProviderSecrets(credential, random.token_bytes(32))
    provider = Provider(
        id=new.id,
        name=new.name.strip(),
        issuer=new.issuer,
        client_id=new.client_id.strip(),
        auth_method=_auth_method(new),
        audience=new.audience,
        rules=new.rules,
        public_key=public_key,
    )
    values = {
        name: value
        for name, value in msgspec.to_builtins(provider).items()
        if name not in ("disabled", "next_public_key")
    } | {"rules": msgspec.json.encode(new.rules).decode()}
    envelope = await seal_secrets(conn, ring, new.id, sealed)
    await conn.execute(
        insert(oidc_providers).values(tenant=INSTALLATION, secrets=envelope, created_at=clock.now(), **values)
    )
    return provider


def _auth_method(new: NewProvider) -> AuthMethod:
    if not new.client_secret:
        return "private_key_jwt"
    return "client_secret" if new.credentials_in == "header" else "client_secret_post"


def new_client_key() -> tuple[str, str]:
    """A fresh RSA key pair of 3072 bits for PS256, as private and public JWK in JSON."""
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


async def find_provider(
    conn: AsyncConnection, provider_id: str, *, held: Literal["", "shared", "alone"] = ""
) -> Provider | None:
    """One provider without its secrets; `held` until the transaction ends, with others or alone."""
    row = await _row(conn, provider_id, held)
    return None if row is None else _provider(row)


async def _row(conn: AsyncConnection, provider_id: str, held: str = "") -> RowMapping | None:
    query = select(oidc_providers).where(
        oidc_providers.c.tenant == INSTALLATION, oidc_providers.c.id == provider_id
    )
    if held:
        query = query.with_for_update(read=held == "shared")
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
        next_public_key=row["next_public_key"] or "",
        disabled=row["disabled_at"] is not None,
    )
