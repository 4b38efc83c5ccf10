"""Officers look at the log, which is itself logged; nobody else does."""

from __future__ import annotations

import pytest

from consent_service.audit.log import TrailFilter
from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.ids import EntryId, new_id
from consent_service.identity.model import Fg
from tests.ledger import entries
from tests.shelter import World


async def test_only_officers_of_the_shelter_look_and_every_look_is_an_entry(world: World) -> None:
    view = await world.family()
    door = world.services.supervision
    for stranger in (world.counsellor, world.contact, world.guardian(view)):
        with pytest.raises(NotAllowedError):
            await door.trail(stranger, TrailFilter())  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            await door.verify(stranger)  # type: ignore[arg-type]
    assert await entries(world, "log.viewed.v1", "log.verified.v1") == ()

    fg = Fg(world.tenant, world.officer.staff)
    wanted = TrailFilter(types=frozenset({"family.registered.v1"}))
    page = await door.trail(fg, wanted)
    assert [entry.type for entry in page.entries] == ["family.registered.v1"]
    seen = await door.entry(world.officer, page.entries[0].id)
    assert seen.id == page.entries[0].id
    looks = await entries(world, "log.viewed.v1")
    assert [entry.detail.by.kind for entry in looks if entry.detail] == ["privacy_coordinator", "fg"]
    assert "Noor" not in repr(page)


async def test_an_entry_that_is_not_there_is_not_found(world: World) -> None:
    door = world.services.supervision
    for ask in (door.entry, door.proof):
        with pytest.raises(NotFoundError):
            await ask(world.officer, EntryId(new_id()))


async def test_verifying_recomputes_everything_and_is_logged_with_its_outcome(world: World) -> None:
    await world.family()
    await world.settle()
    report = await world.services.supervision.verify(world.officer)
    assert report.ok
    (entry,) = await entries(world, "log.verified.v1")
    assert entry.detail is not None
    event = entry.detail.event
    assert (getattr(event, "size", None), getattr(event, "problems", None)) == (report.log.size, 0)
