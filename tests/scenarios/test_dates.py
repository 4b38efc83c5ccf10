"""S5, S8, S9, S26 and S55 as far as they are about days: what ends at midnight, and who is told before."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from consent_service.audit.events import ReminderDue
from consent_service.consent.tables import consent_ledger
from consent_service.families.model import NewAuthority
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.organisations.tables import relationship_state
from consent_service.process.model import Task
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Ask, Refused, Released
from tests.ledger import count, entries, rows
from tests.scenarios.stories import SUPPORT, YES, ask, sentence_of, share, told_family
from tests.shelter import World

GATE = TypeKey("shelter_involvement")
INVOLVED = Note(GATE, {"status": "involved", "shown_as": "neutral"})
SECOND = timedelta(seconds=1)


async def days_pass(world: World, until: datetime) -> None:
    """Every day its calendar, now and then at 03:00, and whatever follows from it."""
    await world.services.calendar.run(world.tenant, world.clock.now())
    while world.clock.now() < until:
        tomorrow = local_midnight(local_date(world.clock.now()) + timedelta(days=1))
        world.clock.set(min(tomorrow + timedelta(hours=3), until))
        await world.services.calendar.run(world.tenant, world.clock.now())
    await world.settle()


async def told_of(world: World, *kinds: str) -> list[tuple[str, date, int]]:
    """Kind, day and how many days before it somebody was told, oldest first."""
    found = []
    for entry in reversed(await entries(world, "reminder.due.v1")):
        assert entry.detail is not None
        event = entry.detail.event
        assert isinstance(event, ReminderDue)
        if event.kind in kinds:
            found.append((event.kind, event.on, (event.on - local_date(entry.at)).days))
    return found


async def to_do(world: World) -> dict[str, Task]:
    """The counsellor's open tasks by kind; two of a kind are shown as the last."""
    await world.settle()
    return {task.kind: task for task in await world.services.tasks.open_tasks(world.counsellor)}


async def is_told(world: World, relationship: RelationshipId) -> bool:
    """Whether the school's contact gets what is shared about the contact with the shelter."""
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "contact"))
    return isinstance(answer, Released) and any(one.information_type == GATE for one in answer.records)


async def test_s26_a_yes_is_told_at_30_and_7_days_and_ends_at_midnight_without_renewal(world: World) -> None:
    told = await told_family(world)
    assert isinstance(
        await world.services.records.share(world.counsellor, told.relationship, INVOLVED), Shared
    )
    end = date(2027, 9, 1)  # a year after it was given, in summer time: 22:00 UTC on the day before

    await days_pass(world, local_midnight(end) - SECOND)
    await world.confirmed(told.relationship)
    assert await is_told(world, told.relationship)
    world.clock.set(local_midnight(end))
    assert not await is_told(world, told.relationship)

    await days_pass(world, local_midnight(end + timedelta(days=40)))
    assert not await is_told(world, told.relationship)
    told_days = await told_of(world, "consent_ends", "consent_ended")
    assert [line for line in told_days if line[1] == end] == [
        ("consent_ends", end, 30),
        ("consent_ends", end, 7),
        ("consent_ended", end, 0),
    ]
    (given,) = await rows(world, consent_ledger, kind="given", information_type=GATE)
    assert given.valid_until == local_midnight(end)
    standing = (await world.services.consent.own_answers(told.mother))[told.relationship, GATE]
    assert (standing.answer, standing.expired) == ("yes", True)
    refused = await world.services.records.share(world.counsellor, told.relationship, INVOLVED)
    assert isinstance(refused, ShareRefused)
    assert refused.code == "consent_expired"

    await world.intake(told.mother, YES)
    assert isinstance(
        await world.services.records.share(world.counsellor, told.relationship, INVOLVED), Shared
    )
    assert await is_told(world, told.relationship)


async def test_s26_the_tasks_name_type_and_day_and_go_when_she_was_asked(world: World) -> None:
    told = await told_family(world)
    await days_pass(world, local_midnight(date(2027, 7, 10)))
    open_now = await world.services.tasks.open_tasks(world.counsellor)
    ends = [task for task in open_now if task.kind == "consent_ends"]
    assert [(task.information_type, task.due_on, task.person) for task in ends] == [
        (SUPPORT, date(2027, 8, 1), told.mother.guardian)
    ]
    await days_pass(world, local_midnight(date(2027, 8, 2)))
    kinds = [
        task.kind
        for task in await world.services.tasks.open_tasks(world.counsellor)
        if task.information_type == SUPPORT
    ]
    assert kinds == ["consent_ended"]  # the notice that it was near has served
    await world.intake(told.mother, YES)
    assert not {"consent_ends", "consent_ended"} & (await to_do(world)).keys()


@pytest.mark.parametrize(
    "given, key, fields, end",
    [
        (
            date(2026, 9, 28),
            "child_voice",
            {"words": "Ik vind gym leuk.", "child_chose_words": "yes"},
            datetime.fromisoformat("2027-03-27T23:00:00Z"),
        ),
        (
            date(2027, 7, 31),
            "concerns",
            {"area": "mood", "concern": "Vaak verdrietig.", "parents_heard": "yes"},
            datetime.fromisoformat("2027-10-30T22:00:00Z"),
        ),
    ],
    ids=["the night of 23 hours", "the night of 25 hours"],
)
async def test_s26_the_end_is_local_midnight_also_in_the_nights_the_clock_is_changed(
    world: World, given: date, key: str, fields: dict[str, str], end: datetime
) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    world.clock.set(local_midnight(given) + timedelta(hours=10))
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", key: "yes"})
    note = Note(TypeKey(key), fields)

    world.clock.set(end - SECOND)
    assert isinstance(await world.services.records.share(world.counsellor, relationship, note), Shared)
    world.clock.set(end)
    refused = await world.services.records.share(world.counsellor, relationship, note)
    assert isinstance(refused, ShareRefused)
    assert refused.code == "consent_expired"


async def test_s26_a_release_is_never_guarded_past_the_end_of_a_consent(world: World) -> None:
    told = await told_family(world)
    await world.settle()
    world.clock.set(local_midnight(date(2027, 8, 1)) - timedelta(minutes=1))
    await world.confirmed(told.relationship)
    assert isinstance(await ask(world, told.relationship), Released)
    (state,) = await rows(world, relationship_state, relationship=told.relationship)
    assert state.next_change_at == local_midnight(date(2027, 8, 1))


async def test_s08_at_local_midnight_of_the_twelfth_birthday_the_types_wait_for_the_child(
    world: World,
) -> None:
    birthday = date(2026, 10, 25)  # the night in which summer time ends
    view = await world.family(children=(("Noor", date(2014, 10, 25)),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), YES)
    await share(world, relationship)

    await days_pass(world, local_midnight(birthday) - SECOND)
    notice = (await to_do(world))["birthday_notice"]
    assert (notice.person, notice.due_on) == (view.children[0].child, birthday)
    assert isinstance(await ask(world, relationship), Released)
    (state,) = await rows(world, relationship_state, relationship=relationship)
    assert state.next_change_at == local_midnight(birthday)

    await days_pass(world, local_midnight(birthday) + SECOND)
    refused = await ask(world, relationship)
    assert isinstance(refused, Refused)
    assert sentence_of(refused) == "Niet beschikbaar."
    assert (await to_do(world))["birthday"].person == view.children[0].child
    assert await told_of(world, "birthday_notice", "birthday") == [
        ("birthday_notice", birthday, 30),
        ("birthday", birthday, 0),
    ]


async def test_s09_from_the_sixteenth_birthday_a_parent_is_asked_nothing_and_the_young_person_gets_a_page(
    world: World,
) -> None:
    birthday = date(2026, 10, 4)
    view = await world.family(children=(("Noor", date(2010, 10, 4)),))
    await world.at_school(view.children[0].child)
    await days_pass(world, local_midnight(birthday) - SECOND)
    await world.intake(world.guardian(view), YES)
    await days_pass(world, local_midnight(birthday) + SECOND)

    with pytest.raises(InputError) as caught:
        await world.intake(world.guardian(view), YES)
    assert [problem.code for problem in caught.value.problems] == ["nothing_to_decide"]
    assert (await to_do(world))["birthday_alone"].person == view.children[0].child


async def test_s05_unknown_authority_comes_back_every_week_until_it_was_seen(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", None)))
    child, father = view.children[0].child, view.guardians[1].guardian
    await world.at_school(child)
    start = local_date(world.clock.now())

    await days_pass(world, local_midnight(start + timedelta(days=7)) - SECOND)
    assert "authority_unknown" not in await to_do(world)
    await days_pass(world, local_midnight(start + timedelta(days=16)))
    first = (await to_do(world))["authority_unknown"]
    assert (first.person, first.family) == (father, view.family)
    assert len(await told_of(world, "authority_unknown")) == 2
    await world.services.tasks.finish(world.counsellor, first.task)

    await days_pass(world, local_midnight(start + timedelta(days=22)))
    again = (await to_do(world))["authority_unknown"]
    assert again.task != first.task
    await world.services.tasks.finish(world.counsellor, again.task)
    fact = NewAuthority("holder", "register", local_date(world.clock.now()))
    await world.services.families.record_authority(
        world.counsellor, view.family, child=child, guardian=father, fact=fact
    )
    await days_pass(world, local_midnight(start + timedelta(days=60)))
    assert "authority_unknown" not in await to_do(world)


async def test_s55_nu_niet_counts_for_nothing_and_a_task_follows(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    sitting = await world.services.sittings.start(
        world.counsellor, family=view.family, guardian=mother.guardian, language="nl", interpreter="none"
    )
    first = sitting.questions[0]
    await world.services.sittings.answer(
        mother, sitting.sitting, first, answer="yes", shown=world.shown(first.information_type)
    )
    await world.services.sittings.not_now(mother, sitting.sitting)

    assert await count(world, consent_ledger) == 0
    assert await world.services.consent.own_answers(mother) == {}
    task = (await to_do(world))["intake_again"]
    assert (task.family, task.audience) == (view.family, "counsellor")
