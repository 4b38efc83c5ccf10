"""What a log gives away: tiles at every width that is signed, bundles until pruned, cosigned heads."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import read_note
from consent_service.audit.cosignature import Cosigner, cosign, verify_cosignature
from consent_service.audit.merkle import leaf_hash, root_of
from consent_service.audit.served import (
    PrunedError,
    entry_bundle,
    hash_tile,
    log_named,
    minimum_index,
    served_checkpoint,
)
from consent_service.audit.tables import audit_cosignatures, audit_prunings
from consent_service.audit.tiles import decode_bundle, split_hashes
from consent_service.audit.tree import newest_head
from consent_service.foundation.errors import IntegrityError, NotFoundError
from consent_service.foundation.ids import new_id
from consent_service.keyring.primitives import new_signing_key, sign
from tests.audit.factories import Desk

AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
SIZE = 300


async def leaves_of(desk: Desk) -> list[bytes]:
    rows = await desk.rows(
        "SELECT leaf FROM audit_entries e JOIN audit_sequence s ON s.entry = e.id AND s.tenant = e.tenant"
        " WHERE e.tenant = :tenant ORDER BY seq",
        tenant=desk.tenant,
    )
    return [bytes(row.leaf) for row in rows]


async def test_tiles_and_bundles_are_served_at_every_width_that_is_signed(desk: Desk) -> None:
    await desk.append_many(SIZE)
    await desk.sequence()
    await desk.append_many(5)
    leaves = await leaves_of(desk)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    async with desk.database.reading() as conn:
        for index, width in ((0, 256), (0, 1), (0, 255), (1, 44), (1, 1)):
            wanted = slice(index * 256, index * 256 + width)
            tile = await hash_tile(conn, desk.key, 0, index, width)
            assert list(split_hashes(tile)) == hashes[wanted]
            bundle = await entry_bundle(conn, desk.key, index, width)
            assert list(decode_bundle(bundle)) == leaves[wanted]
        assert await hash_tile(conn, desk.key, 1, 0, 1) == root_of(hashes[:256])
        for level, index, width in ((0, 1, 45), (0, 1, 256), (0, 2, 1), (1, 0, 2), (2, 0, 1), (63, 0, 1)):
            with pytest.raises(NotFoundError):
                await hash_tile(conn, desk.key, level, index, width)
        with pytest.raises(NotFoundError):
            await entry_bundle(conn, desk.key, 1, 45)


async def test_a_log_is_found_by_the_random_end_of_its_origin_only(desk: Desk) -> None:
    name = desk.key.origin[-32:]
    async with desk.database.reading() as conn:
        assert await log_named(conn, name) == desk.key
        for other in ("", "%", name[:-1], name[:-1] + "_", name.upper() + "x", "0" * 32, desk.key.origin):
            assert await log_named(conn, other) is None


async def test_the_served_checkpoint_carries_the_cosignatures_of_its_own_size(desk: Desk) -> None:
    async with desk.database.reading() as conn:
        assert await served_checkpoint(conn, desk.key) is None
    witnesses = [await cosign_newest(desk, f"w{number}.example.org") for number in range(2)]
    async with desk.database.reading() as conn:
        note = read_note(await served_checkpoint(conn, desk.key) or b"")
        assert [verify_cosignature(note, witness) for witness in witnesses] == [None, AT]
        assert note.signatures[0].name == desk.key.origin


async def cosign_newest(desk: Desk, name: str) -> Cosigner:
    """One more entry, a head over it, and what a witness says of that head."""
    await desk.append()
    await desk.sequence()
    private, public = new_signing_key()
    witness = Cosigner(name, public)
    async with desk.database.transaction() as conn:
        head = read_note(await newest_head(conn, desk.key) or b"")
        line = cosign(head.body, witness, AT, lambda message: sign(private, message))
        await keep_line(conn, desk, head.checkpoint.size, name, line)
    return witness


async def keep_line(conn: AsyncConnection, desk: Desk, size: int, witness: str, line: bytes) -> None:
    where = {"tenant": desk.tenant, "log": desk.key.log, "size": size, "witness": witness}
    await conn.execute(insert(audit_cosignatures).values(**where, line=line, at=AT))


async def test_what_cannot_be_a_cosignature_keeps_nobody_from_the_head(desk: Desk) -> None:
    await desk.append()
    await desk.sequence()
    async with desk.database.transaction() as conn:
        await keep_line(conn, desk, 1, "w.example.org", b"\n\nforged text\n")
        for number in range(70):
            line = "\u2014 w".encode() + b"%d " % number + base64.b64encode(bytes(4 + 8 + 64)) + b"\n"
            await keep_line(conn, desk, 1, f"w{number}", line)
    async with desk.database.reading() as conn:
        note, served = await newest_head(conn, desk.key), await served_checkpoint(conn, desk.key)
    assert note is not None
    assert served is not None
    assert served.startswith(note)
    assert b"forged" not in served
    assert len(read_note(served).signatures) == 33


async def test_pruned_entries_are_gone_and_their_hashes_stay(desk: Desk) -> None:
    await desk.append_many(SIZE)
    await desk.sequence()
    gone = "DELETE FROM audit_entries WHERE id IN (SELECT entry FROM audit_sequence WHERE seq < :seq)"
    async with desk.database.reading() as conn:
        assert await minimum_index(conn, desk.key) == 0
        whole = await hash_tile(conn, desk.key, 0, 0)
    await desk.tamper(["audit_entries"], gone, seq=10)
    async with desk.database.reading() as conn:
        with pytest.raises(IntegrityError):
            await entry_bundle(conn, desk.key, 0)
    for minimum in (10, 256):
        await desk.tamper([], gone, seq=minimum)
        async with desk.database.transaction() as conn:
            values = {"tenant": desk.tenant, "log": desk.key.log, "entry": new_id(), "at": AT}
            await conn.execute(insert(audit_prunings).values(minimum=minimum, **values))
        async with desk.database.reading() as conn:
            assert await minimum_index(conn, desk.key) == minimum
            with pytest.raises(PrunedError):
                await entry_bundle(conn, desk.key, 0)
            assert await hash_tile(conn, desk.key, 0, 0) == whole
            assert len(decode_bundle(await entry_bundle(conn, desk.key, 1, 44))) == 44
