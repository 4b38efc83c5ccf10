"""Driegesprekken over the real services: who may, in which order, what leaves and what does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from consent_service.consent.service import Target
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.notifier import MailServer
from consent_service.process.meetings.model import (
    MeetingRefused,
    NewAgreement,
    Preparation,
    SchoolLine,
    Warned,
)
from consent_service.process.meetings.rows import read_meeting
from consent_service.process.notices.tables import notices
from consent_service.process.signals.school_days import Region
from consent_service.process.signals.tables import school_regions
from consent_service.records.model import Shared, ShareRefused
from consent_service.release.model import Released
from consent_service.release.service import Ask
from tests.ledger import rows
from tests.process.meetings.stories import MAY, agreed, held, next_day, planned, proposed
from tests.process.notices.mailing import with_server
from tests.scenarios.stories import trail
from tests.shelter import SAFE, SECRET, World

TWO = (("Noor", date(2018, 5, 4)), ("Adam", date(2016, 2, 1)))


async def _state(world: World, meeting: str) -> str:
    async with world.services.installation.database.reading() as conn:
        found = await read_meeting(conn, world.tenant, meeting)
    assert found is not None
    return found.state


async def test_violence_now_waits_for_a_second_person(world: World) -> None:
    met = await proposed(world, "violence")
    service = world.services.meetings
    assert await _state(world, met.meeting) == "awaiting_approval"
    assert await service.at_school(world.contact, [met.relationship]) == ()
    assert await service.own(met.mother) == ()
    with pytest.raises(ConflictError):
        await service.prepare(world.counsellor, met.meeting, met.prepared(world))
    with pytest.raises(InputError):
        await service.approve(world.counsellor, met.meeting)
    assert [one.meeting for one in await service.awaiting_approval(world.colleague)] == [met.meeting]
    assert await service.awaiting_approval(world.counsellor) == ()
    assert await rows(world, notices) == []
    await service.approve(world.colleague, met.meeting)
    assert await _state(world, met.meeting) == "proposed"


async def test_a_school_never_names_violence_and_proposes_for_its_own_children_only(world: World) -> None:
    met = await proposed(world)
    service = world.services.meetings
    with pytest.raises(InputError):
        await service.propose_from_school(world.contact, met.relationship, "violence")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        await service.propose_from_school(world.eik_contact, met.relationship, "concerns")
    found = await service.propose_from_school(world.contact, met.relationship, "concerns")
    lines = await service.at_school(world.contact, [met.relationship])
    assert lines == (SchoolLine(str(found), met.relationship, "proposed", None),)


async def test_without_consent_for_the_type_there_is_no_meeting(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes"})
    answer = await world.services.meetings.propose(world.counsellor, relationship, "routine")
    assert isinstance(answer, MeetingRefused)
    found = await trail(world, "meeting.refused.v1")
    assert len(found) == 1


async def test_who_is_not_with_the_family_may_nothing(world: World) -> None:
    met = await proposed(world)
    service, stranger = world.services.meetings, world.colleague
    for act in (
        service.view(stranger, met.meeting),
        service.of_family(stranger, met.view.family),
        service.prepare(stranger, met.meeting, met.prepared(world)),
        service.cancel(stranger, met.meeting),
        service.propose(stranger, met.relationship, "routine"),
    ):
        with pytest.raises(NotAllowedError):
            await act
    for act in (service.view(world.counsellor, "x"), service.cancel(world.counsellor, "x")):
        with pytest.raises(NotFoundError):
            await act


async def test_preparing_tells_every_problem_at_once(world: World) -> None:
    view = await world.family(children=TWO, guardians=(("Samira", "holder"), ("Omar", "holder")))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), MAY)
    service = world.services.meetings
    meeting = await service.propose(world.counsellor, relationship, "routine")
    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    entered = Preparation(
        "Adam en Noor, " + "x" * 900 + " 111222333", (view.guardians[1].guardian,), (world.eik_contact.staff,)
    )
    with pytest.raises(InputError) as refused:
        await service.prepare(world.counsellor, str(meeting), entered)
    assert {one.code for one in refused.value.problems} == {
        "content.too_long",
        "meeting_bsn",
        "content.names_other_child",
        "meeting_guardian_unsafe",
        "meeting_no_contact",
    }
    with pytest.raises(InputError) as refused:
        await service.prepare(world.counsellor, str(meeting), Preparation("", (), ()))
    assert {one.code for one in refused.value.problems} == {
        "required",
        "meeting_no_guardian",
        "meeting_no_contact",
    }


async def test_a_clash_is_told_first_and_planned_only_when_it_was_seen(world: World) -> None:
    first, second = await planned(world), await proposed(world)
    service = world.services.meetings
    with pytest.raises(InputError):
        await service.plan(world.counsellor, second.meeting, next_day(world), "14:30")
    await service.prepare(world.counsellor, second.meeting, second.prepared(world))
    answer = await service.plan(world.counsellor, second.meeting, next_day(world), "14:30")
    assert answer == Warned(("clash",))
    assert await _state(world, second.meeting) == "proposed"
    await service.plan(world.counsellor, second.meeting, next_day(world), "14:30", seen=frozenset({"clash"}))
    assert await _state(world, second.meeting) == "planned"
    assert first.meeting != second.meeting


async def test_a_participant_who_may_not_read_is_told_before_planning(world: World) -> None:
    met = await proposed(world)
    service = world.services.meetings
    await service.prepare(world.counsellor, met.meeting, met.prepared(world))
    await world.services.families.remove_contact(world.counsellor, met.relationship, world.contact.staff)
    answer = await service.plan(world.counsellor, met.meeting, next_day(world), "14:00")
    assert answer == Warned(("no_consent",))


@pytest.mark.parametrize(
    "region, days, warning",
    [
        ("midden", 47, "holiday"),
        ("noord", 40, "holiday"),
        ("midden", 4, "holiday"),
        ("noord", 47, None),
        ("midden", 40, None),
    ],
    ids=["autumn in midden", "autumn in noord", "a saturday", "taught in noord", "taught in midden"],
)
async def test_a_day_on_which_the_school_is_closed_is_told_by_its_region(
    world: World, region: Region, days: int, warning: str | None
) -> None:
    met = await proposed(world)
    service = world.services.meetings
    await world.services.signal_routing.place_school(world.officer, world.linde, region)
    await service.prepare(world.counsellor, met.meeting, met.prepared(world))
    answer = await service.plan(world.counsellor, met.meeting, next_day(world, days), "14:00")
    assert (answer == Warned((warning,))) is (warning is not None)  # type: ignore[arg-type]


async def test_where_the_holidays_are_not_known_that_is_told_and_nothing_is_guessed(world: World) -> None:
    met = await proposed(world)
    service = world.services.meetings
    await service.prepare(world.counsellor, met.meeting, met.prepared(world))
    world.clock.set(datetime(2029, 9, 20, 8, tzinfo=UTC))
    answer = await service.plan(world.counsellor, met.meeting, date(2029, 9, 25), "14:00")
    assert isinstance(answer, Warned)
    assert "no_holidays_known" in answer.warnings


async def test_a_school_that_nobody_placed_in_a_region_is_told_too(world: World) -> None:
    met = await proposed(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(school_regions))
    service = world.services.meetings
    await service.prepare(world.counsellor, met.meeting, met.prepared(world))
    day = next_day(world)
    assert await service.plan(world.counsellor, met.meeting, day, "14:00") == Warned(("no_holidays_known",))
    seen = frozenset({"no_holidays_known"})
    assert not isinstance(await service.plan(world.counsellor, met.meeting, day, "14:00", seen=seen), Warned)


async def test_moving_takes_back_what_was_not_sent_and_is_a_later_version(world: World) -> None:
    met = await planned(world)
    service = world.services.meetings
    await service.plan(world.counsellor, met.meeting, next_day(world, 3), "10:00")
    sent = [(one.kind, one.state) for one in await rows(world, notices)]
    assert sorted(sent) == [
        *[("meeting_invitation", "cancelled")] * 3,
        *[("meeting_moved", "waiting")] * 3,
    ]
    assert (await service.view(world.counsellor, met.meeting)).meeting.sequence == 1


async def test_nothing_is_held_before_its_moment_or_agreed_before_it_was_held(world: World) -> None:
    met = await planned(world)
    service = world.services.meetings
    with pytest.raises(InputError):
        await service.hold(world.counsellor, met.meeting)
    with pytest.raises(ConflictError):
        await service.agree(world.counsellor, met.meeting, ())
    with pytest.raises(ConflictError):
        await service.tell_school(world.counsellor, met.meeting)


async def test_agreements_need_words_an_owner_and_a_day(world: World) -> None:
    met = await held(world)
    wrong = (NewAgreement("", "school", None), NewAgreement("Bellen", "shelter", date(2020, 1, 1)))
    with pytest.raises(InputError) as refused:
        await world.services.meetings.agree(world.counsellor, met.meeting, wrong)
    assert {(one.field, one.code) for one in refused.value.problems} == {
        ("words_1", "required"),
        ("due_on_1", "required"),
        ("due_on_2", "meeting_due_before"),
    }
    many = tuple(NewAgreement("Bellen", "shelter", next_day(world)) for _ in range(9))
    for entered in ((), many):
        with pytest.raises(InputError):
            await world.services.meetings.agree(world.counsellor, met.meeting, entered)


async def test_a_whole_meeting(world: World) -> None:
    """Agreed, told to the school through the release door, remarked on, followed up, closed."""
    met = await agreed(world)
    service = world.services.meetings
    first = await service.tell_school(world.counsellor, met.meeting)
    assert isinstance(first, Shared)
    await service.remark(met.mother, met.meeting, "Alleen voor de opvang.")
    await service.remark(met.mother, met.meeting, "Liever na de pauze.", for_school=True)
    again = await service.tell_school(world.counsellor, met.meeting)
    assert isinstance(again, Shared)
    assert (again.record, again.version) == (first.record, 2)
    answer = await world.services.release.to_school(world.contact, Ask(met.relationship, "meeting"))
    assert isinstance(answer, Released)
    said = repr(answer)
    assert "Elke dag even vragen" in said
    assert "Liever na de pauze." in said
    assert "Alleen voor de opvang." not in said
    assert "routine" not in said
    await service.give_copy(world.counsellor, met.meeting)
    (own,) = await service.own(met.mother)
    assert [one.words for one in own.remarks] == ["Alleen voor de opvang.", "Liever na de pauze."]
    with pytest.raises(InputError):
        await service.close(world.counsellor, met.meeting)
    (agreement,) = (await service.view(world.counsellor, met.meeting)).agreements
    with pytest.raises(InputError):
        await service.follow_up(world.counsellor, met.meeting, agreement.agreement, "not_done")
    with pytest.raises(NotFoundError):
        await service.follow_up(world.counsellor, met.meeting, "x", "done")
    await service.follow_up(world.counsellor, met.meeting, agreement.agreement, "not_done", "no_time")
    with pytest.raises(ConflictError):
        await service.follow_up(world.counsellor, met.meeting, agreement.agreement, "done")
    await service.close(world.counsellor, met.meeting)
    assert await _state(world, met.meeting) == "closed"


async def test_after_a_withdrawal_agreements_stay_at_the_shelter(world: World) -> None:
    met = await agreed(world)
    target = Target(world.tenant, met.view.family, met.mother.guardian)
    await world.services.consent.withdraw(met.mother, target, method="page")
    answer = await world.services.meetings.tell_school(world.counsellor, met.meeting)
    assert isinstance(answer, ShareRefused)
    await world.settle()
    assert await _state(world, met.meeting) == "agreed"


async def test_another_guardian_sees_and_says_nothing(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Omar", "holder")), safety=SAFE)
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), MAY)
    service = world.services.meetings
    meeting = str(await service.propose(world.counsellor, relationship, "routine"))
    entered = Preparation("Rekenen", (view.guardians[0].guardian,), (world.contact.staff,))
    await service.prepare(world.counsellor, meeting, entered)
    assert [one.meeting for one in await service.own(world.guardian(view))] == [meeting]
    assert await service.own(world.guardian(view, 1)) == ()
    with pytest.raises(NotFoundError):
        await service.remark(world.guardian(view, 1), meeting, "Ik ook.")
    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    assert await service.own(world.guardian(view)) == ()


async def test_nothing_at_rest_or_in_the_log_says_what_was_said(world: World) -> None:
    met = await agreed(world)
    await world.services.meetings.remark(met.mother, met.meeting, "Liever na de pauze.")
    for table in ("meetings", "meeting_agreements", "meeting_remarks"):
        known = notices.metadata.tables[table]
        async with world.services.installation.database.reading() as conn:
            kept = repr((await conn.execute(select(known))).all())
        for words in ("Elke dag", "Hoe gaat het", "pauze", "routine"):
            assert words not in kept
    assert "Elke dag" not in repr(await trail(world))


async def test_a_calendar_file_is_of_what_stands_now(world: World) -> None:
    world = with_server(world, MailServer("127.0.0.1", 25, "post@dienst.example"))
    met = await planned(world)
    database, release = world.services.installation.database, world.services.release
    service = world.services.meetings

    async def file() -> bytes | None:
        async with database.transaction() as conn:
            permit = await release.may_tell_contact(
                conn, world.tenant, world.contact.staff, met.relationship, "calendar_file"
            )
            assert permit is not None
            part = await service.calendar_file(conn, permit, met.meeting)
        return None if part is None else part.content

    first = await file()
    assert first is not None
    assert b"METHOD:PUBLISH" in first
    assert b"SEQUENCE:0" in first
    await service.cancel(world.counsellor, met.meeting)
    last = await file()
    assert last is not None
    assert b"METHOD:CANCEL" in last
    assert b"SEQUENCE:1" in last
    for said in ("Noor", "Voorbeeld", "Linde", "Opvang", "school", "gesprek"):
        assert said.encode() not in first + last
    world.clock.advance(timedelta(days=1))
