"""The one joined read: whole, of one tenant, and honest about what is missing or damaged."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Table, delete, update

from consent_service.consent.service import Target
from consent_service.families.identity_data import seal_identity
from consent_service.families.model import NOT_ASSESSED, PersonIdentity
from consent_service.families.tables import children, safety_assessments
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, KeyDestroyedError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.tables import person_keys, relationship_keys
from consent_service.policy.tables import active_bundles
from consent_service.records.reading import read_known
from consent_service.release.read import Situation, read_situation
from tests.scenarios.stories import Told, told_family
from tests.shelter import World


def database_of(world: World) -> Database:
    return world.services.installation.database


async def _read(world: World, told: Told, tenant: TenantId | None = None) -> Situation | None:
    ring = world.services.installation.ring
    async with database_of(world).reading() as conn:
        return await read_situation(conn, ring, tenant or world.tenant, told.relationship)


async def test_it_knows_what_the_writing_side_knows(world: World) -> None:
    """Two ways to read one family must never judge on different facts."""
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "none")))
    elsewhere = await world.at_school(told.view.children[0].child, world.eik)
    father = world.guardian(told.view, 1)
    await world.services.consent.object(
        father, Target(world.tenant, told.view.family, father.guardian), method="page"
    )
    assert elsewhere != told.relationship
    situation = await _read(world, told)
    assert situation is not None
    async with database_of(world).reading() as conn:
        known, _ = await read_known(
            conn,
            world.services.installation.ring,
            world.services.organisations,
            situation.known.relationship,
        )
    mine = msgspec.structs.replace(situation.known, approved=frozenset(), owners={})
    for field in mine.__struct_fields__:
        one, other = getattr(mine, field), getattr(known, field)
        if isinstance(one, tuple):
            assert sorted(map(repr, one)) == sorted(map(repr, other)), field
        else:
            assert one == other, field


async def test_another_tenant_finds_nothing(world: World) -> None:
    told = await told_family(world)
    assert await _read(world, told, TenantId("somebody else")) is None


async def test_without_active_rules_there_is_nothing_to_decide_by(world: World) -> None:
    told = await told_family(world)
    async with database_of(world).transaction() as conn:
        await conn.execute(delete(active_bundles))
    assert await _read(world, told) is None


async def test_what_nobody_assessed_counts_as_danger(world: World) -> None:
    told = await told_family(world)
    async with database_of(world).transaction() as conn:
        await conn.execute(delete(safety_assessments))
    situation = await _read(world, told)
    assert situation is not None
    assert situation.known.safety == NOT_ASSESSED


async def test_a_destroyed_relationship_key_leaves_the_facts(world: World) -> None:
    told = await told_family(world)
    async with database_of(world).transaction() as conn:
        await conn.execute(delete(relationship_keys))
    situation = await _read(world, told)
    assert situation is not None
    assert situation.key is None
    assert len(situation.records) == 1


async def test_a_destroyed_key_of_the_child_ends_it(world: World) -> None:
    told = await told_family(world)
    child = told.view.children[0].child
    async with database_of(world).transaction() as conn:
        await conn.execute(delete(person_keys).where(person_keys.c.person == child))
    with pytest.raises(KeyDestroyedError):
        await _read(world, told)


@pytest.mark.parametrize("table", [person_keys, relationship_keys], ids=str)
async def test_a_key_that_names_no_tenant_key_is_damage(world: World, table: Table) -> None:
    told = await told_family(world)
    async with database_of(world).transaction() as conn:
        await conn.execute(update(table).values(parent_version=9))
    with pytest.raises(IntegrityError):
        await _read(world, told)


async def test_a_child_without_a_birth_date_is_damage(world: World) -> None:
    told = await told_family(world)
    ring, child = world.services.installation.ring, told.view.children[0].child
    async with database_of(world).transaction() as conn:
        key = await ring.person_key(conn, world.tenant, child)
        sealed = seal_identity(ring, key, PersonIdentity("Noor", "Voorbeeld"))
        await conn.execute(update(children).where(children.c.child == child).values(sealed_identity=sealed))
    with pytest.raises(IntegrityError, match="birth date"):
        await _read(world, told)
