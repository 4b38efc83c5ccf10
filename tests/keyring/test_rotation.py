"""Which provider belongs to a database, and what is wrapped anew under a new root."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError, KeyProviderUnavailableError
from consent_service.foundation.ids import INSTALLATION, PersonId, RelationshipId, TenantId
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_roots, person_keys, relationship_keys, tenant_keys
from consent_service.keyring.wrapped_rows import tenant_keys_in_use, tenants_with_keys

TENANT = TenantId("tenant-1")


async def generations(database: Database) -> list[int]:
    async with database.reading() as conn:
        return list(
            (await conn.execute(select(key_roots.c.generation).order_by(key_roots.c.generation))).scalars()
        )


async def install(database: Database, ring: KeyRing) -> None:
    async with database.transaction() as conn:
        await ring.install(conn)


async def test_a_generation_of_an_epoch_that_was_stopped_early_is_noted(
    database: Database, keyring: KeyRing
) -> None:
    await install(database, keyring)
    keyring.rotation.make_generation(2)
    assert await generations(database) == [1]

    await install(database, keyring)

    assert await generations(database) == [1, 2]


async def test_an_older_generation_that_the_database_does_not_know_is_not_noted(
    database: Database, keyring: KeyRing
) -> None:
    keyring.rotation.make_generation(2)
    await install(database, keyring)
    async with database.transaction() as conn:
        await conn.execute(delete(key_roots).where(key_roots.c.generation == 1))

    await install(database, keyring)

    assert await generations(database) == [2]


async def test_a_database_whose_roots_are_all_gone_is_sent_to_restore(
    database: Database, keyring: KeyRing
) -> None:
    await install(database, keyring)
    keyring.rotation.make_generation(2)
    keyring.rotation.destroy_generations_before(2)

    with pytest.raises(ConfigurationError, match="run: consent-service keys restore"):
        await install(database, keyring)


async def test_a_database_from_the_middle_of_an_epoch_that_ended_is_sent_to_restore(
    database: Database, keyring: KeyRing
) -> None:
    await install(database, keyring)
    keyring.rotation.make_generation(2)
    await install(database, keyring)
    keyring.rotation.destroy_generations_before(2)

    with pytest.raises(ConfigurationError, match="run: consent-service keys restore"):
        await install(database, keyring)


async def test_a_root_that_is_to_be_destroyed_is_no_proof_that_the_provider_fits(
    database: Database, keyring: KeyRing
) -> None:
    await install(database, keyring)
    async with database.transaction() as conn:
        await conn.execute(update(key_roots).values(destroyed_at=keyring._clock.now()))

    with pytest.raises(ConfigurationError, match="run: consent-service keys restore"):
        await install(database, keyring)


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_provider_that_wraps_under_another_generation_moves_nothing(
    database: Database, keyring: KeyRing, fresh: bool
) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
    with pytest.raises(KeyProviderUnavailableError, match="another generation"):
        async with database.transaction() as conn:
            await keyring.rotation.rewrap_tenant(conn, TENANT, 7, fresh=fresh)
    async with database.reading() as conn:
        assert set((await conn.execute(select(tenant_keys.c.root_generation))).scalars()) == {1}


async def test_no_more_keys_than_asked_for_move_at_once(database: Database, keyring: KeyRing) -> None:
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
        for number in range(3):
            await keyring.create_person_key(conn, TENANT, PersonId(f"person-{number}"))
            await keyring.create_relationship_key(conn, TENANT, RelationshipId(f"relationship-{number}"))
        await keyring.add_tenant_key(conn, TENANT, "data", 2)
    moved: list[int] = []
    while not moved or moved[-1]:
        async with database.transaction() as conn:
            moved.append(await keyring.rotation.rewrap_owned(conn, TENANT, limit=4))
    assert moved == [4, 2, 0]
    async with database.reading() as conn:
        for table in (relationship_keys, person_keys):
            assert set((await conn.execute(select(table.c.parent_version))).scalars()) == {2}


async def test_wrapping_anew_twice_changes_nothing(database: Database, keyring: KeyRing) -> None:
    await install(database, keyring)
    async with database.transaction() as conn:
        await keyring.create_tenant(conn, TENANT)
    keyring.rotation.make_generation(2)
    seen = []
    for _ in range(2):
        async with database.transaction() as conn:
            for tenant in (INSTALLATION, TENANT):
                while await keyring.rotation.rewrap_tenant(conn, tenant, 2, fresh=tenant == TENANT):
                    pass
            rows = (await conn.execute(select(tenant_keys))).all()
            seen.append(sorted((row.tenant, row.purpose, row.version, row.wrapped) for row in rows))
    assert seen[0] == seen[1]
    assert [version for tenant, purpose, version, _ in seen[0] if (tenant, purpose) == (TENANT, "data")] == [
        1,
        2,
    ]


async def test_a_root_that_came_back_after_it_was_destroyed_is_destroyed_again(
    database: Database, keyring: KeyRing
) -> None:
    """An older copy of the keystore in its place, from the middle of an epoch: it holds both roots."""
    await install(database, keyring)
    keyring.rotation.make_generation(2)
    async with database.transaction() as conn:
        await keyring.rotation.recognise(conn)
        for tenant in await tenants_with_keys(conn):
            await keyring.rotation.rewrap_tenant(conn, tenant, 2, fresh=False)
        await keyring.rotation.close(conn, 2, fresh=frozenset())
    async with database.transaction() as conn:
        recognised = await keyring.install(conn)
    assert recognised.undead == recognised.came_back == (1,)
    assert keyring.rotation.generations() == (1, 2), "a look destroys nothing"

    keyring.rotation.destroy_again(recognised)

    assert keyring.rotation.generations() == (2,)
    async with database.reading() as conn:
        for tenant in await tenants_with_keys(conn):
            for key in await tenant_keys_in_use(conn, tenant):
                keyring.remembering_nothing().rotation.require_opens(key)


async def test_a_root_that_something_still_hangs_on_is_never_destroyed_at_start(
    database: Database, keyring: KeyRing
) -> None:
    await install(database, keyring)
    keyring.rotation.make_generation(2)
    await install(database, keyring)
    async with database.transaction() as conn:
        marked = update(key_roots).where(key_roots.c.generation == 1)
        await conn.execute(marked.values(destroyed_at=keyring._clock.now()))

    with pytest.raises(ConfigurationError, match="run: consent-service keys restore"):
        await install(database, keyring)
    assert keyring.rotation.generations() == (1, 2)
