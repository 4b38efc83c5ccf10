"""Who can be forgotten because of a request, and what the desk knows of an erasure."""

from __future__ import annotations

from datetime import date

import pytest

from consent_service.families.model import NewAuthority
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import StaffId
from consent_service.identity.model import Fg, PersonActor
from consent_service.rights.cases.model import About, Asked
from consent_service.rights.erasure_model import Wanted
from tests.rights.forgetting import second_coordinator, whole
from tests.shelter import World

CHILDREN = (("Noor", date(2018, 5, 4)), ("Yara", date(2009, 3, 7)))


async def granted(world: World, actor: PersonActor, about: About, number: int | None = None) -> str:
    view = await world.services.families.view(world.counsellor, actor.family)
    child = None if number is None else view.children[number].child
    case = await world.services.cases.ask(actor, Asked("erasure", about, child))
    await world.services.cases.decide(world.officer, case, "grant")
    return case


async def test_a_guardian_is_offered_who_the_request_is_about_and_nobody_else(world: World) -> None:
    view = await world.family(children=CHILDREN, guardians=(("Samira", "holder"), ("Karim", "none")))
    mother, father, door = world.guardian(view), world.guardian(view, 1), world.services.erasing_desk
    offered = {
        "everybody": await door.whom(world.officer, await granted(world, mother, "everybody")),
        "child": await door.whom(world.officer, await granted(world, mother, "child", 0)),
        "father": await door.whom(world.officer, await granted(world, father, "oneself")),
        "young": await door.whom(world.officer, await granted(world, world.child(view, 1), "oneself")),
    }
    assert {key: [(one.scope, one.name) for one in found] for key, found in offered.items()} == {
        "everybody": [("child", "Noor"), ("person", "Samira")],
        "child": [("child", "Noor")],
        "father": [("person", "Karim")],
        "young": [("child", "Yara")],
    }


async def test_the_whole_family_is_offered_to_who_decides_over_every_child(world: World) -> None:
    """Yara (17) decides for herself in the test above (S9)."""
    view = await world.family(children=CHILDREN[:1])
    case = await granted(world, world.guardian(view), "everybody")
    found = await world.services.erasing_desk.whom(world.officer, case)
    assert [one.scope for one in found] == ["child", "person", "family"]


async def test_what_is_not_of_the_request_is_not_asked(world: World) -> None:
    view, other = await world.family(children=CHILDREN), await world.family(family_name="Buur")
    door, case = world.services.erasing_desk, await granted(world, world.guardian(view), "child", 0)
    for subject in (view.children[1].child, other.family, ""):
        with pytest.raises(InputError):
            await door.ask(world.officer, case, subject, "requested")
    with pytest.raises(NotFoundError):
        await world.services.erasures.ask(
            world.officer, Wanted("family", other.family, "requested"), case=case
        )


async def test_the_request_is_done_with_the_erasure_and_how_dead_the_keys_are_is_known(world: World) -> None:
    view = await world.family(children=CHILDREN)
    services, door = world.services, world.services.erasing_desk
    case = await granted(world, world.guardian(view), "child", 0)
    erasure = await door.ask(world.officer, case, view.children[0].child, "requested")
    before = await door.view(world.officer, erasure)
    assert (before.missing, before.stages, before.left) == ("erasures.not_approved", None, 0)
    await services.erasures.approve(await second_coordinator(world), erasure)
    await services.erasures.execute(world.officer, erasure)
    after = await door.view(Fg(world.tenant, StaffId("fg")), erasure)
    assert (after.erasure.state, after.erasure.case) == ("executed", case)
    assert after.stages is not None
    assert (after.stages.keys, after.stages.stage) == (1, "live_dead")
    (one,) = await services.cases.overview(world.officer)
    assert (one.state, one.requester, one.child) == ("done", None, None)
    await whole(world)


async def test_a_request_that_is_withdrawn_half_way_erases_nobody(world: World) -> None:
    view = await world.family(children=CHILDREN)
    mother, door = world.guardian(view), world.services.erasures
    case = await granted(world, mother, "child", 0)
    erasure = await world.services.erasing_desk.ask(world.officer, case, view.children[0].child, "requested")
    await door.approve(await second_coordinator(world), erasure)
    await world.services.cases.withdraw(mother, case)
    with pytest.raises(InputError) as refused:
        await door.execute(world.officer, erasure)
    assert [problem.code for problem in refused.value.problems] == ["erasures.withdrawn"]
    assert len((await world.services.families.view(world.counsellor, view.family)).children) == 2
    await door.drop(world.officer, erasure)
    assert world.services.installation.journal.pending() == ()


async def test_a_request_that_is_decided_anew_erases_nobody(world: World) -> None:
    view = await world.family(children=CHILDREN)
    cases, door = world.services.cases, world.services.erasures
    case = await granted(world, world.guardian(view), "child", 0)
    erasure = await world.services.erasing_desk.ask(world.officer, case, view.children[0].child, "requested")
    await door.approve(await second_coordinator(world), erasure)
    await cases.reopen(world.officer, case)
    for _ in range(2):
        with pytest.raises(InputError):
            await door.execute(world.officer, erasure)
        if (await cases.view(world.officer, case)).case.state == "identified":
            await cases.decide(world.officer, case, "refuse", ground="law")
    assert len((await world.services.families.view(world.counsellor, view.family)).children) == 2
    assert world.services.installation.journal.pending() == ()


async def test_a_young_person_who_asks_about_everybody_is_offered_alone(
    world: World,
) -> None:
    view = await world.family(children=CHILDREN)
    young, cases = view.children[1].child, world.services.cases
    case = await cases.pass_on(world.counsellor, view.family, young, Asked("erasure"), "conversation")
    await cases.decide(world.officer, case, "grant")
    found = await world.services.erasing_desk.whom(world.officer, case)
    assert [(one.scope, one.name) for one in found] == [("child", "Yara")]


async def test_s4_who_decides_over_nobody_is_offered_no_child_and_no_family(world: World) -> None:
    view = await world.family(children=CHILDREN[:1], guardians=(("Samira", "holder"), ("Karim", "none")))
    door, case = world.services.erasing_desk, await granted(world, world.guardian(view, 1), "everybody")
    assert [one.scope for one in await door.whom(world.officer, case)] == ["person"]
    with pytest.raises(InputError):
        await door.ask(world.officer, case, view.family, "requested")


async def test_s6_who_lost_authority_since_the_yes_is_offered_the_child_no_more(world: World) -> None:
    view = await world.family(children=CHILDREN, guardians=(("Samira", "holder"), ("Karim", "holder")))
    child, father = view.children[0].child, world.guardian(view, 1)
    case = await granted(world, father, "child", 0)
    none = NewAuthority("none", "judgment", local_date(world.clock.now()))
    await world.services.families.record_authority(
        world.counsellor, view.family, child=child, guardian=father.guardian, fact=none
    )
    assert await world.services.erasing_desk.whom(world.officer, case) == ()
    with pytest.raises(InputError):
        await world.services.erasing_desk.ask(world.officer, case, child, "requested")


async def test_who_lost_authority_after_the_second_yes_has_nobody_erased(world: World) -> None:
    view = await world.family(children=CHILDREN[:1], guardians=(("Samira", "holder"), ("Karim", "holder")))
    door, child = world.services.erasing_desk, view.children[0].child
    case = await granted(world, world.guardian(view, 1), "child", 0)
    erasure = await door.ask(world.officer, case, child, "requested")
    await world.services.erasures.approve(await second_coordinator(world), erasure)
    fact = NewAuthority("none", "judgment", local_date(world.clock.now()))
    await world.services.families.record_authority(
        world.counsellor, view.family, child=child, guardian=view.guardians[1].guardian, fact=fact
    )
    with pytest.raises(InputError) as refused:
        await world.services.erasures.execute(world.officer, erasure)
    assert [one.code for one in refused.value.problems] == ["erasures.withdrawn"]
    assert (await door.view(world.officer, erasure)).erasure.state == "approved"
