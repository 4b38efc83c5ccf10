"""What one view key finds in the database, whatever happened to the entries; kept heads as they are read."""

from __future__ import annotations

import base64

import pytest

from consent_service.audit.bundle_content import open_entries
from consent_service.audit.checkpoint import Checkpoint
from consent_service.audit.events import LogPruned
from consent_service.audit.finding import FoundEntries, find_entries
from consent_service.audit.pinned import read_pinned
from consent_service.audit.pruning import note_pruned, prune_batch
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.secret import Secret
from consent_service.keyring.view_keys import view_key
from tests.audit.factories import SYSTEM, Desk

ORIGIN, ROOT = "audit.example.org/t/1", base64.b64encode(b"r" * 32).decode()


async def _key(desk: Desk) -> Secret:
    async with desk.database.reading() as conn:
        return view_key(desk.ring, await desk.ring.person_key(conn, desk.tenant, desk.mother))


async def _found(desk: Desk, key: Secret) -> FoundEntries:
    async with desk.database.reading() as conn:
        return await find_entries(conn, desk.ring, desk.tenant, key)


async def test_what_was_erased_or_pruned_is_told_apart_from_what_is_not_hers(desk: Desk) -> None:
    key = await _key(desk)
    assert await _found(desk, key) == FoundEntries((), (), 0, 0)
    await desk.append_many(257)
    await desk.append(subject=desk.father)
    async with desk.database.transaction() as conn:
        event = LogPruned(log=1, minimum=256)
        entry = await desk.log.append(conn, tenant=desk.tenant, event=event, by=SYSTEM, subject=None)
        assert entry is not None
        await note_pruned(conn, desk.tenant, 1, 256, entry=entry, now=desk.clock.now())
    await desk.sequence()
    async with desk.database.transaction() as conn:
        await prune_batch(conn, desk.tenant, 1, after=0, minimum=256)

    found = await _found(desk, key)

    assert [(one.seq, one.type) for one in found.tagged] == [(256, "consent.given.v1")]
    assert (found.looked_at, found.pruned) == (3, 256)
    async with desk.database.transaction() as conn:
        await desk.ring.destroy_person_key(conn, desk.tenant, desk.mother)
    assert [(one.seq, one.type) for one in (await _found(desk, key)).tagged] == [(256, "")]


async def test_content_and_order_that_were_changed_are_not_searched_as_if_they_were_whole(desk: Desk) -> None:
    one, other = await desk.append_many(2)
    await desk.sequence()
    key = await _key(desk)
    swap = "UPDATE audit_details SET sealed = :sealed WHERE entry = :entry"
    (stored,) = await desk.rows("SELECT sealed FROM audit_details WHERE entry = :entry", entry=one)
    await desk.tamper([], swap, sealed=stored.sealed, entry=other)
    async with desk.database.reading() as conn:
        opened = await open_entries(conn, desk.ring, desk.tenant, [one, other])
    assert [entry.entry for entry in opened] == [one]
    await desk.tamper(["audit_sequence"], "DELETE FROM audit_sequence WHERE seq = 1")

    with pytest.raises(IntegrityError):
        await _found(desk, key)


def test_a_head_that_was_written_down_is_read_without_its_signature() -> None:
    written = f"{ORIGIN}\n3\n{ROOT}\n".encode()

    assert read_pinned(written).checkpoint == Checkpoint(ORIGIN, 3, b"r" * 32)
    assert read_pinned(written.rstrip()).note is None
    for wrong in (
        b"",
        b"\xff",
        b"a\nb",
        written.replace(b"3", b"03"),
        written.replace(ROOT.encode(), b"AAAA"),
    ):
        with pytest.raises(IntegrityError):
            read_pinned(wrong)
    with pytest.raises(IntegrityError):
        read_pinned(written + b"\n\n")
