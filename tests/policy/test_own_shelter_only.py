"""A coordinator acts on the rules of the own shelter: every door of changing them, by another's hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from consent_service.audit.log import TrailFilter
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.policy.proposals import NotRerun
from tests.policy.changing import in_force, switched_to_tighter, taken, tighter_files, zipped
from tests.shelter import POLICIES, World, furnish

Attempt = Callable[..., Awaitable[object]]


async def attempts(own: World, other: World) -> dict[str, Attempt]:
    """Each method with ids of `own`, called by the officer of `other`; `where` may name a tenant."""
    doors, thief = own.services.policy_changes, other.officer
    earlier = await in_force(own)
    await switched_to_tighter(own)
    proposal = taken(await doors.propose_earlier(own.officer, earlier))
    (entry,) = (await own.services.supervision.trail(own.officer, TrailFilter(), limit=1)).entries
    archive = zipped(dict(tighter_files()))
    return {
        "overview": lambda **where: doors.overview(thief, **where),
        "waiting": lambda **where: doors.waiting(thief, **where),
        "files": lambda **where: doors.files(thief, **where),
        "proposal": lambda **where: doors.proposal(thief, proposal, **where),
        "rerun": lambda **where: doors.rerun(thief, entry.id, **where),
        "propose_software": lambda **where: doors.propose_software(thief, **where),
        "propose_folder": lambda **where: doors.propose_folder(thief, POLICIES, **where),  # type: ignore[arg-type]
        "propose_upload": lambda **where: doors.propose_upload(thief, archive, **where),
        "propose_edit": lambda **where: doors.propose_edit(thief, {"causes.toml": ""}, **where),
        "propose_earlier": lambda **where: doors.propose_earlier(thief, earlier, **where),
        "approve": lambda **where: doors.approve(thief, proposal, **where),
        "withdraw": lambda **where: doors.withdraw(thief, proposal, **where),
        "activate": lambda **where: doors.activate(thief, proposal, **where),
    }


async def test_nobody_acts_for_another_shelter_by_naming_it(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    tried = await attempts(world, other)
    before = await in_force(world), await world.services.policy_changes.overview(world.officer)
    for attempt in tried.values():
        with pytest.raises(NotAllowedError):
            await attempt(tenant=world.tenant)
    assert (await in_force(world), await world.services.policy_changes.overview(world.officer)) == before


async def test_ids_of_another_shelter_are_worth_nothing(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    tried = await attempts(world, other)
    for name in ("proposal", "approve", "withdraw", "activate", "propose_earlier"):
        with pytest.raises((NotFoundError, InputError)):
            await tried[name]()
    assert isinstance(await tried["rerun"](), NotRerun)
    assert await in_force(world) != await in_force(other)


async def test_every_method_is_tried(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    door: Any = world.services.policy_changes
    public = {name for name in dir(door) if not name.startswith("_") and callable(getattr(door, name))}
    assert public == set(await attempts(world, other))
