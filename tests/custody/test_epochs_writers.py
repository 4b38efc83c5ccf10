"""Whoever writes while an epoch goes on loses nothing, however long a transaction stays open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.engine import Connection

from consent_service.custody.epoch_rows import Epoch
from consent_service.custody.epochs import EpochDone, Epochs, Step, Tell
from consent_service.foundation.errors import KeyProviderUnavailableError, UnavailableError
from consent_service.foundation.ids import PersonId, RelationshipId, TenantId, new_id
from consent_service.keyring.model import TenantKeyPurpose
from consent_service.keyring.tables import key_roots, tenant_keys
from consent_service.keyring.wrapped_rows import held_tenant_key
from tests.custody.rounds import (
    Prints,
    as_another_process,
    destroy,
    epochs_of,
    hold_ceremony,
    like,
    make_person_key,
    make_relationship_key,
    print_of,
    prints,
)
from tests.shelter import World, furnish


class Between(Epochs):
    """Has something done before each step and at the end."""

    between: Callable[[str], Awaitable[None]]

    def steps(self) -> dict[str, tuple[Step, str]]:  # type: ignore[override]
        return {
            state: (self._after_between(state, step), to) for state, (step, to) in super().steps().items()
        }

    def _after_between(self, state: str, step: Step) -> Step:
        async def after_between(epoch: Epoch, tell: Tell) -> Epoch:
            await self.between(state)
            return await step(epoch, tell)

        return after_between


async def test_families_and_shelters_that_come_between_the_steps_are_kept(
    world: World, database_url: str, tmp_path: Path
) -> None:
    hold_ceremony(world)
    moved = await make_relationship_key(world)
    await destroy(world, await make_relationship_key(world))
    known: Prints = await prints(world)
    tenants: list[TenantId] = []

    async with as_another_process(world, database_url, tmp_path) as elsewhere:

        async def between(_state: str) -> None:
            tenants.append(TenantId(new_id()))
            database, ring = elsewhere.services.installation.database, elsewhere.services.installation.ring
            async with database.transaction() as conn:
                await ring.create_tenant(conn, tenants[-1])
                await ring.rewrap_relationship_key(conn, world.tenant, moved)
            for tenant in (*tenants, world.tenant):
                await make_person_key(elsewhere, tenant)
                await make_relationship_key(elsewhere, tenant)
            known.update(await prints(elsewhere))

        epochs = like(Between, world)
        epochs.between = between
        assert isinstance(await epochs.run(reason="nightly"), EpochDone)
        await between("destroyed")
        assert await prints(elsewhere) == known

    assert await prints(world) == known
    assert len(tenants) == 5
    assert (await epochs_of(world).status()).generations == (2,)


class Writer:
    """Wraps new keys in a transaction and keeps it open until `finish`."""

    def __init__(self, world: World, *, shelter: bool) -> None:
        self.made: Prints = {}
        self._world = world
        self._shelter = shelter
        self._wrapped = asyncio.Event()
        self._finish = asyncio.Event()
        self._task = asyncio.create_task(self._write())

    async def begin(self) -> None:
        await asyncio.wait_for(self._wrapped.wait(), 60)

    async def finish(self) -> None:
        self._finish.set()
        await self._task

    async def _write(self) -> None:
        """A child in the shelter where something was destroyed, and perhaps a new shelter with another."""
        ring, tenants = self._world.services.installation.ring, [self._world.tenant]
        async with self._world.services.installation.database.transaction() as conn:
            if self._shelter:
                tenants.append(TenantId(new_id()))
                await ring.create_tenant(conn, tenants[-1])
            for tenant in tenants:
                child, relationship = PersonId(new_id()), RelationshipId(new_id())
                person_key = await ring.create_person_key(conn, tenant, child)
                relationship_key = await ring.create_relationship_key(conn, tenant, relationship)
                self.made[tenant, "person", child] = print_of(ring, person_key)
                self.made[tenant, "relationship", relationship] = print_of(ring, relationship_key)
            self._wrapped.set()
            await self._finish.wait()


on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one writer: nobody else can have a transaction open while an epoch goes on."""


@on_postgresql
@pytest.mark.parametrize("begins", ["open", "rewrapped", "backed_up"])
@pytest.mark.parametrize("shelter", [True, False])
async def test_a_writer_with_an_open_transaction_is_waited_for_before_the_end(
    world: World, database_url: str, tmp_path: Path, begins: str, shelter: bool
) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    before = await prints(world)
    async with as_another_process(world, database_url, tmp_path) as elsewhere:
        early = Writer(elsewhere, shelter=shelter)
        await early.begin()
        late: list[Writer] = []

        async def between(state: str) -> None:
            if state == begins:
                late.append(Writer(elsewhere, shelter=shelter))
                await late[0].begin()

        epochs = like(Between, world)
        epochs.between = between
        running = asyncio.create_task(epochs.run(reason="nightly"))
        while not running.done() and await state_of(world) != "backed_up":  # noqa: ASYNC110 - told by nobody
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        ended, living = running.done(), (await epochs_of(world).status()).generations
        for writer in (*late, early):
            await writer.finish()
        assert not ended, "the old root was destroyed while somebody wrapped under it"
        assert living == (1, 2)
        assert isinstance(await running, EpochDone)

    now = await prints(world)
    assert now == before | late[0].made | early.made | of_new_shelters(now, before)
    assert (await epochs_of(world).status()).generations == (2,)


def of_new_shelters(now: Prints, before: Prints) -> Prints:
    """The index and audit keys of shelters that came meanwhile: they open, which is all that is known."""
    return {place: key for place, key in now.items() if place[1] == "tenant" and place not in before}


async def state_of(world: World) -> str:
    epochs = (await epochs_of(world).status()).epochs
    return epochs[0].state if epochs else ""


@on_postgresql
@pytest.mark.parametrize("first, then", [("data", "index"), ("index", "data")])
async def test_a_writer_that_takes_one_key_after_the_other_waits_in_no_circle_with_an_epoch(
    world: World, database_url: str, tmp_path: Path, first: TenantKeyPurpose, then: TenantKeyPurpose
) -> None:
    hold_ceremony(world)
    clean = await furnish(world.services, world.clock, "Opvang Noord")
    await destroy(world, await make_relationship_key(world))
    async with as_another_process(world, database_url, tmp_path) as elsewhere:
        async with elsewhere.services.installation.database.transaction() as conn:
            await held_tenant_key(conn, clean.tenant, first)
            running = asyncio.create_task(epochs_of(world).run(reason="nightly"))
            await asyncio.sleep(0.3)
            assert not running.done()
            await held_tenant_key(conn, clean.tenant, then)
        assert isinstance(await running, EpochDone)


@on_postgresql
async def test_a_writer_that_never_finishes_stops_the_epoch_and_nothing_is_destroyed(
    world: World, database_url: str, tmp_path: Path
) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    async with as_another_process(world, database_url, tmp_path) as elsewhere:
        writer = Writer(elsewhere, shelter=True)
        await writer.begin()
        epochs = like(Impatient, world)
        with pytest.raises(UnavailableError):
            await epochs.run(reason="nightly")
        assert (await epochs_of(world).status()).generations == (1, 2)
        await writer.finish()

    done = await epochs_of(world).run(reason="nightly")
    assert isinstance(done, EpochDone)
    assert done.resumed
    assert writer.made.items() <= (await prints(world)).items()


class Impatient(Epochs):
    """Its last transaction gives up waiting early."""

    async def destroy(self, epoch: Epoch, tell: Tell) -> Epoch:
        def hurry(connection: Connection) -> None:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 300")

        engine = self._database.engine.sync_engine
        event.listen(engine, "begin", hurry)
        try:
            return await super().destroy(epoch, tell)
        finally:
            event.remove(engine, "begin", hurry)


@on_postgresql
async def test_a_key_is_not_wrapped_under_what_was_replaced_while_waiting_for_it(world: World) -> None:
    """An epoch holds the data key, replaces it and deletes it; whoever waited takes the next one."""
    installation = world.services.installation
    here = (tenant_keys.c.tenant == world.tenant) & (tenant_keys.c.purpose == "data")

    async def wait_for_it() -> int:
        async with installation.database.transaction() as conn:
            return (await held_tenant_key(conn, world.tenant, "data")).version

    async with installation.database.transaction() as conn:
        await conn.execute(select(tenant_keys).where(here).with_for_update())
        waiting = asyncio.create_task(wait_for_it())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await installation.ring.add_tenant_key(conn, world.tenant, "data", 2)
        await conn.execute(delete(tenant_keys).where(here, tenant_keys.c.version == 1))

    assert await waiting == 2


async def test_nothing_is_wrapped_under_a_root_that_is_to_be_destroyed(world: World) -> None:
    """A provider that has not noticed its newest generation must not make a key that is lost tomorrow."""
    installation = world.services.installation
    async with installation.database.transaction() as conn:
        await conn.execute(update(key_roots).values(destroyed_at=world.clock.now()))
    async with installation.database.transaction() as conn:
        with pytest.raises(KeyProviderUnavailableError, match="newest generation"):
            await installation.ring.create_tenant(conn, TenantId(new_id()))


async def test_a_generation_nobody_noted_is_noted_by_who_wraps_under_it(world: World) -> None:
    installation = world.services.installation
    installation.ring.rotation.make_generation(2)
    for _ in range(2):
        async with installation.database.transaction() as conn:
            await installation.ring.create_tenant(conn, TenantId(new_id()))
    async with installation.database.reading() as conn:
        noted = (
            await conn.execute(select(key_roots.c.generation).order_by(key_roots.c.generation))
        ).scalars()
        assert list(noted) == [1, 2]
