"""Length-prefixed lists: no two different places give the same bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.keyring.envelope import length_prefixed

PARTS = st.lists(st.text(max_size=6) | st.binary(max_size=6) | st.integers(0, 300), max_size=4)
PLACES = st.tuples(st.text(max_size=4), st.text(max_size=4), st.text(max_size=4), st.text(max_size=4))


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


def test_the_bytes_are_what_the_specification_says() -> None:
    assert length_prefixed("ab", 7, b"c") == b"s\x00\x00\x00\x02abi\x00\x00\x00\x017b\x00\x00\x00\x01c"


@given(PLACES, st.integers(0, 2), st.booleans())
def test_a_character_moved_to_a_neighbouring_part_gives_other_bytes(
    parts: tuple[str, ...], at: int, forward: bool
) -> None:
    left, right = parts[at], parts[at + 1]
    if forward and left:
        moved = left[:-1], left[-1] + right
    elif not forward and right:
        moved = left + right[0], right[1:]
    else:
        return
    shifted = [*parts[:at], *moved, *parts[at + 2 :]]
    assert "".join(shifted) == "".join(parts)
    assert length_prefixed(*shifted) != length_prefixed(*parts)
