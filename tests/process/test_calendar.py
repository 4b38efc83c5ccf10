"""The calendar tells each date once: however often, at once or late it runs."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from consent_service.audit.events import ReminderDue
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import KeyDestroyedError, LogUnavailableError
from consent_service.foundation.ids import PersonId
from consent_service.process.calendar import Calendar
from consent_service.process.tables import calendar_marks, tasks
from tests.ledger import count, entries, rows
from tests.scenarios.stories import told_family
from tests.shelter import World

ENDS = date(2027, 8, 1)


def calendar(world: World) -> Calendar:
    """Another process's calendar, over the same database."""
    parts = world.services.installation
    return Calendar(
        database=parts.database,
        ring=parts.ring,
        log=world.services.log,
        catalogue=world.services.policies.proposal.catalogue,
        recalls=world.services.recalls,
    )


async def reminders(world: World) -> list[tuple[str, date, str | None]]:
    """Kind, day and type of every reminder in the log, oldest first."""
    found = list[tuple[str, date, str | None]]()
    for entry in reversed(await entries(world, "reminder.due.v1")):
        assert entry.detail is not None
        event = entry.detail.event
        assert isinstance(event, ReminderDue)
        found.append((event.kind, event.on, event.information_type))
    return found


async def test_of_two_calendars_at_once_only_one_tells(world: World) -> None:
    await told_family(world)
    world.clock.set(local_midnight(ENDS - timedelta(days=30)))
    now = world.clock.now()
    told = await asyncio.gather(*(calendar(world).run(world.tenant, now) for _ in range(3)))
    assert (sum(told), len(await reminders(world))) == (3, 2)  # with the contact who lapsed meanwhile


async def test_a_crash_between_mark_and_entry_leaves_neither(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told_family(world)
    world.clock.set(local_midnight(ENDS - timedelta(days=30)))

    async def away(*_: object, **__: object) -> None:
        raise LogUnavailableError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "append", away)
        with pytest.raises(LogUnavailableError):
            await calendar(world).run(world.tenant, world.clock.now())
    assert await count(world, calendar_marks) == 0
    assert await calendar(world).run(world.tenant, world.clock.now()) == 3


async def test_a_family_that_cannot_be_read_keeps_no_other_waiting_and_the_day_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await told_family(world)
    await told_family(world, family_name="Anders")
    world.clock.set(local_midnight(ENDS - timedelta(days=30)))
    own = calendar(world)
    whole = own._due_about

    async def refuse(tenant: object, family: object, now: object) -> object:
        if family == broken.view.family:
            raise KeyDestroyedError("planted")
        return await whole(tenant, family, now)  # type: ignore[arg-type]

    monkeypatch.setattr(own, "_due_about", refuse)
    with pytest.raises(KeyDestroyedError):
        await own.run(world.tenant, world.clock.now())
    assert len(await reminders(world)) == 2
    assert await calendar(world).run(world.tenant, world.clock.now()) == 3


async def test_later_on_the_same_day_nothing_is_looked_at_and_the_next_day_everything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told_family(world)
    assert await calendar(world).run(world.tenant, world.clock.now()) == 0
    own, looked = calendar(world), list[object]()
    whole = own._due_about

    async def look(*about: object) -> object:
        looked.append(about)
        return await whole(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(own, "_due_about", look)
    await own.run(world.tenant, world.clock.now() + timedelta(hours=13))
    assert looked == []
    await own.run(world.tenant, world.clock.now() + timedelta(hours=14))
    assert len(looked) == 1


async def test_a_family_that_left_and_a_person_who_was_erased_are_not_told_of(world: World) -> None:
    left, erased = await told_family(world), await told_family(world, family_name="Anders")
    await world.services.families.end_family(world.counsellor, left.view.family, "moved_out")
    ring = world.services.installation.ring
    async with world.services.installation.database.transaction() as conn:
        assert await ring.destroy_person_key(conn, world.tenant, PersonId(erased.mother.guardian))
    world.clock.set(local_midnight(ENDS))
    assert await calendar(world).run(world.tenant, world.clock.now()) == 2
    assert len(await entries(world, "contact.lapsed.v1")) == 1
    assert [kind for kind, _, _ in await reminders(world)] == ["safety_review"]


async def test_another_shelters_families_are_not_looked_at(world: World) -> None:
    from tests.shelter import furnish

    other = await furnish(world.services, world.clock, "Opvang Noord")
    await told_family(world)
    world.clock.set(local_midnight(ENDS))
    assert await calendar(world).run(other.tenant, world.clock.now()) == 0
    assert await calendar(world).run(world.tenant, world.clock.now()) == 3


async def test_safety_stands_under_the_officers_tag_and_the_rest_under_the_persons_own(
    world: World,
) -> None:
    told = await told_family(world)
    world.clock.set(local_midnight(ENDS))
    await calendar(world).run(world.tenant, world.clock.now())
    found = await entries(world, "reminder.due.v1")
    shown = {entry.detail.event.kind: entry.detail.shown_to for entry in found if entry.detail}  # type: ignore[union-attr]
    assert shown == {"consent_ended": told.mother.guardian, "safety_review": "officer"}


@pytest.mark.parametrize("skipped", [1, 3, 7, 22, 40, 400])
async def test_however_many_days_are_skipped_nothing_is_told_twice_and_no_end_forgotten(
    world: World, skipped: int
) -> None:
    """Which notices are told when, is `test_dates`; here each mark has its one entry."""
    await told_family(world)
    while world.clock.now() < local_midnight(ENDS + timedelta(days=32)):
        world.clock.advance(timedelta(days=skipped))
        for _ in range(2 if skipped > 1 else 1):
            await calendar(world).run(world.tenant, world.clock.now())
    told = await reminders(world)
    lapsed = await entries(world, "contact.lapsed.v1")
    marks = [row.mark for row in await rows(world, calendar_marks) if not row.mark.startswith("day:")]
    assert len(told) + len(lapsed) == len(marks)
    assert len(lapsed) == 1
    near = 0 if skipped == 400 else 1 if skipped == 40 else 2
    for key in ("support_advice", "shelter_involvement"):
        kinds = [kind for kind, _, about in told if about == key]
        assert kinds.count("consent_ended") == 1
        assert kinds.count("consent_ends") <= near


async def test_a_reminder_becomes_a_task_with_type_person_and_day(world: World) -> None:
    told = await told_family(world)
    world.clock.set(local_midnight(ENDS - timedelta(days=30)))
    await calendar(world).run(world.tenant, world.clock.now())
    await world.settle()
    found = await rows(world, tasks, kind="consent_ends", information_type="support_advice")
    assert [(row.person, row.due_on, row.relationship) for row in found] == [
        (told.mother.guardian, ENDS, told.relationship)
    ]
