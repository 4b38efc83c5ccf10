"""Runs, what they take, and what happens when one is killed or something cannot be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from consent_service.audit import events
from consent_service.audit.erasing import forget_batch
from consent_service.consent.tables import consent_ledger
from consent_service.custody.service import CustodyService
from consent_service.families.tables import families
from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    InputError,
    IntegrityError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import StaffId, TypeKey, new_id
from consent_service.identity.model import Fg
from consent_service.keyring.tables import person_keys, relationship_keys
from consent_service.organisations.tables import staff
from consent_service.process.tables import tasks
from consent_service.records.service import Note
from consent_service.records.tables import record_digests, records
from consent_service.rights import erasure as erasing
from consent_service.rights.breaches.tables import breach_people, breaches
from consent_service.rights.cases.model import Asked
from consent_service.rights.retention import service as retention_service
from consent_service.rights.retention.model import Done, Past
from consent_service.rights.retention.removing import remove_rows
from consent_service.rights.retention.tables import retention_runs
from consent_service.rights.tables import erasures
from tests.ledger import count, entries, rows
from tests.rights.breaches.stories import opened, reported
from tests.rights.forgetting import second_coordinator, whole
from tests.rights.retention.household import agreed_periods, plant
from tests.scenarios.stories import SUPPORT, YES, Told, ask, share, told_family
from tests.shelter import OPERATOR, SAFE, World

LATER = datetime(2027, 8, 1, 0, 0, tzinfo=UTC)
"""The school year in which everything is written is over."""
FIVE_YEARS = timedelta(days=5 * 366)


async def codes(act: Any) -> list[str]:
    with pytest.raises(InputError) as refused:
        await act
    return [one.code for one in refused.value.problems]


async def run(world: World) -> Done:
    """The next day's run."""
    world.clock.advance(timedelta(days=1))
    found = await world.services.retention.look(world.tenant)
    assert found is not None
    await world.settle()
    return found.done


async def ended(world: World) -> Told:
    told = await told_family(world)
    await world.services.families.end_family(world.counsellor, told.view.family, "moved_out")
    await world.settle()
    return told


async def test_a_record_is_destroyed_on_the_day_its_period_ends(world: World) -> None:
    told = await told_family(world)
    world.clock.set(LATER - timedelta(hours=3))
    assert (await run(world)).records == 1
    assert await count(world, records) == 0
    (entry,) = await entries(world, "record.expired.v1")
    assert entry.detail is not None
    event = entry.detail.event
    assert isinstance(event, events.RecordExpired)
    assert (event.record, event.information_type) == (told.record, SUPPORT)
    (ran,) = await entries(world, "retention.ran.v1")
    assert ran.detail is not None
    assert isinstance(ran.detail.event, events.RetentionRan)
    assert ran.detail.event.records == 1
    assert await count(world, relationship_keys) == 1, "guidance goes on"
    await whole(world)
    await world.intake(told.mother, YES)
    written = await share(world, told.relationship)
    assert written.version == 1
    await ask(world, told.relationship)
    await whole(world)


async def test_what_stays_until_guidance_ends_goes_then_and_the_key_after_the_longest_period(
    world: World,
) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    answers: dict[str, Any] = dict.fromkeys(("shelter_involvement", "support_advice", "pickup"), "yes")
    await world.intake(world.guardian(view), answers)
    fields = {"name": "Oma", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
    share_one = world.services.records.share
    await share_one(world.counsellor, relationship, Note(TypeKey("pickup"), fields))
    involved = {"status": "involved", "shown_as": "neutral"}
    await share_one(world.counsellor, relationship, Note(TypeKey("shelter_involvement"), involved))
    world.clock.set(datetime(2028, 1, 31, 9, tzinfo=UTC))
    assert (await run(world)).records == 0
    await world.services.families.end_relationship(world.counsellor, relationship, "changed_school")
    assert (await run(world)).records == 1
    (left,) = await rows(world, records)
    assert left.information_type == "shelter_involvement"
    world.clock.set(datetime(2028, 2, 28, 9, tzinfo=UTC))
    assert (await run(world)).records == 0
    assert (await run(world)).records == 1, "a month after 1 February"
    assert await count(world, relationship_keys) == 1
    world.clock.set(datetime(2028, 7, 30, 9, tzinfo=UTC))
    assert (await run(world)).keys == 0
    assert (await run(world)).keys == 1, "six months after"
    assert await count(world, relationship_keys) == 0
    assert await count(world, consent_ledger) > 0
    await whole(world)


async def test_the_work_of_the_day_is_done_once_and_what_a_coordinator_asks_is_done_too(world: World) -> None:
    door = world.services.retention
    first = await door.look(world.tenant)
    assert first is not None
    assert (first.asked_by, first.done) == (None, Done())
    assert await entries(world, "retention.ran.v1") == (), "nothing went"
    assert await door.look(world.tenant) is None
    asked = await door.ask(world.officer)
    assert await door.ask(world.officer) == asked, "a second click"
    second = await door.look(world.tenant)
    assert second is not None
    assert (second.run, second.asked_by) == (asked, world.officer.staff)
    await world.settle()
    assert len(await entries(world, "retention.ran.v1")) == 1
    overview = await door.overview(world.officer)
    assert [one.run for one in overview.runs] == [asked, first.run]


async def test_a_killed_run_goes_on_and_counts_everything_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_service, "BATCH", 2)
    for _ in range(7):
        await plant(world, "tasks", kind="x", done_at=world.clock.now() - timedelta(days=400))
    world.clock.advance(timedelta(days=1))
    real, calls = remove_rows, 0

    async def dying(*args: Any, **named: Any) -> int:
        nonlocal calls
        calls += args[1] == "tasks"
        if args[1] == "tasks" and calls == 3:
            raise DatabaseUnavailableError("away")
        return await real(*args, **named)

    monkeypatch.setattr(retention_service, "remove_rows", dying)
    with pytest.raises(DatabaseUnavailableError):
        await world.services.retention.look(world.tenant)
    (broken,) = await rows(world, retention_runs)
    assert (broken.ended_at, broken.expected, broken.rows) == (None, 7, 4)
    again = await world.services.retention.look(world.tenant)
    assert again is not None
    assert (again.run, again.done.rows, await count(world, tasks)) == (broken.run, 7, 0)


async def test_a_family_goes_five_years_after_guidance_and_two_coordinators_stand_behind_it(
    world: World,
) -> None:
    told = await ended(world)
    other = await second_coordinator(world)
    world.clock.advance(FIVE_YEARS)
    assert (await run(world)).families == 0, "nobody stands behind the periods"
    door = world.services.retention
    assert (await door.overview(world.officer)).preview.families == Past(1)
    schedule = await door.propose(world.officer)
    assert (await run(world)).families == 0
    await door.approve(other, schedule)
    assert (await run(world)).families == 1
    for table in (families, consent_ledger, person_keys):
        found = await rows(world, table)
        ids = {told.view.family, told.relationship, told.view.children[0].child}
        assert not [row for row in found if ids & set(map(str, row))]
    (erasure,) = await rows(world, erasures)
    assert (erasure.state, erasure.typed, erasure.ground) == ("executed", "schedule", "no_longer_needed")
    (asked,) = await entries(world, "erasure.asked.v1")
    assert asked.detail is not None
    assert asked.detail.by.kind == "system"
    assert getattr(asked.detail.event, "coordinator", None) == world.officer.staff
    await whole(world)


async def test_a_family_that_still_asks_something_waits_for_its_answer(world: World) -> None:
    told = await ended(world)
    await agreed_periods(world, await second_coordinator(world))
    case = await world.services.cases.ask(told.mother, Asked("access"))
    world.clock.advance(FIVE_YEARS)
    assert (await run(world)).families == 0
    assert (await world.services.retention.overview(world.officer)).preview.families.held == 1
    await world.services.cases.withdraw(told.mother, case)
    assert (await run(world)).families == 1


async def test_a_family_of_a_breach_that_is_not_closed_can_still_be_told(world: World) -> None:
    await told_family(world, safety=SAFE)
    breach = await opened(world)
    await reported(world, breach)
    for (view,) in [await rows(world, families)]:
        await world.services.families.end_family(world.counsellor, view.family, "moved_out")
    await agreed_periods(world, await second_coordinator(world))
    world.clock.advance(FIVE_YEARS)
    assert (await run(world)).families == 0
    await world.services.breaches.close(world.officer, breach)
    assert (await run(world)).families == 1


async def test_a_breach_goes_five_years_after_it_was_closed_with_its_key_and_whom_it_was_about(
    world: World,
) -> None:
    await told_family(world, safety=SAFE)
    for kept in (True, False):
        breach = await opened(world)
        await reported(world, breach)
        if not kept:
            await world.services.breaches.close(world.officer, breach)
    assert await count(world, breach_people) > 0
    world.clock.advance(FIVE_YEARS)
    await run(world)
    (left,) = await rows(world, breaches)
    assert {row.breach for row in await rows(world, breach_people)} == {left.breach}
    keys = {row.person for row in await rows(world, person_keys)}
    assert left.breach in keys
    assert breach not in keys
    assert (await world.services.breaches.view(world.officer, left.breach)).words["nature"]
    await whole(world)


async def test_a_family_waits_for_its_last_record(world: World) -> None:
    told = await ended(world)
    await agreed_periods(world, await second_coordinator(world))
    world.clock.advance(FIVE_YEARS)
    async with world.services.installation.database.transaction() as conn:
        later = world.clock.now() + timedelta(days=3)
        await conn.execute(update(records).values(expires_at=later))
    assert (await run(world)).families == 0
    world.clock.advance(timedelta(days=3))
    done = await run(world)
    assert (done.records, done.families) == (1, 1)
    assert told.view.family not in {row.family for row in await rows(world, families)}


async def test_a_family_that_was_begun_with_is_finished_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ended(world)
    await agreed_periods(world, await second_coordinator(world))
    world.clock.advance(FIVE_YEARS)

    async def dying(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailableError("away")

    monkeypatch.setattr(erasing, "forget_batch", dying)
    with pytest.raises(DatabaseUnavailableError):
        await run(world)
    (begun,) = await rows(world, erasures)
    assert begun.state == "running"
    monkeypatch.setattr(erasing, "forget_batch", forget_batch)
    assert await world.services.retention.look(world.tenant) is not None
    (done,) = await rows(world, erasures)
    assert (done.state, await count(world, families)) == ("executed", 0)
    await whole(world)


async def test_one_that_cannot_be_done_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await ended(world)
    world.clock.advance(timedelta(days=400))
    real, tried = CustodyService.retire, 0

    async def refusing(self: CustodyService, *args: Any) -> Any:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise IntegrityError("tampered with")
        return await real(self, *args)

    monkeypatch.setattr(CustodyService, "retire", refusing)
    done = await run(world)
    assert (done.keys, done.failed) == (1, 1)
    assert (await run(world)).keys == 1


async def test_a_schedule_is_proposed_by_one_and_approved_by_another(world: World) -> None:
    door, other = world.services.retention, await second_coordinator(world)
    with pytest.raises(NotFoundError):
        await door.approve(other, new_id())
    schedule = await door.propose(world.officer)
    assert await codes(door.propose(other)) == ["retention.proposed_already"]
    assert await codes(door.approve(world.officer, schedule)) == ["retention.own"]
    await door.approve(other, schedule)
    assert await codes(door.approve(other, schedule)) == ["retention.approved_already"]
    await whole(world)


async def test_the_fg_looks_and_decides_nothing(world: World) -> None:
    door = world.services.retention
    fg: Any = Fg(world.tenant, StaffId(new_id()))
    assert (await door.overview(fg)).preview.going == 0
    for deciding in (door.ask, door.propose):
        with pytest.raises(NotAllowedError):
            await deciding(fg)


async def test_who_left_long_ago_goes_once_no_family_names_them(world: World) -> None:
    told = await told_family(world)
    await agreed_periods(world, await second_coordinator(world))
    for member in (world.teacher, world.contact):
        await world.services.organisations.end_staff(OPERATOR, world.tenant, member.staff)
    await plant(world, "staff_invitations", staff=world.teacher.staff)
    world.clock.advance(FIVE_YEARS)
    assert (await run(world)).staff == 1, "the contact of a child that is still here stays"
    left = {row.staff for row in await rows(world, staff)}
    assert world.teacher.staff not in left
    assert world.contact.staff in left
    assert await rows(world, person_keys, person=world.teacher.staff) == []
    await whole(world)
    await world.services.families.end_family(world.counsellor, told.view.family, "moved_out")
    world.clock.advance(FIVE_YEARS)
    done = await run(world)
    assert (done.families, done.staff) == (1, 1)
    await whole(world)


async def test_many_records_go_in_small_batches_and_the_rest_still_fits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_service, "BATCH", 2)
    told = await told_family(world)
    for _ in range(4):
        await share(world, told.relationship)
    world.clock.set(LATER)
    await world.intake(told.mother, YES)
    new = await share(world, told.relationship)
    assert (await run(world)).records == 5
    (left,) = await rows(world, records)
    assert left.record == new.record
    async with world.services.installation.database.reading() as conn:
        found = (await conn.execute(select(func.count()).select_from(record_digests))).scalar_one()
    assert found == 1
    await whole(world)
