"""Changing a login provider after it was registered: how it is read, whether it is open, our key there.

A new key is published a while before it signs, because providers keep our keys for some time: first
`prepare_key`, then `use_next_key`. Who may, and the log, are `identity.service`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.providers import (
    Provider,
    ProviderRules,
    new_client_key,
    problems_of_rules,
    provider_with_secrets,
)
from consent_service.identity.secrets import ProviderSecrets, seal_secrets
from consent_service.identity.tables import oidc_providers
from consent_service.keyring.service import KeyRing


async def change_rules(
    conn: AsyncConnection, provider_id: str, rules: ProviderRules, *, demo_allowed: bool
) -> None:
    """Read this provider in another way from the next login on; `demo_allowed`: in development.

    Raises:
        InputError: with every problem at once.
        NotFoundError: no such provider.
    """
    problems = problems_of_rules(rules, demo_allowed=demo_allowed)
    if problems:
        raise InputError(problems)
    await _update(conn, provider_id, rules=msgspec.json.encode(rules).decode())


async def set_open(conn: AsyncConnection, clock: Clock, provider_id: str, *, is_open: bool) -> None:
    """Let people log in through this provider, or nobody any more.

    Raises:
        NotFoundError: no such provider.
    """
    await _update(conn, provider_id, disabled_at=None if is_open else clock.now())


async def prepare_key(conn: AsyncConnection, ring: KeyRing, provider_id: str) -> str:
    """Make and publish the key that comes after ours; its public JWK as JSON.

    Raises:
        NotFoundError: no such provider.
        ConflictError: it knows us by a client secret.
    """
    provider, secrets = await _with_a_key(conn, ring, provider_id)
    private, public = new_client_key()
    fresh = msgspec.structs.replace(secrets, next_credential=private)
    envelope = await seal_secrets(conn, ring, provider.id, fresh)
    await _update(conn, provider.id, secrets=envelope, next_public_key=public)
    return public


async def use_next_key(conn: AsyncConnection, ring: KeyRing, provider_id: str) -> None:
    """Sign with the key that was prepared; the earlier one is destroyed here.

    Raises:
        NotFoundError: no such provider.
        ConflictError: none was prepared, or it knows us by a client secret.
    """
    provider, secrets = await _with_a_key(conn, ring, provider_id)
    if not provider.next_public_key:
        raise ConflictError("no key was prepared for this provider")
    fresh = ProviderSecrets(secrets.next_credential, secrets.pepper)
    envelope = await seal_secrets(conn, ring, provider.id, fresh)
    await _update(
        conn, provider.id, secrets=envelope, public_key=provider.next_public_key, next_public_key=None
    )


async def _with_a_key(
    conn: AsyncConnection, ring: KeyRing, provider_id: str
) -> tuple[Provider, ProviderSecrets]:
    provider, secrets = await provider_with_secrets(conn, ring, provider_id)
    if provider.auth_method != "private_key_jwt":
        raise ConflictError("this provider knows us by a client secret")
    return provider, secrets


async def _update(conn: AsyncConnection, provider_id: str, **values: Any) -> None:
    changed = await conn.execute(
        update(oidc_providers)
        .where(oidc_providers.c.tenant == INSTALLATION, oidc_providers.c.id == provider_id)
        .values(**values)
    )
    if changed.rowcount != 1:
        raise NotFoundError("no such login provider")
