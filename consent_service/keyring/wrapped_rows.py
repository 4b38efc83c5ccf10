"""Rows of the key tables as wrapped keys: looked up, and held by whoever wraps something under them.

A row somebody holds is not deleted before that transaction ends: that is how the end of an epoch
(`rotation`) waits for whoever wraps under what it replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Select, Table, func, or_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import KeyDestroyedError
from consent_service.keyring.damage import DamagedKeyError
from consent_service.keyring.model import (
    TenantKeyPurpose,
    WrappedPersonKey,
    WrappedRelationshipKey,
    WrappedTenantKey,
)
from consent_service.keyring.tables import person_keys, relationship_keys, tenant_keys

K = TypeVar("K", WrappedRelationshipKey, WrappedPersonKey)


class OwnedTable(msgspec.Struct, Generic[K], frozen=True):
    """One of the two tables of keys that a tenant's data key wraps."""

    kind: Literal["relationship", "person"]
    table: Table
    owner: Column[Any]
    key: type[K]

    def key_from(self, row: Row[Any]) -> K:
        """A row of `rows` as a wrapped key.

        Raises:
            DamagedKeyError: the tenant key above it is not there.
        """
        if row.parent_wrapped is None:
            raise DamagedKeyError(row.tenant, self.kind, row.owner)
        parent = WrappedTenantKey(
            row.tenant, "data", row.parent_version, row.root_generation, row.parent_wrapped
        )
        return self.key(row.tenant, row.owner, row.version, row.wrapped, parent)

    def rows(self, tenant: str) -> Select[Any]:
        """The keys of the tenant, each joined to the tenant key that wraps it."""
        return (
            select(
                self.table.c.tenant,
                self.owner.label("owner"),
                self.table.c.version,
                self.table.c.parent_version,
                self.table.c.wrapped,
                tenant_keys.c.root_generation,
                tenant_keys.c.wrapped.label("parent_wrapped"),
            )
            .join(
                tenant_keys,
                (tenant_keys.c.tenant == self.table.c.tenant)
                & (tenant_keys.c.purpose == "data")
                & (tenant_keys.c.version == self.table.c.parent_version),
                isouter=True,
            )
            .where(self.table.c.tenant == tenant)
        )


RELATIONSHIPS: Final = OwnedTable(
    "relationship", relationship_keys, relationship_keys.c.relationship, WrappedRelationshipKey
)
PERSONS: Final = OwnedTable("person", person_keys, person_keys.c.person, WrappedPersonKey)
AnyOwnedTable = OwnedTable[WrappedRelationshipKey] | OwnedTable[WrappedPersonKey]
OWNED: Final[tuple[AnyOwnedTable, ...]] = (RELATIONSHIPS, PERSONS)


async def owned_keys(
    conn: AsyncConnection,
    owned: OwnedTable[K],
    tenant: str,
    owners: Sequence[str],
    *,
    held: Literal["not", "shared", "alone"] = "not",
) -> list[K]:
    """The keys of these owners; whoever is absent has none (any more).

    What is `held` is not deleted until this transaction ends, where the engine locks rows; alone: others who
    hold it are waited for.

    Raises:
        DamagedKeyError: a key names a tenant key that does not exist.
    """
    query = owned.rows(tenant).where(owned.owner.in_(owners))
    if held != "not":
        is_shared = held == "shared"
        query = query.with_for_update(read=is_shared, key_share=is_shared, of=owned.table)
    return [owned.key_from(row) for row in await conn.execute(query)]


async def owned_keys_after(
    conn: AsyncConnection, owned: OwnedTable[K], tenant: str, after: str, *, limit: int
) -> list[K]:
    """The next `limit` keys of the tenant in the order of their owners.

    Raises:
        DamagedKeyError: a key names a tenant key that does not exist.
    """
    query = owned.rows(tenant).where(owned.owner > after).order_by(owned.owner).limit(limit)
    return [owned.key_from(row) for row in await conn.execute(query)]


async def count_owned(conn: AsyncConnection, tenants: Iterable[str]) -> int:
    """How many relationship and person keys these tenants have."""
    among = sorted(tenants)
    counts = [
        (await conn.execute(select(func.count()).where(owned.table.c.tenant.in_(among)))).scalar_one()
        for owned in OWNED
    ]
    return sum(counts)


async def tenant_keys_in_use(conn: AsyncConnection, tenant: str) -> list[WrappedTenantKey]:
    """Every key of the tenant except the data keys that a later one succeeded."""
    in_use = or_(tenant_keys.c.purpose != "data", tenant_keys.c.version == newest_version(tenant, "data"))
    query = select(tenant_keys).where(tenant_keys.c.tenant == tenant, in_use)
    return [tenant_key_from(row) for row in await conn.execute(query)]


async def newest_tenant_key(
    conn: AsyncConnection, tenant: str, purpose: TenantKeyPurpose
) -> WrappedTenantKey:
    """The newest key of the tenant for `purpose`, for opening.

    Raises:
        KeyDestroyedError: the tenant has none.
    """
    found = await _newest(conn, tenant, purpose, held=False)
    if found is None:
        raise KeyDestroyedError("this tenant has no key")
    return found


async def held_tenant_key(conn: AsyncConnection, tenant: str, purpose: TenantKeyPurpose) -> WrappedTenantKey:
    """The newest key of the tenant for `purpose`, to wrap or tag under: held until the transaction ends.

    What was newest when the row was locked may have been replaced, or deleted, while waiting for it:
    then the next one is taken.

    Raises:
        KeyDestroyedError: the tenant has none.
    """
    while True:
        held = await _newest(conn, tenant, purpose, held=True)
        if held is not None and conn.dialect.name == "sqlite":
            return held  # a transaction sees one state and nobody else writes: looking again finds the same
        newest = await newest_tenant_key(conn, tenant, purpose)
        if held is not None and held.version == newest.version:
            return held


async def tenants_with_keys(conn: AsyncConnection) -> list[str]:
    """Every tenant that has keys, the installation itself among them."""
    query = select(tenant_keys.c.tenant).distinct().order_by(tenant_keys.c.tenant)
    return list((await conn.execute(query)).scalars())


def tenant_key_from(row: Row[Any]) -> WrappedTenantKey:
    """A row of `tenant_keys`."""
    return WrappedTenantKey(row.tenant, row.purpose, row.version, row.root_generation, row.wrapped)


def newest_version(tenant: str | ColumnElement[str], purpose: TenantKeyPurpose) -> ColumnElement[int]:
    """The highest version of the tenant's key for `purpose`, as part of a statement."""
    other = tenant_keys.alias()
    found = select(func.max(other.c.version)).where(other.c.tenant == tenant, other.c.purpose == purpose)
    return found.scalar_subquery()


async def _newest(
    conn: AsyncConnection, tenant: str, purpose: TenantKeyPurpose, *, held: bool
) -> WrappedTenantKey | None:
    query = (
        select(tenant_keys)
        .where(tenant_keys.c.tenant == tenant, tenant_keys.c.purpose == purpose)
        .order_by(tenant_keys.c.version.desc())
        .limit(1)
    )
    row = (await conn.execute(query.with_for_update(read=True) if held else query)).first()
    return None if row is None else tenant_key_from(row)
