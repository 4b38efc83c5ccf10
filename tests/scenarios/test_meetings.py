"""Driegesprekken: withdrawn while an invitation waits (2), children apart (30), permits for exits (45)."""

from __future__ import annotations

import ast
import inspect
from datetime import date, timedelta

import pytest

from consent_service.consent.service import Target
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import TypeKey
from consent_service.process.meetings import looking
from consent_service.process.meetings.model import NewAgreement, Preparation
from consent_service.process.meetings.rows import read_meeting
from consent_service.process.notices.tables import notices
from consent_service.records.model import Shared
from consent_service.release.service import Ask
from tests.ledger import rows
from tests.process.meetings.stories import MAY, planned, proposed
from tests.scenarios.stories import trail
from tests.shelter import World

NOOR_AND_ADAM = (("Noor", date(2018, 5, 4)), ("Adam", date(2016, 2, 1)))


async def _state(world: World, meeting: str) -> str:
    async with world.services.installation.database.reading() as conn:
        found = await read_meeting(conn, world.tenant, meeting)
    assert found is not None
    return found.state


@pytest.mark.parametrize("answer", ["everything", "three_way_meeting"])
async def test_s2_withdrawn_while_the_invitation_is_queued_it_is_never_sent(
    world: World, answer: str
) -> None:
    met = await planned(world)
    waiting = [one for one in await rows(world, notices) if one.state == "waiting"]
    assert {one.kind for one in waiting} == {"meeting_invitation"}
    kind = None if answer == "everything" else answer
    target = Target(world.tenant, met.view.family, met.mother.guardian)
    if kind is not None:
        target = Target(
            world.tenant, met.view.family, met.mother.guardian, keys=((met.relationship, TypeKey(kind)),)
        )
    await world.services.consent.withdraw(met.mother, target, method="page")
    await world.settle()
    assert await _state(world, met.meeting) == "cancelled"
    assert {one.state for one in await rows(world, notices) if one.kind == "meeting_invitation"} == {
        "cancelled"
    }
    lines = await world.services.meetings.at_school(world.contact, [met.relationship])
    assert [one.state for one in lines] == ([] if kind is None else ["cancelled"])
    (lapsed,) = [one for one in await trail(world, "meeting.stepped.v1") if "lapse" in repr(one)]
    assert "Samira" not in repr(lapsed)


async def test_s2_a_meeting_that_waits_for_a_second_person_lapses_in_silence(world: World) -> None:
    met = await proposed(world, "violence")
    target = Target(world.tenant, met.view.family, met.mother.guardian)
    await world.services.consent.withdraw(met.mother, target, method="page")
    await world.settle()
    assert await _state(world, met.meeting) == "cancelled"
    assert await rows(world, notices) == []


async def test_a_family_that_leaves_ends_its_meetings_to_come(world: World) -> None:
    met = await planned(world)
    await world.services.families.end_relationship(world.counsellor, met.relationship, "moved_out")
    await world.settle()
    assert await _state(world, met.meeting) == "cancelled"


async def test_s30_two_children_meet_at_one_moment_and_stay_apart(world: World) -> None:
    for school in (world.linde, world.eik):
        await world.services.signal_routing.place_school(world.officer, school, "midden")
    view = await world.family(children=NOOR_AND_ADAM)
    mother = world.guardian(view)
    noor = await world.at_school(view.children[0].child)
    adam = await world.at_school(view.children[1].child, world.eik)
    await world.intake(mother, MAY)
    service = world.services.meetings
    first = str(await service.propose(world.counsellor, noor, "routine"))
    second = str(await service.propose(world.counsellor, adam, "routine", beside=first))
    day = (world.clock.now() + timedelta(days=2)).date()
    for meeting, child, contact in ((first, "Noor", world.contact), (second, "Adam", world.eik_contact)):
        guardians, contacts = (mother.guardian,), (contact.staff,)
        with pytest.raises(InputError) as refused:
            await service.prepare(
                world.counsellor, meeting, Preparation("Noor en Adam slapen slecht.", guardians, contacts)
            )
        assert [one.code for one in refused.value.problems] == ["content.names_other_child"]
        await service.prepare(
            world.counsellor, meeting, Preparation(f"{child} slaapt slecht.", guardians, contacts)
        )
        await service.plan(world.counsellor, meeting, day, "14:00")
    assert [one.meeting for one in await service.at_school(world.contact, [noor])] == [first]
    assert [one.meeting for one in await service.at_school(world.eik_contact, [adam])] == [second]
    assert await service.at_school(world.contact, [adam]) == ()

    await world.settle()
    world.clock.advance(timedelta(days=3))
    await world.settle()
    due = day + timedelta(days=20)
    await service.hold(world.counsellor, first)
    both = NewAgreement("Noor en Adam lezen samen.", "school", due)
    with pytest.raises(InputError):
        await service.agree(world.counsellor, first, (both,))
    await service.agree(world.counsellor, first, (NewAgreement("Noor leest elke dag.", "school", due),))
    assert isinstance(await service.tell_school(world.counsellor, first), Shared)
    assert "leest" in repr(await world.services.release.to_school(world.contact, Ask(noor, "meeting")))
    assert "leest" not in repr(
        await world.services.release.to_school(world.eik_contact, Ask(adam, "meeting"))
    )
    with pytest.raises(NotFoundError):
        await world.services.release.to_school(world.contact, Ask(adam, "meeting"))


async def test_s30_beside_is_another_child_of_the_same_family(world: World) -> None:
    met, other = await proposed(world), await proposed(world)
    for beside in (met.meeting, other.meeting, "x"):
        with pytest.raises(InputError):
            await world.services.meetings.propose(
                world.counsellor, met.relationship, "routine", beside=beside
            )


async def test_s45_a_list_for_a_school_is_an_exit_of_its_own(world: World) -> None:
    met = await planned(world)
    before = len(await trail(world, "exit.permitted.v1"))
    assert await world.services.meetings.at_school(world.contact, [met.relationship]) != ()
    assert len(await trail(world, "exit.permitted.v1")) == before + 1
    target = Target(world.tenant, met.view.family, met.mother.guardian)
    await world.services.consent.withdraw(met.mother, target, method="page")
    assert await world.services.meetings.at_school(world.contact, [met.relationship]) == ()
    assert len(await trail(world, "exit.refused.v1")) == 1


def test_s45_no_calendar_file_without_a_permit() -> None:
    """The one place that makes the bytes takes a permit; so does what reads the lines of a school."""
    tree = ast.parse(inspect.getsource(looking))
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef) and node.name in ("calendar_file", "_lines"):
            assert "ExitPermit" in [ast.unparse(one.annotation) for one in node.args.args if one.annotation]
    assert "calendar(" in inspect.getsource(looking.Looking.calendar_file)
