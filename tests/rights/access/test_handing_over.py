"""What keeps a file from being made or handed over, and that nothing is left of it afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from consent_service.families.model import AuthorityKind, NewAuthority
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import new_id
from consent_service.identity.model import ChildActor, Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.access.document import AccessFile
from consent_service.rights.access.model import KEPT_AFTER
from consent_service.rights.access.tables import access_files
from consent_service.rights.cases.model import Asked
from consent_service.rights.erasure_model import Wanted
from tests.faults.failures import log_off
from tests.rights.access.filing import file_of, granted, ready
from tests.rights.forgetting import erased, second_coordinator
from tests.scenarios.stories import ADVICE, Told, ask, share, told_family
from tests.scenarios.test_meldcode_reading import begun
from tests.shelter import OPERATOR, SAFE, SECRET, World

TWO: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))


async def files_kept(world: World) -> int:
    async with world.services.installation.database.reading() as conn:
        return (await conn.execute(select(func.count()).select_from(access_files))).scalar_one()


async def lose_say(world: World, told: Told) -> None:
    """A court took the authority away."""
    fact = NewAuthority("none", "judgment", local_date(world.clock.now()))
    await world.services.families.record_authority(
        world.counsellor,
        told.view.family,
        child=told.view.children[0].child,
        guardian=told.mother.guardian,
        fact=fact,
    )


async def codes(problem: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [one.code for one in problem.value.problems]


async def test_only_a_granted_request_for_a_file_gets_one(world: World) -> None:
    told = await told_family(world)
    cases, access = world.services.cases, world.services.access
    case = await cases.ask(told.mother, Asked("access"))
    with pytest.raises(NotFoundError):
        await access.make(world.officer, case)
    other = await cases.ask(told.mother, Asked("erasure"))
    await cases.decide(world.officer, other, "grant")
    for wrong in (other, new_id()):
        with pytest.raises(NotFoundError):
            await access.make(world.officer, wrong)
        with pytest.raises(NotFoundError):
            await access.view(world.officer, wrong)
        with pytest.raises(NotFoundError):
            await access.take(told.mother, wrong)
    assert await files_kept(world) == 0


async def test_the_fg_sees_how_it_stands_and_no_text_and_does_nothing(world: World) -> None:
    told = await told_family(world)
    fg = Fg(
        world.tenant,
        await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fenna")),
    )
    case = await granted(world, told.mother)
    access = world.services.access
    await access.make(world.officer, case)
    view = await access.view(fg, case)
    assert (view.state, view.texts, view.counts) == ("draft", (), ())
    for act in (
        access.make(fg, case),  # type: ignore[arg-type]
        access.look_through(fg, case, view.file, {}),  # type: ignore[arg-type]
        access.print_out(fg, case, "letter"),  # type: ignore[arg-type]
    ):
        with pytest.raises(NotAllowedError):
            await act
    with pytest.raises(NotAllowedError):
        await access.view(world.counsellor, case)  # type: ignore[arg-type]


async def test_it_is_looked_through_once_and_only_then_handed_over(world: World) -> None:
    told = await told_family(world)
    access, case = world.services.access, await granted(world, told.mother)
    with pytest.raises(ConflictError):
        await access.look_through(world.officer, case, "", {})
    await access.make(world.officer, case)
    made = await access.view(world.officer, case)
    assert await access.own(told.mother) == ()
    with pytest.raises(NotFoundError):
        await access.take(told.mother, case)
    with pytest.raises(NotFoundError):
        await access.print_out(world.officer, case, "letter")
    await access.look_through(world.officer, case, made.file, {})
    with pytest.raises(ConflictError):
        await access.look_through(world.officer, case, made.file, {})
    with pytest.raises(InputError) as refused:
        await access.print_out(world.officer, case, "page")
    assert await codes(refused) == ["access_channel"]
    assert [one.case for one in await access.own(told.mother)] == [case]


async def test_somebody_else_of_the_family_finds_nothing(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    case = await granted(world, told.mother)
    await ready(world, case)
    father = world.guardian(told.view, 1)
    assert await world.services.access.own(father) == ()
    with pytest.raises(NotFoundError):
        await world.services.access.take(father, case)


@pytest.mark.parametrize("fault", ["entries refused", "details refused"])
async def test_without_the_log_nothing_is_made_and_nothing_handed_over(world: World, fault: str) -> None:
    told = await told_family(world)
    access = world.services.access
    case, later = await granted(world, told.mother), await granted(world, told.mother, kind="portability")
    await ready(world, case)
    async with log_off(world, fault):  # type: ignore[arg-type]
        with pytest.raises(LogUnavailableError):
            await access.take(told.mother, case)
        with pytest.raises(LogUnavailableError):
            await access.print_out(world.officer, case, "letter")
        with pytest.raises(LogUnavailableError):
            await access.make(world.officer, later)
    assert (await access.view(world.officer, case)).delivered_at is None
    assert (await access.view(world.officer, later)).state == "none"
    assert isinstance(await access.take(told.mother, case), AccessFile)


async def test_taken_back_half_way_the_file_is_gone_at_once(world: World) -> None:
    told = await told_family(world)
    case = await granted(world, told.mother)
    await ready(world, case)
    await world.services.cases.withdraw(told.mother, case)
    assert await files_kept(world) == 0
    assert await world.services.access.own(told.mother) == ()
    with pytest.raises(NotFoundError):
        await world.services.access.make(world.officer, case)


@pytest.mark.parametrize("who", ["requester", "child"])
async def test_erased_half_way_nothing_is_left_of_the_file(world: World, who: str) -> None:
    told = await told_family(world, guardians=TWO)
    case = await granted(world, told.mother)
    await ready(world, case)
    if who == "requester":
        await world.services.families.end_relationship(world.counsellor, told.relationship, "moved_out")
        await erased(world, Wanted("person", told.mother.guardian, "requested"))
    else:
        await erased(world, Wanted("child", told.view.children[0].child, "requested"))
    assert await files_kept(world) == 0
    with pytest.raises(NotFoundError):
        await world.services.access.take(told.mother, case)


async def test_authority_lost_between_yes_and_making_stops_it_until_it_is_decided_anew(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    child = told.view.children[0].child
    case = await granted(world, told.mother, "child", child=child)
    await lose_say(world, told)
    access = world.services.access
    view = await access.view(world.officer, case)
    assert (view.lost, view.weigh) == (True, True)
    for weighed in (False, True):
        with pytest.raises(InputError):
            await access.make(world.officer, case, weighed=weighed, with_children=True)
    await world.services.cases.reopen(world.officer, case)
    await world.services.cases.decide(world.officer, case, "refuse", ground="without_authority")
    assert await files_kept(world) == 0


async def test_authority_lost_between_making_and_taking_keeps_the_file_in(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    case = await granted(world, told.mother)
    await ready(world, case)
    await lose_say(world, told)
    access = world.services.access
    assert await access.own(told.mother) == ()
    with pytest.raises(NotFoundError):
        await access.take(told.mother, case)
    with pytest.raises(InputError) as refused:
        await access.print_out(world.officer, case, "letter")
    assert await codes(refused) == ["access_make_again"]
    assert (await access.view(world.officer, case)).stale
    await ready(world, case)
    made = await access.take(told.mother, case)
    assert [one.given_names for one in made.people] == ["Samira"]
    assert (made.places, made.records, made.decisions) == ((), (), ())


async def test_danger_told_after_it_was_made_keeps_it_off_the_page_and_from_the_printer(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    father = world.guardian(told.view, 1)
    case = await granted(world, father)
    await ready(world, case)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    access = world.services.access
    assert await access.own(father) == ()
    with pytest.raises(NotFoundError):
        await access.take(father, case)
    with pytest.raises(InputError):
        await access.print_out(world.officer, case, "conversation")
    with pytest.raises(InputError) as refused:
        await access.make(world.officer, case)
    assert await codes(refused) == ["access_weigh"]
    await ready(world, case, weighed=True)
    made = await access.print_out(world.officer, case, "conversation")
    assert [one.role for one in made.people] == ["requester"]
    assert (made.places, made.records, made.safety, len(made.looks)) == ((), (), (), 1)


async def test_it_can_be_taken_again_for_a_while_and_then_it_is_gone(world: World) -> None:
    told = await told_family(world)
    access = world.services.access
    case = await granted(world, told.mother)
    await ready(world, case)
    first = await access.take(told.mother, case)
    assert (await access.own(told.mother))[0].until == world.clock.now() + KEPT_AFTER
    await world.settle()
    world.clock.advance(KEPT_AFTER - timedelta(seconds=1))
    assert await access.take(told.mother, case) == first
    assert await access.tidy(world.tenant) == 0
    assert await access.print_out(world.officer, case, "letter") == first
    await world.settle()
    world.clock.advance(timedelta(seconds=1))
    assert await access.own(told.mother) == ()
    with pytest.raises(NotFoundError):
        await access.take(told.mother, case)
    with pytest.raises(NotFoundError):
        await access.print_out(world.officer, case, "letter")
    assert await access.tidy(world.tenant) == 1
    assert await files_kept(world) == 0


async def test_a_young_person_gets_what_is_about_that_person_only(world: World) -> None:
    view = await world.family(children=(("Yara", date(2009, 3, 7)), ("Noor", date(2018, 5, 4))))
    relationship = await world.at_school(view.children[0].child)
    yara = ChildActor(world.tenant, view.children[0].child, view.family)
    await world.intake(yara, {"shelter_involvement": "yes", "support_advice": "yes"})
    await share(world, relationship)
    await ask(world, relationship)
    made = await file_of(world, yara)
    assert [(one.given_names, one.role) for one in made.people] == [("Yara", "requester")]
    assert made.authority == ()
    assert [field.value for record in made.records for field in record.fields] == [ADVICE]
    assert [one.role for one in made.looks] == ["contact", "privacy_coordinator"]
    assert made.safety == ()


async def test_to_take_along_one_gets_only_what_one_gave_and_rests_on_consent(world: World) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    case = await granted(world, told.mother, kind="portability")
    await ready(world, case)
    made = await world.services.access.take(told.mother, case)
    assert made.request == "portability"
    assert [one.given_names for one in made.people] == ["Samira", "Noor"]
    assert (made.looks, made.records, made.authority, made.meldcode) == ((), (), (), ())


async def test_a_huge_household_gets_a_whole_file(world: World) -> None:
    children = tuple((f"Kind{'abcdefghijkl'[number]}", date(2015, 1, 1 + number)) for number in range(12))
    view = await world.family(children=children)
    for one in view.children:
        relationship = await world.at_school(one.child)
    mother = world.guardian(view)
    await world.intake(mother, {"shelter_involvement": "yes", "support_advice": "yes"})
    for relationship in [
        one.relationship
        for one in (await world.services.families.view(world.counsellor, view.family)).relationships
    ]:
        await share(world, relationship)
    made = await file_of(world, mother)
    assert len(made.people) == 13
    assert len(made.places) == len(made.records) == 12
    assert {one.place for one in made.records} == {f"s{number}" for number in range(1, 13)}


async def test_what_another_made_since_is_looked_at_before_it_is_handed_over(world: World) -> None:
    """Two coordinators: the texts of the second draft were never seen by who looked through the first."""
    told = await told_family(world)
    access, case = world.services.access, await granted(world, told.mother)
    await access.make(world.officer, case)
    seen = await access.view(world.officer, case)
    await share(world, told.relationship, "De buurvrouw drinkt te veel.")
    await access.make(await second_coordinator(world), case)
    with pytest.raises(ConflictError):
        await access.look_through(world.officer, case, seen.file, {0: "keep"})
    assert (await access.view(world.officer, case)).state == "draft"


async def test_a_meldcode_postponed_after_it_was_made_keeps_the_file_in(world: World) -> None:
    view = await world.family(guardians=TWO, safety=SAFE)
    meldcode = await begun(world, view)
    father, access = world.guardian(view, 1), world.services.access
    case = await granted(world, father)
    await ready(world, case)
    until = local_date(world.clock.now()) + timedelta(days=7)
    await world.services.meldcodes.postpone(world.counsellor, meldcode, "Vader is gevaarlijk.", until)
    assert await access.own(father) == ()
    with pytest.raises(NotFoundError):
        await access.take(father, case)
    with pytest.raises(InputError):
        await access.print_out(world.officer, case, "letter")
    assert (await access.view(world.officer, case)).stale
    await ready(world, case)
    assert (await access.take(father, case)).meldcode == ()
