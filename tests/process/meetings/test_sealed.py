"""What is sealed is opened in its own place only; each act has its entry, and who is away ends nothing."""

from __future__ import annotations

import pytest

from consent_service.foundation.errors import ConflictError, InputError, IntegrityError
from consent_service.keyring.sealing import seal_for_person
from consent_service.process.meetings.model import MeetingContent, NewAgreement
from consent_service.process.meetings.sealing import open_meeting, open_words, seal_meeting, seal_words
from consent_service.rights.reconciliation import reconcile_acts
from tests.process.meetings.stories import agreed, next_day, proposed
from tests.shelter import World


async def test_what_is_sealed_opens_in_its_own_place_only(world: World) -> None:
    met = await proposed(world)
    ring, child = world.services.installation.ring, met.view.children[0].child
    async with world.services.installation.database.reading() as conn:
        key = await ring.person_key(conn, world.tenant, child)
    content = MeetingContent("absence", "Rekenen")
    assert open_meeting(ring, key, "m1", seal_meeting(ring, key, "m1", content)) == content
    assert open_words(ring, key, "w1", seal_words(ring, key, "w1", "Bellen")) == "Bellen"
    with pytest.raises(IntegrityError):
        open_meeting(ring, key, "m2", seal_meeting(ring, key, "m1", content))
    with pytest.raises(IntegrityError):
        open_words(ring, key, "w2", seal_words(ring, key, "w1", "Bellen"))
    for purpose, opens in (("meeting", open_meeting), ("meeting_words", open_words)):
        strange = seal_for_person(ring, key, purpose=purpose, record="x", plaintext=b"\x93\x01\x02\x03")
        with pytest.raises(IntegrityError):
            opens(ring, key, "x", strange)


async def test_each_act_has_its_entry(world: World) -> None:
    met = await agreed(world)
    await world.services.meetings.remark(met.mother, met.meeting, "Goed zo.")
    await world.settle()
    installation = world.services.installation
    found = await reconcile_acts(installation.database, installation.ring, world.tenant)
    assert found.mismatches == ()


async def test_what_was_held_is_neither_moved_nor_agreed_on_twice(world: World) -> None:
    met = await agreed(world)
    service, who = world.services.meetings, world.counsellor
    agreement = NewAgreement("Bellen.", "shelter", next_day(world, 30))
    with pytest.raises(ConflictError):
        await service.agree(who, met.meeting, (agreement,))
    with pytest.raises(ConflictError):
        await service.plan(who, met.meeting, next_day(world), "10:00")
    with pytest.raises(ConflictError):
        await service.prepare(who, met.meeting, met.prepared(world))
    with pytest.raises(InputError):
        await service.prepare(who, met.meeting, met.prepared(world, agenda=""))
