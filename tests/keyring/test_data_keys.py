"""Envelope v1 in use: round trips, sizes, and what no envelope of ours looks like."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.data_keys import DataKey
from consent_service.keyring.envelope import ADDED_BYTES, length_prefixed
from consent_service.keyring.primitives import Cipher, hkdf_expand, new_nonce
from consent_service.keyring.secret import Secret

ROOT = Secret(bytes(range(32)))
KEY = DataKey(ROOT, tenant="t", owner="r", purpose="pickup", version=1)


def _framed(framed: bytes, record: str = "record-1", version: int = 1) -> bytes:
    """An envelope around bytes that `seal` would never make: only a holder of the key can."""
    derived = hkdf_expand(ROOT, length_prefixed("dek/v1", "t", "r", "pickup", 1), 64).reveal()
    nonce = new_nonce()
    aad = length_prefixed("sc/v1", "t", "r", record, "pickup", version, 1)
    ciphertext = Cipher(Secret(derived[:32])).encrypt(nonce, framed, aad)
    return struct.pack(">BBI12s32s", 0x52, 1, 1, nonce, derived[32:]) + ciphertext


@given(
    plaintext=st.binary(max_size=400),
    record=st.text(max_size=80) | st.just("0192a7c4-0000-7000-8000-0000000000f1"),
    version=st.integers(0, 2**40),
    key_version=st.integers(0, 2**32 - 1),
)
def test_what_was_sealed_opens_for_its_record_and_version(
    plaintext: bytes, record: str, version: int, key_version: int
) -> None:
    key = DataKey(ROOT, tenant="tenant", owner="owner", purpose="purpose", version=key_version)
    envelope = key.seal(record, version, plaintext)
    assert key.open(record, version, envelope) == plaintext
    assert len(envelope) % 64 == 2
    for other, number in ((record + "x", version), (record, version + 1)):
        with pytest.raises(IntegrityError):
            key.open(other, number, envelope)


@given(size=st.integers(0, 300))
def test_at_most_seventy_bytes_are_added_and_then_filled_up_to_a_block(size: int) -> None:
    envelope = KEY.seal("r", 1, bytes(size))
    assert ADDED_BYTES == 70
    assert ADDED_BYTES <= len(envelope) - size < ADDED_BYTES + 64


def test_texts_of_nearly_the_same_length_look_alike() -> None:
    assert {len(KEY.seal("r", 1, bytes(size))) for size in range(61)} == {130}
    assert len(KEY.seal("r", 1, bytes(61))) == 194


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda raw: raw[:0], "too short"),
        (lambda raw: raw[:5], "too short"),
        (lambda raw: raw[:65], "too short"),
        (lambda raw: raw[:-1], "too short"),
        (lambda raw: b"\x53" + raw[1:], "unknown format"),
        (lambda raw: raw[:1] + b"\x02" + raw[2:], "unknown format"),
        (lambda raw: raw[:1] + b"\x00" + raw[2:], "unknown format"),
        (lambda raw: raw[:5] + b"\x02" + raw[6:], "another key version"),
        (lambda raw: raw[:18] + bytes(32) + raw[50:], "commits to another key"),
        (lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "under this key and place"),
        (lambda raw: raw + bytes(64), "under this key and place"),
    ],
)
def test_what_is_no_envelope_of_this_key_is_refused(change: Callable[[bytes], bytes], complaint: str) -> None:
    with pytest.raises(IntegrityError, match=complaint):
        KEY.open("record-1", 1, change(KEY.seal("record-1", 1, b"x")))


@pytest.mark.parametrize(
    "framed",
    [
        bytes(63),
        bytes(65),
        b"\x00\x00\x00\x3d" + bytes(60),  # claims more than there is
        b"\x00\x00\x00\x7c" + bytes(60),  # claims a whole block more than there is
        b"\xff\xff\xff\xff" + bytes(60),
        b"\x00\x00\x00\x01a" + b"\x01" + bytes(58),  # something hidden in the zeros
        b"\x00\x00\x00\x01a" + bytes(59 + 64),  # a block too many
    ],
)
def test_a_frame_that_sealing_does_not_make_is_refused_even_under_the_right_key(framed: bytes) -> None:
    assert KEY.open("record-1", 1, _framed(b"\x00\x00\x00\x01a" + bytes(59))) == b"a"
    with pytest.raises(IntegrityError, match=r"padding|too short"):
        KEY.open("record-1", 1, _framed(framed))


PLACE = ("tenant", "owner", "record", "purpose")


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("forward", [True, False])
def test_a_boundary_shifted_between_the_parts_of_a_place_is_refused(at: int, forward: bool) -> None:
    left, right = PLACE[at], PLACE[at + 1]
    moved = (left[:-1], left[-1] + right) if forward else (left + right[0], right[1:])
    shifted = (*PLACE[:at], *moved, *PLACE[at + 2 :])
    assert "".join(shifted) == "".join(PLACE)
    envelope = _key_at(PLACE).seal(PLACE[2], 11, b"x")
    assert _key_at(PLACE).open(PLACE[2], 11, envelope) == b"x"
    with pytest.raises(IntegrityError):
        _key_at(shifted).open(shifted[2], 11, envelope)


def test_a_digit_moved_from_the_purpose_to_the_record_version_is_refused() -> None:
    envelope = _key_at(("t", "o", "r", "purpose1")).seal("r", 1, b"x")
    with pytest.raises(IntegrityError):
        _key_at(("t", "o", "r", "purpose")).open("r", 11, envelope)


def test_the_same_shift_under_the_very_same_data_key_is_refused_by_the_associated_data() -> None:
    """A commitment to the key does not help here: the record is no part of what the key is derived from."""
    for record, version, other, number in (
        ("record", 11, "recor", 11),
        ("record1", 1, "record", 11),
        ("record", 1, "record1", 1),
        ("", 1, "1", 1),
    ):
        envelope = KEY.seal(record, version, b"x")
        assert KEY.open(record, version, envelope) == b"x"
        with pytest.raises(IntegrityError, match="under this key and place"):
            KEY.open(other, number, envelope)


def _key_at(place: tuple[str, ...]) -> DataKey:
    return DataKey(ROOT, tenant=place[0], owner=place[1], purpose=place[3], version=1)
