"""The start with a school and care signals: 10, 16, 47, 48, 49, 52, 54, and a withdrawal in between."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from consent_service.audit import events
from consent_service.consent.model import Answer
from consent_service.consent.service import Target
from consent_service.families.model import SchoolConfirmation
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import RelationshipId, StaffId, TypeKey
from consent_service.identity.model import GuardianActor, SchoolStaff
from consent_service.organisations.model import NewStaff, Weekday
from consent_service.process.notices.tables import notices
from consent_service.process.signals.model import (
    TALKING,
    FirstContactRefused,
    RouteSetting,
    SignalSent,
)
from consent_service.process.signals.model import FirstContactSent as Sent
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Ask, Released
from tests.scenarios.stories import ADVICE, SUPPORT, YES, told_family, trail
from tests.shelter import LINDE, OPERATOR, World

SIGNAL = TypeKey("care_signal")
GIVEN: dict[str, Answer] = {**YES, "care_signal": "yes"}
CONFIRMED = SchoolConfirmation(LINDE.establishment_code, LINDE.street, LINDE.phone)
MONDAY_23 = datetime(2026, 9, 7, 21, 0, tzinfo=UTC)
TUESDAY_0715 = datetime(2026, 9, 8, 5, 15, tzinfo=UTC)
TUESDAY_8 = datetime(2026, 9, 8, 6, 0, tzinfo=UTC)


async def with_signal(world: World, **answers: Answer) -> tuple[RelationshipId, GuardianActor]:
    """A child at De Linde whose mother said yes to a care signal; the school is in region midden."""
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    await world.intake(mother, {**GIVEN, **answers})
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    return relationship, mother


async def send(world: World, relationship: RelationshipId) -> SignalSent:
    sent = await world.services.signals.send(world.counsellor, relationship)
    assert isinstance(sent, SignalSent)
    return sent


async def move_to(world: World, moment: datetime) -> None:
    """Time goes by, and the log keeps up."""
    world.clock.set(moment)
    await world.services.sequencer.run_once(world.tenant)


async def look(world: World) -> None:
    """What runs in the background, once."""
    await world.services.sequencer.run_once(world.tenant)
    await world.services.signals.look(world.tenant, world.clock.now())
    await world.services.sequencer.run_once(world.tenant)
    await world.services.follower.catch_up(world.tenant)


async def tasks(world: World) -> list[str]:
    return [one.kind for one in await world.services.tasks.open_tasks(world.counsellor)]


async def told_staff(world: World) -> dict[str, bool]:
    """For whom a message waits, and whether it is urgent."""
    async with world.services.installation.database.reading() as conn:
        rows = await conn.execute(select(notices.c.to_staff, notices.c.urgent))
        return {row.to_staff: bool(row.urgent) for row in rows}


async def withdraw(world: World, relationship: RelationshipId, mother: GuardianActor, kind: TypeKey) -> None:
    target = Target(world.tenant, mother.family, mother.guardian, ((relationship, kind),))
    await world.services.consent.withdraw(mother, target, method="page")


async def read_it(world: World, relationship: RelationshipId, who: SchoolStaff | None = None) -> list[str]:
    answer = await world.services.release.to_school(who or world.contact, Ask(relationship, "support"))
    return [one.information_type for one in answer.records] if isinstance(answer, Released) else []


async def with_deputy(world: World, relationship: RelationshipId) -> tuple[SchoolStaff, SchoolStaff]:
    """A contact who does not work on Tuesday, in the place of the usual one, and a deputy."""
    organisations, families = world.services.organisations, world.services.families
    days: tuple[Weekday, ...] = ("mon", "wed", "thu", "fri")
    off = await organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Tineke Toonder", world.linde, "contact", days)
    )
    stand_in = await organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Dirk Deputy", world.linde, "contact")
    )
    await families.list_contact(world.counsellor, relationship, StaffId(off))
    await families.list_contact(world.counsellor, relationship, StaffId(stand_in), deputy_for=StaffId(off))
    await families.remove_contact(world.counsellor, relationship, world.contact.staff)
    return (
        SchoolStaff(world.tenant, StaffId(off), world.linde, "contact"),
        SchoolStaff(world.tenant, StaffId(stand_in), world.linde, "contact"),
    )


# --- 47: care signals ------------------------------------------------------------------------


async def test_s47_a_signal_of_monday_night_is_with_the_deputy_before_eight(world: World) -> None:
    relationship, _ = await with_signal(world)
    off, deputy = await with_deputy(world, relationship)
    await move_to(world, MONDAY_23)
    sent = await send(world, relationship)
    assert (sent.due_at, sent.call_first) == (TUESDAY_8, False)
    assert await told_staff(world) == {off.staff: True}
    await move_to(world, TUESDAY_0715)
    await look(world)
    assert await told_staff(world) == {off.staff: True, deputy.staff: True}
    assert await read_it(world, relationship, deputy) == [SIGNAL]
    await look(world)
    await move_to(world, TUESDAY_8)
    await look(world)
    (one,) = await world.services.signals.sent(world.counsellor, relationship)
    assert (one.state, one.read_at) == ("read", TUESDAY_0715)
    assert "call_the_school" not in await tasks(world)


async def test_s47_unread_at_eight_the_counsellor_calls_the_school_once(world: World) -> None:
    relationship, _ = await with_signal(world)
    await move_to(world, MONDAY_23)
    sent = await send(world, relationship)
    await move_to(world, TUESDAY_8 - timedelta(seconds=1))
    await look(world)
    assert await tasks(world) == []
    await move_to(world, TUESDAY_8)
    await look(world)
    await look(world)
    assert await tasks(world) == ["call_the_school"]
    assert await world.services.signals.called(world.counsellor, sent.signal, "director") == relationship
    await look(world)
    assert await tasks(world) == []
    with pytest.raises(ConflictError):
        await world.services.signals.called(world.counsellor, sent.signal, "director")


async def test_a_signal_is_gone_after_five_school_days_and_not_after_five_weekdays(world: World) -> None:
    relationship, _ = await with_signal(world)
    await move_to(world, datetime(2026, 10, 15, 10, tzinfo=UTC))
    sent = await send(world, relationship)
    assert sent.gone_at == datetime(2026, 10, 28, 23, tzinfo=UTC)
    await move_to(world, sent.gone_at - timedelta(minutes=1))
    assert await read_it(world, relationship) == [SIGNAL]
    await move_to(world, sent.gone_at)
    assert await read_it(world, relationship) == []
    await look(world)
    assert await world.services.signals.sent(world.counsellor, relationship) == ()
    assert len(await trail(world, "signal.gone.v1")) == 1
    assert len(await trail(world, "record.retracted.v1")) == 1


@pytest.mark.parametrize("withdrawn", [SIGNAL, TypeKey("shelter_involvement")], ids=["type", "gate"])
async def test_a_signal_withdrawn_before_it_was_read_is_never_read_and_nobody_calls(
    world: World, withdrawn: TypeKey
) -> None:
    relationship, mother = await with_signal(world)
    await move_to(world, MONDAY_23)
    await send(world, relationship)
    await withdraw(world, relationship, mother, withdrawn)
    assert await read_it(world, relationship) == []
    await move_to(world, TUESDAY_8)
    await look(world)
    assert await world.services.signals.sent(world.counsellor, relationship) == ()
    assert await tasks(world) == []


async def test_s19_without_a_yes_no_signal_is_written_and_nothing_waits_for_anybody(world: World) -> None:
    relationship, _ = await with_signal(world, care_signal="no")
    refused = await world.services.signals.send(world.counsellor, relationship)
    assert isinstance(refused, ShareRefused)
    assert await world.services.signals.sent(world.counsellor, relationship) == ()
    assert await told_staff(world) == {}


async def test_without_a_region_or_with_an_unknown_year_nothing_is_sent_and_it_is_said(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), GIVEN)
    with pytest.raises(InputError) as refused:
        await world.services.signals.send(world.counsellor, relationship)
    assert [one.code for one in refused.value.problems] == ["school_region_missing"]
    await world.services.signal_routing.place_school(world.officer, world.linde, "zuid")
    await move_to(world, datetime(2029, 9, 20, 8, tzinfo=UTC))
    with pytest.raises(InputError) as refused:
        await world.services.signals.send(world.counsellor, relationship)
    assert [one.code for one in refused.value.problems] == ["school_days_missing"]
    assert await trail(world, "signal.sent.v1", "record.shared.v1") == ()


@pytest.mark.parametrize("route", ["attendance_officer", "veilig_thuis"])
async def test_along_another_way_the_school_gets_no_message_and_the_counsellor_calls(
    world: World, route: str
) -> None:
    relationship, _ = await with_signal(world)
    setting = RouteSetting("midden", route, "Het meldpunt", "013-5550900")  # type: ignore[arg-type]
    await world.services.signal_routing.set_route(world.officer, setting)
    assert await world.services.signals.recipient(world.counsellor, relationship) == setting
    sent = await send(world, relationship)
    assert sent.call_first
    await look(world)
    assert (await told_staff(world), await tasks(world)) == ({}, ["pass_on_signal"])
    await world.services.signals.called(world.counsellor, sent.signal, route)  # type: ignore[arg-type]
    await look(world)
    assert await tasks(world) == []


async def test_only_the_coordinator_sets_regions_and_ways(world: World) -> None:
    routing = world.services.signal_routing
    with pytest.raises(InputError) as refused:
        await routing.set_route(world.officer, RouteSetting("zuid", "veilig_thuis", " ", "112"))
    assert {one.field for one in refused.value.problems} == {"recipient", "phone"}
    with pytest.raises(InputError):
        await routing.place_school(world.officer, world.linde, "oost")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        await routing.place_school(world.officer, world.tenant, "zuid")  # type: ignore[arg-type]
    await routing.place_school(world.officer, world.eik, "zuid")
    regions = {one.school: one.region for one in await routing.schools(world.officer)}
    assert regions == {world.linde: None, world.eik: "zuid"}
    assert [one.route for one in await routing.routes(world.officer)] == ["direct"] * 3


async def test_s10_a_child_that_says_no_pauses_the_signal(world: World) -> None:
    view = await world.family(children=(("Yara", date(2012, 3, 7)),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), GIVEN)
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    await world.intake(world.child(view), {"care_signal": "no"})
    assert isinstance(await world.services.signals.send(world.counsellor, relationship), ShareRefused)


async def test_s16_a_related_contact_hears_of_no_signal_and_the_deputy_does(world: World) -> None:
    relationship, _ = await with_signal(world)
    off, deputy = await with_deputy(world, relationship)
    await world.services.families.declare_conflict(world.counsellor, relationship, off.staff)
    await send(world, relationship)
    assert await told_staff(world) == {deputy.staff: True}


# --- 49: first contact -----------------------------------------------------------------------


async def test_s49_two_schools_with_one_name_are_told_apart_by_code_street_and_phone(world: World) -> None:
    told = await told_family(world, begun=False)
    other = SchoolConfirmation("34CD01", "Lindestraat 9", "010-5550303")
    with pytest.raises(InputError) as refused:
        await world.services.starts.send_first_contact(world.counsellor, told.relationship, other)
    assert {one.field for one in refused.value.problems} == {"establishment_code", "street", "phone"}
    assert await told_staff(world) == {}
    assert await world.services.starts.first_contact(world.counsellor, told.relationship) is None


async def test_the_start_goes_from_sent_to_read_and_never_by_itself(world: World) -> None:
    told = await told_family(world, begun=False)
    starts, about = world.services.starts, told.relationship
    assert await starts.seen_at_school(world.contact, about) is None
    with pytest.raises(ConflictError):
        await starts.confirm_pupil(world.contact, about)
    assert await starts.send_first_contact(world.counsellor, about, CONFIRMED) == Sent(1)
    assert await told_staff(world) == {world.contact.staff: False}
    with pytest.raises(ConflictError):
        await starts.send_first_contact(world.counsellor, about, CONFIRMED)
    with pytest.raises(ConflictError):
        await starts.read_who_helps(world.contact, about)
    await starts.confirm_pupil(world.contact, about)
    await starts.read_who_helps(world.contact, about)
    seen = await starts.first_contact(world.counsellor, about)
    assert seen is not None
    assert (seen.state, seen.read_at) == ("read", world.clock.now())
    kinds = {f"first_contact.{act}.v1" for act in ("sent", "confirmed", "read")}
    assert len(await trail(world, *kinds)) == 3


async def test_s19_without_the_gate_type_no_first_contact_goes(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child, begun=False)
    await world.intake(world.guardian(view), {"shelter_involvement": "no"})
    refused = await world.services.starts.send_first_contact(world.counsellor, relationship, CONFIRMED)
    assert isinstance(refused, FirstContactRefused)
    assert refused.sentence
    assert await told_staff(world) == {}
    (entry,) = await trail(world, "first_contact.refused.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, events.FirstContactRefused)


async def test_only_a_contact_of_this_child_confirms_and_ticks(world: World) -> None:
    told = await told_family(world)
    starts, about = world.services.starts, told.relationship
    for stranger in (world.teacher, world.eik_contact):
        with pytest.raises(NotAllowedError):
            await starts.confirm_pupil(stranger, about)
        with pytest.raises(NotAllowedError):
            await starts.tick(stranger, about, ["gate"])
    await starts.tick(world.contact, about, ["gate", "photos"])
    await starts.tick(world.contact, about, ["photos", "letters"])
    assert set(await starts.ticked(world.contact, about)) == {"photos", "letters"}
    with pytest.raises(InputError):
        await starts.tick(world.contact, about, ["bsn"])  # type: ignore[list-item]
    assert len(await trail(world, "first_day.ticked.v1")) == 4


# --- 48, 52, 54 ------------------------------------------------------------------------------


async def test_s48_the_card_shows_only_what_a_contact_would_get_and_the_call_is_logged(world: World) -> None:
    told = await told_family(world)
    starts = world.services.starts
    card = await starts.call_card(world.counsellor, told.relationship, "support")
    assert [one.fields for one in card.records] == [{"helps": ADVICE}]
    assert SIGNAL in {one.information_type for one in card.refused}
    with pytest.raises(InputError):
        await starts.note_call(world.counsellor, card.call, "director", [SIGNAL])
    with pytest.raises(NotFoundError):
        await starts.note_call(world.colleague, card.call, "director", [SUPPORT])
    assert await starts.note_call(world.counsellor, card.call, "director", [SUPPORT]) == told.relationship
    with pytest.raises(NotFoundError):
        await starts.note_call(world.counsellor, card.call, "director", [SUPPORT])
    (call,) = await starts.calls(world.counsellor, told.relationship)
    assert (call.spoken_to, call.types, call.called_at) == ("director", (SUPPORT,), world.clock.now())
    (entry,) = await trail(world, "information.released.v1")
    assert entry.detail is not None
    released = entry.detail.event
    assert isinstance(released, events.InformationReleased)
    assert (entry.detail.by.kind, released.role, released.types) == ("counsellor", "phone", (SUPPORT,))


async def test_s48_a_withdrawal_ends_the_card_and_what_was_said_is_still_logged(world: World) -> None:
    told = await told_family(world)
    starts = world.services.starts
    card = await starts.call_card(world.counsellor, told.relationship, "support")
    await withdraw(world, told.relationship, told.mother, SUPPORT)
    again = await starts.call_card(world.counsellor, told.relationship, "support")
    assert again.records == ()
    assert await starts.note_call(world.counsellor, card.call, "contact", [SUPPORT]) == told.relationship
    with pytest.raises(InputError):
        await starts.note_call(world.counsellor, again.call, "contact", [SUPPORT])


async def test_s48_who_is_not_with_the_family_and_where_nobody_is_contact_there_is_no_card(
    world: World,
) -> None:
    told = await told_family(world)
    with pytest.raises(NotAllowedError):
        await world.services.starts.call_card(world.colleague, told.relationship, "support")
    await world.services.families.remove_contact(world.counsellor, told.relationship, world.contact.staff)
    with pytest.raises(InputError) as refused:
        await world.services.starts.call_card(world.counsellor, told.relationship, "support")
    assert [one.code for one in refused.value.problems] == ["call_no_contact"]


async def test_s48_a_call_is_no_reading_by_the_school(world: World) -> None:
    relationship, _ = await with_signal(world)
    await move_to(world, MONDAY_23)
    await send(world, relationship)
    await world.services.starts.call_card(world.counsellor, relationship, "support")
    await look(world)
    (one,) = await world.services.signals.sent(world.counsellor, relationship)
    assert one.state == "sent"


async def test_s52_who_tells_it_in_person_sends_nothing(world: World) -> None:
    told = await told_family(world)
    starts = world.services.starts
    chosen = await starts.tells_itself(world.counsellor, told.relationship, [SUPPORT, TypeKey("pickup")])
    assert all(TALKING[key] for key in chosen)
    assert await told_staff(world) == {}
    assert len(await trail(world, "telling.by_parent.v1")) == 1
    for wrong in ([], [TypeKey("bsn")]):
        with pytest.raises(InputError):
            await starts.tells_itself(world.counsellor, told.relationship, wrong)


def test_s52_there_are_words_for_every_type(world: World) -> None:
    types = world.services.policies.proposal.catalogue.types
    assert set(TALKING) == set(types)


async def test_s54_a_four_year_old_is_never_presumed_absent_without_leave(world: World) -> None:
    view = await world.family(children=(("Pip", date(2022, 3, 1)),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "school_absence": "yes"})
    absent = {"date": "2026-09-01", "part_of_day": "morning"}
    kind = TypeKey("school_absence")
    wrong = Note(kind, {**absent, "kind": "presumed_unauthorised"})
    with pytest.raises(InputError):
        await world.services.records.share(world.contact, relationship, wrong)
    asked = Note(kind, {**absent, "kind": "leave_asked"})
    assert isinstance(await world.services.records.share(world.contact, relationship, asked), Shared)
