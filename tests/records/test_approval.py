"""An approval is bound to the record: forging one, or stretching a period, shows at the next opening."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from consent_service.audit.events import InformationReleased
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.records.service import Note
from consent_service.records.tables import records
from tests.ledger import entries
from tests.records.test_service import ask_safety, told_of_violence
from tests.scenarios.stories import YES, ask, told_family
from tests.shelter import SECRET, World

RELEASED = "information.released.v1"


async def test_a_forged_approval_releases_nothing(world: World) -> None:
    told, _ = await told_of_violence(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(records).values(approved_by=world.colleague.staff))
    with pytest.raises(IntegrityError):
        await ask_safety(world, told)


async def test_a_stretched_period_or_another_author_releases_nothing(world: World) -> None:
    for forged in (
        {"expires_at": world.clock.now() + timedelta(days=9000)},
        {"author": world.colleague.staff},
    ):
        told = await told_family(world)
        async with world.services.installation.database.transaction() as conn:
            await conn.execute(
                update(records).where(records.c.relationship == told.relationship).values(**forged)
            )
        with pytest.raises(IntegrityError):
            await ask(world, told.relationship)


async def test_that_violence_was_read_is_hidden_from_guardians_while_there_is_danger(world: World) -> None:
    told, shared = await told_of_violence(world)
    await world.services.records.approve(world.colleague, told.relationship, shared.record)
    await ask_safety(world, told)
    before = await entries(world, RELEASED, shown_to=told.view.children[0].child)
    assert len(before) == 1
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await ask_safety(world, told)
    assert await entries(world, RELEASED, shown_to=told.view.children[0].child) == before
    assert len(await entries(world, RELEASED)) == 2


async def test_what_is_about_one_guardian_is_found_by_that_guardian_only(world: World) -> None:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "parent_circumstances": "yes"})
    note = Note(
        TypeKey("parent_circumstances"),
        {"words": "Ik slaap slecht.", "parent_saw_text": "yes"},
        about=told.mother.guardian,
    )
    await world.services.records.share(world.counsellor, told.relationship, note)
    await ask(world, told.relationship)
    mine = await _types_read(world, told.mother.guardian)
    assert mine == ["parent_circumstances"]
    children = await _types_read(world, told.view.children[0].child)
    assert children
    assert "parent_circumstances" not in children


async def _types_read(world: World, person: PersonId) -> list[TypeKey]:
    """The types in the released entries this person's view key finds."""
    found: list[TypeKey] = []
    for entry in await entries(world, RELEASED, shown_to=person):
        assert entry.detail is not None
        assert isinstance(entry.detail.event, InformationReleased)
        found += entry.detail.event.types
    return found


async def test_why_something_was_refused_is_found_by_no_guardian(world: World) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    refused = await entries(world, "release.refused.v1")
    assert refused
    child = told.view.children[0].child
    assert await entries(world, "release.refused.v1", shown_to=child) == ()
