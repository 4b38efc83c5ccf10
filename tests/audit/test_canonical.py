"""Canonical bytes are those of RFC 8785 as another package writes it; outside the profile is refused."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from consent_service.audit import encoding
from consent_service.audit.encoding import Leaf, OutsideProfileError
from consent_service.audit.events import By, IdentityChanged
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, PersonId, TenantId

LARGEST = 2**53 - 1
KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = ANY_TEXT | st.integers(-LARGEST, LARGEST) | st.booleans()
PROFILE = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=6)
    ),
    max_leaves=20,
)
OUTSIDE: list[Any] = [
    None, 0.5, 1.0, -0.0, math.nan, math.inf, b"x", bytearray(b"x"), Decimal(1), {1}, object(),
    datetime(2026, 9, 1, tzinfo=UTC), LARGEST + 1, -LARGEST - 1, 10**400, "\ud800", "a\udfffb",
    {1: "x"}, {None: "x"}, {True: "x"}, {b"k": "x"}, {"\u00e9": "x"}, {"a\n": "x"}, {"\x7f": "x"},
    {"\ud800": "x"},
]  # fmt: skip
IDS = st.uuids(version=4).map(str)
HASHES = st.binary(min_size=32, max_size=32)


@st.composite
def leaves(draw: st.DrawFn) -> Leaf:
    at = draw(st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    return Leaf(
        v=1,
        id=draw(IDS),
        time=encoding.instant(at),
        bundle=draw(st.just("") | HASHES.map(bytes.hex)),
        tag=encoding.hash_text(draw(HASHES)),
        com=encoding.hash_text(draw(HASHES)),
        type=draw(st.sampled_from(["", "log.viewed.v1", "keys.epoch_finished.v12"])),
    )


@given(PROFILE)
def test_the_bytes_are_those_of_rfc_8785_and_read_back(value: object) -> None:
    written = encoding.canonical(value)
    assert written == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert encoding.canonical(json.loads(written)) == written


@given(PROFILE, st.sampled_from(OUTSIDE), st.data())
def test_one_foreign_value_anywhere_is_refused_when_written(
    value: object, foreign: object, data: st.DataObject
) -> None:
    with pytest.raises(OutsideProfileError):
        encoding.canonical(planted(copy.deepcopy(value), foreign, data))


def planted(value: Any, foreign: object, data: st.DataObject) -> Any:
    """The same value with the foreign one somewhere inside it."""
    if isinstance(value, dict):
        name = data.draw(st.sampled_from([*value, "new"]))
        return value | {name: planted(value.get(name), foreign, data)}
    if isinstance(value, list | tuple):
        at = data.draw(st.integers(0, len(value)))
        inner = value[at] if at < len(value) else None
        return type(value)([*value[:at], planted(inner, foreign, data), *value[at + 1 :]])
    return foreign


@given(leaves())
def test_a_leaf_is_written_as_rfc_8785_says_and_read_back(leaf: Leaf) -> None:
    written = encoding.encode_leaf(leaf)
    plain = {name: value for name, value in msgspec.structs.asdict(leaf).items() if name != "type" or value}
    assert written == rfc8785.dumps(plain)
    assert encoding.decode_leaf(written) == leaf


@given(leaves(), st.data())
def test_no_other_bytes_stand_for_the_same_leaf(leaf: Leaf, data: st.DataObject) -> None:
    """White space, another order, a key twice, an escaped letter, a flipped bit."""
    written = encoding.encode_leaf(leaf)
    plain = json.loads(written)
    name = data.draw(st.sampled_from(list(plain)))
    at, bit = data.draw(st.integers(0, len(written) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(written)
    flipped[at] ^= 1 << bit
    spellings = [
        json.dumps(plain).encode(),
        json.dumps(dict(reversed(plain.items())), separators=(",", ":")).encode(),
        written[:-1] + b"," + json.dumps({name: plain[name]}, separators=(",", ":")).encode()[1:],
        written.replace(f'"{name}"'.encode(), f'"\\u{ord(name[0]):04x}{name[1:]}"'.encode()),
        written[:at] + b" " + written[at:],
        written + b"\n",
        b"\xef\xbb\xbf" + written,
        bytes(flipped),
    ]
    for spelling in spellings:
        try:
            read = encoding.decode_leaf(spelling)
        except IntegrityError:
            continue
        assert read != leaf, spelling
        assert encoding.encode_leaf(read) == spelling


@given(st.lists(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), max_size=6), IDS, IDS)
def test_a_detail_is_written_as_rfc_8785_says_and_read_back(names: list[str], one: str, other: str) -> None:
    detail = encoding.Detail(
        v=1,
        tenant=TenantId(one),
        entry=EntryId(other),
        event=IdentityChanged(PersonId(one), tuple(names)),
        by=By(kind="system", id=""),
        shown_to="officer",
    )
    written = encoding.canonical_detail(detail)
    assert written == rfc8785.dumps(json.loads(written))
    assert encoding.read_detail(written) == detail


@pytest.mark.parametrize("read", [encoding.decode_leaf, encoding.read_detail])
@pytest.mark.parametrize(
    "raw", [b'{"\xe2undle":""}', b'{"v":"\xed\xa0\x80"}', b"\xff\xfe{\x00}\x00", b"[" * 100_000]
)
def test_bytes_that_are_no_text_and_endless_nesting_are_refused_by_name(
    read: Callable[[bytes], object], raw: bytes
) -> None:
    with pytest.raises(IntegrityError):
        read(raw)
