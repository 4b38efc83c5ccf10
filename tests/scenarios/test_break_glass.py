"""S29: break-glass to the school: two persons, one item, 24 hours, looked at on the next working day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import insert, select, update

from consent_service.audit.events import BreakGlassRead, InformationReleased
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    IntegrityError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import FamilyId, RecordId, RelationshipId, TypeKey, new_id
from consent_service.identity.model import Counsellor
from consent_service.process.emergencies.model import AskRefused, NewBreakGlass
from consent_service.records.tables_emergencies import break_glasses
from consent_service.release.model import Ask, Refused, Released
from tests.scenarios.stories import everything_said, everything_stored, row_counts, share, trail
from tests.shelter import OPERATOR, SECRET, World

HEALTH = TypeKey("child_health")
ITEM = "Heeft altijd een EpiPen bij zich."
WHY = "De moeder belde dat Noor noten heeft gegeten."
NEED = NewBreakGlass(
    information_type=TypeKey("support_advice"), fields={"helps": ITEM}, reason="medical", why=WHY
)


@pytest.fixture
async def noor(world: World) -> RelationshipId:
    """A child of whom nobody said yes to anything."""
    view = await world.family()
    return await world.at_school(view.children[0].child)


async def asked(world: World, relationship: RelationshipId, new: NewBreakGlass = NEED) -> RecordId:
    answer = await world.services.break_glass.ask(world.counsellor, relationship, new)
    assert not isinstance(answer, AskRefused)
    return answer


async def running(world: World, relationship: RelationshipId, new: NewBreakGlass = NEED) -> RecordId:
    break_glass = await asked(world, relationship, new)
    await world.services.break_glass.approve(world.colleague, break_glass)
    return break_glass


async def opened(world: World, relationship: RelationshipId) -> Released | Refused:
    ask = Ask(relationship, "support", basis="vital_interest")
    return await world.services.release.to_school(world.contact, ask)


async def set_row(world: World, break_glass: RecordId, **values: object) -> None:
    """Somebody who can write to the database does."""
    async with world.services.installation.database.transaction() as conn:
        where = break_glasses.c.break_glass == break_glass
        await conn.execute(update(break_glasses).where(where).values(**values))


async def test_s29_the_school_reads_the_item_without_consent_and_it_is_an_emergency_in_the_log(
    world: World, noor: RelationshipId
) -> None:
    break_glass = await running(world, noor)
    (line,) = await world.services.release.urgent_of_contact(world.contact, [noor])
    assert (line.child.full_name, line.information_type) == ("Noor Voorbeeld", "support_advice")
    assert line.until == world.clock.now() + timedelta(hours=24)
    answer = await opened(world, noor)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ITEM}]
    read = [entry.detail.event for entry in await trail(world, "break_glass.read.v1") if entry.detail]
    named = {one.entry for one in read if isinstance(one, BreakGlassRead)}
    released = await trail(world, "information.released.v1")
    assert {entry.id for entry in released} == named
    assert {one.break_glass for one in read if isinstance(one, BreakGlassRead)} == {break_glass}
    last = released[0].detail
    assert last is not None
    assert isinstance(last.event, InformationReleased)
    assert [one.record for one in last.event.records] == [break_glass]
    assert last.shown_to == last.subject  # the parents are told


async def test_s29_on_the_ground_of_consent_it_is_still_not_there(world: World, noor: RelationshipId) -> None:
    await running(world, noor)
    answer = await world.services.release.to_school(world.contact, Ask(noor, "support"))
    assert isinstance(answer, Refused)
    assert await world.services.release.children_of_contact(world.contact, [noor]) == ()


async def test_s29_what_was_shared_with_consent_is_not_read_on_this_ground(
    world: World, noor: RelationshipId
) -> None:
    (view,) = [await world.services.families.view(world.counsellor, f) for f in await families(world)]
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    await share(world, noor, "Even naar buiten.")
    await running(world, noor)
    answer = await opened(world, noor)
    assert isinstance(answer, Released)
    assert [one.fields["helps"] for one in answer.records] == [ITEM]


async def families(world: World) -> list[FamilyId]:
    async with world.services.installation.database.reading() as conn:
        return list(await world.services.organisations.families_of(conn, world.counsellor))


async def test_s29_one_person_is_not_two(world: World, noor: RelationshipId) -> None:
    break_glass = await asked(world, noor)
    with pytest.raises(InputError, match="second_person_yourself"):
        await world.services.break_glass.approve(world.counsellor, break_glass)
    phone = msgspec.structs.replace(NEED, approver=world.counsellor.staff)
    await world.services.break_glass.drop(world.counsellor, break_glass)
    with pytest.raises(InputError, match="second_person_yourself"):
        await world.services.break_glass.ask(world.counsellor, noor, phone)
    assert isinstance(await opened(world, noor), Refused)


async def test_s29_one_person_planted_twice_reads_nothing(world: World, noor: RelationshipId) -> None:
    break_glass = await running(world, noor)
    await set_row(world, break_glass, approver=world.counsellor.staff)
    answer = await opened(world, noor)
    assert isinstance(answer, Refused)
    (refused,) = await trail(world, "release.refused.v1")
    assert "second_person_missing" in everything_said(refused.detail)


async def test_s29_a_planted_second_person_does_not_fit_the_digest(
    world: World, noor: RelationshipId
) -> None:
    break_glass = await asked(world, noor)
    now = world.clock.now()
    await set_row(
        world, break_glass, state="running", approver=world.colleague.staff, starts_at=now,
        ends_at=now + timedelta(hours=24),
    )  # fmt: skip
    with pytest.raises(IntegrityError):
        await opened(world, noor)


async def test_s29_after_twenty_four_hours_and_a_second_nothing_is_read(
    world: World, noor: RelationshipId
) -> None:
    break_glass = await running(world, noor)
    world.clock.advance(timedelta(hours=23, minutes=59, seconds=59))
    await world.settle()
    assert isinstance(await opened(world, noor), Released)
    world.clock.advance(timedelta(seconds=2))
    assert isinstance(await opened(world, noor), Refused)
    assert await world.services.release.urgent_of_contact(world.contact, [noor]) == ()
    assert await world.services.break_glass.run_out(world.tenant) == 1
    assert await world.services.break_glass.run_out(world.tenant) == 0
    (one,) = await world.services.break_glass.overview(world.officer)
    assert (one.break_glass, one.state) == (break_glass, "ended")


async def test_s29_a_planted_longer_day_is_still_a_day(world: World, noor: RelationshipId) -> None:
    break_glass = await running(world, noor)
    await set_row(world, break_glass, ends_at=world.clock.now() + timedelta(days=9))
    world.clock.advance(timedelta(hours=24, seconds=1))
    await world.settle()
    assert isinstance(await opened(world, noor), Refused)


async def test_s29_two_items_at_once_are_refused_and_planted_give_neither(
    world: World, noor: RelationshipId
) -> None:
    break_glass = await running(world, noor)
    with pytest.raises(InputError, match="one_emergency_at_a_time"):
        await asked(world, noor)
    async with world.services.installation.database.transaction() as conn:
        where = break_glasses.c.break_glass == break_glass
        row = (await conn.execute(select(break_glasses).where(where))).mappings().one()
        await conn.execute(insert(break_glasses).values({**row, "break_glass": new_id()}))
    assert isinstance(await opened(world, noor), Refused)


async def test_s29_another_child_is_not_read(world: World, noor: RelationshipId) -> None:
    break_glass = await running(world, noor)
    view = await world.family(children=(("Sam", date(2017, 2, 1)),), family_name="Anders")
    sam = await world.at_school(view.children[0].child)
    assert isinstance(await opened(world, sam), Refused)
    assert len(await world.services.release.urgent_of_contact(world.contact, [noor, sam])) == 1
    await set_row(world, break_glass, relationship=sam)
    with pytest.raises(IntegrityError):
        await opened(world, sam)


async def test_s29_what_tells_where_a_secret_address_is_stays_forbidden(world: World) -> None:
    view = await world.family(safety=SECRET)
    relationship = await world.at_school(view.children[0].child)
    new = msgspec.structs.replace(NEED, information_type=PICKUP, fields=PICKUP_FIELDS)
    answer = await world.services.break_glass.ask(world.counsellor, relationship, new)
    assert isinstance(answer, AskRefused)
    assert answer.code == "location_protected"
    assert (await row_counts(world))["break_glasses"] == 0


async def test_s29_danger_that_is_found_later_stops_what_locates(world: World, noor: RelationshipId) -> None:
    new = msgspec.structs.replace(NEED, information_type=PICKUP, fields=PICKUP_FIELDS)
    await running(world, noor, new)
    ask = Ask(noor, "safety", basis="vital_interest")
    assert isinstance(await world.services.release.to_school(world.contact, ask), Released)
    (family,) = await families(world)
    await world.services.families.assess_safety(world.counsellor, family, SECRET)
    assert isinstance(await world.services.release.to_school(world.contact, ask), Refused)


PICKUP = TypeKey("pickup")
PICKUP_FIELDS = {
    "name": "Oma Voorbeeld",
    "relation": "grandparent",
    "moment": "when_agreed",
    "evidence_seen": "yes",
}


async def test_s29_an_address_in_the_text_is_refused_under_a_safety_flag(world: World) -> None:
    view = await world.family(safety=SECRET)
    relationship = await world.at_school(view.children[0].child)
    new = msgspec.structs.replace(NEED, fields={"helps": "Zij is op Dorpsstraat 12, 5011 AA Tilburg."})
    with pytest.raises(InputError, match="helps"):
        await asked(world, relationship, new)


async def test_s29_who_agreed_and_withdraws_that_ends_it(world: World, noor: RelationshipId) -> None:
    break_glass = await running(world, noor)
    await world.services.break_glass.end(world.colleague, break_glass)
    assert isinstance(await opened(world, noor), Refused)
    (one,) = await world.services.break_glass.overview(world.officer)
    assert one.state == "withdrawn"


async def test_s29_who_agreed_and_left_is_no_second_person_any_more(
    world: World, noor: RelationshipId
) -> None:
    await running(world, noor)
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.colleague.staff)
    assert isinstance(await opened(world, noor), Refused)


@pytest.mark.parametrize("who", ["counsellor", "officer"])
async def test_s29_it_can_be_ended_sooner_and_nothing_of_it_stays(
    world: World, noor: RelationshipId, who: str
) -> None:
    break_glass = await running(world, noor)
    await world.services.break_glass.end(getattr(world, who), break_glass)
    assert isinstance(await opened(world, noor), Refused)
    with pytest.raises(ConflictError):
        await world.services.break_glass.end(world.counsellor, break_glass)
    async with world.services.installation.database.reading() as conn:
        assert (await conn.execute(select(break_glasses.c.envelope))).scalar_one() == b""


async def test_s29_by_phone_it_runs_at_once_and_is_confirmed(world: World, noor: RelationshipId) -> None:
    phone = msgspec.structs.replace(NEED, approver=world.colleague.staff)
    break_glass = await asked(world, noor, phone)
    assert isinstance(await opened(world, noor), Released)
    with pytest.raises(InputError, match="somebody_else_agreed"):
        await world.services.break_glass.confirm(world.counsellor, break_glass, agreed=True)
    await world.services.break_glass.confirm(world.colleague, break_glass, agreed=True)
    assert isinstance(await opened(world, noor), Released)


async def test_s29_by_phone_and_not_so_ends_it_at_once(world: World, noor: RelationshipId) -> None:
    break_glass = await asked(world, noor, msgspec.structs.replace(NEED, approver=world.colleague.staff))
    await world.services.break_glass.confirm(world.colleague, break_glass, agreed=False)
    assert isinstance(await opened(world, noor), Refused)
    await world.settle()
    kinds = {one.kind for one in await world.services.tasks.open_tasks(world.officer)}
    assert kinds == {"break_glass_wrong", "break_glass_to_review", "release_to_review"} - {
        "release_to_review"
    }


async def test_s29_a_colleague_nobody_knows_or_of_the_school_is_no_second_person(
    world: World, noor: RelationshipId
) -> None:
    for approver in (world.contact.staff, world.officer.staff):
        with pytest.raises(InputError, match="second_person_unknown"):
            await asked(world, noor, msgspec.structs.replace(NEED, approver=approver))


async def test_s29_all_problems_are_told_at_once_and_nothing_is_kept(
    world: World, noor: RelationshipId
) -> None:
    wrong = msgspec.structs.replace(NEED, why=" ", fields={}, reason="boredom")
    with pytest.raises(InputError) as told:
        await asked(world, noor, wrong)
    assert {one.field for one in told.value.problems} >= {"why", "reason", "helps"}
    assert (await row_counts(world))["break_glasses"] == 0


async def test_s29_the_officer_looks_on_the_next_working_day(world: World, noor: RelationshipId) -> None:
    world.clock.set(datetime(2026, 9, 4, 12, tzinfo=UTC))  # a Friday
    await world.settle()
    break_glass = await running(world, noor)
    await opened(world, noor)
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.officer)
    assert {(one.kind, one.due_on) for one in tasks} == {
        ("break_glass_to_review", date(2026, 9, 7)),
        ("release_to_review", date(2026, 9, 7)),
    }
    with pytest.raises(ConflictError):
        await world.services.break_glass.review(world.officer, break_glass, "justified")
    world.clock.advance(timedelta(days=3))
    await world.services.break_glass.review(world.officer, break_glass, "justified")
    await world.settle()
    assert await world.services.tasks.open_tasks(world.officer) == ()


async def test_s29_the_parent_is_told_and_the_counsellor_has_that_to_do(
    world: World, noor: RelationshipId
) -> None:
    break_glass = await running(world, noor)
    await world.settle()
    kinds = {one.kind for one in await world.services.tasks.open_tasks(world.counsellor)}
    assert "parent_to_tell" in kinds
    await world.services.break_glass.tell_parent(world.counsellor, break_glass)
    await world.settle()
    kinds = {one.kind for one in await world.services.tasks.open_tasks(world.counsellor)}
    assert "parent_to_tell" not in kinds


async def test_s29_unsafe_to_tell_is_for_the_officer_only_until_it_is_told(
    world: World, noor: RelationshipId
) -> None:
    break_glass = await running(world, noor, msgspec.structs.replace(NEED, untold="Vader leest mee."))
    await opened(world, noor)
    kinds = ("break_glass.asked.v1", "break_glass.moved.v1", "break_glass.read.v1", "information.released.v1")
    entries = await trail(world, *kinds)
    assert len(entries) == 4
    assert {entry.detail.shown_to for entry in entries if entry.detail} == {"officer"}
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    assert "parent_to_tell" not in {one.kind for one in tasks}
    await world.services.break_glass.tell_parent(world.counsellor, break_glass)
    with pytest.raises(NotFoundError):
        await world.services.break_glass.tell_parent(world.counsellor, break_glass)


async def test_s29_a_second_person_reads_what_is_asked_and_that_is_logged(
    world: World, noor: RelationshipId
) -> None:
    break_glass = await asked(world, noor)
    (waiting,) = await world.services.break_glass.waiting(world.colleague)
    assert waiting.break_glass == break_glass
    assert await world.services.break_glass.waiting(world.counsellor) == ()
    _, said = await world.services.break_glass.look(world.colleague, break_glass)
    assert said == {"why": WHY, "field_helps": ITEM}
    assert len(await trail(world, "break_glass.moved.v1")) == 1
    await world.services.break_glass.refuse(world.colleague, break_glass)
    with pytest.raises(NotFoundError):
        await world.services.break_glass.look(world.colleague, break_glass)


async def test_s29_what_was_written_stands_nowhere_in_clear(world: World, noor: RelationshipId) -> None:
    await running(world, noor)
    stored = await everything_stored(world)
    assert ITEM.encode() not in stored
    assert WHY.encode() not in stored


async def test_s29_who_is_not_with_the_family_asks_nothing(world: World, noor: RelationshipId) -> None:
    stranger = Counsellor(world.tenant, world.colleague.staff)
    with pytest.raises(NotAllowedError):
        await world.services.break_glass.ask(stranger, noor, NEED)


async def test_s29_records_sealed_anew_under_another_key_take_the_item_with_them(
    world: World, noor: RelationshipId
) -> None:
    await running(world, noor)
    await world.services.reencryption.reencrypt(OPERATOR, world.tenant, noor)
    answer = await opened(world, noor)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ITEM}]


async def test_s29_a_break_glass_without_its_entry_is_found_when_the_log_is_compared(
    world: World, noor: RelationshipId
) -> None:
    break_glass = await running(world, noor)
    await world.settle()
    assert (await world.services.supervision.verify(world.officer)).ok
    await set_row(world, break_glass, reason="missing")
    assert not (await world.services.supervision.verify(world.officer)).ok
