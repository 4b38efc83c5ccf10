"""An invitation leaves with its calendar file, or not at all (S2, S45)."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

from consent_service.audit import events
from consent_service.consent.service import Target
from consent_service.foundation.ids import TypeKey
from tests.postbox import SENDER
from tests.process.meetings.reading_calendar import Program
from tests.process.meetings.stories import next_day, planned, proposed
from tests.process.notices.mailing import IDA, addressed, mailing, send
from tests.scenarios.stories import trail
from tests.shelter import World


async def test_an_invitation_says_when_and_nothing_else(world: World) -> None:
    with mailing(world) as (world, postbox):
        await addressed(world, world.contact.staff, IDA)
        await planned(world)
        assert await send(world) == 1
    (envelope,) = postbox.envelopes
    assert isinstance(envelope.content, bytes)
    _text, file = message_from_bytes(envelope.content, policy=default).iter_parts()
    program = Program()
    program.open(_file(envelope.content))
    assert file.get_param("method") == "PUBLISH"
    lines = file.get_content().splitlines()
    assert {"METHOD:PUBLISH", "SUMMARY:Afspraak", "DTSTART:20260903T120000Z"} <= set(lines)
    said = envelope.content.decode().lower() + file.get_content().lower()
    for word in ("noor", "samira", "linde 1", "opvang", "school", "kind", "gesprek"):
        assert word not in said.replace(IDA, ""), word


async def test_s2_withdrawn_before_anybody_read_the_log_nothing_leaves(world: World) -> None:
    """The gate stands, and only the type of the meeting is gone: the exit door alone would let it pass."""
    with mailing(world) as (world, postbox):
        await addressed(world, world.contact.staff, IDA)
        met = await planned(world)
        keys = ((met.relationship, TypeKey("three_way_meeting")),)
        target = Target(world.tenant, met.view.family, met.mother.guardian, keys=keys)
        await world.services.consent.withdraw(met.mother, target, method="page")
        assert await send(world) == 0
    assert postbox.envelopes == []
    await world.settle()
    codes = [
        entry.detail.event.code
        for entry in await trail(world, "notice.not_sent.v1")
        if entry.detail is not None and isinstance(entry.detail.event, events.NoticeNotSent)
    ]
    assert "not_permitted" in codes


async def test_who_gets_text_messages_gets_one_sentence_and_no_file(world: World) -> None:
    """A gateway would make of a file a text message of its own."""
    with mailing(world) as (world, postbox):
        met = await proposed(world)
        await world.services.page_access.choose_channel(met.mother, "sms", "+31612345678", only_mine=True)
        await planned(world, met)
        assert await send(world) == 1
    (envelope,) = postbox.envelopes
    assert isinstance(envelope.content, bytes)
    assert envelope.rcpt_tos == ["31612345678@sms.example"]
    assert not message_from_bytes(envelope.content, policy=default).is_multipart()


async def test_moved_and_called_off_replace_what_a_calendar_shows(world: World) -> None:
    """Each file is strictly valid, of one appointment, by one neutral sender."""
    program = Program()
    with mailing(world) as (world, postbox):
        await addressed(world, world.contact.staff, IDA)
        met = await planned(world)
        service, seen = world.services.meetings, list[list[object]]()
        for step in (
            None,
            lambda: service.plan(world.counsellor, met.meeting, next_day(world, 3), "10:00"),
            lambda: service.cancel(world.counsellor, met.meeting),
        ):
            if step is not None:
                await step()
            assert await send(world) == 1
            program.open(_file(postbox.envelopes[-1].content))
            seen.append([one.at("DTSTART").hour for one in program.shown.values()])
    assert seen == [[12], [8], []]
    assert {one.values["ORGANIZER"] for one in program.newest.values()} == {f"mailto:{SENDER}"}


def _file(content: object) -> bytes:
    assert isinstance(content, bytes)
    _text, file = message_from_bytes(content, policy=default).iter_parts()
    found = file.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found
