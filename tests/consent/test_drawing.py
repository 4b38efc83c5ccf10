"""Tests of `consent_service.consent.drawing`: only real strokes within the frame are a signature."""

from __future__ import annotations

import pytest

from consent_service.consent.drawing import LONGEST, read_drawing, svg_path, svg_picture
from consent_service.consent.model import Signature
from consent_service.consent.signing import require_signed
from consent_service.foundation.errors import InputError


def test_strokes_are_kept_as_they_were_drawn_and_become_a_path() -> None:
    kept = read_drawing(" [ [0, 0, 300,400], [1200,400] ] ")

    assert kept == "[[0,0,300,400],[1200,400]]"
    assert read_drawing(kept) == kept
    assert svg_path(kept) == "M0 0 L300 400 M1200 400 l0 0"
    assert f'd="{svg_path(kept)}"' in svg_picture(kept)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "[]",
        "[[]]",
        "[[5]]",
        "[[5,5]]",
        "[[0,0,60,60]]",
        "[[0,0,300,401]]",
        "[[0,0,1201,10]]",
        "[[-1,0,300,10]]",
        "[[0,0,300.5,10]]",
        "[[0,0,1e999,10]]",
        '[["0","0","300","10"]]',
        '{"d": "M0 0"}',
        "M0 0 L300 300",
        '<svg onload="alert(1)">',
        "[[0,0,300,300]] <script>",
        "[[null,0,300,300]]",
        "[[0,0,300]]",
        "[" * 5000,
    ],
)
def test_anything_else_is_no_drawing(sent: str) -> None:
    for read in (read_drawing, svg_path, lambda one: require_signed(Signature("drawn", one))):
        with pytest.raises(InputError) as raised:
            read(sent)
        assert [(p.field, p.code) for p in raised.value.problems] == [("signature", "signature_empty")]


def test_an_endless_drawing_is_too_large_and_says_so() -> None:
    most = f"[[{','.join(['1000,399'] * 6000)}]]"
    assert len(most) <= LONGEST < len(most) * 2
    with pytest.raises(InputError) as raised:
        read_drawing(most + " " * LONGEST)
    assert [problem.code for problem in raised.value.problems] == ["signature_too_large"]


def test_a_drawing_can_have_a_name_beside_it() -> None:
    assert Signature("typed", "Samira").written_name == "Samira"
    assert Signature("drawn", "[[0,0,300,300]]", "Samira").written_name == "Samira"
    assert Signature("drawn", "[[0,0,300,300]]").drawing == "[[0,0,300,300]]"
    assert Signature("typed", "Samira").drawing == ""
