"""A fresh key in the place of one that lives: of a relationship, and a tenant's index key.

What was sealed or tagged under the earlier key is the caller's to do again (`custody.reencrypt`,
`custody.reindex`). Replacing what lies above a key is `rotation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.foundation.ids import RelationshipId, TenantId
from consent_service.keyring.model import WrappedRelationshipKey, WrappedTenantKey
from consent_service.keyring.primitives import new_key
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import relationship_keys, tenant_keys
from consent_service.keyring.wrapped_rows import held_tenant_key, tenant_key_from


class Renewal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key everything is sealed under still, and the one that takes its place in this transaction."""

    old: WrappedRelationshipKey
    fresh: WrappedRelationshipKey


async def renew_relationship_key(
    conn: AsyncConnection, ring: KeyRing, clock: Clock, tenant: TenantId, relationship: RelationshipId
) -> Renewal | Literal["destroyed", "retired"]:
    """A fresh random key, one version higher; the row is locked until the transaction ends.

    A retired key is not renewed: it seals nothing any more.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    parent = await held_tenant_key(conn, tenant, "data")
    here = (relationship_keys.c.tenant == tenant) & (relationship_keys.c.relationship == relationship)
    locked = select(relationship_keys.c.retired_at).where(here).with_for_update()
    row = (await conn.execute(locked)).first()
    if row is None:
        return "destroyed"
    if row.retired_at is not None:
        return "retired"
    old = await ring.relationship_key(conn, tenant, relationship)
    version = old.version + 1
    blob = ring.material.wrap_owned_key(new_key(), parent, "relationship", relationship, version)
    values = {"version": version, "parent_version": parent.version, "wrapped": blob}
    await conn.execute(update(relationship_keys).where(here).values(created_at=clock.now(), **values))
    return Renewal(old, WrappedRelationshipKey(tenant, relationship, version, blob, parent))


async def index_keys(conn: AsyncConnection, tenant: TenantId) -> Mapping[int, WrappedTenantKey]:
    """Every index key of the tenant by version; several while names are tagged anew."""
    rows = await conn.execute(select(tenant_keys).where(_is_index_key(tenant)))
    return {row.version: tenant_key_from(row) for row in rows}


async def begin_index_rotation(conn: AsyncConnection, ring: KeyRing, tenant: TenantId) -> None:
    """A fresh random index key, one version higher, unless an earlier rotation still goes on.

    Raises:
        KeyDestroyedError: the tenant has no index key.
        KeyProviderUnavailableError: the provider is away.
    """
    await lock_index_keys(conn, tenant)
    versions = await index_keys(conn, tenant)
    if not versions:
        raise KeyDestroyedError("this tenant has no index key")
    if len(versions) == 1:
        await ring.add_tenant_key(conn, tenant, "index", max(versions) + 1)


async def lock_index_keys(conn: AsyncConnection, tenant: TenantId) -> None:
    """Wait for everybody who tags now, and let nobody begin until the transaction ends."""
    await conn.execute(select(tenant_keys.c.version).where(_is_index_key(tenant)).with_for_update())


async def drop_index_keys_before(conn: AsyncConnection, tenant: TenantId, version: int) -> int:
    """Delete the earlier index keys; how many. Lock them first, and look that nothing is tagged by them."""
    earlier = delete(tenant_keys).where(_is_index_key(tenant), tenant_keys.c.version < version)
    return (await conn.execute(earlier)).rowcount


def _is_index_key(tenant: TenantId) -> ColumnElement[bool]:
    return (tenant_keys.c.tenant == tenant) & (tenant_keys.c.purpose == "index")
