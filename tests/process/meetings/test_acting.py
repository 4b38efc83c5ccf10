"""A state machine over the real service: no act out of order, and nothing waits to be sent after an end."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from consent_service.foundation.errors import ConflictError, InputError
from consent_service.process.meetings.model import NewAgreement
from consent_service.process.meetings.states import MEETING
from consent_service.process.notices.tables import notices
from tests.ledger import rows
from tests.process.meetings.stories import Met, next_day, planned
from tests.shelter import World

ACTS = ("prepare", "plan", "cancel", "hold", "agree", "remark", "give_copy", "follow_up", "close")


async def _act(world: World, met: Met, act: str) -> None:
    service, who, meeting = world.services.meetings, world.counsellor, met.meeting
    match act:
        case "prepare":
            await service.prepare(who, meeting, met.prepared(world))
        case "plan":
            await service.plan(who, meeting, next_day(world), "11:00")
        case "cancel":
            await service.cancel(who, meeting)
        case "hold":
            await service.hold(who, meeting)
        case "agree":
            agreement = NewAgreement("Even bellen.", "shelter", next_day(world, 30))
            await service.agree(who, meeting, (agreement,))
        case "remark":
            await service.remark(met.mother, meeting, "Goed zo.")
        case "give_copy":
            await service.give_copy(who, meeting)
        case "follow_up":
            known = (await service.view(who, meeting)).agreements
            await service.follow_up(who, meeting, known[0].agreement if known else "x", "done")
        case _:
            await service.close(who, meeting)


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_acts_follows_the_table(world: World, seed: int) -> None:
    met, chance = await planned(world), random.Random(seed)  # noqa: S311 - a repeatable order, no secret
    for _ in range(14):
        act = chance.choice(ACTS)
        before = (await world.services.meetings.view(world.counsellor, met.meeting)).meeting.state
        named = "move" if act == "plan" and before in ("planned", "moved") else act
        try:
            await _act(world, met, act)
        except (ConflictError, InputError):
            after = (await world.services.meetings.view(world.counsellor, met.meeting)).meeting.state
            assert after == before
            continue
        after = (await world.services.meetings.view(world.counsellor, met.meeting)).meeting.state
        assert MEETING.after(before, named) == after
        if after == "cancelled":
            waiting = [one for one in await rows(world, notices) if one.state == "waiting"]
            assert {one.kind for one in waiting} <= {"meeting_cancelled"}
        if chance.random() < 0.3:
            await world.settle()
            world.clock.advance(timedelta(days=1))
            await world.settle()
