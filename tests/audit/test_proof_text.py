"""Proofs as text: the exact form, small enough to send, and never "valid" for anything else."""

from __future__ import annotations

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.audit.checkpoint import NOTE_LIMIT, Checkpoint, write_note
from consent_service.audit.merkle import inclusion_proof, inclusion_ranges, leaf_hash, root_of
from consent_service.audit.proof_text import (
    PATH_LIMIT,
    PROOF_LIMIT,
    TlogProof,
    check_proof,
    read_proof,
    write_proof,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.primitives import new_signing_key, sign

ORIGIN = f"audit.ruggensteun.example.org/t/{'0123456789abcdef' * 2}"
HASHES = [leaf_hash(bytes([number])) for number in range(11)]
PRIVATE, PUBLIC = new_signing_key()
OLD_PUBLIC = new_signing_key()[1]


def signed(size: int, root: bytes, origin: str = ORIGIN) -> bytes:
    checkpoint = Checkpoint(origin, size, root)
    return write_note(checkpoint, public=PUBLIC, signature=sign(PRIVATE, checkpoint.body()))


NOTE = signed(11, root_of(HASHES))
PATH = inclusion_proof(4, HASHES)
GOOD = write_proof(4, PATH, NOTE)


def test_the_proof_has_the_form_of_the_specification() -> None:
    lines = [base64.b64encode(one).decode() for one in PATH]
    head = "\n".join(["c2sp.org/tlog-proof@v1", "index 4", *lines, "", ""]).encode()
    assert head + NOTE == GOOD
    with_extra = write_proof(4, PATH, NOTE, b"more")
    assert with_extra == GOOD.replace(b"\nindex", b"\nextra bW9yZQ==\nindex")
    assert read_proof(with_extra) == TlogProof(4, PATH, NOTE, b"more")


def test_a_proof_of_the_only_entry_has_no_path() -> None:
    alone = write_proof(0, (), signed(1, HASHES[0]))
    assert alone.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\naudit.")
    assert check_proof(read_proof(alone), HASHES[0], ORIGIN, [PUBLIC]).size == 1


@given(st.integers(0, 10), st.binary(max_size=20))
def test_every_entry_is_proved_with_the_key_that_signed(index: int, extra: bytes) -> None:
    proof = read_proof(write_proof(index, inclusion_proof(index, HASHES), NOTE, extra))
    assert proof.extra == extra
    assert check_proof(proof, HASHES[index], ORIGIN, [OLD_PUBLIC, PUBLIC]).root == root_of(HASHES)


def test_it_proves_nothing_else() -> None:
    proof = read_proof(GOOD)
    other_log = read_proof(GOOD.replace(ORIGIN.encode(), ORIGIN.replace("0", "1").encode()))
    elsewhere = read_proof(GOOD.replace(b"index 4", b"index 5"))
    shorter = read_proof(write_proof(4, PATH[:-1], NOTE))
    longer = read_proof(write_proof(4, (*PATH, HASHES[0]), NOTE))
    grown = read_proof(GOOD.replace(b"\n11\n", b"\n12\n"))
    for one, leaf, origin, keys in (
        (proof, HASHES[5], ORIGIN, [PUBLIC]),
        (proof, HASHES[4], "audit.example.org/t/other", [PUBLIC]),
        (proof, HASHES[4], ORIGIN, [OLD_PUBLIC]),
        (proof, HASHES[4], ORIGIN, []),
        (other_log, HASHES[4], ORIGIN, [PUBLIC]),
        (elsewhere, HASHES[4], ORIGIN, [PUBLIC]),
        (shorter, HASHES[4], ORIGIN, [PUBLIC]),
        (longer, HASHES[4], ORIGIN, [PUBLIC]),
        (grown, HASHES[4], ORIGIN, [PUBLIC]),
    ):
        with pytest.raises(IntegrityError):
            check_proof(one, leaf, origin, keys)


HASH_LINE = base64.b64encode(PATH[0]) + b"\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        GOOD[1:],
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"index 4\n", b""),
        GOOD.replace(b"index 4", b"index 04"),
        GOOD.replace(b"index 4", b"index -4"),
        GOOD.replace(b"index 4", b"index four"),
        GOOD.replace(b"index 4", "index \N{ARABIC-INDIC DIGIT FOUR}".encode()),
        GOOD.replace(b"index 4", b"index "),
        GOOD.replace(b"index 4", b"index 11"),
        GOOD.replace(b"index 4", b"index 99999999999999999999"),
        GOOD.replace(b"\nindex", b"\nextra \nindex"),
        GOOD.replace(b"\nindex", b"\nextra !!\nindex"),
        GOOD.replace(b"\nindex", b"\nextra bW9yZR==\nindex"),
        GOOD.replace(b"\nindex", b"\nextra bW9yZQ==\nextra bW9yZQ==\nindex"),
        GOOD.replace(b"\nindex", b"\n\nindex"),
        GOOD.replace(HASH_LINE, HASH_LINE[:-2] + b"\n"),
        GOOD.replace(HASH_LINE, b"!" + HASH_LINE[1:]),
        GOOD.replace(HASH_LINE, base64.b64encode(PATH[0] * 2) + b"\n"),
        GOOD.replace(HASH_LINE, HASH_LINE * (PATH_LIMIT + 1)),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.partition(b"\n\n")[0],
        GOOD.partition(b"\n\n")[0] + b"\n\n",
        GOOD[:-1],
        GOOD + b"\n",
        GOOD.replace(b"\nindex", b"\nextra " + base64.b64encode(b"x" * PROOF_LIMIT) + b"\nindex"),
        GOOD.partition(b"\n\n")[0] + b"\n\n" + NOTE + b"x" * NOTE_LIMIT,
    ],
)
def test_a_malformed_proof_is_refused(raw: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_proof(raw)


def test_no_malformed_proof_is_written() -> None:
    for index, path, note in ((-1, PATH, NOTE), (11, PATH, NOTE), (4, (b"short",), NOTE), (4, PATH, b"note")):
        with pytest.raises(IntegrityError):
            write_proof(index, path, note)


@given(st.data())
def test_bytes_flipped_anywhere_never_prove_another_entry(data: st.DataObject) -> None:
    at, bit = data.draw(st.integers(0, len(GOOD) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(GOOD)
    flipped[at] ^= 1 << bit
    with pytest.raises(IntegrityError):
        check_proof(read_proof(bytes(flipped)), HASHES[4], ORIGIN, [PUBLIC])


def test_a_proof_at_ten_million_entries_takes_at_most_a_kilobyte_and_a_half() -> None:
    """With the longest path there is at that size, one signature of the log and no cosignature."""
    size = 10_000_000
    longest = max(range(0, size, 65_537), key=lambda index: len(inclusion_ranges(index, size)))
    path = [secrets.token_bytes(32) for _ in inclusion_ranges(longest, size)]
    assert len(path) == 24
    assert len(write_proof(size - 17_000, path, signed(size, secrets.token_bytes(32)))) <= 1500
