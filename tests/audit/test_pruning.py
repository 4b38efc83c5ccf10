"""Old entries go in whole bundles, under an entry that says so; hashes, proofs and heads stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from consent_service.audit.checkpoint import read_note
from consent_service.audit.events import Event, LogKeyRotated, LogPruned, LogReopened, LogViewed
from consent_service.audit.merkle import leaf_hash
from consent_service.audit.proof_text import check_proof, read_proof, write_proof
from consent_service.audit.pruning import (
    BUNDLE,
    kept_from,
    logs_of,
    note_pruned,
    prunable_to,
    prune_batch,
)
from consent_service.audit.served import minimum_index
from consent_service.audit.tables import audit_details, audit_entries, audit_index, audit_sequence
from consent_service.audit.tree import inclusion_path, newest_head
from tests.audit.factories import SYSTEM, Desk

YEAR = timedelta(days=366)


async def old_and_new(desk: Desk) -> None:
    """300 entries of long ago, and 20 of today."""
    await desk.append_many(300)
    desk.clock.advance(YEAR)
    await desk.append_many(20)
    await desk.sequence()


async def receipt_of(desk: Desk, index: int) -> tuple[bytes, bytes]:
    """The proof that stands on a receipt, and the leaf it is about."""
    async with desk.database.reading() as conn:
        note = await newest_head(conn, desk.key)
        assert note is not None
        path = await inclusion_path(conn, desk.key, index, read_note(note).checkpoint.size)
        leaf = (
            await conn.execute(
                select(audit_entries.c.leaf)
                .join(audit_sequence, audit_sequence.c.entry == audit_entries.c.id)
                .where(audit_sequence.c.seq == index)
            )
        ).scalar_one()
    return write_proof(index, path, note), bytes(leaf)


async def noted(desk: Desk, minimum: int, event: Event | None = None) -> None:
    async with desk.database.transaction() as conn:
        event = event or LogPruned(desk.key.log, minimum)
        entry = await desk.log.append(conn, tenant=desk.tenant, event=event, by=SYSTEM, subject=None)
        assert entry is not None
        await note_pruned(conn, desk.tenant, desk.key.log, minimum, entry=entry, now=desk.clock.now())


async def removed(desk: Desk, minimum: int, *, limit: int = 100) -> int:
    after = total = 0
    while after < minimum:
        async with desk.database.transaction() as conn:
            after, gone = await prune_batch(
                conn, desk.tenant, desk.key.log, after=after, minimum=minimum, limit=limit
            )
        total += gone
    return total


async def test_whole_old_bundles_may_go_but_nothing_unsigned_or_unread(desk: Desk) -> None:
    await old_and_new(desk)
    await desk.append_many(5)  # not in order yet
    now = desk.clock.now()
    async with desk.database.reading() as conn:
        for before, at_most, expected in (
            (now - YEAR, None, 0),
            (now - YEAR + timedelta(seconds=1), None, BUNDLE),
            (now + YEAR, None, BUNDLE),  # 320 are signed: the second bundle is not whole
            (now + YEAR, 255, 0),
        ):
            found = await prunable_to(conn, desk.tenant, 1, before=before, at_most=at_most)
            assert found == expected
        assert await logs_of(conn, desk.tenant) == (1,)


async def test_what_was_pruned_is_gone_and_old_receipts_and_the_whole_log_still_verify(desk: Desk) -> None:
    await old_and_new(desk)
    proof, leaf = await receipt_of(desk, 7)
    await noted(desk, BUNDLE)
    assert await removed(desk, 150) == 150  # killed halfway
    assert await removed(desk, BUNDLE) == BUNDLE - 150  # and done again from the start
    await desk.sequence()
    async with desk.database.reading() as conn:
        assert await kept_from(conn, desk.tenant, 1) == BUNDLE == await minimum_index(conn, desk.key)
        assert await prunable_to(conn, desk.tenant, 1, before=desk.clock.now() - 2 * YEAR) == BUNDLE
        left = [
            len((await conn.execute(select(column).distinct())).all())
            for column in (audit_entries.c.id, audit_details.c.entry, audit_index.c.entry)
        ]
        numbers = (await conn.execute(select(audit_sequence.c.seq))).all()
    assert left == [65, 65, 64]  # the entry about pruning is about nobody, and by nobody with an id
    assert len(numbers) == 321
    report = await desk.verify()
    assert report.ok, report.problems
    assert report.entries_pruned == BUNDLE
    old = check_proof(read_proof(proof), leaf_hash(leaf), desk.key.origin, [desk.key.public])
    path = read_proof((await receipt_of(desk, 300))[0])
    assert (old.size, path.index) == (320, 300)


async def test_an_entry_is_never_removed_without_an_entry_that_says_so(desk: Desk) -> None:
    await old_and_new(desk)
    with pytest.raises(DBAPIError, match="insert-only"):
        await removed(desk, BUNDLE)
    lonely = text(
        "INSERT INTO audit_prunings (tenant, log, minimum, entry, at)"
        " VALUES (:tenant, 1, 257, 'nothing', '2026-09-01 08:00:00')"
    )
    async with desk.database.transaction() as conn:
        await conn.execute(lonely, {"tenant": desk.tenant})
    with pytest.raises(DBAPIError, match="insert-only"):
        await removed(desk, BUNDLE)
    await noted(desk, BUNDLE)
    with pytest.raises(DBAPIError, match="insert-only"):
        await removed(desk, BUNDLE + 1, limit=1000)  # only the lonely row speaks of that one
    with pytest.raises(DBAPIError, match="insert-only"):
        async with desk.database.transaction() as conn:
            await conn.execute(text("UPDATE audit_entries SET leaf = leaf"))
    assert await removed(desk, BUNDLE) == BUNDLE


async def test_only_an_entry_about_pruning_below_a_signed_head_lets_entries_go(desk: Desk) -> None:
    """Also when the statement comes from whoever may insert: any entry is not enough."""
    await old_and_new(desk)
    await noted(desk, BUNDLE, LogViewed(filters=("log.pruned.v1",)))
    with pytest.raises(DBAPIError, match="insert-only"):
        await removed(desk, BUNDLE)
    await noted(desk, 321)  # 320 are signed
    with pytest.raises(DBAPIError, match="insert-only"):
        await removed(desk, BUNDLE)
    await desk.append_many(1)
    await desk.sequence()
    assert await removed(desk, BUNDLE) == BUNDLE


async def test_what_the_log_says_of_itself_is_never_removed(desk: Desk) -> None:
    staying: tuple[Event, ...] = (
        LogKeyRotated(log=1, number=2, public="00", reason="planned"),
        LogReopened(log=1, reason="restored", previous_size=0, previous_root=""),
        LogPruned(log=1, minimum=0),
    )
    kept = [await desk.append(event) for event in staying]
    await desk.append(LogViewed())
    await old_and_new(desk)
    await noted(desk, BUNDLE)
    assert await removed(desk, BUNDLE) == BUNDLE - len(kept)
    for entry in kept:
        with pytest.raises(DBAPIError, match="insert-only"):
            async with desk.database.transaction() as conn:
                await conn.execute(text("DELETE FROM audit_entries WHERE id = :id"), {"id": entry})
