"""The door to keys: make them, look their wrapped form up, delete them.

Material never leaves the package; callers hold wrapped keys and pass them to `sealing`, `opening`,
`view_keys`, `signing` and `blind_index`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConfigurationError, IntegrityError, KeyDestroyedError
from consent_service.foundation.ids import INSTALLATION, PersonId, RelationshipId, TenantId
from consent_service.keyring.material import Material
from consent_service.keyring.model import (
    PURPOSES,
    TenantKeyPurpose,
    WrappedPersonKey,
    WrappedRelationshipKey,
    WrappedTenantKey,
)
from consent_service.keyring.primitives import new_key
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.tables import key_roots, person_keys, relationship_keys, tenant_keys


class KeyRing:
    """Keys of one installation over one provider."""

    def __init__(self, provider: KeyProvider, clock: Clock) -> None:
        self.material = Material(provider)
        self._provider = provider
        self._clock = clock

    @property
    def development(self) -> bool:
        """Whether the keys underneath were made for development."""
        return self._provider.development

    def check_available(self) -> None:
        """Return when keys can be used now.

        Raises:
            KeyProviderUnavailableError: the provider is away; seal and open nothing.
        """
        self.material.check()

    async def install(self, conn: AsyncConnection) -> None:
        """Tie a fresh database to this provider, or check that it is the one the database knows.

        Raises:
            ConfigurationError: the database was made with another keystore.
        """
        generation = self._provider.current_generation()
        query = select(key_roots.c.generation, key_roots.c.check_value).where(
            key_roots.c.tenant == INSTALLATION
        )
        known = {row.generation: row.check_value for row in await conn.execute(query)}
        if not known:
            value = self._provider.check_value(generation)
            row = {"generation": generation, "check_value": value, "created_at": self._clock.now()}
            await conn.execute(insert(key_roots).values(tenant=INSTALLATION, **row))
            await self.create_tenant(conn, INSTALLATION)
        elif known.get(generation) != self._provider.check_value(generation):
            raise ConfigurationError(
                "keystore: this is not the keystore the database was made with; "
                "point `keystore` to the right file"
            )

    async def create_tenant(self, conn: AsyncConnection, tenant: TenantId) -> None:
        """Make the tenant's data, index and audit keys, version 1."""
        for purpose in PURPOSES:
            generation, blob = self.material.wrap_tenant_key(new_key(), tenant, purpose, 1)
            await conn.execute(
                insert(tenant_keys).values(
                    tenant=tenant,
                    purpose=purpose,
                    version=1,
                    root_generation=generation,
                    wrapped=blob,
                    created_at=self._clock.now(),
                )
            )

    async def create_relationship_key(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> WrappedRelationshipKey:
        """A fresh random key for one child at one school."""
        parent = await self.tenant_key(conn, tenant, "data")
        blob = self.material.wrap_owned_key(new_key(), parent, "relationship", relationship, 1)
        await conn.execute(
            insert(relationship_keys).values(
                tenant=tenant, relationship=relationship, **self._new_row(blob, parent)
            )
        )
        return WrappedRelationshipKey(tenant, relationship, 1, blob, parent)

    async def create_person_key(
        self, conn: AsyncConnection, tenant: TenantId, person: PersonId
    ) -> WrappedPersonKey:
        """A fresh random key for one person."""
        parent = await self.tenant_key(conn, tenant, "data")
        blob = self.material.wrap_owned_key(new_key(), parent, "person", person, 1)
        await conn.execute(
            insert(person_keys).values(tenant=tenant, person=person, **self._new_row(blob, parent))
        )
        return WrappedPersonKey(tenant, person, 1, blob, parent)

    async def tenant_key(
        self, conn: AsyncConnection, tenant: TenantId, purpose: TenantKeyPurpose
    ) -> WrappedTenantKey:
        """The newest key of the tenant for `purpose`.

        Raises:
            KeyDestroyedError: the tenant has none.
        """
        query = (
            select(tenant_keys)
            .where(tenant_keys.c.tenant == tenant, tenant_keys.c.purpose == purpose)
            .order_by(tenant_keys.c.version.desc())
            .limit(1)
        )
        row = (await conn.execute(query)).first()
        if row is None:
            raise KeyDestroyedError("this tenant has no key")
        return WrappedTenantKey(tenant, purpose, row.version, row.root_generation, row.wrapped)

    async def relationship_key(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> WrappedRelationshipKey:
        """The wrapped key of a relationship.

        Raises:
            KeyDestroyedError: it was destroyed, or never existed.
        """
        rows = await _owned_rows(conn, relationship_keys, tenant, [relationship])
        if not rows:
            raise KeyDestroyedError("the key of this relationship no longer exists")
        return WrappedRelationshipKey(
            tenant, relationship, rows[0].version, rows[0].wrapped, _parent_of(tenant, rows[0])
        )

    async def sealing_key(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> WrappedRelationshipKey:
        """The key to seal something new with: a retired one opens what there is and seals nothing.

        Raises:
            KeyDestroyedError: it was destroyed, or retired because the relationship ended.
        """
        retired = select(relationship_keys.c.retired_at).where(
            relationship_keys.c.tenant == tenant, relationship_keys.c.relationship == relationship
        )
        if (await conn.execute(retired)).scalar_one_or_none() is not None:
            raise KeyDestroyedError("the key of this relationship seals nothing any more")
        return await self.relationship_key(conn, tenant, relationship)

    async def retire_relationship_key(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> None:
        """From now on the key seals nothing new; what it sealed is opened until it is destroyed."""
        await conn.execute(
            update(relationship_keys)
            .where(relationship_keys.c.tenant == tenant, relationship_keys.c.relationship == relationship)
            .where(relationship_keys.c.retired_at.is_(None))
            .values(retired_at=self._clock.now())
        )

    async def rewrap_relationship_key(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> None:
        """The same key in a fresh wrapping, under the newest data key of the tenant.

        Raises:
            KeyDestroyedError: it was destroyed.
        """
        key = await self.relationship_key(conn, tenant, relationship)
        parent = await self.tenant_key(conn, tenant, "data")
        await conn.execute(
            update(relationship_keys)
            .where(relationship_keys.c.tenant == tenant, relationship_keys.c.relationship == relationship)
            .values(
                wrapped=self.material.rewrap_owned_key(key, parent, "relationship"),
                parent_version=parent.version,
            )
        )

    async def person_key(self, conn: AsyncConnection, tenant: TenantId, person: PersonId) -> WrappedPersonKey:
        """The wrapped key of a person.

        Raises:
            KeyDestroyedError: it was destroyed, or never existed.
        """
        found = await self.person_keys(conn, tenant, [person])
        if person not in found:
            raise KeyDestroyedError("the key of this person no longer exists")
        return found[person]

    async def person_keys(
        self, conn: AsyncConnection, tenant: TenantId, persons: Iterable[str]
    ) -> dict[str, WrappedPersonKey]:
        """The wrapped keys of several persons; whoever is absent has none any more."""
        rows = await _owned_rows(conn, person_keys, tenant, sorted(set(persons)))
        return {
            row.person: WrappedPersonKey(
                tenant, row.person, row.version, row.wrapped, _parent_of(tenant, row)
            )
            for row in rows
        }

    async def destroy_relationship_key(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> bool:
        """Delete the wrapped key; False when there was none. Backups outlive this: see `custody`."""
        gone = await conn.execute(
            delete(relationship_keys).where(
                relationship_keys.c.tenant == tenant,
                relationship_keys.c.relationship == relationship,
            )
        )
        return gone.rowcount == 1

    async def destroy_person_key(self, conn: AsyncConnection, tenant: TenantId, person: PersonId) -> bool:
        """Delete the wrapped key; False when there was none. Backups outlive this: see `custody`."""
        gone = await conn.execute(
            delete(person_keys).where(person_keys.c.tenant == tenant, person_keys.c.person == person)
        )
        return gone.rowcount == 1

    def _new_row(self, blob: bytes, parent: WrappedTenantKey) -> dict[str, object]:
        return {
            "version": 1,
            "parent_version": parent.version,
            "wrapped": blob,
            "created_at": self._clock.now(),
        }


async def _owned_rows(conn: AsyncConnection, table: Table, tenant: str, owners: list[str]) -> list[Row[Any]]:
    """Rows of a relationship or person key table, each joined to the tenant key that wraps it."""
    owner = table.c.relationship if table is relationship_keys else table.c.person
    query = (
        select(
            table,
            tenant_keys.c.root_generation,
            tenant_keys.c.wrapped.label("parent_wrapped"),
        )
        .join(
            tenant_keys,
            (tenant_keys.c.tenant == table.c.tenant)
            & (tenant_keys.c.purpose == "data")
            & (tenant_keys.c.version == table.c.parent_version),
            isouter=True,
        )
        .where(table.c.tenant == tenant, owner.in_(owners))
    )
    return list((await conn.execute(query)).all())


def _parent_of(tenant: str, row: Row[Any]) -> WrappedTenantKey:
    if row.parent_wrapped is None:
        raise IntegrityError("a key names a tenant key that does not exist")
    return WrappedTenantKey(tenant, "data", row.parent_version, row.root_generation, row.parent_wrapped)
