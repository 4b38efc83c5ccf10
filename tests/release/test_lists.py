"""Which children a contact may know of, when things are not there or do not keep still."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from consent_service.foundation.errors import ConflictError, InputError
from consent_service.foundation.ids import RecordId, RelationshipId, new_id
from consent_service.process.emergencies.model import NewBreakGlass
from consent_service.records.tables_emergencies import break_glasses
from consent_service.release.model import Ask
from consent_service.release.service import ReleaseService
from tests.scenarios.stories import SUPPORT, Told, told_family, trail
from tests.shelter import World

NEED = NewBreakGlass(
    information_type=SUPPORT, fields={"helps": "Een EpiPen."}, reason="medical", why="De moeder belde."
)


async def in_need(world: World) -> tuple[Told, RecordId]:
    """A child about whom a break-glass runs."""
    told = await told_family(world)
    asked = await world.services.break_glass.ask(world.counsellor, told.relationship, NEED)
    assert isinstance(asked, str)
    await world.services.break_glass.approve(world.colleague, asked)
    return told, asked


async def test_of_a_child_that_is_not_there_nothing_is_urgent(world: World) -> None:
    nowhere = RelationshipId(new_id())
    assert await world.services.release.urgent_of_contact(world.contact, [nowhere]) == ()


async def test_a_break_glass_of_a_type_that_no_rules_know_is_none(world: World) -> None:
    told, asked = await in_need(world)
    async with world.services.installation.database.transaction() as conn:
        where = break_glasses.c.break_glass == asked
        await conn.execute(update(break_glasses).where(where).values(information_type="unknown"))
    assert await world.services.release.urgent_of_contact(world.contact, [told.relationship]) == ()


async def test_what_is_urgent_is_not_told_while_the_situation_keeps_changing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, _ = await in_need(world)

    async def overtaken(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(ReleaseService, "_log_entry", overtaken)
    with pytest.raises(ConflictError):
        await world.services.release.urgent_of_contact(world.contact, [told.relationship])


async def test_over_a_break_glass_is_nobody_told(world: World) -> None:
    told, _ = await in_need(world)
    world.clock.advance(timedelta(hours=25))
    assert await world.services.release.urgent_of_contact(world.contact, [told.relationship]) == ()


async def test_nothing_goes_to_the_telephone_while_the_situation_keeps_changing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)

    async def overtaken(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(ReleaseService, "_log_entry", overtaken)
    with pytest.raises(ConflictError):
        await world.services.release.to_phone(world.counsellor, Ask(told.relationship, "support"))
    assert await trail(world, "information.released.v1") == ()


async def test_a_call_is_with_somebody_of_the_school(world: World) -> None:
    told = await told_family(world)
    starts = world.services.starts
    card = await starts.call_card(world.counsellor, told.relationship, "support")
    with pytest.raises(InputError) as refused:
        await starts.note_call(world.counsellor, card.call, "veilig_thuis", [])
    assert [one.field for one in refused.value.problems] == ["spoken_to"]
