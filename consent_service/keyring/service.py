"""The door to keys: make them, look their wrapped form up, delete them.

Material never leaves the package; callers hold wrapped keys and pass them to `sealing`, `opening`,
`view_keys`, `signing` and `blind_index`. Replacing what lies above keys is `rotation`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import KeyDestroyedError
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
from consent_service.keyring.rotation import Recognised, Rotation
from consent_service.keyring.tables import person_keys, relationship_keys, tenant_keys
from consent_service.keyring.wrapped_rows import (
    PERSONS,
    RELATIONSHIPS,
    held_tenant_key,
    newest_tenant_key,
    owned_keys,
)


class KeyRing:
    """Keys of one installation over one provider."""

    def __init__(self, provider: KeyProvider, clock: Clock) -> None:
        self.material = Material(provider)
        self.rotation = Rotation(provider, clock)
        self._provider = provider
        self._clock = clock

    def remembering_nothing(self) -> KeyRing:
        """The same keys, each unwrapped anew by the provider: for proving that they open."""
        return KeyRing(self._provider, self._clock)

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

    async def install(self, conn: AsyncConnection) -> Recognised:
        """Tie a fresh database to this provider, or check that it is the one the database knows.

        After the commit the caller has `rotation.destroy_again` what came back.

        Raises:
            ConfigurationError: the database was made with another keystore, or is from before its keys
                were replaced and destroyed.
        """
        recognised = await self.rotation.recognise(conn)
        if not recognised.known:
            await self.create_tenant(conn, INSTALLATION)
        return recognised

    async def create_tenant(self, conn: AsyncConnection, tenant: TenantId) -> None:
        """Make the tenant's data, index and audit keys, version 1."""
        for purpose in PURPOSES:
            await self.add_tenant_key(conn, tenant, purpose, 1)

    async def add_tenant_key(
        self, conn: AsyncConnection, tenant: TenantId, purpose: TenantKeyPurpose, version: int
    ) -> WrappedTenantKey:
        """A fresh random key of the tenant, under a root generation that lives until this is committed."""
        generation, blob = self.material.wrap_tenant_key(new_key(), tenant, purpose, version)
        await self.rotation.hold_root(conn, generation)
        await conn.execute(
            insert(tenant_keys).values(
                tenant=tenant,
                purpose=purpose,
                version=version,
                root_generation=generation,
                wrapped=blob,
                created_at=self._clock.now(),
            )
        )
        return WrappedTenantKey(tenant, purpose, version, generation, blob)

    async def create_relationship_key(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> WrappedRelationshipKey:
        """A fresh random key for one child at one school."""
        parent = await held_tenant_key(conn, tenant, "data")
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
        parent = await held_tenant_key(conn, tenant, "data")
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
        return await newest_tenant_key(conn, tenant, purpose)

    async def relationship_key(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> WrappedRelationshipKey:
        """The wrapped key of a relationship.

        Raises:
            KeyDestroyedError: it was destroyed, or never existed.
        """
        for key in await owned_keys(conn, RELATIONSHIPS, tenant, [relationship]):
            return key
        raise KeyDestroyedError("the key of this relationship no longer exists")

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
        parent = await held_tenant_key(conn, tenant, "data")
        key = await self.relationship_key(conn, tenant, relationship)
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
        found = await owned_keys(conn, PERSONS, tenant, sorted(set(persons)))
        return {key.owner: key for key in found}

    async def sealing_person_key(
        self, conn: AsyncConnection, tenant: TenantId, person: PersonId
    ) -> WrappedPersonKey:
        """As `person_key`, to seal something with: until this transaction ends, the key does not.

        Raises:
            KeyDestroyedError: it was destroyed, or never existed.
        """
        for key in await owned_keys(conn, PERSONS, tenant, [person], held="shared"):
            return key
        raise KeyDestroyedError("the key of this person no longer exists")

    async def hold_person_key(
        self, conn: AsyncConnection, tenant: TenantId, person: PersonId
    ) -> WrappedPersonKey | None:
        """The key that this transaction will destroy: whoever seals with it ends before, or finds it gone."""
        for key in await owned_keys(conn, PERSONS, tenant, [person], held="alone"):
            return key
        return None

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
