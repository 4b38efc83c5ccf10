"""Who reads at a school over time: confirmed every term (15), deputies (47), related to the family (16)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from consent_service.audit.events import ConflictDeclared, ContactListed
from consent_service.families.tables import relationship_contacts
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import InputError, NotAllowedError
from consent_service.identity.model import SchoolStaff
from consent_service.organisations.model import SCHOOL_WEEK, NewStaff, Weekday
from consent_service.organisations.tables import relationship_state
from consent_service.process.calendar import Calendar
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.ledger import entries, rows
from tests.scenarios.stories import Told, told_family, trail
from tests.shelter import OPERATOR, World

TERM = local_midnight(date(2027, 2, 1))
LAPSE = local_midnight(date(2027, 3, 15))
MOMENT = timedelta(microseconds=1)


async def somebody(
    world: World, name: str = "Dirk Deputy", days: tuple[Weekday, ...] = SCHOOL_WEEK
) -> SchoolStaff:
    new = NewStaff("school_staff", name, world.linde, "contact", days)
    added = await world.services.organisations.add_staff(OPERATOR, world.tenant, new)
    return SchoolStaff(world.tenant, added, world.linde, "contact")


async def deputy(world: World, told: Told, *, whom: SchoolStaff | None = None) -> SchoolStaff:
    other = await somebody(world)
    main = (whom or world.contact).staff
    await world.services.families.list_contact(
        world.counsellor, told.relationship, other.staff, deputy_for=main
    )
    return other


async def reads(world: World, told: Told, reader: SchoolStaff) -> bool:
    """Whether this one gets something, and whether the list of children, the door and writing agree."""
    await world.services.sequencer.run_once(world.tenant)
    answer = await world.services.release.to_school(reader, Ask(told.relationship, "support"))
    listed = await world.services.families.school_children(reader.tenant, reader.staff, reader.school)
    assert (told.relationship in {one.relationship for one in listed}) is isinstance(answer, Released)
    try:
        await world.services.records.written(reader, told.relationship)
    except NotAllowedError:
        assert isinstance(answer, Refused)
    return isinstance(answer, Released)


async def tasks_of(world: World) -> list[str]:
    await world.settle()
    return [task.kind for task in await world.services.tasks.open_tasks(world.counsellor)]


async def day_passes(world: World) -> None:
    services = world.services
    calendar = Calendar(
        database=services.installation.database,
        ring=services.installation.ring,
        log=services.log,
        catalogue=services.policies.proposal.catalogue,
        recalls=services.recalls,
    )
    await calendar.run(world.tenant, world.clock.now())


# --- every school term -----------------------------------------------------------------------


async def test_s15_who_is_not_confirmed_for_the_term_sees_nothing_from_that_midnight(world: World) -> None:
    told = await told_family(world)
    world.clock.set(LAPSE - MOMENT)
    await world.settle()
    assert await reads(world, told, world.contact)
    (state,) = await rows(world, relationship_state, relationship=told.relationship)
    assert state.next_change_at == LAPSE
    world.clock.set(LAPSE)
    assert not await reads(world, told, world.contact)
    with pytest.raises(NotAllowedError):  # who may not see the child is not asked about it
        await world.services.families.attest_contacts(world.contact, told.relationship, [world.contact.staff])
    await world.confirmed(told.relationship)
    assert await reads(world, told, world.contact)


async def test_s15_a_contact_confirms_in_the_grace_and_the_log_says_so_once(world: World) -> None:
    told = await told_family(world)
    families = world.services.families
    assert await families.asked_of(world.tenant, world.contact.staff, world.linde) == ()
    world.clock.set(TERM)
    (asked,) = await families.asked_of(world.tenant, world.contact.staff, world.linde)
    assert asked.relationship == told.relationship
    for _ in range(2):
        await families.attest_contacts(world.contact, told.relationship, [world.contact.staff])
    assert len(await trail(world, "contact.attested.v1")) == 1
    assert await families.asked_of(world.tenant, world.contact.staff, world.linde) == ()
    world.clock.set(LAPSE)
    assert await reads(world, told, world.contact)
    with pytest.raises(NotAllowedError):
        await families.attest_contacts(world.contact, told.relationship, [world.teacher.staff])
    with pytest.raises(NotAllowedError):
        await families.attest_contacts(world.colleague, told.relationship, [world.contact.staff])


async def test_s15_the_counsellor_is_told_when_the_term_begins_a_week_before_and_at_the_lapse(
    world: World,
) -> None:
    await told_family(world)
    told_at: dict[str, str] = {}
    day = TERM - timedelta(days=2)
    while day < LAPSE + timedelta(days=3):
        world.clock.set(day + timedelta(hours=9))
        await day_passes(world)
        for event_type in ("reminder.due.v1", "contact.lapsed.v1"):
            for entry in await entries(world, event_type):
                event = None if entry.detail is None else entry.detail.event
                if getattr(event, "kind", "contact_attestation") == "contact_attestation":
                    told_at.setdefault(entry.id, f"{event_type} {entry.at:%m-%d}")
        day += timedelta(days=1)
    assert sorted(told_at.values()) == [
        "contact.lapsed.v1 03-15",
        "reminder.due.v1 02-01",
        "reminder.due.v1 03-08",
    ]
    assert "contact_lapsed" in await tasks_of(world)
    assert "contact_attestation" not in await tasks_of(world)


async def test_s15_a_task_about_a_contact_is_done_by_confirming(world: World) -> None:
    told = await told_family(world)
    world.clock.set(TERM + timedelta(hours=9))
    await day_passes(world)
    assert "contact_attestation" in await tasks_of(world)
    await world.confirmed(told.relationship)
    assert "contact_attestation" not in await tasks_of(world)


async def test_s15_who_steps_off_is_off_at_once_and_the_counsellor_finds_somebody(world: World) -> None:
    told = await told_family(world)
    await world.services.families.step_off(world.contact, told.relationship)
    assert not await reads(world, told, world.contact)
    assert await tasks_of(world) == ["contact_stepped_off"]
    with pytest.raises(NotAllowedError):
        await world.services.families.step_off(world.contact, told.relationship)
    other = await somebody(world)
    await world.services.families.list_contact(world.counsellor, told.relationship, other.staff)
    assert await tasks_of(world) == []


async def test_s15_when_somebody_of_a_school_left_every_counsellor_concerned_is_told(world: World) -> None:
    told = await told_family(world)
    other = await deputy(world, told)
    await world.services.organisations.end_staff(world.officer, world.tenant, world.contact.staff)
    assert not await reads(world, told, world.contact)
    assert await reads(world, told, other)
    assert await tasks_of(world) == ["contact_stepped_off"]
    with pytest.raises(NotAllowedError):
        await world.services.organisations.end_staff(world.officer, world.tenant, world.colleague.staff)


# --- deputies --------------------------------------------------------------------------------


async def test_s47_on_a_day_off_the_deputy_reads_and_on_the_next_day_no_more(world: World) -> None:
    told = await told_family(world)
    main = await somebody(world, "Mia Main", ("mon", "wed", "thu", "fri"))
    await world.services.families.list_contact(world.counsellor, told.relationship, main.staff)
    other = await deputy(world, told, whom=main)
    world.clock.set(datetime(2026, 9, 7, 22, 0, tzinfo=UTC) - MOMENT)  # Monday, the last moment
    await world.settle()
    assert not await reads(world, told, other)
    world.clock.advance(MOMENT)
    assert await reads(world, told, other)
    assert await reads(world, told, main)
    world.clock.set(datetime(2026, 9, 8, 22, 0, tzinfo=UTC))
    await world.settle()
    assert not await reads(world, told, other)


async def test_s47_while_the_contact_is_said_to_be_away_the_deputy_reads(world: World) -> None:
    told = await told_family(world)
    other = await deputy(world, told)
    families, until = world.services.families, date(2026, 9, 3)
    assert not await reads(world, told, other)
    for _ in range(2):
        await families.say_away(world.contact, told.relationship, world.contact.staff, until)
    assert len(await trail(world, "contact.away.v1")) == 1
    assert await reads(world, told, other)
    await families.say_away(world.counsellor, told.relationship, world.contact.staff, None)
    assert not await reads(world, told, other)
    await families.say_away(world.counsellor, told.relationship, world.contact.staff, until)
    world.clock.set(local_midnight(date(2026, 9, 4)))
    await world.settle()
    assert not await reads(world, told, other)


@pytest.mark.parametrize("until", [date(2026, 8, 31), date(2026, 12, 3)])
async def test_an_absence_that_is_over_or_has_no_end_in_sight_is_refused(world: World, until: date) -> None:
    told = await told_family(world)
    with pytest.raises(InputError) as refused:
        await world.services.families.say_away(
            world.counsellor, told.relationship, world.contact.staff, until
        )
    assert [one.code for one in refused.value.problems] == ["contact_away_until"]


async def test_only_of_a_contact_on_a_list_that_goes_on_anything_can_be_said(world: World) -> None:
    told = await told_family(world)
    families, day = world.services.families, date(2026, 9, 2)
    with pytest.raises(InputError) as refused:
        await families.say_away(world.counsellor, told.relationship, world.teacher.staff, day)
    assert [one.code for one in refused.value.problems] == ["contact_not_listed"]
    with pytest.raises(NotAllowedError):
        await families.say_away(world.contact, told.relationship, world.teacher.staff, day)
    await families.end_relationship(world.counsellor, told.relationship, "changed_school")
    with pytest.raises(InputError):
        await families.say_away(world.counsellor, told.relationship, world.contact.staff, day)


async def test_one_stands_in_for_a_contact_on_the_list_only(world: World) -> None:
    told = await told_family(world)
    other, third = await deputy(world, told), await somebody(world, "Tom Third")
    for whom in (world.teacher.staff, other.staff, world.eik_contact.staff):
        with pytest.raises(InputError) as refused:
            await world.services.families.list_contact(
                world.counsellor, told.relationship, third.staff, deputy_for=whom
            )
        assert [one.code for one in refused.value.problems] == ["contact_to_replace"]


# --- related to the family -------------------------------------------------------------------


async def test_s16_access_moves_to_the_deputy_and_to_nobody_else_on_the_list(world: World) -> None:
    told = await told_family(world)
    other = await deputy(world, told)
    await world.services.families.list_contact(world.counsellor, told.relationship, world.teacher.staff)
    assert not await reads(world, told, other)
    await world.services.families.declare_conflict(world.contact, told.relationship, world.contact.staff)
    assert not await reads(world, told, world.contact)
    assert await reads(world, told, other)
    listed = [entry.detail.event for entry in await trail(world, "contact.listed.v1") if entry.detail]
    assert ContactListed(told.relationship, other.staff, "contact", deputy=False) in listed
    (entry,) = await trail(world, "contact.conflict_declared.v1")
    assert entry.detail is not None
    assert entry.detail.event == ConflictDeclared(told.relationship, world.contact.staff, 1)
    assert await tasks_of(world) == []


async def test_s16_a_teacher_on_the_list_is_no_deputy_so_somebody_is_to_be_found(world: World) -> None:
    told = await told_family(world)
    await world.services.families.list_contact(world.counsellor, told.relationship, world.teacher.staff)
    await world.services.families.declare_conflict(world.contact, told.relationship, world.contact.staff)
    (entry,) = await trail(world, "contact.conflict_declared.v1")
    assert entry.detail is not None
    assert entry.detail.event == ConflictDeclared(told.relationship, world.contact.staff, 0)
    assert await tasks_of(world) == ["contact_needed"]


async def test_s16_the_deputy_is_away_and_is_contact_from_then_on_all_the_same(world: World) -> None:
    told = await told_family(world)
    other = await deputy(world, told)
    away = world.services.families.say_away
    await away(world.counsellor, told.relationship, other.staff, date(2026, 9, 9))
    await world.services.families.declare_conflict(world.counsellor, told.relationship, world.contact.staff)
    assert await reads(world, told, other)
    assert await tasks_of(world) == []


async def test_s16_to_move_up_is_not_to_be_confirmed_and_who_lapsed_does_not_move_up(world: World) -> None:
    told = await told_family(world)
    other = await deputy(world, told)
    world.clock.set(TERM + timedelta(days=1))
    await world.services.families.declare_conflict(world.counsellor, told.relationship, world.contact.staff)
    assert await reads(world, told, other)
    world.clock.set(LAPSE)
    assert not await reads(world, told, other)


async def test_s16_with_a_deputy_who_lapsed_somebody_is_to_be_found(world: World) -> None:
    told = await told_family(world)
    other = await deputy(world, told)
    world.clock.set(LAPSE)
    await world.services.families.declare_conflict(world.counsellor, told.relationship, world.contact.staff)
    assert not await reads(world, told, other)
    assert "contact_needed" in await tasks_of(world)
    listings = await rows(world, relationship_contacts, relationship=told.relationship, staff=other.staff)
    assert [row.deputy_for for row in listings] == [world.contact.staff]


async def test_s16_a_contact_who_lapsed_may_still_say_to_be_related(world: World) -> None:
    told = await told_family(world)
    world.clock.set(LAPSE)
    await world.services.families.declare_conflict(world.contact, told.relationship, world.contact.staff)
    assert not await reads(world, told, world.contact)
    assert len(await trail(world, "contact.conflict_declared.v1")) == 1
