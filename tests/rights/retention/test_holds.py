"""What is held stays: no run takes it and no erasure begins, and the refusal can be sent to the person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from consent_service.audit import events
from consent_service.consent.tables import consent_ledger
from consent_service.custody.model import Doomed, Order
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError, Problem
from consent_service.foundation.i18n import problem_sentence
from consent_service.foundation.ids import StaffId, new_id
from consent_service.identity.model import Fg
from consent_service.process.tables import tasks
from consent_service.records.tables import records
from consent_service.rights.erasure_model import Wanted
from consent_service.rights.retention import service as retention_service
from consent_service.rights.retention.finding import past_records
from consent_service.rights.retention.model import NewHold, Past
from consent_service.rights.retention.tables import retention_holds
from tests.ledger import count, entries, rows
from tests.rights.forgetting import decided, second_coordinator, whole
from tests.rights.retention.household import agreed_periods, plant
from tests.rights.retention.test_service import FIVE_YEARS, LATER, codes, ended, run
from tests.scenarios.stories import told_family
from tests.shelter import OPERATOR, World

NEXT_MONTH = date(2026, 10, 1)


def of(subject: str, review_on: date = NEXT_MONTH) -> NewHold:
    return NewHold(subject, "claim", review_on)


async def test_a_held_family_outlives_every_period_until_the_hold_is_lifted(world: World) -> None:
    door, told = world.services.retention, await ended(world)
    await agreed_periods(world, await second_coordinator(world))
    await plant(world, "tasks", kind="x", family=told.view.family, done_at=world.clock.now())
    hold = await door.hold(world.officer, of(told.view.family))
    world.clock.advance(FIVE_YEARS)
    done = await run(world)
    assert (done.records, done.keys, done.families) == (0, 0, 0)
    preview = (await door.overview(world.officer)).preview
    assert preview.tables["tasks"] == Past(0, 1)
    assert sum(one.held for one in preview.records.values()) == 1
    assert (await count(world, records), await count(world, tasks) >= 1) == (1, True)
    await door.lift(world.officer, hold)
    await door.lift(world.officer, hold)
    done = await run(world)
    assert (done.records, done.keys, done.families) == (1, 1, 1)
    assert await count(world, consent_ledger) == 0
    (row,) = await rows(world, retention_holds)
    assert (row.family, row.child, row.lifted_by) == (None, None, world.officer.staff)
    said = [one.detail.event for one in await entries(world, "retention.held.v1") if one.detail]
    assert [one.act for one in said if isinstance(one, events.RetentionHeld)] == ["lifted", "placed"]
    await whole(world)


async def test_an_erasure_of_what_is_held_is_refused_with_a_sentence_for_the_person(world: World) -> None:
    erasing, told = world.services.erasures, await told_family(world)
    child, family = told.view.children[0].child, told.view.family
    wanted = Wanted("family", family, "requested")
    asked = await decided(world, wanted)
    await world.services.retention.hold(world.officer, of(family))
    for door in (
        erasing.ask(world.officer, Wanted("child", child, "requested")),
        erasing.ask(world.officer, Wanted("person", told.view.guardians[0].guardian, "requested")),
        erasing.execute(world.officer, asked),
    ):
        with pytest.raises(InputError) as refused:
            await door
        assert refused.value.problems == (Problem("subject", "erasures.held"),)
    for language, words in (("nl", "artikel 17 lid 3"), ("en", "article 17(3)")):
        assert words in problem_sentence(Problem("subject", "erasures.held"), language)
    await whole(world)


async def test_no_key_of_what_is_held_is_destroyed(world: World) -> None:
    custody, told = world.services.custody, await told_family(world)
    child = told.view.children[0].child
    hold = await world.services.retention.hold(world.officer, of(child))
    order = Order(world.tenant, world.officer.staff, Doomed("relationship", told.relationship))
    for door in (
        custody.destroy(world.officer, told.relationship),
        custody.destroy_child(world.officer, child),
        custody.carry_out(OPERATOR, order),
    ):
        assert await codes(door) == ["erasures.held"]
    await world.services.retention.lift(world.officer, hold)
    await custody.destroy_child(world.officer, child)
    await whole(world)


async def test_a_held_child_leaves_the_other_child_free(world: World) -> None:
    kids = (("Noor", date(2018, 5, 4)), ("Sem", date(2019, 5, 4)))
    view = await world.family(children=kids)
    noor, sem = (one.child for one in view.children)
    await world.at_school(noor)
    erasing, door = world.services.erasures, world.services.retention
    await door.hold(world.officer, of(noor))
    assert await codes(erasing.ask(world.officer, Wanted("child", noor, "requested"))) == ["erasures.held"]
    assert await codes(erasing.ask(world.officer, Wanted("family", view.family, "requested"))) == [
        "erasures.held"
    ]
    await erasing.ask(world.officer, Wanted("child", sem, "requested"))
    assert await codes(door.hold(world.officer, of(noor))) == ["retention.held_already"]
    await door.hold(world.officer, of(view.family))
    assert await codes(door.hold(world.officer, of(sem))) == ["retention.held_already"]


async def test_everything_that_is_wrong_is_told_at_once(world: World) -> None:
    door = world.services.retention
    assert await codes(door.hold(world.officer, of("nobody", date(2020, 1, 1)))) == [
        "retention.review_past",
        "retention.unknown",
    ]
    far = await codes(door.hold(world.officer, of(new_id(), date(2030, 1, 1))))
    assert far == ["retention.review_far", "retention.unknown"]
    with pytest.raises(NotFoundError):
        await door.lift(world.officer, new_id())
    fg: Any = Fg(world.tenant, StaffId(new_id()))
    with pytest.raises(NotAllowedError):
        await door.hold(fg, of("x"))
    with pytest.raises(NotAllowedError):
        await door.lift(fg, "x")


async def test_a_child_is_held_by_its_school_too_and_its_records_stay(world: World) -> None:
    door, told = world.services.retention, await told_family(world)
    other = await told_family(world, family_name="Anders")
    await door.hold(world.officer, of(told.relationship.upper()))
    (row,) = await rows(world, retention_holds)
    assert row.child == told.view.children[0].child
    world.clock.set(LATER)
    assert (await run(world)).records == 1
    (left,) = await rows(world, records)
    assert left.relationship == told.relationship != other.relationship


async def test_a_hold_placed_while_a_run_goes_on_still_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found before the hold is looked at again when its turn comes."""
    told = await told_family(world)
    world.clock.set(LATER)

    async def finding(*args: Any, **named: Any) -> Any:
        found = await past_records(*args, **named)
        if not await rows(world, retention_holds):
            await plant(
                world,
                "retention_holds",
                family=told.view.family,
                child=None,
                ground="claim",
                review_on=NEXT_MONTH,
            )
        return found

    world.clock.advance(timedelta(days=1))
    await world.services.retention.ask(world.officer)
    monkeypatch.setattr(retention_service, "past_records", finding)
    found = await world.services.retention.look(world.tenant)
    assert found is not None
    assert (found.done.records, await count(world, records)) == (0, 1)
