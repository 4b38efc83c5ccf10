"""Envelope v1: what comes out is what went in, and nothing else opens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.envelope import (
    BLOCK,
    Envelope,
    Place,
    associated_data,
    decode,
    encode,
    length_prefixed,
    pad,
    unpad,
)

PARTS = st.lists(st.text(max_size=6) | st.binary(max_size=6) | st.integers(0, 300), max_size=4)
ENVELOPES = st.builds(
    Envelope,
    st.integers(0, 2**32 - 1),
    st.binary(min_size=12, max_size=12),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=16, max_size=200),
)


@given(PARTS, PARTS)
def test_two_different_lists_never_give_the_same_bytes(one: list[object], other: list[object]) -> None:
    same = [(type(part), part) for part in one] == [(type(part), part) for part in other]
    joined = length_prefixed(*one), length_prefixed(*other)  # type: ignore[arg-type]
    assert (joined[0] == joined[1]) is same


@pytest.mark.parametrize(
    "one, other",
    [
        (("ab", "c"), ("a", "bc")),
        (("a", ""), ("", "a")),
        (("1",), (1,)),
        (("a",), (b"a",)),
        (("as\x00\x00\x00\x01b",), ("a", "b")),
    ],
)
def test_a_shifted_boundary_or_type_gives_other_bytes(
    one: tuple[str | int | bytes, ...], other: tuple[str | int | bytes, ...]
) -> None:
    assert length_prefixed(*one) != length_prefixed(*other)


def test_the_associated_data_is_what_the_design_says() -> None:
    place = Place("t", "r", "record", "support_advice", 7)
    assert associated_data(place, 3) == length_prefixed("sc/v1", "t", "r", "record", "support_advice", 7, 3)
    assert length_prefixed("ab", 7) == b"s\x00\x00\x00\x02abi\x00\x00\x00\x017"


@given(ENVELOPES)
def test_an_envelope_survives_its_bytes(envelope: Envelope) -> None:
    raw = encode(envelope)
    assert decode(raw) == envelope
    assert raw[:2] == b"\x52\x01"


@given(st.binary(max_size=66))
def test_what_is_too_short_is_no_envelope(raw: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"too short|unknown format"):
        decode(raw[:65])


@pytest.mark.parametrize("start", [b"\x53\x01", b"\x52\x02", b"\x52\x00", b"\x00\x01"])
def test_another_magic_or_suite_is_refused(start: bytes) -> None:
    raw = encode(Envelope(1, bytes(12), bytes(32), bytes(16)))
    with pytest.raises(IntegrityError, match="unknown format"):
        decode(start + raw[2:])


@given(st.binary(max_size=400))
def test_padding_hides_the_length_and_comes_off_again(plaintext: bytes) -> None:
    padded = pad(plaintext)
    assert len(padded) % BLOCK == 0
    assert len(padded) >= BLOCK
    assert unpad(padded) == plaintext


def test_texts_of_nearly_the_same_length_look_alike() -> None:
    assert {len(pad(bytes(size))) for size in range(61)} == {64}
    assert len(pad(bytes(61))) == 128


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(63),
        bytes(65),
        b"\x00\x00\x00\x3d" + bytes(60),  # claims more than there is
        b"\xff\xff\xff\xff" + bytes(60),
        b"\x00\x00\x00\x01a" + b"\x01" + bytes(58),  # something hidden in the zeros
        pad(b"a") + bytes(64),  # a block too many
    ],
)
def test_padding_that_pad_did_not_make_is_refused(padded: bytes) -> None:
    with pytest.raises(IntegrityError, match="padding"):
        unpad(padded)
