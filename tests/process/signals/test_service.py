"""Care signals beyond the scenarios: their ends, a look that fails, what sending would do, wrong settings."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import AsyncMock

import pytest

from consent_service.foundation.errors import ConflictError, LogUnavailableError, NotFoundError
from consent_service.foundation.ids import RelationshipId, StaffId, new_id
from consent_service.identity.model import SchoolStaff
from consent_service.organisations.model import NewStaff
from consent_service.process.signals.model import RouteSetting, SignalSent, check_route
from consent_service.release.model import Ask
from tests.scenarios.stories import YES, trail
from tests.shelter import OPERATOR, World


async def with_signal(world: World) -> tuple[RelationshipId, SignalSent]:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {**YES, "care_signal": "yes"})
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    sent = await world.services.signals.send(world.counsellor, relationship)
    assert isinstance(sent, SignalSent)
    return relationship, sent


async def look(world: World) -> int:
    await world.services.sequencer.run_once(world.tenant)
    return await world.services.signals.look(world.tenant, world.clock.now())


async def test_what_would_happen_is_known_before_sending_and_nothing_is_written(world: World) -> None:
    relationship, sent = await with_signal(world)
    ahead = await world.services.signals.outlook(world.counsellor, relationship)
    assert (ahead.due_at, ahead.gone_at) == (sent.due_at, sent.gone_at)
    assert ahead.hears_now == ahead.hears_then == (world.contact.staff,)
    assert ahead.setting == RouteSetting("midden", "direct", "", "")
    assert ahead.problems == ()
    assert len(await trail(world, "signal.sent.v1")) == 1


async def test_without_a_region_or_a_table_it_says_why_and_who_hears_is_not_guessed(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    signals = world.services.signals
    ahead = await signals.outlook(world.counsellor, relationship)
    assert [one.code for one in ahead.problems] == ["school_region_missing"]
    await world.services.signal_routing.place_school(world.officer, world.linde, "zuid")
    world.clock.set(datetime(2029, 9, 20, 8, tzinfo=UTC))
    ahead = await signals.outlook(world.counsellor, relationship)
    assert [one.code for one in ahead.problems] == ["school_days_missing"]
    assert (ahead.due_at, ahead.hears_now) == (None, ())


async def test_the_end_of_the_work_with_a_school_is_the_end_of_its_signals(world: World) -> None:
    relationship, _ = await with_signal(world)
    await world.services.families.end_relationship(world.counsellor, relationship, "changed_school")
    await look(world)
    assert len(await trail(world, "signal.gone.v1")) == 1
    for asked in (world.services.signals.sent, world.services.signals.outlook):
        with pytest.raises(ConflictError):
            await asked(world.counsellor, relationship)


async def test_who_read_it_is_not_asked_again_and_a_colleague_still_is(world: World) -> None:
    relationship, _ = await with_signal(world)
    signals = world.services.signals
    other = NewStaff("school_staff", "Dirk Deputy", world.linde, "contact")
    member = StaffId(await world.services.organisations.add_staff(OPERATOR, world.tenant, other))
    assert await signals.read_by(world.contact) == frozenset()
    await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    await look(world)
    assert await signals.read_by(world.contact) == {relationship}
    await world.services.families.list_contact(world.counsellor, relationship, member)
    colleague = SchoolStaff(world.tenant, member, world.linde, "contact")
    assert await signals.read_by(colleague) == frozenset()
    await world.services.release.to_school(colleague, Ask(relationship, "support"))
    await look(world)
    assert await signals.read_by(colleague) == {relationship}
    assert isinstance(await signals.send(world.counsellor, relationship), SignalSent)
    assert await signals.read_by(world.contact) == frozenset(), "something new happened"


async def test_taken_back_it_is_gone_once_and_another_one_stays(world: World) -> None:
    relationship, _ = await with_signal(world)
    assert isinstance(await world.services.signals.send(world.counsellor, relationship), SignalSent)
    newest, _ = await world.services.records.written(world.counsellor, relationship)
    await world.services.records.retract(world.counsellor, relationship, newest.record)
    await look(world)
    await look(world)
    assert len(await trail(world, "signal.gone.v1")) == 1
    assert len(await world.services.signals.sent(world.counsellor, relationship)) == 1
    both = await world.services.signals.sent(world.counsellor, relationship, also_gone=5)
    assert [one.state for one in both] == ["sent", "gone"]


async def test_nobody_calls_about_a_signal_that_is_not_there(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world.services.signals.called(world.counsellor, new_id(), "director")


async def test_one_signal_that_cannot_be_looked_at_keeps_no_other_waiting(world: World) -> None:
    await with_signal(world)
    await with_signal(world)
    signals = world.services.signals
    signals._look_at = AsyncMock(side_effect=[ConflictError("taken"), 1])  # type: ignore[method-assign]
    with pytest.raises(ConflictError):
        await look(world)
    assert signals._look_at.await_count == 2
    signals._look_at = AsyncMock(side_effect=LogUnavailableError("away"))  # type: ignore[method-assign]
    with pytest.raises(LogUnavailableError):
        await look(world)
    assert signals._look_at.await_count == 1


@pytest.mark.parametrize(
    "phone, fits",
    [("0800-2000", True), ("0800 2000", True), ("013-5550900", True), ("112", False), ("0900-2000", False)],
)
def test_the_short_free_number_of_veilig_thuis_is_a_number_to_call(phone: str, fits: bool) -> None:
    found = check_route(RouteSetting("zuid", "veilig_thuis", "Veilig Thuis", phone))
    assert [one.field for one in found] == ([] if fits else ["phone"])


def test_everything_wrong_with_a_way_is_told_at_once() -> None:
    wrong = RouteSetting("oost", "post", "x" * 121, "")  # type: ignore[arg-type]
    assert [one.field for one in check_route(wrong)] == ["region", "route", "recipient", "phone"]
