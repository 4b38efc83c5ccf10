"""A code that is typed in any way is the same code, and what stands for something else is not in it."""

from __future__ import annotations

from math import log2

from hypothesis import given
from hypothesis import strategies as st

from consent_service.identity.invitation_codes import ALPHABET, LENGTH, code_digest, new_code

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)
GAPS = st.lists(st.sampled_from(["", " ", "-", "\t", " - ", "."]), min_size=LENGTH, max_size=LENGTH)


@given(code=CODES, gaps=GAPS, lower=st.booleans())
def test_capitals_spaces_and_dashes_do_not_matter(code: str, gaps: list[str], lower: bool) -> None:
    typed = "".join(gap + letter for gap, letter in zip(gaps, code, strict=True))
    assert code_digest(typed.lower() if lower else typed) == code_digest(code)


@given(one=CODES, other=CODES)
def test_another_code_has_another_digest(one: str, other: str) -> None:
    assert (code_digest(one) == code_digest(other)) == (one == other)


@given(entered=st.text())
def test_whatever_is_typed_has_a_digest(entered: str) -> None:
    assert len(code_digest(entered)) == 64


def test_a_code_is_long_enough_and_has_no_lookalikes() -> None:
    assert LENGTH * log2(len(ALPHABET)) > 75
    assert not set("0O1ILUV") & set(ALPHABET)
    codes = {new_code() for _ in range(50)}
    assert len(codes) == 50
    assert all(
        [len(group) for group in code.split("-")] == [4] * 4 and set(code) <= {*ALPHABET, "-"}
        for code in codes
    )
