"""An epoch that was cut off is taken up; one that only a copy of the data knows as begun is begun anew."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import delete, insert

from consent_service.custody.epoch_rows import Epoch, EpochState, newest_epochs
from consent_service.custody.epochs import EpochDone, Epochs, Tell
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.tables import (
    key_destructions,
    key_epochs,
    key_roots,
    person_keys,
    relationship_keys,
    tenant_keys,
)
from tests.custody import recovering
from tests.custody.attack import Copy, steal
from tests.custody.rounds import (
    Interrupted,
    destroy,
    destructions,
    epochs_of,
    hold_ceremony,
    interrupt,
    like,
    make_relationship_key,
    prints,
)
from tests.shelter import World


class Copied(Epochs):
    """Somebody copies the database just before the step that begins in the state `at`."""

    at: EpochState
    copy: Copy

    async def rewrap(self, epoch: Epoch, tell: Tell) -> Epoch:
        return await super().rewrap(await self._copied(epoch), tell)

    async def verify(self, epoch: Epoch, tell: Tell) -> Epoch:
        return await super().verify(await self._copied(epoch), tell)

    async def back_up(self, epoch: Epoch, tell: Tell) -> Epoch:
        return await super().back_up(await self._copied(epoch), tell)

    async def destroy(self, epoch: Epoch, tell: Tell) -> Epoch:
        return await super().destroy(await self._copied(epoch), tell)

    async def _copied(self, epoch: Epoch) -> Epoch:
        if epoch.state == self.at:
            async with self._database.reading() as conn:
                self.copy = await steal(conn)
        return epoch


async def put_copy_back(world: World, copy: Copy) -> None:
    """The tables about keys as they are in the copy."""
    async with world.services.installation.database.transaction() as conn:
        for table in (key_roots, tenant_keys, relationship_keys, person_keys, key_epochs, key_destructions):
            await conn.execute(delete(table))
            if copy[table.name]:
                await conn.execute(insert(table), [dict(row) for row in copy[table.name]])


@pytest.mark.parametrize("state", ["open", "rewrapped", "verified", "backed_up"])
async def test_one_from_a_copy_of_the_data_that_ended_at_the_provider_since_is_opened_anew(
    world: World, state: EpochState
) -> None:
    await recovering.hold_ceremony(world)
    kept, gone = await make_relationship_key(world), await make_relationship_key(world)
    await destroy(world, gone)
    before = await prints(world)
    copied = like(Copied, world)
    copied.at = state
    assert isinstance(await copied.run(reason="nightly"), EpochDone)
    backup = await recovering.backed_up(world)
    await put_copy_back(world, copied.copy)

    await world.services.key_restoring.restore(backup, actor=recovering.OPERATOR)
    done = await epochs_of(world).run(reason="nightly")

    assert isinstance(done, EpochDone)
    assert (await epochs_of(world).status()).generations == (done.generation,)
    assert all(dead for _, dead in await destructions(world))
    assert await prints(world) == before
    assert (world.tenant, "relationship", kept) in before


async def test_an_epoch_that_is_taken_up_finishes_its_own_and_the_next_what_came_later(world: World) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    await interrupt(world, "rewrapped")
    await destroy(world, await make_relationship_key(world))
    assert await epochs_of(world).is_wanted()

    done = await epochs_of(world).run(reason="nightly")

    assert isinstance(done, EpochDone)
    assert (done.epoch, done.resumed, done.generation) == (2, False, 3)
    assert {epoch for epoch, dead in await destructions(world) if dead} == {1, 2}
    statuses = await epochs_of(world).status()
    assert [one.state for one in statuses.epochs] == ["destroyed", "destroyed"]


async def test_one_for_everybody_that_is_taken_up_is_not_done_a_second_time(world: World) -> None:
    hold_ceremony(world)
    epochs = like(Interrupted, world)
    epochs.at = "backed_up"
    with pytest.raises(RuntimeError, match="interrupted"):
        await epochs.run(reason="operator", everybody=True)

    done = await epochs_of(world).run(reason="operator", everybody=True)

    assert isinstance(done, EpochDone)
    assert (done.epoch, done.resumed) == (1, True)


async def test_a_probe_that_a_living_root_does_not_open_stops_the_epoch(world: World) -> None:
    hold_ceremony(world)
    await destroy(world, await make_relationship_key(world))
    await interrupt(world, "rewrapped")
    async with world.services.installation.database.reading() as conn:
        (begun,) = await newest_epochs(conn, limit=1)

    with pytest.raises(IntegrityError, match="its own probe"):
        await epochs_of(world).verify(
            msgspec.structs.replace(begun, from_generation=9), lambda _progress: None
        )
