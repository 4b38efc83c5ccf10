"""S29: who is called to decide along, who may look, and what an emergency leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import update

from consent_service.families.model import FamilyView
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, StopsPendingError
from consent_service.foundation.ids import RecordId, RelationshipId, TypeKey, new_id
from consent_service.organisations.model import NewStaff
from consent_service.process.emergencies.afterwards import Afterwards
from consent_service.process.emergencies.model import StepText
from consent_service.process.notices.rows import found
from consent_service.process.tables_emergencies import meldcodes, statutory_requests
from consent_service.release.model import Released
from tests.process.notices.mailing import BO, addressed, mailing, recipients, send
from tests.scenarios.stories import told_family
from tests.scenarios.test_break_glass import ITEM, NEED, asked, opened, running
from tests.scenarios.test_meldcode import REQUEST
from tests.shelter import OPERATOR, World

NIGHT = datetime(2026, 9, 1, 21, 30, tzinfo=UTC)
"""Half past eleven at night in the Netherlands."""


@pytest.fixture
async def view(world: World) -> FamilyView:
    return await world.family()


@pytest.fixture
async def noor(world: World, view: FamilyView) -> RelationshipId:
    """A child of whom nobody said yes to anything."""
    return await world.at_school(view.children[0].child)


async def called(world: World) -> dict[str, str]:
    """Whom a message calls to decide along, and how that message is."""
    async with world.services.installation.database.reading() as conn:
        rows = await found(conn, world.tenant)
    return {str(one.to_staff): one.state for one in rows if one.kind == "decide_along"}


async def test_every_colleague_hears_at_once_also_at_night_and_the_mail_names_nothing(
    world: World, noor: RelationshipId
) -> None:
    with mailing(world) as (world, postbox):
        await addressed(world, world.colleague.staff, BO)
        world.clock.set(NIGHT)
        await world.services.sequencer.run_once(world.tenant)
        await asked(world, noor)
        assert await send(world) == 1
        assert recipients(postbox) == [BO]
        mail = postbox.envelopes[0].content
        assert isinstance(mail, bytes)
        assert not [word for word in (ITEM, "Noor", "Linde", "Noodgeval", "Opvang") if word.encode() in mail]


async def test_who_agreed_by_phone_is_the_only_one_called(world: World, noor: RelationshipId) -> None:
    new = NewStaff("counsellor", "Cas Collega")
    other = await world.services.organisations.add_staff(OPERATOR, world.tenant, new)
    await asked(world, noor, msgspec.structs.replace(NEED, approver=other))
    assert await called(world) == {other: "waiting"}


@pytest.mark.parametrize("act", ["approve", "refuse", "drop"])
async def test_once_somebody_decided_nobody_else_is_called(
    world: World, noor: RelationshipId, act: str
) -> None:
    glass = world.services.break_glass
    break_glass = await asked(world, noor)
    assert set((await called(world)).values()) == {"waiting"}
    who = world.counsellor if act == "drop" else world.colleague
    await getattr(glass, act)(who, break_glass)
    assert set((await called(world)).values()) == {"cancelled"}


@pytest.mark.parametrize("agreed", [True, False])
async def test_once_it_was_confirmed_or_denied_nobody_is_called(
    world: World, noor: RelationshipId, *, agreed: bool
) -> None:
    break_glass = await asked(world, noor, msgspec.structs.replace(NEED, approver=world.colleague.staff))
    await world.services.break_glass.confirm(world.colleague, break_glass, agreed=agreed)
    assert await called(world) == {world.colleague.staff: "cancelled"}


async def test_who_agreed_looks_again_as_long_as_it_runs_and_nobody_else_does(
    world: World, noor: RelationshipId
) -> None:
    glass, break_glass = world.services.break_glass, await running(world, noor)
    _, said = await glass.look(world.colleague, break_glass)
    assert said["field_helps"] == ITEM
    with pytest.raises(NotFoundError):
        await glass.look(world.counsellor, break_glass)
    await glass.end(world.colleague, break_glass)
    with pytest.raises(NotFoundError):
        await glass.look(world.colleague, break_glass)


async def test_only_who_asked_takes_it_back(world: World, noor: RelationshipId) -> None:
    break_glass = await asked(world, noor)
    with pytest.raises(InputError, match="somebody_else_asked"):
        await world.services.break_glass.drop(world.colleague, break_glass)
    assert [one.state for one in await world.services.break_glass.waiting(world.colleague)] == ["asked"]


async def test_by_phone_and_not_confirmed_within_the_day_it_ends_and_can_still_be_confirmed(
    world: World, noor: RelationshipId
) -> None:
    glass = world.services.break_glass
    break_glass = await asked(world, noor, msgspec.structs.replace(NEED, approver=world.colleague.staff))
    world.clock.advance(timedelta(hours=24, seconds=1))
    assert await glass.run_out(world.tenant) == 1
    assert [one.state for one in await glass.waiting(world.colleague)] == ["unconfirmed"]
    _, said = await glass.look(world.colleague, break_glass)
    assert said["field_helps"] == ITEM
    await glass.confirm(world.colleague, break_glass, agreed=True)
    await glass.review(world.officer, break_glass, "justified")
    with pytest.raises(ConflictError):
        await glass.review(world.officer, break_glass, "justified")


async def test_what_ran_out_does_not_stand_in_the_way_of_another(world: World, noor: RelationshipId) -> None:
    await running(world, noor)
    world.clock.advance(timedelta(hours=25))
    await world.settle()
    await running(world, noor)
    assert isinstance(await opened(world, noor), Released)
    found_ = await world.services.break_glass.overview(world.officer)
    assert [one.state for one in found_] == ["running", "ended"]


async def test_not_necessary_is_a_breach_to_judge(world: World, noor: RelationshipId) -> None:
    break_glass = await running(world, noor)
    await world.services.break_glass.end(world.officer, break_glass)
    with pytest.raises(InputError, match="choose_outcome"):
        await world.services.break_glass.review(world.officer, break_glass, "perhaps")  # type: ignore[arg-type]
    await world.services.break_glass.review(world.officer, break_glass, "not_justified")
    await world.settle()
    kinds = {one.kind for one in await world.services.tasks.open_tasks(world.officer)}
    assert "break_glass_wrong" in kinds


async def test_it_is_found_with_its_family_and_its_school(
    world: World, view: FamilyView, noor: RelationshipId
) -> None:
    glass = world.services.break_glass
    break_glass = await asked(world, noor)
    mine = await glass.of_family(world.counsellor, view.family)
    assert [one.break_glass for one in mine] == [break_glass]
    assert await glass.afterwards(world.officer, mine) == {break_glass: Afterwards(world.linde, None, "")}
    gone = msgspec.structs.replace(mine[0], relationship=RelationshipId("gone"))
    assert await glass.afterwards(world.officer, [gone]) == {break_glass: Afterwards(None, None, "")}


@pytest.mark.parametrize("untold", ["", "Vader leest mee."])
async def test_afterwards_it_is_known_when_it_was_read_first_and_what_was_said(
    world: World, noor: RelationshipId, untold: str
) -> None:
    """Standing in a list is not being read; another emergency at the same place is not this one."""
    glass = world.services.break_glass
    first = await running(world, noor)
    await glass.end(world.officer, first)
    world.clock.advance(timedelta(minutes=1))
    await world.settle()
    second = await running(world, noor, msgspec.structs.replace(NEED, untold=untold))
    await world.services.release.urgent_of_contact(world.contact, [noor])
    found_ = await glass.overview(world.officer)
    assert {one.read_at for one in (await glass.afterwards(world.officer, found_)).values()} == {None}
    read_at = world.clock.now()
    for _ in range(30):  # more entries than one page of the log
        assert isinstance(await opened(world, noor), Released)
        world.clock.advance(timedelta(minutes=1))
        await world.settle()
    await glass.end(world.officer, second)
    await glass.review(world.officer, second, "not_justified")
    after = await glass.afterwards(world.officer, found_)
    assert (after[first].read_at, after[first].outcome) == (None, "")
    first_read = after[second].read_at
    assert first_read is not None
    assert abs(first_read - read_at) < timedelta(seconds=2)
    assert after[second].outcome == "not_justified"


async def test_nothing_here_is_not_found(world: World, noor: RelationshipId) -> None:
    glass = world.services.break_glass
    with pytest.raises(NotFoundError):
        await glass.ask(world.counsellor, RelationshipId("nothing"), NEED)
    with pytest.raises(NotFoundError):
        await glass.approve(world.colleague, RecordId("nothing"))
    unknown = msgspec.structs.replace(NEED, information_type=TypeKey("nothing"))
    with pytest.raises(NotFoundError):
        await glass.ask(world.counsellor, noor, unknown)


async def test_while_a_stop_is_carried_out_nothing_is_asked(world: World, noor: RelationshipId) -> None:
    journal = world.services.installation.journal
    subject: dict[str, str] = {"relationship": noor}
    journal.accept("contact_removal", tenant=world.tenant, at=world.clock.now(), subject=subject)
    with pytest.raises(StopsPendingError):
        await asked(world, noor)


async def test_on_her_page_a_parent_sees_that_it_was_an_emergency(world: World) -> None:
    told = await told_family(world)
    await running(world, told.relationship)
    assert isinstance(await opened(world, told.relationship), Released)
    await world.settle()
    seen = await world.services.rights.who_looked(told.mother)
    assert [one.types for one in seen if one.emergency] == [("support_advice",)]


async def test_what_is_unsafe_to_tell_stands_on_no_page(world: World) -> None:
    told = await told_family(world)
    await running(world, told.relationship, msgspec.structs.replace(NEED, untold="Vader leest mee."))
    assert isinstance(await opened(world, told.relationship), Released)
    await world.settle()
    assert [one for one in await world.services.rights.who_looked(told.mother) if one.emergency] == []


async def test_a_walk_or_a_request_whose_entry_says_otherwise_is_found_when_the_log_is_compared(
    world: World, view: FamilyView
) -> None:
    child = view.children[0].child
    text = StepText(what="Gezien.", why="Twee keer.")
    await world.services.meldcodes.begin(world.counsellor, view.family, child, text)
    await world.services.statutory_requests.receive(world.counsellor, view.family, child, REQUEST)
    await world.settle()
    assert (await world.services.supervision.verify(world.officer)).ok
    changes = (update(meldcodes).values(child=new_id()), update(statutory_requests).values(asker="police"))
    for change in changes:
        async with world.services.installation.database.transaction() as conn:
            await conn.execute(change)
    assert not (await world.services.supervision.verify(world.officer)).ok
