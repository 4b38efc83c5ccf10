"""Tests of `consent_service.audit.heads.rotating`: the old key signs the announcement of the new one."""

from __future__ import annotations

import pytest

from consent_service.audit.checkpoint import read_note, verify_note
from consent_service.audit.events import LogKeyRotated
from consent_service.audit.heads.rotating import KeyRotation
from consent_service.audit.log_keys import LogKey, current_log, key_history, open_next_log, public_keys
from consent_service.foundation.errors import ConflictError, NotFoundError, UnavailableError
from consent_service.foundation.ids import EntryId, TenantId, new_id
from tests.audit.factories import SYSTEM, Desk


@pytest.fixture
def rotation(desk: Desk) -> KeyRotation:
    return KeyRotation(
        database=desk.database, ring=desk.ring, log=desk.log, clock=desk.clock, sequencer=desk.sequencer
    )


async def signers(desk: Desk) -> list[tuple[int, int]]:
    """Which key, by its number, signed the head of which size."""
    heads = await desk.rows("SELECT size, note FROM audit_checkpoints ORDER BY size")
    async with desk.database.reading() as conn:
        keys = await public_keys(conn, desk.key)
    return [
        (row.size, number)
        for row in heads
        for number, key in enumerate(keys, start=1)
        if verify_note(read_note(row.note), origin=desk.key.origin, public=key)
    ]


async def test_the_old_key_signs_that_there_is_a_new_one_and_both_verify(
    desk: Desk, rotation: KeyRotation
) -> None:
    await desk.append_many(3)
    second = await rotation.rotate(desk.tenant, reason="planned", by=SYSTEM)
    await desk.append_many(2)
    assert await desk.sequence() == 2
    third = await rotation.rotate(desk.tenant, reason="compromised", by=SYSTEM)
    await desk.append_many(1)
    assert await desk.sequence() == 1

    assert await signers(desk) == [(4, 1), (6, 2), (7, 2), (8, 3)]
    async with desk.database.reading() as conn:
        periods = await key_history(conn, desk.key)
        assert await current_log(conn, desk.tenant) == third
    assert [(one.number, one.public) for one in periods] == [
        (1, desk.key.public),
        (2, second.public),
        (3, third.public),
    ]
    told = (await desk.trail(types=frozenset({"log.key_rotated.v1"}))).entries
    assert [entry.detail and entry.detail.event for entry in reversed(told)] == [
        LogKeyRotated(1, 2, second.public.hex(), "planned"),
        LogKeyRotated(1, 3, third.public.hex(), "compromised"),
    ]
    report = await desk.verify()
    assert report.ok, report.problems


async def test_a_key_that_was_announced_and_never_used_leaves_a_sound_log(
    desk: Desk, rotation: KeyRotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process is killed in between, or nothing gets a place in the log."""
    monkeypatch.setattr("consent_service.audit.heads.rotating._ATTEMPTS", 2)
    with monkeypatch.context() as stalled:

        async def nothing(_tenant: TenantId) -> int:
            return 0

        stalled.setattr(desk.sequencer, "run_once", nothing)
        with pytest.raises(UnavailableError):
            await rotation.rotate(desk.tenant, reason="planned", by=SYSTEM)
    await desk.append_many(1)
    assert await desk.sequence() == 2
    assert await signers(desk) == [(2, 1)]

    await rotation.rotate(desk.tenant, reason="planned", by=SYSTEM)

    report = await desk.verify()
    assert report.ok, report.problems


async def test_a_log_that_changed_meanwhile_keeps_its_key(
    desk: Desk, rotation: KeyRotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFoundError):
        await rotation.rotate(TenantId(new_id()), reason="planned", by=SYSTEM)

    signed = rotation._wait_until_signed

    async def signed_and_opened_anew(log: LogKey, entry: EntryId) -> None:
        await signed(log, entry)
        async with desk.database.transaction() as conn:
            await open_next_log(conn, desk.ring, desk.key, now=desk.clock.now())

    monkeypatch.setattr(rotation, "_wait_until_signed", signed_and_opened_anew)
    with pytest.raises(ConflictError):
        await rotation.rotate(desk.tenant, reason="planned", by=SYSTEM)
    async with desk.database.reading() as conn:
        assert await public_keys(conn, desk.key) == (desk.key.public,)
