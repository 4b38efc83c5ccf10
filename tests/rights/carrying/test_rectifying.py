"""Putting right (AVG 16): a task for the counsellor, and word to schools that read or wrote it (AVG 19)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import TypeKey
from consent_service.records.service import Note
from consent_service.rights.cases.model import Asked
from tests.rights.carrying.test_restricting import granted, told
from tests.rights.forgetting import whole
from tests.scenarios.stories import SUPPORT
from tests.shelter import World


async def test_the_counsellor_gets_a_task_and_the_school_that_read_it_is_asked(world: World) -> None:
    home, door = await told(world), world.services.rectifications
    world.clock.advance(timedelta(minutes=5))
    case = await granted(world, home, "rectification")
    (line,) = await door.written(world.officer, case)
    assert (line.information_type, line.by_school, line.child_name, line.asked) == (
        SUPPORT,
        True,
        "Noor",
        False,
    )
    assert await door.ask(world.officer, case, [line.key]) == 1
    assert await door.ask(world.officer, case, [line.key]) == 0, "twice does it once"
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    assert [one.information_type for one in tasks if one.kind == "look_into_wrong"] == [SUPPORT]
    (notice,) = await world.services.recalls.notices(world.contact)
    (seen,) = await world.services.recall_desk.overview(world.officer)
    assert (seen.recall, seen.cause, seen.matter, seen.state) == (notice.recall, "rectified", case, "open")
    await world.services.recalls.answer(world.contact, notice.recall, "done")
    (seen,) = await world.services.recall_desk.overview(world.officer)
    assert seen.state == "removed"
    (asked,) = await door.of_case(world.officer, case)
    assert asked.information_type == SUPPORT
    await whole(world)


async def test_what_nobody_read_is_put_right_without_asking_a_school(world: World) -> None:
    home, door = await told(world), world.services.rectifications
    pickup = TypeKey("pickup")
    yes = dict.fromkeys(("shelter_involvement", "support_advice", "pickup"), "yes")
    await world.intake(home.mother, yes)  # type: ignore[arg-type]
    grandma = {"name": "Oma", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
    await world.services.records.share(world.counsellor, home.relationship, Note(pickup, grandma))
    case = await granted(world, home, "rectification")
    await door.ask(world.officer, case, [f"{home.relationship}:{pickup}"])
    assert await world.services.recall_desk.overview(world.officer) == ()


async def test_nothing_chosen_or_something_that_is_not_there_is_refused(world: World) -> None:
    home, door = await told(world), world.services.rectifications
    case = await granted(world, home, "rectification")
    for wanted in ([], [f"{home.relationship}:learning_progress"], ["stranger:support_advice"]):
        with pytest.raises(InputError):
            await door.ask(world.officer, case, wanted)
    waiting = await world.services.cases.ask(home.mother, Asked("erasure"))
    with pytest.raises(NotFoundError):
        await door.written(world.officer, waiting)
