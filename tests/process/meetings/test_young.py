"""Who decides alone sits at the table herself, and her parents are told nothing any more (S9)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.identity.model import ChildActor
from consent_service.process.meetings.model import MeetingRefused, NewAgreement, Preparation
from consent_service.records.model import Shared
from tests.process.meetings.stories import MAY, Met, agreed, next_day
from tests.process.notices.mailing import addressed, mailing, recipients, send
from tests.scenarios.stories import trail
from tests.shelter import World

HER = "yara@post.example"


async def young(world: World) -> tuple[Met, ChildActor]:
    """A meeting about somebody of sixteen, who said yes herself."""
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    view = await world.family(children=(("Yara", date(2010, 1, 2)),))
    child = world.child(view)
    relationship = await world.at_school(child.child)
    await world.intake(child, MAY)
    meeting = await world.services.meetings.propose(world.counsellor, relationship, "routine")
    assert not isinstance(meeting, MeetingRefused)
    return Met(view, relationship, world.guardian(view), meeting), child


def asked(world: World, who: ChildActor) -> Preparation:
    return Preparation("Hoe gaat het op school?", (who.child,), (world.contact.staff,))


async def test_she_is_invited_herself_and_a_parent_cannot_be(world: World) -> None:
    met, child = await young(world)
    service = world.services.meetings
    assert (await service.view(world.counsellor, met.meeting)).invitable == (child.child,)
    with pytest.raises(InputError) as refused:
        await service.prepare(world.counsellor, met.meeting, met.prepared(world))
    assert [one.code for one in refused.value.problems] == ["meeting_decides_alone"]
    with mailing(world) as (world, postbox):
        service = world.services.meetings
        await addressed(world, world.contact.staff, "ida@linde.example")
        await world.services.page_access.choose_channel(child, "mail", HER, only_mine=True)
        await service.prepare(world.counsellor, met.meeting, asked(world, child))
        await service.plan(world.counsellor, met.meeting, next_day(world), "14:00")
        assert await send(world) == 2
        assert sorted(recipients(postbox)) == ["ida@linde.example", HER]
    (mine,) = await service.own(child)
    assert (mine.state, mine.agenda) == ("planned", "Hoe gaat het op school?")
    assert await service.own(met.mother) == ()


async def test_she_reads_what_was_agreed_and_says_what_she_thinks_of_it(world: World) -> None:
    met, child = await young(world)
    service = world.services.meetings
    await service.prepare(world.counsellor, met.meeting, asked(world, child))
    await service.plan(world.counsellor, met.meeting, next_day(world), "14:00")
    world.clock.advance(timedelta(days=3))
    await world.settle()
    await service.hold(world.counsellor, met.meeting)
    agreement = NewAgreement("Elke week even praten.", "school", next_day(world, 9))
    await service.agree(world.counsellor, met.meeting, (agreement,))
    await service.remark(child, met.meeting, "Liever op dinsdag.", for_school=True)
    (mine,) = await service.own(child)
    assert [one.words for one in mine.agreements] == ["Elke week even praten."]
    assert [one.words for one in mine.remarks] == ["Liever op dinsdag."]
    assert isinstance(await service.tell_school(world.counsellor, met.meeting), Shared)
    with pytest.raises(NotFoundError):
        await service.remark(met.mother, met.meeting, "Ik ook.")
    for words in ("", "111222333"):
        with pytest.raises(InputError):
            await service.remark(child, met.meeting, words)


async def test_what_a_parent_took_part_in_is_hers_until_the_child_decides_alone(world: World) -> None:
    """The same meeting: on the sixteenth birthday it goes from the mother's page to the child's own."""
    met = await agreed(world)
    child = world.child(met.view)
    service = world.services.meetings
    assert len(await service.own(met.mother)) == 1
    assert await service.own(child) == ()
    with pytest.raises(NotFoundError):
        await service.remark(child, met.meeting, "Ik ook.")
    world.clock.advance(timedelta(days=365 * 9))
    await world.settle()
    assert await service.own(met.mother) == ()
    assert len(await service.own(child)) == 1


async def test_s45_the_own_page_shows_meetings_by_a_permit_only(world: World) -> None:
    met = await agreed(world)
    before = len(await trail(world, "exit.permitted.v1"))
    await world.services.meetings.own(met.mother)
    assert len(await trail(world, "exit.permitted.v1")) == before + 1
