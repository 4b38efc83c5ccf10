"""From an old key alone: each next key stands in an entry under a head that the key before it signed."""

from __future__ import annotations

from datetime import timedelta

from consent_service.audit.checkpoint import read_note, verify_note
from consent_service.audit.encoding import commitment, decode_leaf, read_detail
from consent_service.audit.events import LogKeyRotated
from consent_service.audit.heads.rotating import KeyRotation
from consent_service.audit.key_handovers import KeyHandover, key_handovers
from consent_service.audit.log_keys import current_log, make_key, put_in_use
from consent_service.audit.merkle import leaf_hash, verify_inclusion
from consent_service.audit.tree import newest_head
from tests.audit.factories import SYSTEM, Desk


async def handovers(desk: Desk) -> tuple[KeyHandover, ...]:
    async with desk.database.reading() as conn:
        log = await current_log(conn, desk.tenant)
        assert log is not None
        note = await newest_head(conn, log)
        size = read_note(note).checkpoint.size if note else 0
        return await key_handovers(conn, desk.ring, log, size)


async def rotate(desk: Desk) -> bytes:
    parts = {"database": desk.database, "ring": desk.ring, "log": desk.log, "clock": desk.clock}
    rotation = KeyRotation(**parts, sequencer=desk.sequencer)  # type: ignore[arg-type]
    return (await rotation.rotate(desk.tenant, reason="planned", by=SYSTEM)).public


async def test_whoever_has_the_first_key_follows_every_rotation(desk: Desk) -> None:
    await desk.append_many(3)
    assert await handovers(desk) == ()
    keys = [desk.key.public]
    for _ in range(2):
        desk.clock.advance(timedelta(days=30))
        keys.append(await rotate(desk))
        await desk.append_many(4)
        await desk.sequence()

    found = await handovers(desk)
    assert len(found) == 2
    async with desk.database.reading() as conn:
        newest = read_note(await newest_head(conn, desk.key) or b"").checkpoint
    for before, after, one in zip(keys, keys[1:], found, strict=False):
        note = read_note(one.note)
        assert verify_note(note, origin=desk.key.origin, public=before)
        hashed = leaf_hash(one.leaf)
        for head, path in ((note.checkpoint, one.path), (newest, one.path_now)):
            assert verify_inclusion(hashed, index=one.index, size=head.size, proof=path, root=head.root)
        assert decode_leaf(one.leaf).com == commitment(one.salt, one.detail)
        event = read_detail(one.detail).event
        assert isinstance(event, LogKeyRotated)
        assert event.public == after.hex()


async def test_a_key_that_nobody_announced_or_that_was_taken_away_has_no_handover(desk: Desk) -> None:
    await desk.append_many(3)
    await desk.sequence()
    await rotate(desk)
    async with desk.database.transaction() as conn:
        log = await current_log(conn, desk.tenant)
        assert log is not None
        await put_in_use(conn, log, await make_key(conn, desk.ring, log), now=desk.clock.now())
    assert len(await handovers(desk)) == 1

    await desk.tamper(["audit_tiles", "audit_sequence"], "DELETE FROM audit_sequence WHERE seq = 0")
    assert await handovers(desk) == ()
    await desk.tamper(["audit_checkpoints"], "DELETE FROM audit_checkpoints")
    assert await handovers(desk) == ()
    await desk.tamper([], "DELETE FROM audit_details")
    assert await handovers(desk) == ()
