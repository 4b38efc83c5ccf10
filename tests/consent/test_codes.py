"""The code on a receipt: typed from paper, by people under stress, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.consent.codes import (
    ALPHABET,
    code_hash,
    code_of,
    grouped,
    new_code,
    normalised_code,
)


def test_every_single_mistyped_character_is_caught() -> None:
    code = normalised_code(new_code())
    assert code is not None
    for place, right in enumerate(code):
        for wrong in set(ALPHABET) - {right}:
            assert normalised_code(code[:place] + wrong + code[place + 1 :]) is None, (code, place, wrong)


def test_a_missing_a_doubled_and_a_foreign_character_are_caught() -> None:
    code = new_code()
    assert normalised_code(code[:-1]) is None
    assert normalised_code(code + code[-1]) is None
    assert normalised_code(code[:-1] + "²") is None
    assert normalised_code("") is None


@given(st.text(alphabet=ALPHABET, min_size=32, max_size=64))
def test_a_code_is_understood_however_it_is_typed(secret: str) -> None:
    code = code_of(secret)
    bare = code.replace("-", "")
    for typed in (code, code.lower(), bare, " ".join(bare), f"  {code}\n"):
        assert normalised_code(typed) == bare


@pytest.mark.parametrize("printed, typed", [("0", "oO"), ("1", "iIlL"), ("V", "uU")])
def test_letters_that_look_like_others_are_taken_for_them(printed: str, typed: str) -> None:
    code = next(c for c in (new_code() for _ in range(2000)) if printed in c)
    for lookalike in typed:
        assert normalised_code(code.replace(printed, lookalike)) == code.replace("-", "")


def test_codes_differ_are_grouped_and_only_a_hash_is_kept() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all([len(group) for group in code.split("-")] == [4, 4, 4, 4] for code in codes)
    bare = normalised_code(next(iter(codes))) or ""
    assert grouped(bare) in codes
    assert len(code_hash(bare)) == 64
    assert bare not in code_hash(bare)
