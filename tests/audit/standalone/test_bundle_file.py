"""A bundle as the service writes it, from a log that went through everything a log can go through."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import insert

from consent_service.audit.bundle_check import check_bundle_file
from consent_service.audit.bundle_file import BundleCount, BundleOrder, _head_at, _Part, write_bundle
from consent_service.audit.checkpoint import read_note
from consent_service.audit.cosignature import Cosigner, cosign, cosigner_key
from consent_service.audit.events import LogPruned
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.reopening import Reopening
from consent_service.audit.heads.rotating import KeyRotation
from consent_service.audit.leading import lead_by
from consent_service.audit.log_keys import current_log
from consent_service.audit.pruning import note_pruned, prune_batch
from consent_service.audit.sequencer import Sequencer
from consent_service.audit.standalone.archive import Archive
from consent_service.audit.standalone.checking import Findings, Known, check_bundle
from consent_service.audit.standalone.formats import Key
from consent_service.audit.tables import audit_cosignatures, audit_timestamps
from consent_service.audit.tree import checkpoint_at, newest_head
from consent_service.foundation.errors import IntegrityError, LogUnavailableError, NotFoundError
from consent_service.keyring.primitives import new_signing_key, sign
from tests.audit.factories import SYSTEM, Desk

NAME = "witness.example.org"


async def _bundle(desk: Desk, **order: object) -> tuple[bytes, BundleCount]:
    target = io.BytesIO()
    async with desk.database.reading() as conn:
        wanted = BundleOrder(made=desk.clock.now(), **order)  # type: ignore[arg-type]
        count = await write_bundle(conn, desk.ring, desk.tenant, wanted, target)
    return target.getvalue(), count


def _checked(bundle: bytes, folder: Path) -> Findings:
    path = folder / "bundle.zip"
    path.write_bytes(bundle)
    assert check_bundle_file(path).ok
    archive = Archive(path)
    try:
        return check_bundle(archive, Known())
    finally:
        archive.close()


async def _vouch(desk: Desk) -> str:
    """A witness cosigns the newest head, and an authority stamps it; the witness's key."""
    private, public = new_signing_key()
    async with desk.database.transaction() as conn:
        log = await current_log(conn, desk.tenant)
        assert log is not None
        note = await newest_head(conn, log)
        assert note is not None
        read, now = read_note(note), desk.clock.now()
        line = cosign(read.body, Cosigner(NAME, public), now, lambda message: sign(private, message))
        place = {"tenant": desk.tenant, "log": log.log, "size": read.checkpoint.size, "at": now}
        await conn.execute(insert(audit_cosignatures).values(**place, witness=NAME, line=line))
        token = b"0" + hashlib.sha256(note).digest()
        await conn.execute(insert(audit_timestamps).values(**place, token=token))
    return cosigner_key(NAME, public)


async def test_a_log_with_another_key_a_witness_and_a_further_log_is_proved_in_whole(
    desk: Desk, tmp_path: Path
) -> None:
    heads = KnownHeads(tmp_path / "heads.jsonl")
    sequencer = Sequencer(desk.database, desk.ring, desk.clock, heads)
    rotation = KeyRotation(
        database=desk.database, ring=desk.ring, log=desk.log, clock=desk.clock, sequencer=sequencer
    )
    await desk.append_many(3)
    await sequencer.run_once(desk.tenant)
    await rotation.rotate(desk.tenant, reason="planned", by=SYSTEM)
    await desk.append_many(260)
    await sequencer.run_once(desk.tenant)
    witness = await _vouch(desk)
    await desk.append(subject=desk.father)
    await sequencer.run_once(desk.tenant)
    reopening = Reopening(
        database=desk.database,
        ring=desk.ring,
        log=desk.log,
        clock=desk.clock,
        heads=heads,
        lead=lead_by("auto"),
    )
    await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
    await desk.append(subject=desk.mother)
    await sequencer.run_once(desk.tenant)

    bundle, count = await _bundle(desk, person=desk.mother, witnesses=(witness,), authority=b"PEM")

    found = _checked(bundle, tmp_path)
    first, second = found.logs
    assert (first.log.size, len(first.log.keys), len(second.log.keys)) == (265, 2, 1)
    assert count == BundleCount(first.log.size + second.log.size, 264 + 2)
    assert first.stamped == (264,)
    assert isinstance(next(iter(first.cosigned)), Key)
    assert {key.name: size for key, (size, _) in first.cosigned.items()} == {NAME: 264}
    kinds = [one.event for one in found.opened]
    assert kinds.count("log.key_rotated.v1") == kinds.count("log.reopened.v1") == 1
    assert bundle == (await _bundle(desk, person=desk.mother, witnesses=(witness,), authority=b"PEM"))[0]
    names = zipfile.ZipFile(io.BytesIO(bundle)).namelist()
    assert names[:4] == ["README.nl.txt", "bundle.json", "verify.html", "verify.py"]
    assert "timestamp-ca.pem" in names
    report = await desk.verify()
    assert report.ok, report.problems


async def test_of_a_pruned_log_the_hashes_are_in_the_bundle_and_what_is_kept(
    desk: Desk, tmp_path: Path
) -> None:
    """Also what told of a key, which stays and is proved by itself."""
    rotation = KeyRotation(
        database=desk.database, ring=desk.ring, log=desk.log, clock=desk.clock, sequencer=desk.sequencer
    )
    await desk.append_many(3)
    await rotation.rotate(desk.tenant, reason="planned", by=SYSTEM)
    await desk.append_many(296)
    await desk.sequence()
    async with desk.database.transaction() as conn:
        event = LogPruned(log=1, minimum=256)
        entry = await desk.log.append(conn, tenant=desk.tenant, event=event, by=SYSTEM, subject=None)
        assert entry is not None
        await note_pruned(conn, desk.tenant, 1, 256, entry=entry, now=desk.clock.now())
    with pytest.raises(LogUnavailableError):  # the log does not say so yet in what is signed
        await _bundle(desk)
    await desk.sequence()
    async with desk.database.transaction() as conn:
        await prune_batch(conn, desk.tenant, 1, after=0, minimum=256)

    bundle, count = await _bundle(desk, person=desk.mother)

    found = _checked(bundle, tmp_path)
    (log,) = found.logs
    assert [one.index for one in found.opened if one.event == "log.key_rotated.v1"] == [3]
    assert (log.log.size, log.log.minimum, log.checked) == (301, 256, 45)
    assert count == BundleCount(45, 46)


async def test_of_a_log_that_nobody_signed_or_that_has_a_hole_there_is_no_bundle(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        await _bundle(desk)
    entry = (await desk.append_many(3))[1]
    await desk.sequence()
    async with desk.database.reading() as conn:
        log = await current_log(conn, desk.tenant)
        assert log is not None
        assert await checkpoint_at(conn, log, 3)
    await desk.tamper(["audit_entries"], "DELETE FROM audit_entries WHERE id = :entry", entry=entry)
    with pytest.raises(IntegrityError):
        await _bundle(desk)


async def test_junk_about_heads_that_never_were_keeps_nobody_from_a_bundle(
    desk: Desk, tmp_path: Path
) -> None:
    """Whoever has the database writes a cosignature and a stamp for a size that no head has."""
    await desk.append_many(3)
    await desk.sequence()
    async with desk.database.transaction() as conn:
        log = await current_log(conn, desk.tenant)
        assert log is not None
        place = {"tenant": desk.tenant, "log": log.log, "size": 2, "at": desk.clock.now()}
        await conn.execute(insert(audit_cosignatures).values(**place, witness=NAME, line=b"junk\n"))
        await conn.execute(insert(audit_timestamps).values(**place, token=b"junk"))
    bundle, count = await _bundle(desk)
    assert _checked(bundle, tmp_path).logs[0].log.size == count.entries == 3
    async with desk.database.reading() as conn:
        with pytest.raises(IntegrityError, match="a signed head is missing"):
            await _head_at(conn, _Part(log, 3, b"", 0), 2)
