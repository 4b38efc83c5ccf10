"""What comes afterwards: asked back (14, 23, 38), the end (27), who was not heard (39), pick-up (51)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.consent.service import Target
from consent_service.families.model import AuthorityKind
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import RelationshipId, StaffId, TypeKey
from consent_service.identity.model import PrivacyCoordinator
from consent_service.organisations.model import NewStaff
from consent_service.process.ending.states import NewEnd
from consent_service.process.tables import erasure_notices, recalls
from consent_service.process.tables_ending import ending_plans
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from consent_service.rights.erasure_model import Wanted
from tests.ledger import count, rows
from tests.scenarios.stories import SUPPORT, YES, Told, ask, everything_said, told_family
from tests.shelter import OPERATOR, World

MOVE, PICKUP, CONCERNS = TypeKey("move_or_new_school"), TypeKey("pickup"), TypeKey("concerns")
LAST_DAY = date(2026, 9, 10)
MOVING = {"what": "moving", "date": "2026-09-20"}
GRANDMA = {"name": "Oma Voorbeeld", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
TWO: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))


async def planned(world: World, told: Told, new: NewEnd) -> str:
    return (await world.services.endings.plan(world.counsellor, told.relationship, new)).plan


async def causes(world: World) -> list[tuple[str, str]]:
    return [(row.information_type, row.cause) for row in await rows(world, recalls)]


# --- asked back ------------------------------------------------------------------------------


async def test_s14_withdrawn_what_the_school_read_is_asked_back_and_only_that(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    world.clock.advance(timedelta(minutes=1))
    await stop(world, told)
    world.clock.advance(timedelta(minutes=1))
    await world.settle()
    assert await causes(world) == [("support_advice", "withdrawn")]
    (notice,) = await world.services.recalls.notices(world.contact)
    assert not notice.from_file
    assert "withdrawn" not in everything_said(notice)


async def test_s14_withdrawn_and_never_read_asks_nothing_back(world: World) -> None:
    told = await told_family(world)
    await stop(world, told)
    await world.settle()
    assert await count(world, recalls) == 0


async def test_s14_shared_wrongly_it_is_gone_and_asked_back_from_who_read_it(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    world.clock.advance(timedelta(minutes=1))
    desk = world.services.recall_desk
    with pytest.raises(NotAllowedError):
        await desk.recall_record(world.colleague, told.relationship, told.record)
    assert await desk.recall_record(world.officer, told.relationship, told.record) is not None
    assert await causes(world) == [("support_advice", "wrongly_shared")]
    with pytest.raises(NotFoundError):
        await desk.recall_record(world.counsellor, told.relationship, told.record)
    (line,) = await desk.overview(world.officer)
    assert (line.cause, line.state, line.late) == ("wrongly_shared", "open", False)


async def test_s14_shared_wrongly_and_not_read_yet_no_school_is_asked(world: World) -> None:
    told = await told_family(world)
    desk = world.services.recall_desk
    assert await desk.recall_record(world.counsellor, told.relationship, told.record) is None
    assert await count(world, recalls) == 0


async def test_s23_a_school_hears_of_an_erasure_and_answers_naming_nobody(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    world.clock.advance(timedelta(minutes=1))
    await forget(world, told)
    (notice,) = await world.services.recalls.notices(world.contact)
    said = everything_said(notice)
    for secret in ("Noor", "Voorbeeld", told.relationship, told.view.children[0].child, told.view.family):
        assert secret not in said
    await world.services.recalls.answer(world.contact, notice.recall, "kept", "pupil_file")
    await world.services.recalls.answer(world.contact, notice.recall, "done")
    (row,) = await rows(world, erasure_notices)
    assert (row.information_type, row.answer, row.reason) == ("support_advice", "done", None)
    (line,) = await world.services.recall_desk.overview(world.officer)
    assert (line.cause, line.state) == ("erased", "removed")
    assert await world.services.recalls.notices(world.eik_contact) == ()
    assert await world.services.recalls.notices(world.teacher) == ()


async def test_s38_copied_into_a_transfer_file_it_is_asked_back_from_there(world: World) -> None:
    told = await told_family(world)
    desk = world.services.recall_desk
    with pytest.raises(InputError):
        await desk.report_copied(world.counsellor, told.relationship, SUPPORT)
    assert isinstance(await ask(world, told.relationship), Released)
    world.clock.advance(timedelta(minutes=1))
    assert await desk.copyable(world.counsellor, told.relationship) == (SUPPORT,)
    await desk.report_copied(world.counsellor, told.relationship, SUPPORT)
    (notice,) = await world.services.recalls.notices(world.contact)
    assert notice.from_file
    assert isinstance(await ask(world, told.relationship), Released)  # what is shared stays shared


# --- the end ---------------------------------------------------------------------------------


async def test_a_planned_end_holds_from_its_day_though_nobody_carried_it_out(world: World) -> None:
    told = await told_family(world)
    await planned(world, told, NewEnd("moved_out", LAST_DAY, other_holder="only_holder"))
    assert isinstance(await ask(world, told.relationship), Released)
    await days(world, 10)
    assert isinstance(await ask(world, told.relationship), Refused)
    assert await world.services.endings.run(world.tenant) == 1
    assert await world.services.endings.run(world.tenant) == 0
    (plan,) = await rows(world, ending_plans)
    assert plan.state == "ended"
    with pytest.raises(ConflictError):
        await planned(world, told, NewEnd("moved_out", date(2026, 9, 30)))


async def test_in_aftercare_only_what_the_rules_name_goes_on(world: World) -> None:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "wellbeing_at_school": "yes", "practical_needs": "yes"})
    needs = Note(TypeKey("practical_needs"), {"need": "clothes"})
    assert isinstance(await world.services.records.share(world.counsellor, told.relationship, needs), Shared)
    new = NewEnd("moved_out", LAST_DAY, date(2026, 10, 10), "only_holder")
    stops = await world.services.endings.stops(world.counsellor, told.relationship)
    assert "practical_needs" in stops.now
    assert "practical_needs" not in stops.in_aftercare
    await planned(world, told, new)
    await days(world, 10)
    assert await world.services.endings.run(world.tenant) == 1
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert {record.information_type for record in answer.records} == {SUPPORT}
    await days(world, 31)
    assert isinstance(await ask(world, told.relationship), Refused)
    assert await world.services.endings.run(world.tenant) == 1


async def test_s27_after_a_departure_at_night_a_plan_follows_and_nothing_is_told(world: World) -> None:
    told = await told_family(world)
    await planned(world, told, NewEnd("moved_out", LAST_DAY, date(2026, 10, 10), "only_holder"))
    await world.services.families.end_family(world.counsellor, told.view.family, "night_departure")
    assert isinstance(await ask(world, told.relationship), Refused)
    assert await world.services.endings.run(world.tenant) == 1
    (plan,) = await rows(world, ending_plans)
    assert plan.state == "ended"
    await days(world, 20)
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_s39_a_child_is_not_taken_off_its_school_unheard_and_nothing_is_released(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    await world.intake(told.mother, {**YES, "move_or_new_school": "yes"})
    share = world.services.records.share
    assert isinstance(await share(world.counsellor, told.relationship, Note(MOVE, MOVING)), Shared)
    plan = await planned(world, told, NewEnd("changed_school", LAST_DAY))
    assert (await world.services.endings.plans(world.counsellor, told.view.family))[0].state == "waiting"
    assert isinstance(await transition(world, told.relationship), Refused)
    assert isinstance(await share(world.counsellor, told.relationship, Note(MOVE, MOVING)), ShareRefused)
    await days(world, 5)
    assert await world.services.endings.run(world.tenant) == 0
    assert isinstance(await ask(world, told.relationship), Released)  # the child is at this school still
    await world.services.endings.hear_holder(world.counsellor, plan)
    assert isinstance(await transition(world, told.relationship), Released)


async def test_s39_called_off_everything_goes_on_as_it_was(world: World) -> None:
    told = await told_family(world, guardians=TWO)
    plan = await planned(world, told, NewEnd("changed_school", LAST_DAY))
    with pytest.raises(ConflictError):
        await planned(world, told, NewEnd("moved_out", LAST_DAY))
    await world.services.endings.cancel(world.counsellor, plan)
    with pytest.raises(ConflictError):
        await world.services.endings.cancel(world.counsellor, plan)
    await days(world, 12)
    assert await world.services.endings.run(world.tenant) == 0
    assert isinstance(await ask(world, told.relationship), Released)


async def test_days_that_cannot_be_are_all_told_at_once(world: World) -> None:
    told = await told_family(world)
    with pytest.raises(InputError) as refused:
        await planned(world, told, NewEnd("moved_out", date(2026, 8, 1), date(2026, 7, 1)))
    assert {problem.field for problem in refused.value.problems} == {"ends_on", "aftercare_until"}
    with pytest.raises(NotAllowedError):
        await world.services.endings.plans(world.colleague, told.view.family)


async def test_s51_until_there_is_a_new_list_the_school_calls_first(world: World) -> None:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "pickup": "yes"})
    share = world.services.records.share
    shared = await share(world.counsellor, told.relationship, Note(PICKUP, GRANDMA))
    assert isinstance(shared, Shared)
    safety = Ask(told.relationship, "safety")
    assert isinstance(await world.services.release.to_school(world.contact, safety), Released)
    world.clock.advance(timedelta(minutes=1))
    assert await world.services.recalls.call_first_at(world.contact) == frozenset()
    await world.services.recall_desk.recall_record(world.counsellor, told.relationship, shared.record)
    assert await world.services.recalls.call_first_at(world.contact) == {told.relationship}
    world.clock.advance(timedelta(minutes=1))
    await share(world.counsellor, told.relationship, Note(PICKUP, GRANDMA))
    assert await world.services.recalls.call_first_at(world.contact) == frozenset()


async def transition(world: World, relationship: RelationshipId) -> Released | Refused:
    return await world.services.release.to_school(world.contact, Ask(relationship, "transition"))


async def forget(world: World, told: Told) -> None:
    """Two coordinators decide that the family is forgotten."""
    new = NewStaff("privacy_coordinator", "Pim Privacy")
    second = await world.services.organisations.add_staff(OPERATOR, world.tenant, new)
    erasures = world.services.erasures
    asked = await erasures.ask(world.officer, Wanted("family", told.view.family, "requested"))
    await erasures.approve(PrivacyCoordinator(world.tenant, StaffId(second)), asked)
    await erasures.execute(world.officer, asked)


async def stop(world: World, told: Told) -> None:
    """The mother takes back what she said about advice."""
    target = Target(world.tenant, told.view.family, told.mother.guardian, ((told.relationship, SUPPORT),))
    await world.services.consent.withdraw(told.mother, target, method="page")


async def days(world: World, number: int) -> None:
    """The log is in order, and then so many days pass."""
    await world.services.sequencer.run_once(world.tenant)
    world.clock.advance(timedelta(days=number))
