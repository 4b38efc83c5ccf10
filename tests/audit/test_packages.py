"""What others make of our formats: independent packages accept proofs, checkpoints and cosignatures.

`tlog_scales` reads and checks everything; `pymerkle` knows trees and inclusion proofs (its consistency
proofs have another form, so there its own root at each size is compared).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from pymerkle import InmemoryTree, InvalidProof  # type: ignore[import-untyped]
from pymerkle.core import _inclusion_path_layout  # type: ignore[import-untyped]
from pymerkle.proof import InclusionProof as OtherInclusionProof  # type: ignore[import-untyped]
from tlog_scales import signing, tlog
from tlog_scales.reader import TilesReader

from consent_service.audit.checkpoint import Checkpoint, add_signatures, read_note, verifier_key, write_note
from consent_service.audit.cosignature import Cosigner, cosign, cosigner_key, verify_cosignature
from consent_service.audit.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from consent_service.audit.proof_text import read_proof
from consent_service.audit.proofs import prove_place
from consent_service.audit.served import entry_bundle, hash_tile, served_checkpoint
from consent_service.audit.tiles import bundle_path, tile_path
from consent_service.audit.tree import consistency_path
from consent_service.keyring.primitives import new_signing_key, sign
from tests.audit.factories import Desk

ORIGIN = "audit.example.org/t/0123"
AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
LEAVES = [number.to_bytes(2, "big") for number in range(23)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [root_of(HASHES[:size]) for size in range(len(HASHES) + 1)]
PRIVATE, PUBLIC = new_signing_key()
WITNESS_PRIVATE, WITNESS_PUBLIC = new_signing_key()
WITNESS = Cosigner("witness.example.org", WITNESS_PUBLIC)
CHECKPOINT = Checkpoint(ORIGIN, 23, ROOTS[23])
NOTE = write_note(CHECKPOINT, public=PUBLIC, signature=sign(PRIVATE, CHECKPOINT.body()))
LINE = cosign(CHECKPOINT.body(), WITNESS, AT, lambda message: sign(WITNESS_PRIVATE, message))
COSIGNED = add_signatures(NOTE, [LINE])


def every_place() -> list[tuple[int, int]]:
    return [(index, size) for size in range(1, len(HASHES) + 1) for index in range(size)]


def as_pymerkle(index: int, size: int, path: Sequence[bytes]) -> OtherInclusionProof:
    """Our path in its words: it counts from 1, and begins with the leaf."""
    rule, _ = _inclusion_path_layout(index + 1, size)
    return OtherInclusionProof("sha256", True, size, index + 1, rule, [HASHES[index], *path])


def test_tlog_scales_accepts_every_inclusion_and_consistency_proof() -> None:
    for index, size in every_place():
        path = list(inclusion_proof(index, HASHES[:size]))
        tlog.InclusionProof(index, size, path).check(HASHES[index], ROOTS[size])
        with pytest.raises(tlog.InclusionProofInvalid):
            tlog.InclusionProof(index, size, path).check(HASHES[index - 1], ROOTS[size - 1])
        between = list(consistency_proof(index + 1, HASHES[:size]))
        tlog.ConsistencyProof(index + 1, size, between).check(ROOTS[index + 1], ROOTS[size])


def test_pymerkle_has_the_same_trees_and_accepts_every_inclusion_proof() -> None:
    tree = InmemoryTree(algorithm="sha256")
    for leaf in LEAVES:
        tree.append_entry(leaf)
    assert [tree.get_root(size) for size in range(len(ROOTS))] == ROOTS
    for index, size in every_place():
        proof = as_pymerkle(index, size, inclusion_proof(index, HASHES[:size]))
        proof.verify(HASHES[index], ROOTS[size], index=index + 1, size=size)
        with pytest.raises(InvalidProof):
            proof.verify(HASHES[index], ROOTS[size - 1])


def test_tlog_scales_accepts_our_checkpoint_and_our_cosignature_and_no_others() -> None:
    theirs = tlog.Checkpoint.from_text(COSIGNED.decode())
    assert (theirs.origin, theirs.size, theirs.root_hash) == (ORIGIN, 23, ROOTS[23])
    theirs.verify(signing.Vkey.from_string(verifier_key(ORIGIN, PUBLIC)))
    theirs.verify(signing.Vkey.from_string(cosigner_key(WITNESS.name, WITNESS_PUBLIC)))
    changed = tlog.Checkpoint.from_text(COSIGNED.decode().replace("\n23\n", "\n22\n"))
    for key in (verifier_key(ORIGIN, PUBLIC), cosigner_key(WITNESS.name, WITNESS_PUBLIC)):
        with pytest.raises(InvalidSignature):
            changed.verify(signing.Vkey.from_string(key))


def test_we_accept_a_checkpoint_that_tlog_scales_signed() -> None:
    """With a signature of a kind that is not read here beside the one that is."""
    signers: list[signing.CheckpointSigner] = [
        signing.PlainEd25519Signer(ORIGIN, b"k" * 32),
        signing.MLDSA44CosignatureSigner("quantum.example.org", b"q" * 32),
    ]
    text = tlog.Checkpoint.make_signed(ORIGIN, 23, ROOTS[23], signers).serialize().encode()
    note = read_note(text)
    assert note.checkpoint == CHECKPOINT
    assert [line.name for line in note.signatures] == [ORIGIN, "quantum.example.org"]
    assert add_signatures(text, [LINE]).startswith(text)
    assert verify_cosignature(read_note(add_signatures(text, [LINE])), WITNESS) == AT


def test_metamorphic_log_accepts_our_proofs_and_our_checkpoint_plain_and_cosigned() -> None:
    """It ignores cosignatures, as a reader must that does not know the witness."""
    theirs = pytest.importorskip("metamorphic_log", reason="an independent verifier in Rust")
    key = verifier_key(ORIGIN, PUBLIC)
    for note in (NOTE, COSIGNED):
        head = theirs.checkpoint_verify(note.decode(), [key])
        assert (head.origin, head.size, head.root) == (ORIGIN, 23, ROOTS[23])
        for index, leaf in enumerate(HASHES):
            path = list(inclusion_proof(index, HASHES))
            theirs.checkpoint_verify_inclusion(note.decode(), [key], index, leaf, path)
        with pytest.raises(theirs.VerifyError):
            theirs.checkpoint_verify(note.decode().replace("\n23\n", "\n22\n"), [key])
    for index, size in every_place():
        between = list(consistency_proof(index + 1, HASHES[:size]))
        theirs.verify_consistency(index + 1, size, between, ROOTS[index + 1], ROOTS[size])


class Served:
    """What our addresses give, fetched beforehand, for a reader that knows nothing of databases."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def get(self, *path: str) -> bytes | None:
        return self._files.get("/".join(path))


async def fetched(desk: Desk, size: int) -> Served:
    async with desk.database.reading() as conn:
        files = {"checkpoint": await served_checkpoint(conn, desk.key) or b""}
        files[tile_path(0, 0)] = await hash_tile(conn, desk.key, 0, 0)
        files[tile_path(0, 1, size - 256)] = await hash_tile(conn, desk.key, 0, 1, size - 256)
        files[tile_path(1, 0, 1)] = await hash_tile(conn, desk.key, 1, 0, 1)
        files[bundle_path(0)] = await entry_bundle(conn, desk.key, 0)
        files[bundle_path(1, size - 256)] = await entry_bundle(conn, desk.key, 1, size - 256)
    return Served(files)


async def test_tlog_scales_reads_a_real_log_from_its_tiles(desk: Desk) -> None:
    size = 300
    await desk.append_many(260)
    await desk.sequence()
    await desk.append_many(40)
    await desk.sequence()
    reader = TilesReader(await fetched(desk, size))
    head = reader.get_checkpoint()
    head.verify(signing.Vkey.from_string(verifier_key(desk.key.origin, desk.key.public)))
    assert (head.size, reader.calculate_root_hash()) == (size, head.root_hash)
    async with desk.database.reading() as conn:
        for index in (0, 255, 256, 299):
            leaf = reader.get_entry(index)
            theirs = reader.get_inclusion_proof(index, size)
            theirs.check(leaf_hash(leaf), head.root_hash)
            ours = await prove_place(conn, desk.key, index, leaf_hash(leaf))
            assert ours is not None
            assert list(read_proof(ours.text).path) == theirs.node_hashes
        for old in (1, 256, 260):
            expected = reader.get_consistency_proof(old, size)
            assert list(await consistency_path(conn, desk.key, old, size)) == expected.node_hashes
