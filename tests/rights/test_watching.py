"""The officer sees counts per team; looking is logged, and what stands out is told once a week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from consent_service.consent.asking import read_asked, read_signed
from consent_service.consent.tables import consent_ledger
from consent_service.foundation.errors import NotAllowedError
from consent_service.foundation.ids import RelationshipId, StaffId, new_id
from consent_service.identity.devices import note_staff_device
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.patterns import Pattern
from consent_service.rights.watching import week_of, words_on_screen
from tests.consent.passed import AtTheDesk, at_the_desk
from tests.ledger import entries
from tests.shelter import OPERATOR, World, furnish

TYPES = ("support_advice", "contact_persons", "school_absence", "three_way_meeting")


async def a_choice(world: World, at: RelationshipId, **known: object) -> None:
    """A row as the own page writes it; how it gets there is tested with the page."""
    now = world.clock.now()
    row: dict[str, object] = {
        "tenant": world.tenant,
        "decision": new_id(),
        "relationship": at,
        "information_type": "support_advice",
        "person": new_id(),
        "capacity": "holder",
        "kind": "given",
        "method": "page",
        "language": "nl",
        "text_version": "consent.support_advice@1",
        "text_hash": world.shown("support_advice").text_hash,
        "screen_hash": "",
        "decided_at": now,
        "recorded_at": now,
        "valid_until": now + timedelta(days=30),
    }
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(insert(consent_ledger).values(**(row | known)))


async def noted(world: World, device: str) -> None:
    async with world.services.installation.database.transaction() as conn:
        await note_staff_device(conn, world.counsellor, device, date(2026, 9, 1))


async def suspicious(world: World) -> AtTheDesk:
    """One choice on the own page at a counsellor's device."""
    desk = await at_the_desk(world)
    await noted(world, "d" * 64)
    await a_choice(world, desk.relationship, device="d" * 64)
    return desk


SAME_DEVICE = Pattern("same_device", "", 1, 1)


async def test_only_the_officers_of_the_shelter_look(world: World) -> None:
    await suspicious(world)
    other = await furnish(world.services, world.clock, "Opvang Noord")
    for actor in (world.counsellor, world.contact):
        with pytest.raises(NotAllowedError):
            await world.services.watching.patterns(actor)  # type: ignore[arg-type]
    assert await world.services.watching.patterns(other.officer) == ()
    fg = Fg(world.tenant, StaffId(new_id()))
    assert await world.services.watching.patterns(world.officer) == (SAME_DEVICE,)
    assert await world.services.watching.patterns(fg) == (SAME_DEVICE,)


async def test_looking_is_logged_with_what_was_shown(world: World) -> None:
    await suspicious(world)
    await world.services.watching.patterns(world.officer)
    (entry,) = await entries(world, "log.viewed.v1")
    assert entry.detail is not None
    assert (entry.detail.by.kind, entry.detail.by.id) == ("privacy_coordinator", world.officer.staff)
    assert entry.detail.event.filters == ("patterns",)  # type: ignore[union-attr]
    assert entry.detail.event.results == 1  # type: ignore[union-attr]


async def test_what_stands_out_is_told_once_a_week_and_becomes_a_task(world: World) -> None:
    await suspicious(world)
    watching, clock = world.services.watching, world.clock
    clock.set(datetime(2026, 9, 7, 8, 0, tzinfo=UTC))  # a Monday
    assert await watching.notice(world.tenant, clock.now()) == 1
    assert await watching.notice(world.tenant, clock.now() + timedelta(days=6)) == 0
    assert await watching.notice(world.tenant, clock.now() + timedelta(days=7)) == 1
    await world.settle()
    assert len(await entries(world, "pattern.seen.v1")) == 2
    kinds = [task.kind for task in await world.services.tasks.open_tasks(world.officer)]
    assert "pattern_to_look_at" in kinds


async def test_the_entry_holds_a_kind_a_team_and_a_count_and_nobody(world: World) -> None:
    desk = await suspicious(world)
    await world.services.watching.notice(world.tenant, world.clock.now())
    (entry,) = await entries(world, "pattern.seen.v1")
    assert entry.detail is not None
    assert entry.detail.subject is None
    assert entry.detail.relationship is None
    said = str(entry.detail)
    assert "same_device" in said
    for secret in (desk.mother.guardian, desk.relationship, world.counsellor.staff):
        assert secret not in said


async def test_the_job_looks_once_a_day(world: World) -> None:
    desk = await at_the_desk(world)
    assert await world.services.watching.notice_daily(world.tenant, world.clock.now()) == 0
    await noted(world, "d" * 64)
    await a_choice(world, desk.relationship, device="d" * 64)
    assert await world.services.watching.notice_daily(world.tenant, world.clock.now()) == 0
    assert (
        await world.services.watching.notice_daily(world.tenant, world.clock.now() + timedelta(days=1)) == 1
    )


async def test_what_was_long_ago_is_no_longer_looked_at(world: World) -> None:
    await suspicious(world)
    world.clock.advance(timedelta(days=91))
    assert await world.services.watching.patterns(world.officer) == ()


async def test_a_team_is_seen_by_its_code_once_it_is_large_enough(world: World) -> None:
    door = world.services.organisations
    await suspicious(world)
    for name in ("Daan", "Eef"):
        await door.add_staff(OPERATOR, world.tenant, NewStaff("counsellor", name, team="noord"))
    await door.place_staff(OPERATOR, world.tenant, world.counsellor.staff, "noord")
    assert await world.services.watching.patterns(world.officer) == (Pattern("same_device", "noord", 1, 1),)
    await door.place_staff(OPERATOR, world.tenant, world.counsellor.staff, "zuid")
    assert await world.services.watching.patterns(world.officer) == (SAME_DEVICE,)


async def test_who_held_a_conversation_and_who_typed_an_answer_in_asked_it(world: World) -> None:
    desk = await at_the_desk(world)
    await world.intake(desk.mother, {"support_advice": "yes"})
    world.clock.advance(timedelta(hours=1))
    await desk.record(desk.statement(method="oral"))
    await a_choice(world, desk.relationship)
    async with world.services.installation.database.reading() as conn:
        asked = await read_asked(conn, world.tenant, world.clock.now() - timedelta(days=1))
        await read_signed(conn, world.tenant, world.clock.now() - timedelta(days=1))
    by_method = {one.method: one.counsellor for one in asked}
    assert by_method == {
        "tablet": world.counsellor.staff,
        "oral": world.counsellor.staff,
        "page": None,
    }


def test_the_words_on_a_screen_are_counted(world: World) -> None:
    texts = world.services.texts
    text = texts.of("nl").types[next(iter(texts.of("nl").types))]
    words = f"{text.question} {text.explanation} {text.who_sees} {text.until}".split()
    assert words_on_screen(texts)[text.hash] == len(words)


@pytest.mark.parametrize("day", [date(2026, 9, 7), date(2026, 9, 13)])
def test_a_week_begins_on_monday(day: date) -> None:
    assert week_of(day) == date(2026, 9, 7)
