"""One entry, proved against the newest head of its own log; whatever is wrong is an alarm, never "proved"."""

from __future__ import annotations

from consent_service.audit.merkle import leaf_hash
from consent_service.audit.proof_text import check_proof, read_proof
from consent_service.audit.proofs import EntryProof, prove_entry, prove_place
from consent_service.foundation.ids import EntryId, new_id
from tests.audit.factories import Desk


async def proof_of(desk: Desk, entry: EntryId) -> EntryProof:
    async with desk.database.reading() as conn:
        found = await prove_entry(conn, desk.tenant, entry)
    assert found is not None
    return found


async def test_an_entry_is_pending_until_a_head_covers_it_and_then_proved_to_anybody(desk: Desk) -> None:
    first = await desk.append()
    assert (await proof_of(desk, first)).state == "pending"
    await desk.sequence()
    entries = await desk.append_many(300)
    await desk.sequence()
    for index, entry in ((0, first), (1, entries[0]), (300, entries[-1])):
        found = await proof_of(desk, entry)
        assert (found.state, found.size, found.index, found.origin) == ("proved", 301, index, desk.key.origin)
        proof = read_proof(found.text)
        head = check_proof(proof, leaf_hash(found.leaf), desk.key.origin, [desk.key.public])
        assert (head.size, proof.index) == (301, index)
        assert found.tag
    async with desk.database.reading() as conn:
        assert await prove_entry(conn, desk.tenant, EntryId(new_id())) is None
        assert await prove_place(conn, desk.key, 301, b"x" * 32) is None


async def test_a_changed_leaf_a_changed_tile_and_a_foreign_head_are_alarms(desk: Desk) -> None:
    entries = await desk.append_many(300)
    await desk.sequence()
    await desk.tamper(
        ["audit_entries"], "UPDATE audit_entries SET leaf = :leaf WHERE id = :id", leaf=b"{}", id=entries[3]
    )
    changed = await proof_of(desk, entries[3])
    assert (changed.state, changed.text, changed.tag) == ("failed", b"", "")
    assert (await proof_of(desk, entries[4])).state == "proved"
    forged = "UPDATE audit_tiles SET hashes = :hashes"
    await desk.tamper(["audit_tiles"], forged, hashes=b"x" * 32 * 256)
    assert (await proof_of(desk, entries[4])).state == "failed"
    assert (await proof_of(desk, entries[299])).state == "proved"  # its path takes this tile's root only
    await desk.tamper([], "DELETE FROM audit_tiles")
    assert (await proof_of(desk, entries[299])).state == "failed"


async def test_a_head_that_this_log_did_not_sign_proves_nothing(desk: Desk) -> None:
    entry = await desk.append()
    await desk.sequence()
    await desk.tamper(
        ["audit_logs"], "UPDATE audit_logs SET public_key = :key WHERE tenant = :tenant",
        key=b"p" * 32, tenant=desk.tenant,
    )  # fmt: skip
    assert (await proof_of(desk, entry)).state == "failed"
    await desk.tamper(["audit_checkpoints"], "DELETE FROM audit_checkpoints")
    assert (await proof_of(desk, entry)).state == "pending"
    await desk.tamper([], "DELETE FROM audit_logs")
    assert (await proof_of(desk, entry)).state == "pending"
