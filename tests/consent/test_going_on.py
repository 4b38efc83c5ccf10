"""Going on another day: saved answers count for nothing, and are asked again where words changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from consent_service.consent.drafts import read_drafts
from consent_service.consent.sittings import Setting
from consent_service.consent.tables import consent_ledger, sitting_answers
from consent_service.foundation.errors import ConflictError
from consent_service.foundation.ids import TypeKey
from tests.consent.test_sittings import GATE, SIGNED, SUPPORT, answer, asked, sit
from tests.ledger import count
from tests.shelter import World

ABSENCE = TypeKey("school_absence")


async def test_saved_answers_count_for_nothing_and_are_there_another_day(world: World) -> None:
    view, relationship = await asked(world)
    actor, first = await sit(world, view)
    await answer(world, actor, first, "yes", first.questions[0])
    async with world.services.installation.database.reading() as conn:
        before = await read_drafts(conn, world.tenant, first.sitting)
    await world.services.sittings.save(actor, first.sitting)
    assert await count(world, consent_ledger) == 0

    world.clock.advance(timedelta(days=3))
    _, again = await sit(world, view)
    assert again.answers == {(relationship, GATE): "yes"}
    assert again.next_question() == again.questions[1]
    async with world.services.installation.database.reading() as conn:
        after = await read_drafts(conn, world.tenant, again.sitting)
        assert await read_drafts(conn, world.tenant, first.sitting) == {}
    assert after == before, "as old as when it was chosen: a no from in between is newer (S37)"
    await answer(world, actor, again, "no", again.questions[1])
    receipt = await world.services.sittings.sign(actor, again.sitting, SIGNED)
    assert [line.answer for line in receipt.lines] == ["yes", "no"]


async def test_in_another_language_and_with_another_counsellor_it_goes_on_too(world: World) -> None:
    view, relationship = await asked(world)
    actor, first = await sit(world, view)
    await answer(world, actor, first, "later", first.questions[0])
    await world.services.sittings.save(actor, first.sitting)

    again = await world.services.sittings.prepare(
        world.counsellor, actor, Setting("en"), types=[SUPPORT, ABSENCE, GATE]
    )
    assert again.language == "en"
    assert again.answers == {(relationship, GATE): "later"}


@pytest.mark.parametrize("change", [{"text_hash": "0" * 64}, {"text_version": "shelter_involvement@0"}])
async def test_an_answer_to_words_that_changed_is_asked_again(world: World, change: dict[str, str]) -> None:
    view, relationship = await asked(world)
    actor, first = await sit(world, view)
    await answer(world, actor, first, "yes")
    await world.services.sittings.save(actor, first.sitting)
    gate = sitting_answers.c.information_type == GATE
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(sitting_answers).where(gate).values(**change))

    _, again = await sit(world, view)
    assert again.answers == {(relationship, SUPPORT): "yes"}


async def test_an_answer_to_a_text_that_was_taken_out_of_use_is_left_behind(world: World) -> None:
    view, relationship = await asked(world)
    actor, first = await sit(world, view)
    await answer(world, actor, first, "yes")
    await world.services.sittings.save(actor, first.sitting)
    await world.services.wording.suspend(world.officer, world.shown(GATE, "nl").text_hash)

    again = await world.services.sittings.prepare(
        world.counsellor, actor, Setting("en"), types=[GATE, SUPPORT]
    )
    assert again.answers == {(relationship, SUPPORT): "yes"}


async def test_only_what_was_saved_goes_on_and_only_of_this_person(world: World) -> None:
    view, _ = await asked(world, guardians=(("Samira", "holder"), ("Tarik", "holder")))
    actor, first = await sit(world, view)
    await answer(world, actor, first, "yes", first.questions[0])
    _, again = await sit(world, view)
    assert again.answers == {}, "a tablet that was taken back half-way begins anew"

    await world.services.sittings.save(actor, first.sitting)
    _, fathers = await sit(world, view, 1)
    assert fathers.answers == {}


async def test_what_is_over_is_not_saved(world: World) -> None:
    view, _ = await asked(world)
    actor, sitting = await sit(world, view)
    await world.services.sittings.not_now(actor, sitting.sitting)
    with pytest.raises(ConflictError):
        await world.services.sittings.save(actor, sitting.sitting)
