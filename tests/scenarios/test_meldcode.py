"""S28: a report to Veilig Thuis: every step with its reasons, no school to choose, open to the parents."""

from __future__ import annotations

import inspect
from datetime import date, timedelta

import pytest

from consent_service.audit.events import MeldcodeMoved
from consent_service.families.model import FamilyView
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import PersonId, RecordId
from consent_service.process.emergencies.meldcode import MeldcodeService
from consent_service.process.emergencies.model import (
    CODES,
    LEGAL_STEPS,
    MELDCODE,
    RECIPIENT,
    NewRequest,
    StepText,
    WrittenAnswer,
)
from consent_service.process.emergencies.report import report_file
from consent_service.release.exits import ExitPermit
from consent_service.release.model import Ask, Refused
from tests.scenarios.stories import everything_said, everything_stored, trail
from tests.shelter import World

SECRET_TEXT = "Het kind was bang om naar huis te gaan."
FIRST = StepText(what=SECRET_TEXT, why="Twee keer gezien.")
REQUEST = NewRequest(asker="raad", ground="bw_1_240", name="Mevrouw De Raad", asked="Hoe gaat het?")


@pytest.fixture
async def view(world: World) -> FamilyView:
    return await world.family()


async def begun(world: World, view: FamilyView) -> RecordId:
    return await world.services.meldcodes.begin(world.counsellor, view.family, view.children[0].child, FIRST)


async def decided(world: World, view: FamilyView, *, report: str = "yes") -> RecordId:
    """All five steps taken."""
    meldcode = await begun(world, view)
    for act in LEGAL_STEPS[1:]:
        code = report if act == "decide_report" else CODES.get(act, ("",))[0]
        text = StepText(what=f"Wat: {act}", why=f"Waarom: {act}", code=code)
        await world.services.meldcodes.take_step(world.counsellor, meldcode, act, text)
    return meldcode


async def test_s28_no_school_can_be_given_a_report_by_any_method(world: World) -> None:
    """No method takes a recipient, a school or an address; the one constant is Veilig Thuis."""
    names = {
        name
        for _, method in inspect.getmembers(MeldcodeService, inspect.isfunction)
        for name in inspect.signature(method).parameters
    }
    assert names.isdisjoint({"recipient", "school", "to", "relationship", "address"})
    assert RECIPIENT == "veilig_thuis"


async def test_s28_no_step_is_left_out_and_none_goes_without_what_and_why(
    world: World, view: FamilyView
) -> None:
    meldcode = await begun(world, view)
    with pytest.raises(ConflictError):
        await world.services.meldcodes.take_step(world.counsellor, meldcode, "weigh", FIRST)
    with pytest.raises(ConflictError):
        await world.services.meldcodes.take_step(world.counsellor, meldcode, "export", FIRST)
    empty = StepText(what=" ", why="")
    with pytest.raises(InputError) as told:
        await world.services.meldcodes.take_step(world.counsellor, meldcode, "consult", empty)
    assert {one.code for one in told.value.problems} == {"what_missing", "why_missing", "choose_decision"}
    with pytest.raises(InputError):
        await world.services.meldcodes.begin(
            world.counsellor, view.family, view.children[0].child, StepText(what="", why="")
        )
    assert MELDCODE.acts_in("mapped") == ("consult",)


async def test_s28_the_export_holds_the_steps_and_leaves_with_a_permit(
    world: World, view: FamilyView
) -> None:
    meldcode = await decided(world, view)
    text = (await world.services.meldcodes.export(world.counsellor, meldcode)).decode()
    assert SECRET_TEXT in text
    assert text.index("1. Signalen") < text.index("5b. Hulp")
    assert "Noor" not in text
    assert len(await trail(world, "exit.permitted.v1")) == 1
    exported = [entry.detail.event for entry in await trail(world, "meldcode.moved.v1") if entry.detail]
    assert isinstance(exported[0], MeldcodeMoved)
    assert (exported[0].act, exported[0].code) == ("export", RECIPIENT)


async def test_s28_a_permit_for_another_exit_writes_no_file(world: World, view: FamilyView) -> None:
    permit = await world.services.release.permit_for_member(
        None, world.tenant, world.counsellor.staff, "mail", family=view.family, actor=world.counsellor
    )
    assert isinstance(permit, ExitPermit)
    with pytest.raises(ConflictError):
        report_file(permit, ())


async def test_s28_without_the_decision_to_report_there_is_no_file(world: World, view: FamilyView) -> None:
    early = await begun(world, view)
    with pytest.raises(ConflictError):
        await world.services.meldcodes.export(world.counsellor, early)
    meldcode = await decided(world, view, report="no")
    with pytest.raises(ConflictError):
        await world.services.meldcodes.export(world.counsellor, meldcode)
    await world.services.meldcodes.close(world.counsellor, meldcode)
    with pytest.raises(ConflictError):
        await world.services.meldcodes.close(world.counsellor, meldcode)
    states = [one.state for one in await world.services.meldcodes.overview(world.officer)]
    assert sorted(states) == ["closed", "mapped"]


async def test_s28_every_entry_is_the_officers_and_nothing_stands_in_clear(
    world: World, view: FamilyView
) -> None:
    meldcode = await decided(world, view)
    entries = await trail(world, "meldcode.opened.v1", "meldcode.moved.v1")
    assert len(entries) == 7
    assert {entry.detail.shown_to for entry in entries if entry.detail} == {"officer"}
    assert SECRET_TEXT.encode() not in await everything_stored(world)
    _, steps = await world.services.meldcodes.read(world.counsellor, meldcode)
    assert [one.act for one in steps] == list(LEGAL_STEPS)
    assert steps[0].text == FIRST


async def test_s28_the_school_reads_nothing_of_it(world: World, view: FamilyView) -> None:
    relationship = await world.at_school(view.children[0].child)
    await decided(world, view)
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "safety"))
    assert isinstance(answer, Refused)
    assert "meldcode" not in everything_said(answer)


async def test_s28_a_colleague_who_is_not_with_the_family_walks_no_step(
    world: World, view: FamilyView
) -> None:
    meldcode = await begun(world, view)
    with pytest.raises(NotAllowedError):
        await world.services.meldcodes.read(world.colleague, meldcode)
    with pytest.raises(NotFoundError):
        await world.services.meldcodes.read(world.counsellor, RecordId("nothing"))
    with pytest.raises(NotFoundError):
        await world.services.meldcodes.begin(world.counsellor, view.family, PersonId("nobody"), FIRST)


async def test_s28_postponing_needs_a_reason_and_a_day_on_which_a_reminder_comes(
    world: World, view: FamilyView
) -> None:
    meldcode = await begun(world, view)
    with pytest.raises(InputError) as told:
        await world.services.meldcodes.postpone(world.counsellor, meldcode, " ", date(2026, 9, 1))
    assert {one.code for one in told.value.problems} == {"why_missing", "review_not_later"}
    await world.services.meldcodes.postpone(world.counsellor, meldcode, "Vader dreigt.", date(2026, 9, 8))
    (one,) = await world.services.meldcodes.of_family(world.counsellor, view.family)
    assert one.postponed_until == date(2026, 9, 8)
    world.clock.advance(timedelta(days=7))
    await world.services.calendar.run(world.tenant, world.clock.now())
    await world.settle()
    kinds = {task.kind for task in await world.services.tasks.open_tasks(world.counsellor)}
    assert "meldcode_postponed" in kinds
    await world.services.meldcodes.open_to_parents(world.counsellor, meldcode)
    with pytest.raises(NotFoundError):
        await world.services.meldcodes.open_to_parents(world.counsellor, meldcode)


async def test_a_request_is_answered_on_its_own_ground_only(world: World, view: FamilyView) -> None:
    child, requests = view.children[0].child, world.services.statutory_requests
    wrong = NewRequest(asker="police", ground="bw_1_240", name="", asked="")
    with pytest.raises(InputError) as told:
        await requests.receive(world.counsellor, view.family, child, wrong)
    assert {one.code for one in told.value.problems} == {"name_missing", "asked_missing", "ground_of_another"}
    request = await requests.receive(world.counsellor, view.family, child, REQUEST)
    await requests.answer(world.counsellor, request, "ask_back", what="Welke vragen?", why="Te breed.")
    await requests.answer(world.counsellor, request, "answer_back", what="Alleen dit.", why="Beperkt.")
    await requests.answer(world.counsellor, request, "give", what="Het gaat goed.", why="Nodig.")
    with pytest.raises(ConflictError):
        await requests.answer(world.counsellor, request, "refuse", what="Toch niet.", why="Te laat.")
    (one,) = await requests.of_family(world.counsellor, view.family)
    opened = await requests.read(world.counsellor, request)
    assert (one, one.state) == (opened.request, "given")
    assert (opened.name, opened.asked, opened.reference) == (REQUEST.name, REQUEST.asked, "")
    assert [said.act for said in opened.answers] == ["ask_back", "answer_back", "give"]
    assert opened.answers[-1] == WrittenAnswer("give", "Het gaat goed.", "Nodig.")
    assert b"Mevrouw De Raad" not in await everything_stored(world)


async def test_without_a_ground_nothing_is_given(world: World, view: FamilyView) -> None:
    child, requests = view.children[0].child, world.services.statutory_requests
    unnamed = NewRequest(asker="police", ground="none_named", name="Agent", asked="Waar is zij?")
    request = await requests.receive(world.counsellor, view.family, child, unnamed)
    with pytest.raises(InputError, match="no_ground_named"):
        await requests.answer(world.counsellor, request, "give", what="Hier.", why="Hij vroeg het.")
    await requests.answer(world.counsellor, request, "refuse", what="Niets.", why="Geen grond.")
