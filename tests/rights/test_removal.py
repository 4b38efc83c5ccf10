"""What an erasure took is not taken for what somebody removed."""

from __future__ import annotations

from datetime import timedelta

from consent_service.audit.events import ErasureExecuted
from consent_service.audit.removal import Removal
from consent_service.foundation.ids import PersonId, new_id
from consent_service.rights.erasure_model import Wanted
from tests.ledger import entries
from tests.rights.forgetting import erased, traced_family, whole
from tests.scenarios.stories import told_family
from tests.shelter import World


async def test_after_a_lawful_erasure_nothing_seems_removed_about_the_neighbours(world: World) -> None:
    home = await traced_family(world)
    neighbours = await told_family(world, family_name="Buur")
    await world.settle()
    await erased(world, Wanted("family", home.view.family, "requested"))
    await world.settle()
    removal = Removal(world.services.installation.ring, world.tenant)
    about = (PersonId(neighbours.mother.guardian), neighbours.view.children[0].child)
    async with world.services.installation.database.reading() as conn:
        assert [await removal.newest_about(conn, person) for person in about] == [None, None]


async def test_whoever_ended_a_key_first_nothing_alarms_and_nothing_is_counted(world: World) -> None:
    """Custody ends a child's keys; then its family is erased on a database that never heard of that."""
    told = await traced_family(world)
    neighbours = await told_family(world, family_name="Buur")
    supervision = world.services.supervision
    await world.services.custody.destroy_child(world.officer, told.view.children[0].child)
    await world.settle()
    found = await supervision.verify(world.officer)
    assert found.log.ok, found.log.problems
    who = {"who": told.view.family, "scope": "family", "ground": "requested"}
    order = {"erasure": new_id(), **who, "asked_by": new_id(), "approved_by": new_id()}
    accept = world.services.installation.journal.accept
    stop = accept("erasure", tenant=world.tenant, at=world.clock.now(), subject=order)
    world.clock.advance(timedelta(minutes=5))
    assert await world.services.erasures.replay(stop)
    (entry,) = await entries(world, "erasure.executed.v1")
    assert entry.detail is not None
    event = entry.detail.event
    assert isinstance(event, ErasureExecuted)
    assert (event.details > 10, event.unnamed, entry.detail.late_since) == (True, 0, stop.at)
    await whole(world)
    found = await supervision.verify(world.officer)
    assert found.log.ok, found.log.problems
    parts = world.services.installation
    removal = Removal(parts.ring, world.tenant)
    async with parts.database.reading() as conn:
        assert await removal.newest_about(conn, neighbours.view.children[0].child) is None
