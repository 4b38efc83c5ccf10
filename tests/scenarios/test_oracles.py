"""What two hostile readers tried: a clock that is behind, and a form that tells of the family."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent_service.foundation.errors import InputError
from consent_service.records.service import Note
from consent_service.release.model import Refused
from tests.scenarios.stories import SUPPORT, ask, told_family
from tests.shelter import SAFE, SECRET, World


async def test_a_withdrawal_taken_by_a_clock_that_is_behind_still_stops(world: World) -> None:
    told = await told_family(world)
    world.clock.advance(timedelta(seconds=-2))
    stop = await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    assert stop.written
    world.clock.advance(timedelta(seconds=7))
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_what_a_school_may_write_tells_nothing_about_danger(world: World) -> None:
    answers = []
    for safety in (SAFE, SECRET):
        told = await told_family(world, safety=safety)
        with pytest.raises(InputError) as refused:
            await world.services.records.share(
                world.contact, told.relationship, Note(SUPPORT, {"helps": "Bel juf op 06 12345678."})
            )
        answers.append([(problem.field, problem.code) for problem in refused.value.problems])
    assert answers[0] == answers[1] == [("helps", "content.phone_unwanted")]
