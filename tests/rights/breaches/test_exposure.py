"""Who could have seen what: by actor, by tablet, by backup, of one entry, in a period."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from consent_service.audit import events
from consent_service.audit.log import TrailEntry, TrailPage
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import EntryId, FamilyId, StaffId
from consent_service.identity.model import by
from consent_service.keyring.tables import key_destructions
from consent_service.rights.breaches.examining import together
from consent_service.rights.breaches.model import Exam, Question
from consent_service.rights.breaches.tables import breach_people, breaches
from consent_service.rights.breaches.tablets import Reach, Span, reach_of, spans_of
from consent_service.rights.reconciliation import reconcile_acts
from tests.ledger import entries, rows
from tests.rights.breaches.stories import of_actor, opened, today
from tests.rights.forgetting import whole
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


async def test_the_devices_of_a_shelter_by_who_worked_there(world: World) -> None:
    await world.services.identity.note_device(world.counsellor, "d" * 64)
    await world.services.identity.note_device(world.colleague, "d" * 64)
    (one,) = await world.services.breaches.devices(world.officer)
    assert one.staff == {world.counsellor.staff, world.colleague.staff}
    assert one.last_seen_on == today(world)


async def test_of_one_entry_it_is_whom_it_names(world: World) -> None:
    told = await told_family(world)
    await told_family(world, family_name="Anders")
    await logged(world, (events.PageOpened(told.mother.guardian), HOUR))
    (entry, *_) = await entries(world, "page.opened.v1")
    breach = await opened(world, "wrong_person_saw")
    exam = await examined(world, breach, Question(kind="entry", entry=entry.id))
    assert (exam.families, exam.seen) == (1, 1)
    page = await world.services.breaches.evidence(world.officer, breach, exam.exam)
    assert [one.id for one in page.entries] == [entry.id]
    (login, *_) = await entries(world, "family.registered.v1")
    await examined(world, breach, Question(kind="entry", entry=login.id))


async def test_an_entry_about_nobody_exposes_nobody(world: World) -> None:
    await logged(world, (events.LoginSucceeded("demo"), HOUR))
    (entry, *_) = await entries(world, "login.succeeded.v1")
    breach = await opened(world)
    assert (await examined(world, breach, Question(kind="entry", entry=entry.id))).families == 0


async def test_every_breach_has_its_entry_and_one_planted_in_the_register_is_found(world: World) -> None:
    breach = await opened(world)
    await whole(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(breaches).values(kind="other"))
    parts = world.services.installation
    found = await reconcile_acts(parts.database, parts.ring, world.tenant)
    assert {one.kind for one in found.mismatches} == {"breach"}
    assert breach


# --- spans, alone ----------------------------------------------------------------------------

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_session_that_lives_counts_once_and_a_lent_one_is_no_session_of_the_counsellor() -> None:
    period = (AT, AT + 10 * HOUR)
    live = [Span(AT - HOUR, AT + 8 * HOUR)]
    told = [Span(AT - HOUR, AT + 10 * HOUR), Span(AT - HOUR, AT + 10 * HOUR, "family")]
    assert reach_of(period, told, live) == Reach(1, frozenset({"family"}), own=False)
    assert reach_of(period, told[:1], live).own
    assert reach_of(period, [], live) == Reach(1, frozenset(), own=True)
    assert reach_of(period, [Span(AT - 5 * HOUR, AT)], []) == Reach()
    lent_later = [told[0], Span(AT + HOUR, AT + 2 * HOUR, "family")]
    assert reach_of(period, lent_later, []).own


def test_ends_without_a_begin_are_of_before() -> None:
    told: list[tuple[datetime, events.Event]] = [
        (AT, events.Logout()),
        (AT, events.HandoverEnded(FamilyId("f"), "idle")),
    ]
    assert spans_of(told, AT + HOUR) == []
    lent: list[tuple[datetime, events.Event]] = [(AT, events.HandoverStarted(FamilyId("f")))]
    assert spans_of(lent, AT + HOUR) == [Span(AT, AT + HOUR, "f")]


def test_pages_of_several_people_go_back_together() -> None:
    def page(*ids: str, after: str | None = None) -> TrailPage:
        lines = tuple(TrailEntry(EntryId(one), AT, "", "", "open") for one in ids)
        return TrailPage(lines, EntryId(after) if after else None)

    both = together([page("9", "5", after="5"), page("8", "3")])
    assert ([one.id for one in both.entries], both.next) == (["9", "8", "5"], "5")
    assert together([page("2", "1"), page("2")]).next is None
