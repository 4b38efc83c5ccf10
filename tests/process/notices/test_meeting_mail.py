"""An invitation leaves with its calendar file, or not at all (S2, S45)."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

from consent_service.audit import events
from consent_service.consent.service import Target
from consent_service.foundation.ids import TypeKey
from tests.process.meetings.stories import planned
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
    lines = file.get_content().splitlines()
    assert {"METHOD:REQUEST", "SUMMARY:Afspraak", "DTSTART:20260903T120000Z"} <= set(lines)
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
