"""Who could have seen what: by actor, by tablet, by backup, of one entry, in a period."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from consent_service.audit import events
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import EntryId, StaffId
from consent_service.identity.model import by
from consent_service.keyring.tables import key_destructions
from consent_service.rights.breaches.model import Exam, Question
from consent_service.rights.breaches.tables import breach_people
from tests.ledger import entries, rows
from tests.rights.breaches.stories import of_actor, opened, today
from tests.scenarios.stories import ask, told_family
from tests.shelter import SECRET, World


async def examined(world: World, breach: str, asked: Question) -> Exam:
    exam = await world.services.breaches.examine(world.officer, breach, asked)
    seen = await world.services.breaches.view(world.officer, breach)
    return next(one for one in seen.exams if one.exam == exam)


# --- by actor --------------------------------------------------------------------------------


async def test_a_contact_who_misused_it_saw_what_the_log_says(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    other = await told_family(world, family_name="Anders")
    await ask(world, told.relationship)
    world.clock.advance(timedelta(minutes=5))
    breach = await opened(world, "account_misused")
    day = today(world)
    asked = Question(kind="actor", actor=world.contact.staff, since=day, until=day)
    exam = await examined(world, breach, asked)
    assert (exam.families, exam.children, exam.guardians) == (2, 2, 3)
    assert exam.certain == 3
    assert "support_advice" in exam.types
    sure = {row.person for row in await rows(world, breach_people, certain=True)}
    assert sure == {one.child for one in told.view.children} | {one.guardian for one in told.view.guardians}
    assert other.view.children[0].child in {row.person for row in await rows(world, breach_people)}
    page = await world.services.breaches.evidence(world.officer, breach, exam.exam)
    assert {one.type for one in page.entries} == {"information.released.v1"}


async def test_outside_the_period_nothing_was_seen_and_reach_is_of_those_days(world: World) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    breach = await opened(world, "account_misused")
    before = today(world) - timedelta(days=30)
    asked = Question(kind="actor", actor=world.contact.staff, since=before, until=before)
    exam = await examined(world, breach, asked)
    assert (exam.seen, exam.families) == (0, 0)


async def test_ten_years_are_read_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_service.rights.breaches.exposure._PAGE", 3)
    told = await told_family(world)
    for _ in range(5):
        await ask(world, told.relationship)
    world.clock.advance(timedelta(days=3500))
    breach = await opened(world, "other")
    asked = Question(kind="period", since=today(world) - timedelta(days=3650), until=today(world))
    exam = await examined(world, breach, asked)
    assert exam.seen >= 5
    assert (exam.families, exam.children) == (1, 1)
    page = await world.services.breaches.evidence(world.officer, breach, exam.exam, limit=2)
    assert len(page.entries) == 2
    assert page.next is not None
    rest = await world.services.breaches.evidence(world.officer, breach, exam.exam, after=page.next)
    assert not {one.id for one in page.entries} & {one.id for one in rest.entries}


async def test_nobody_by_that_id_is_not_found(world: World) -> None:
    breach = await opened(world)
    asked = Question(kind="actor", actor=StaffId("nobody"), since=today(world), until=today(world))
    with pytest.raises(NotFoundError):
        await world.services.breaches.examine(world.officer, breach, asked)
    with pytest.raises(NotFoundError):
        await world.services.breaches.examine(
            world.officer, breach, Question(kind="entry", entry=EntryId("nothing"))
        )
    with pytest.raises(InputError):
        await world.services.breaches.examine(
            world.officer, breach, Question(kind="period", since=date(2030, 1, 1), until=date(2030, 1, 2))
        )
    assert await entries(world, "breach.examined.v1") == ()


# --- by tablet -------------------------------------------------------------------------------


async def logged(world: World, *told: tuple[events.Event, timedelta]) -> None:
    """What the log tells of the counsellor's sessions; after each some time passes."""
    for event, then in told:
        async with world.services.installation.database.transaction() as conn:
            await world.services.log.append(
                conn, tenant=world.tenant, event=event, by=by(world.counsellor), subject=None
            )
        world.clock.advance(then)


def tablet_of(world: World, day: date, actor: StaffId | None = None) -> Question:
    return Question(kind="tablet", actor=actor or world.counsellor.staff, since=day, until=day)


HOUR = timedelta(hours=1)


async def test_a_tablet_stolen_while_the_counsellor_was_logged_in_reaches_every_family(world: World) -> None:
    told = await told_family(world)
    await told_family(world, family_name="Anders")
    day = today(world)
    await logged(world, (events.LoginSucceeded("demo"), HOUR), (events.Logout(), 20 * HOUR))
    breach = await opened(world)
    exam = await examined(world, breach, tablet_of(world, day))
    assert (exam.sessions, exam.families) == (1, 2)
    assert told.view.family in {row.family for row in await rows(world, breach_people)}


async def test_a_lent_tablet_reaches_the_family_it_was_lent_for_and_no_other(world: World) -> None:
    told = await told_family(world)
    await told_family(world, family_name="Anders")
    world.clock.advance(timedelta(days=3))
    day = today(world)
    lent = events.HandoverStarted(told.view.family, told.mother.guardian)
    await logged(world, (lent, HOUR), (events.HandoverEnded(told.view.family, "idle"), HOUR))
    breach = await opened(world)
    exam = await examined(world, breach, tablet_of(world, day))
    assert exam.families == 1
    assert {row.family for row in await rows(world, breach_people)} == {told.view.family}
    assert exam.certain == exam.children + exam.guardians  # the tablet showed it to whoever held it


async def test_without_an_open_session_a_tablet_reaches_nothing(world: World) -> None:
    await told_family(world)
    await logged(
        world, (events.LoginSucceeded("demo"), HOUR), (events.SessionEnded("idle"), timedelta(days=3))
    )
    breach = await opened(world)
    exam = await examined(world, breach, tablet_of(world, today(world)))
    assert (exam.sessions, exam.families, exam.seen) == (0, 0, 0)
    seen = await world.services.breaches.view(world.officer, breach)
    assert (seen.level, seen.risk.reasons) == ("unlikely", ("nobody",))


async def test_a_device_stands_for_whoever_worked_at_it(world: World) -> None:
    await told_family(world)
    day = today(world)
    await world.services.identity.note_device(world.counsellor, "d" * 64)
    await logged(world, (events.LoginSucceeded("demo"), HOUR))
    breach = await opened(world)
    asked = Question(kind="tablet", device="d" * 64, since=day, until=day)
    assert (await examined(world, breach, asked)).families == 1
    assert (
        await examined(world, breach, Question(kind="tablet", device="e" * 64, since=day, until=day))
    ).families == 0
    exam = next(
        one for one in (await world.services.breaches.view(world.officer, breach)).exams if one.families
    )
    page = await world.services.breaches.evidence(world.officer, breach, exam.exam)
    assert page.next is None


# --- by backup -------------------------------------------------------------------------------


async def test_a_backup_holds_every_family_of_its_day_and_no_later_one(world: World) -> None:
    told = await told_family(world)
    day = today(world)
    world.clock.advance(timedelta(days=2))
    await told_family(world, family_name="Later")
    breach = await opened(world, "leaked_backup")
    exam = await examined(world, breach, Question(kind="backup", since=day, keys="unknown"))
    assert {row.family for row in await rows(world, breach_people)} == {told.view.family}
    assert (exam.records, exam.types) == (1, ("support_advice",))
    with pytest.raises(NotFoundError):
        await world.services.breaches.evidence(world.officer, breach, exam.exam)


async def test_without_keys_it_is_unreadable_and_with_them_it_is_not(world: World) -> None:
    await told_family(world)
    breach = await opened(world, "leaked_backup")
    service, day = world.services.breaches, today(world)
    first = await service.examine(world.officer, breach, Question(kind="backup", since=day, keys="none"))
    seen = await service.view(world.officer, breach)
    assert (seen.level, "unreadable" in seen.risk.reasons) == ("unlikely", True)
    await service.drop(world.officer, breach, first)
    await service.examine(world.officer, breach, Question(kind="backup", since=day, keys="leaked", until=day))
    assert (await service.view(world.officer, breach)).level == "risk"


async def test_who_was_erased_counts_unless_the_path_was_dead_before_the_keys_leaked(world: World) -> None:
    told = await told_family(world)
    day = today(world)
    world.clock.advance(timedelta(days=1))
    await world.services.custody.destroy_child(world.officer, told.view.children[0].child)
    dead = world.clock.now() + timedelta(days=1)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(key_destructions).values(path_dead_at=dead))
    world.clock.advance(timedelta(days=9))
    breach = await opened(world, "leaked_backup")

    async def erased(keys: str, keys_day: date | None = None) -> int:
        asked = Question(kind="backup", since=day, keys=keys, until=keys_day)  # type: ignore[arg-type]
        return (await examined(world, breach, asked)).erased

    assert await erased("unknown") == 1
    assert await erased("none") == 0
    assert await erased("leaked", day) == 1
    assert await erased("leaked", local_date(dead) + timedelta(days=1)) == 0


# --- safety, and asking twice ----------------------------------------------------------------


async def test_a_secret_address_stays_high_also_when_the_family_is_gone_from_the_list(world: World) -> None:
    told = await told_family(world, safety=SECRET)
    breach = await opened(world)
    await world.services.breaches.examine(world.officer, breach, of_actor(world))
    seen = await world.services.breaches.view(world.officer, breach)
    assert (seen.level, seen.risk.reasons[0], seen.risk.fixed) == ("high", "secret_address", True)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(breach_people.delete().where(breach_people.c.family == told.view.family))
    assert (await world.services.breaches.view(world.officer, breach)).level == "high"


async def test_the_same_question_twice_counts_once(world: World) -> None:
    await told_family(world)
    breach = await opened(world)
    service = world.services.breaches
    first = await service.examine(world.officer, breach, of_actor(world))
    again = await service.examine(world.officer, breach, of_actor(world))
    seen = await service.view(world.officer, breach)
    assert [one.exam for one in seen.exams] == [again]
    assert (seen.numbers.children, seen.numbers.guardians, seen.numbers.people) == (1, 1, 2)
    with pytest.raises(NotFoundError):
        await service.drop(world.officer, breach, first)
