"""After an epoch an old copy of the data and every key of today cannot read an erased child, and still
reads everybody else; the same attack succeeds wherever a part of the path was left alive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.custody import epochs as epochs_module
from consent_service.custody.backup_file import found_backups, read_backup
from consent_service.custody.epochs import EpochDone
from consent_service.custody.restoring import unsealed
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.keyring.model import WrappedTenantKey
from consent_service.keyring.rotation import Rotation
from consent_service.keyring.tables import tenant_keys
from consent_service.records.service import Note
from tests.custody.attack import Attacker, Copy, sealed_in, steal
from tests.custody.recovering import backed_up, hold_ceremony, seed_of
from tests.custody.rounds import destructions, epochs_of
from tests.shelter import World, furnish


class Theft(msgspec.Struct, frozen=True):
    """What was stolen, and what of it can be read only with keys that were destroyed since."""

    yesterday: Copy
    erased: frozenset[bytes]


async def stolen(world: World) -> Copy:
    async with world.services.installation.database.reading() as conn:
        return await steal(conn)


def attacker(world: World, *copies: Copy) -> Attacker:
    provider = world.services.installation.ring._provider
    return Attacker(provider, world.services.policies.proposal.catalogue.types, *copies)


async def a_family(world: World) -> tuple[PersonId, frozenset[str]]:
    """Two children at school, each with a record; the first one, and the owners of its keys."""
    view = await world.family(children=(("Noor", date(2018, 5, 4)), ("Sam", date(2019, 6, 5))))
    relationships = [await world.at_school(child.child) for child in view.children]
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    for relationship in relationships:
        note = Note(TypeKey("support_advice"), {"helps": "Even naar buiten lopen helpt."})
        await world.services.records.share(world.counsellor, relationship, note)
    child = view.children[0].child
    return child, frozenset({child, relationships[0]})


async def stolen_before_a_child_was_erased(world: World) -> Theft:
    """Two shelters with a family each; the day after the theft a child of one is erased."""
    await a_family(await furnish(world.services, world.clock, "Opvang Noord"))
    child, owners = await a_family(world)
    yesterday = await stolen(world)
    theft = Theft(yesterday, frozenset(attacker(world, yesterday).readable(owners)))
    assert len(theft.erased) > 5  # its name, its record, what the log says about it
    facts = {row["attached"] for row in yesterday["audit_details"] if row["attached_for"] == child}
    assert facts
    assert facts <= theft.erased  # on which it was decided what may be shared
    world.clock.advance(timedelta(days=1))
    await world.services.custody.destroy_child(world.officer, child)
    return theft


async def run_an_epoch(world: World) -> None:
    assert isinstance(await epochs_of(world).run(reason="operator"), EpochDone)


async def what_can_be_read(world: World, theft: Theft) -> tuple[bool, bool]:
    """With both copies and every key of today: anything of the erased child? everything of all others?"""
    today = await stolen(world)
    read = attacker(world, theft.yesterday, today).readable()
    survivors = sealed_in(theft.yesterday, today) - theft.erased
    return bool(read & theft.erased), survivors <= read


async def test_deleting_the_row_of_a_key_leaves_a_stolen_copy_readable(world: World) -> None:
    await hold_ceremony(world)
    theft = await stolen_before_a_child_was_erased(world)
    assert await what_can_be_read(world, theft) == (True, True)
    today = await stolen(world)
    assert not attacker(world, today).readable() & theft.erased  # only the old copy knows the key


async def test_after_an_epoch_the_erased_child_is_unreadable_and_everybody_else_is_not(world: World) -> None:
    await hold_ceremony(world)
    theft = await stolen_before_a_child_was_erased(world)
    await run_an_epoch(world)
    assert await what_can_be_read(world, theft) == (False, True)


async def test_nor_does_a_copy_from_the_middle_of_the_epoch_help(world: World) -> None:
    """Stolen at every state of the epoch, all copies together."""
    await hold_ceremony(world)
    theft = await stolen_before_a_child_was_erased(world)
    copies = [theft.yesterday]
    epochs = epochs_of(world)
    epoch = await epochs.open("operator", everybody=False)
    for state, (step, reached) in epochs.steps().items():
        assert epoch.state == state
        copies.append(await stolen(world))
        epoch = msgspec.structs.replace(await step(epoch, lambda _: None), state=reached)
    copies.append(await stolen(world))
    read = attacker(world, *copies).readable()
    assert not read & theft.erased
    assert sealed_in(*copies) - theft.erased <= read


async def test_several_epochs_and_erasures_later_each_is_still_gone(world: World) -> None:
    await hold_ceremony(world)
    first = await stolen_before_a_child_was_erased(world)
    await run_an_epoch(world)
    second = await stolen_before_a_child_was_erased(world)
    await run_an_epoch(world)
    read = attacker(world, first.yesterday, second.yesterday, await stolen(world)).readable()
    assert not read & (first.erased | second.erased)
    everything = sealed_in(first.yesterday, second.yesterday, await stolen(world))
    assert everything - first.erased - second.erased <= read


async def test_three_custodians_with_an_old_key_backup_could_read_it_until_the_last_one_is_gone(
    world: World,
) -> None:
    """The third stage: what the report calls dead for backups is dead for the custodians too."""
    ceremony = await hold_ceremony(world)
    child, owners = await a_family(world)
    backup, yesterday = await backed_up(world), await stolen(world)
    erased = attacker(world, yesterday).readable(owners)
    await world.services.custody.destroy_child(world.officer, child)
    await run_an_epoch(world)

    keys = unsealed(world.services.installation.ring, backup, seed_of(ceremony))
    recovered = {**yesterday, "tenant_keys": [msgspec.structs.asdict(key) for key in keys]}
    assert attacker(world, yesterday, recovered).readable() >= erased

    folder = world.services.installation.key_backups.folder
    assert next(one.made_at for one in found_backups(folder)) == backup.header.made_at
    world.clock.advance(timedelta(days=8))
    await world.services.key_backups.make()
    await world.services.key_backups.expire()
    for left in found_backups(folder):
        keys = unsealed(world.services.installation.ring, read_backup(left.path), seed_of(ceremony))
        recovered = {**yesterday, "tenant_keys": [msgspec.structs.asdict(key) for key in keys]}
        assert not attacker(world, yesterday, recovered).readable() & erased
    assert found_backups(folder)


# --- the same attack where a part of the path was left alive -------------------------------------


async def nothing_tried(*_: object) -> dict[str, bool]:
    """An epoch that does not look."""
    return {}


def only_the_root(patch: pytest.MonkeyPatch, _world: World) -> None:
    """Tenants keep their data key: it is known today, and opens what it wrapped yesterday."""

    async def nobody(*_: object) -> frozenset[str]:
        return frozenset()

    patch.setattr(epochs_module, "renewed_tenants", nobody)


def only_the_tenant_key(patch: pytest.MonkeyPatch, _world: World) -> None:
    """The old root generation lives on: it opens yesterday's data key."""
    patch.setattr(Rotation, "destroy_generations_before", lambda *_: None)
    opens = Rotation.probe_opens
    asked: list[int] = []

    def said_gone(self: Rotation, epoch: int, generation: int, probe: bytes) -> bool:
        asked.append(generation)
        return len(asked) == 1 and opens(self, epoch, generation, probe)

    patch.setattr(Rotation, "probe_opens", said_gone)


def an_old_data_key_kept(patch: pytest.MonkeyPatch, world: World) -> None:
    """A new data key, but the earlier one is wrapped by the new root too and stays."""
    close = Rotation.close

    async def keeping(
        self: Rotation, conn: AsyncConnection, generation: int, *, fresh: frozenset[str]
    ) -> None:
        first = await _first_data_key(conn, world.tenant)
        await close(self, conn, generation, fresh=fresh)
        material = self._material.tenant_material(first)
        root, blob = self._material.wrap_tenant_key(material, world.tenant, "data", 1)
        row = {"purpose": "data", "version": 1, "root_generation": root, "wrapped": blob}
        when = world.clock.now()
        await conn.execute(insert(tenant_keys).values(tenant=world.tenant, created_at=when, **row))

    patch.setattr(Rotation, "close", keeping)


async def _first_data_key(conn: AsyncConnection, tenant: str) -> WrappedTenantKey:
    wanted = (tenant_keys.c.tenant == tenant, tenant_keys.c.purpose == "data", tenant_keys.c.version == 1)
    row = (await conn.execute(select(tenant_keys).where(*wanted))).one()
    return WrappedTenantKey(tenant, "data", 1, row.root_generation, row.wrapped)


MUTANTS = [only_the_root, only_the_tenant_key, an_old_data_key_kept]


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_an_epoch_finds_out_itself_that_a_part_of_the_path_lives(
    world: World, monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch, World], None]
) -> None:
    await hold_ceremony(world)
    await stolen_before_a_child_was_erased(world)
    with monkeypatch.context() as patch:
        mutant(patch, world)
        with pytest.raises(IntegrityError, match=r"no new data key|still opens"):
            await run_an_epoch(world)
    assert not any(dead for _, dead in await destructions(world))


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_the_attack_succeeds_where_a_part_of_the_path_lives(
    world: World, monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch, World], None]
) -> None:
    await hold_ceremony(world)
    theft = await stolen_before_a_child_was_erased(world)
    with monkeypatch.context() as patch:
        mutant(patch, world)
        patch.setattr(epochs_module, "_require_replaced", lambda *_: None)
        patch.setattr(Rotation, "replaced_keys_open", nothing_tried)
        await run_an_epoch(world)
    assert await what_can_be_read(world, theft) == (True, True)
