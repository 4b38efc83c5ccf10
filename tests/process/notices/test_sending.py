"""What leaves, when, and what never does: through a real mail server on this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select

from consent_service.audit.events import NoticeBounced, NoticeNotSent
from consent_service.consent.page_access import PageAccessService
from consent_service.foundation.errors import StopsPendingError
from consent_service.foundation.notifier import CalendarPart, MailServer
from consent_service.identity.model import SchoolStaff
from consent_service.organisations.model import NewStaff
from consent_service.process.notices.model import Notice
from consent_service.process.notices.sending import PAUSES
from consent_service.process.notices.tables import notice_addresses
from consent_service.release.exits import ExitPermit
from tests.process.notices.mailing import (
    BO,
    IDA,
    Moody,
    addressed,
    all_notices,
    at,
    mailing,
    queue,
    recipients,
    send,
    states,
    with_server,
)
from tests.scenarios.stories import told_family, trail
from tests.shelter import OPERATOR, World

NIGHT = datetime(2026, 9, 7, 21, 0, tzinfo=UTC)
"""A Monday, 23:00 on the clock on the wall."""
SAMIRA = "samira@example.org"


async def test_s02_withdrawn_while_queued_is_never_sent(world: World) -> None:
    told = await told_family(world)
    with mailing(world) as (world, postbox):
        await addressed(world, world.contact.staff, IDA)
        await queue(world, kind="care_signal", to_staff=world.contact.staff, relationship=told.relationship)
        await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
        assert await send(world) == 0
        world.clock.advance(timedelta(days=2))
        assert await send(world) == 0
        assert postbox.envelopes == []
    assert await states(world) == ["not_sent"]
    (entry,) = await trail(world, "notice.not_sent.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, NoticeNotSent)
    assert entry.detail.event.code == "not_permitted"


async def test_s47_urgent_at_eleven_at_night_is_sent_at_once_and_the_deputy_has_it_before_eight(
    world: World,
) -> None:
    told = await told_family(world)
    new = NewStaff("school_staff", "Wim Waarnemer", world.linde, "contact")
    deputy = await world.services.organisations.add_staff(OPERATOR, world.tenant, new)
    monday = NewStaff("school_staff", "Mo Maandag", world.linde, "contact", working_days=("mon",))
    contact = await world.services.organisations.add_staff(OPERATOR, world.tenant, monday)
    families = world.services.families
    await families.list_contact(world.counsellor, told.relationship, contact)
    await families.list_contact(world.counsellor, told.relationship, deputy, deputy_for=contact)
    with mailing(world) as (world, postbox):
        await addressed(world, contact, "mo@linde.example")
        await addressed(world, deputy, "wim@linde.example")
        world.clock.set(NIGHT)
        await world.confirmed(told.relationship, *_school(world, contact, deputy))
        await world.services.sequencer.run_once(world.tenant)
        await queue(world, kind="care_signal", to_staff=contact, relationship=told.relationship)
        await queue(world, kind="something_new", to_staff=contact, relationship=told.relationship)
        assert await world.services.notice_deputies.hand_on(world.tenant) == 0
        assert await send(world) == 1
        assert recipients(postbox) == ["mo@linde.example"]
        world.clock.set(NIGHT + timedelta(hours=1, minutes=1))  # Tuesday: this contact does not work
        await world.services.sequencer.run_once(world.tenant)
        assert await world.services.notice_deputies.hand_on(world.tenant) == 2
        assert await world.services.notice_deputies.hand_on(world.tenant) == 0
        assert await send(world) == 1
        assert recipients(postbox) == ["mo@linde.example", "wim@linde.example"]


def _school(world: World, *staff: object) -> list[SchoolStaff]:
    return [SchoolStaff(world.tenant, one, world.linde, "contact") for one in staff]  # type: ignore[arg-type]


async def test_a_mail_says_nothing_but_that_something_waits(world: World) -> None:
    told = await told_family(world)
    with mailing(world) as (world, postbox):
        await addressed(world, world.contact.staff, IDA)

        async def calendar(_conn: object, notice: Notice, _permit: ExitPermit) -> CalendarPart | None:
            return CalendarPart("PUBLISH", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")

        world.services.notices.with_calendar("meeting_invitation", calendar)
        await queue(
            world, kind="meeting_invitation", to_staff=world.contact.staff, relationship=told.relationship
        )
        assert await send(world) == 1
    envelope = postbox.envelopes[0]
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content, policy=default)
    text, file = mail.iter_parts()
    assert mail["Subject"] == "Er staat een bericht voor u klaar"
    assert text.get_content().split() == [*mail["Subject"].split()[:-1], "klaar.", "http://127.0.0.1:8000"]
    assert (file.get_content_type(), file.get_filename()) == ("text/calendar", "afspraak.ics")
    assert (file.get_param("method"), file.get_content_charset()) == ("PUBLISH", "utf-8")
    said = envelope.content.decode().lower()
    for word in ("noor", "voorbeeld", "linde 1", "opvang", "gesprek", "kind", "school", "samira"):
        assert word not in said.replace(IDA, ""), word
    assert await states(world) == ["sent"]
    assert len(await trail(world, "notice.sent.v1")) == 1


async def test_what_can_wait_is_told_in_one_mail_a_day_on_a_working_day(world: World) -> None:
    with mailing(world) as (world, postbox):
        await addressed(world, world.counsellor.staff, BO)
        world.clock.set(datetime(2026, 9, 4, 12, 0, tzinfo=UTC))  # Friday at noon
        for _ in range(3):
            await queue(world, kind="something_new", to_staff=world.counsellor.staff)
        assert await send(world) == 0
        for days, hour, sent in ((1, 6, 0), (2, 6, 0), (2, 21, 0), (3, 5, 0), (3, 6, 1), (3, 7, 0)):
            world.clock.set(datetime(2026, 9, 4 + days, hour, 0, tzinfo=UTC))
            await world.services.sequencer.run_once(world.tenant)
            assert await send(world) == sent, (days, hour)
        assert recipients(postbox) == [BO]
    assert await states(world) == ["sent"] * 3


async def test_an_address_that_is_refused_is_never_tried_again_until_it_is_entered_anew(
    world: World,
) -> None:
    with mailing(world, Moody()) as (world, postbox):
        await addressed(world, world.counsellor.staff, "gone@opvang.example")
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        assert await send(world) == 0
        assert await states(world) == ["bounced"]
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        assert await send(world) == 0
        assert await states(world) == ["bounced", "inbox_only"]
        await addressed(world, world.counsellor.staff, BO)
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        assert await send(world) == 1
        assert recipients(postbox) == [BO]
    (entry,) = await trail(world, "notice.bounced.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, NoticeBounced)
    assert entry.detail.event.code == "550"


async def test_pauses_grow_and_after_the_last_try_the_counsellor_is_asked(world: World) -> None:
    told = await told_family(world)
    with mailing(world, Moody()) as (world, postbox):
        await addressed(world, world.counsellor.staff, "later@opvang.example")
        await queue(world, kind="recall", to_staff=world.counsellor.staff, family=told.view.family)
        start = datetime(2026, 9, 7, 7, 0, tzinfo=UTC)
        for pause in PAUSES:
            await at(world, start)
            assert await send(world) == 0
            assert await states(world) == ["waiting"]
            await at(world, start + pause - timedelta(seconds=1))
            await send(world)
            (one,) = await all_notices(world)
            start += pause
        assert one.tries == len(PAUSES)
        await at(world, datetime(2026, 9, 8, 9, 0, tzinfo=UTC))
        await send(world)
        assert postbox.envelopes == []
    assert await states(world) == ["not_sent"]
    (one,) = await all_notices(world)
    assert one.tries == len(PAUSES) + 1
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    assert ("notice_failed", told.view.family) in [(task.kind, task.family) for task in tasks]


async def test_a_server_that_hangs_up_leaves_nobody_knowing_and_nothing_is_sent_again(
    world: World,
) -> None:
    with mailing(world, Moody()) as (world, postbox):
        await addressed(world, world.counsellor.staff, "lost@opvang.example")
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        assert await send(world) == 0
        assert await states(world) == ["uncertain"]
        world.clock.advance(timedelta(days=1))
        await world.services.sequencer.run_once(world.tenant)
        assert await send(world) == 0
        assert len(postbox.envelopes) == 1
    assert len(await trail(world, "notice.uncertain.v1")) == 1


async def test_while_the_mail_server_is_away_nothing_is_lost_and_nothing_left(world: World) -> None:
    away = with_server(world, MailServer("127.0.0.1", 9, "noreply@ruggensteun.example"))
    await addressed(away, world.counsellor.staff, BO)
    await queue(away, kind="recall", to_staff=world.counsellor.staff)
    for _ in range(3):
        assert await send(away) == 0
    assert await states(world) == ["waiting"]
    assert b"server_answers 0.0" in away.services.notice_sender.metrics.exposed()
    assert await trail(world, "exit.permitted.v1") == ()
    with mailing(world) as (there, postbox):
        assert await send(there) == 1
        assert recipients(postbox) == [BO]
    await queue(away, kind="recall", to_staff=world.counsellor.staff)
    world.clock.advance(timedelta(days=3))
    await world.services.sequencer.run_once(world.tenant)
    await send(away)
    assert await states(world) == ["sent", "not_sent"]


async def test_without_a_mail_server_or_address_it_stands_in_the_inbox(world: World) -> None:
    await queue(world, kind="recall", to_staff=world.counsellor.staff)
    await send(world)
    assert await states(world) == ["inbox_only"]
    with mailing(world) as (world, postbox):
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        assert await send(world) == 0
        assert postbox.envelopes == []
    assert await states(world) == ["inbox_only"] * 2


async def test_a_guardian_is_told_by_the_channel_called_safe_and_only_there(world: World) -> None:
    told = await told_family(world)
    with mailing(world) as (world, postbox):
        access: PageAccessService = world.services.page_access
        await access.choose_channel(told.mother, "mail", SAMIRA, only_mine=True)
        await queue(world, kind="answer_needed", to_guardian=told.mother.guardian, urgent=True)
        assert await send(world) == 1
        await access.choose_channel(told.mother, "sms", "+31612345678", only_mine=True)
        await queue(world, kind="answer_needed", to_guardian=told.mother.guardian, urgent=True)
        assert await send(world) == 1
        await access.choose_pin(told.mother, "204618", "204618")
        await queue(world, kind="answer_needed", to_guardian=told.mother.guardian, urgent=True)
        assert await send(world) == 0
        assert recipients(postbox) == [SAMIRA, "31612345678@sms.example"]
    hers = await trail(world, "notice.sent.v1")
    assert {entry.detail.shown_to for entry in hers if entry.detail} == {told.mother.guardian}


async def test_what_was_cancelled_or_is_for_who_left_or_was_erased_is_not_sent(world: World) -> None:
    told = await told_family(world)
    with mailing(world) as (world, postbox):
        await addressed(world, world.contact.staff, IDA)
        await addressed(world, world.counsellor.staff, BO)
        await queue(world, kind="recall", to_staff=world.counsellor.staff, about="m1")
        await queue(world, kind="recall", to_staff=world.contact.staff, relationship=told.relationship)
        await world.services.organisations.end_staff(OPERATOR, world.tenant, world.contact.staff)
        async with world.services.installation.database.transaction() as conn:
            assert await world.services.notices.cancel(conn, world.tenant, "m1") == 1
            left = (await conn.execute(select(notice_addresses.c.staff))).scalars().all()
        assert left == [world.counsellor.staff]
        assert await send(world) == 0
        assert postbox.envelopes == []


async def test_while_a_stop_is_carried_out_what_waits_goes_on_waiting(world: World) -> None:
    told = await told_family(world)
    with mailing(world) as (world, postbox):
        await addressed(world, world.contact.staff, IDA)
        await queue(world, kind="care_signal", to_staff=world.contact.staff, relationship=told.relationship)
        journal = world.services.installation.journal
        one = journal.accept("withdrawal", tenant="_", at=world.clock.now(), subject={"code": "0" * 64})
        with pytest.raises(StopsPendingError):
            await send(world)
        assert await states(world) == ["waiting"]
        journal.mark_done(one.id)
        assert await send(world) == 0  # a minute's pause
        world.clock.advance(PAUSES[0])
        assert await send(world) == 1
        assert recipients(postbox) == [IDA]


async def test_no_address_stands_in_clear_anywhere(world: World) -> None:
    with mailing(world, Moody()) as (world, _):
        await addressed(world, world.counsellor.staff, "gone@opvang.example")
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        await send(world)
    from tests.scenarios.stories import everything_said, everything_stored

    assert b"gone@" not in await everything_stored(world)
    assert "gone@" not in everything_said(await trail(world))
