"""The door to keys on both engines: made, looked up, destroyed; a foreign keystore is refused at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)
from consent_service.foundation.ids import INSTALLATION, PersonId, RelationshipId, TenantId
from consent_service.keyring.model import PURPOSES
from consent_service.keyring.opening import open_for_person, type_key
from consent_service.keyring.sealing import seal_for_person, seal_for_relationship
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_roots, person_keys, tenant_keys
from tests.factories import make_keyring

TENANT, OTHER = TenantId("tenant-1"), TenantId("tenant-2")
PERSON, RELATIONSHIP = PersonId("person-1"), RelationshipId("relationship-1")


async def test_a_fresh_database_is_tied_to_its_keystore(database: Database, keyring: KeyRing) -> None:
    async with database.transaction() as conn:
        await keyring.install(conn)
        await keyring.install(conn)
        roots = (await conn.execute(select(key_roots))).all()
        for purpose in PURPOSES:
            assert (await keyring.tenant_key(conn, INSTALLATION, purpose)).purpose == purpose
    assert [(root.tenant, root.generation) for root in roots] == [(INSTALLATION, 1)]
    assert keyring.development


async def test_another_keystore_is_refused_with_a_sentence_that_helps(
    database: Database, keyring: KeyRing, tmp_path: Path
) -> None:
    async with database.transaction() as conn:
        await keyring.install(conn)
    (tmp_path / "other").mkdir()
    foreign = make_keyring(tmp_path / "other")
    async with database.transaction() as conn:
        with pytest.raises(ConfigurationError, match="not the keystore the database was made with"):
            await foreign.install(conn)
        await conn.execute(delete(key_roots))
        await conn.execute(delete(tenant_keys))
        await foreign.install(conn)


async def test_a_tenants_newest_key_is_used(database: Database, keyring: KeyRing) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        first = await keyring.tenant_key(conn, TENANT, "data")
        generation, blob = keyring.material.wrap_tenant_key(Secret(bytes(32)), TENANT, "data", 2)
        await conn.execute(
            tenant_keys.insert().values(
                tenant=TENANT,
                purpose="data",
                version=2,
                root_generation=generation,
                wrapped=blob,
                created_at=keyring._clock.now(),
            )
        )
        second = await keyring.tenant_key(conn, TENANT, "data")
    assert (first.version, second.version) == (1, 2)


async def test_a_tenant_without_keys_has_none(database: Database, keyring: KeyRing) -> None:
    async with database.reading() as conn:
        with pytest.raises(KeyDestroyedError):
            await keyring.tenant_key(conn, TENANT, "data")


async def test_a_destroyed_key_is_gone_however_warm_the_cache(database: Database, keyring: KeyRing) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        made = await keyring.create_person_key(conn, TENANT, PERSON)
        assert await keyring.person_key(conn, TENANT, PERSON) == made
        envelope = seal_for_person(keyring, made, purpose="identity", record="r", plaintext=b"x")
        assert open_for_person(keyring, made, purpose="identity", record="r", envelope=envelope) == b"x"
        assert await keyring.destroy_person_key(conn, TENANT, PERSON)
        assert not await keyring.destroy_person_key(conn, TENANT, PERSON)
        with pytest.raises(KeyDestroyedError):
            await keyring.person_key(conn, TENANT, PERSON)
        assert await keyring.person_keys(conn, TENANT, [PERSON]) == {}


async def test_a_relationship_key_is_made_found_and_destroyed(database: Database, keyring: KeyRing) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        made = await keyring.create_relationship_key(conn, TENANT, RELATIONSHIP)
        assert await keyring.relationship_key(conn, TENANT, RELATIONSHIP) == made
        assert await keyring.destroy_relationship_key(conn, TENANT, RELATIONSHIP)
        assert not await keyring.destroy_relationship_key(conn, TENANT, RELATIONSHIP)
        with pytest.raises(KeyDestroyedError):
            await keyring.relationship_key(conn, TENANT, RELATIONSHIP)


async def test_a_retired_key_opens_what_there_is_and_seals_nothing_new(
    database: Database, keyring: KeyRing
) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        made = await keyring.create_relationship_key(conn, TENANT, RELATIONSHIP)
        assert await keyring.sealing_key(conn, TENANT, RELATIONSHIP) == made
        await keyring.retire_relationship_key(conn, TENANT, RELATIONSHIP)
        await keyring.retire_relationship_key(conn, TENANT, RELATIONSHIP)
        assert await keyring.relationship_key(conn, TENANT, RELATIONSHIP) == made
        with pytest.raises(KeyDestroyedError):
            await keyring.sealing_key(conn, TENANT, RELATIONSHIP)


async def test_a_key_wrapped_anew_stands_under_the_newest_tenant_key_and_opens_the_same(
    database: Database, keyring: KeyRing
) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        before = await keyring.create_relationship_key(conn, TENANT, RELATIONSHIP)
        sealed = seal_for_relationship(
            keyring, before, information_type="pickup", record="r", record_version=1, plaintext=b"x"
        )
        generation, blob = keyring.material.wrap_tenant_key(Secret(bytes(32)), TENANT, "data", 2)
        await conn.execute(
            tenant_keys.insert().values(
                tenant=TENANT,
                purpose="data",
                version=2,
                root_generation=generation,
                wrapped=blob,
                created_at=keyring._clock.now(),
            )
        )
        await keyring.rewrap_relationship_key(conn, TENANT, RELATIONSHIP)
        after = await keyring.relationship_key(conn, TENANT, RELATIONSHIP)
    assert (before.parent.version, after.parent.version) == (1, 2)
    assert after.blob != before.blob
    opened = type_key(keyring, after, "pickup").open(record="r", record_version=1, envelope=sealed)
    assert opened == b"x"


async def test_keys_of_one_tenant_are_not_found_in_another(database: Database, keyring: KeyRing) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        await keyring.create_tenant(conn, OTHER)
        await keyring.create_person_key(conn, TENANT, PERSON)
        with pytest.raises(KeyDestroyedError):
            await keyring.person_key(conn, OTHER, PERSON)
        assert not await keyring.destroy_person_key(conn, OTHER, PERSON)
        assert list(await keyring.person_keys(conn, TENANT, [PERSON, PERSON, "unknown"])) == [PERSON]


async def test_a_key_whose_tenant_key_is_missing_is_damage_not_absence(
    database: Database, keyring: KeyRing
) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        await keyring.create_person_key(conn, TENANT, PERSON)
        await conn.execute(update(person_keys).values(parent_version=9))
        with pytest.raises(IntegrityError, match="damaged: person person-1"):
            await keyring.person_key(conn, TENANT, PERSON)


async def test_a_row_copied_to_another_person_opens_nothing(database: Database, keyring: KeyRing) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        mine = await keyring.create_person_key(conn, TENANT, PERSON)
        envelope = seal_for_person(keyring, mine, purpose="identity", record="r", plaintext=b"x")
        await conn.execute(update(person_keys).values(person="person-2"))
        moved = await keyring.person_key(conn, TENANT, PersonId("person-2"))
    with pytest.raises(IntegrityError):
        open_for_person(keyring, moved, purpose="identity", record="r", envelope=envelope)


async def test_no_key_is_made_without_the_provider(
    database: Database, keyring: KeyRing, tmp_path: Path
) -> None:
    keyring.check_available()
    (tmp_path / "keystore.json").unlink()
    with pytest.raises(KeyProviderUnavailableError):
        keyring.check_available()
    async with database.transaction() as conn:
        with pytest.raises(KeyProviderUnavailableError):
            await keyring.create_tenant(conn, TENANT)
        assert (await conn.execute(select(tenant_keys))).all() == []
