"""A drawn signature: strokes as whole numbers in a fixed frame, and the picture the server makes of them.

What a browser sends is never shown as it came: it is read as numbers within the frame, or refused.
"""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Final

import msgspec

from consent_service.foundation.errors import InputError, Problem

WIDTH: Final = 1200
HEIGHT: Final = 400
"""The frame of every drawing, however large the screen was and whichever way it was held."""
LONGEST: Final = 60_000
"""Characters of a drawing as it is kept."""
_SHORTEST = 100
"""A real stroke is longer than this, all lines together: a tap or a smudge is no signature."""

_Number = Annotated[int, msgspec.Meta(ge=0, le=WIDTH)]
_decoder = msgspec.json.Decoder(list[list[_Number]])

EMPTY: Final = Problem("signature", "signature_empty")
TOO_LARGE: Final = Problem("signature", "signature_too_large")


def read_drawing(sent: str) -> str:
    """The drawing as it is kept: strokes of x and y in turn, `[[x, y, x, y], ...]`.

    Raises:
        InputError: it is too large, no drawing at all, or nothing was drawn.
    """
    if len(sent) > LONGEST:
        raise InputError([TOO_LARGE])
    try:
        strokes = _decoder.decode(sent)
    except msgspec.DecodeError:
        raise InputError([EMPTY]) from None
    if not all(_is_stroke(stroke) for stroke in strokes) or sum(map(_length, strokes)) < _SHORTEST:
        raise InputError([EMPTY])
    return msgspec.json.encode(strokes).decode()


def svg_path(kept: str) -> str:
    """The `d` of a path through every stroke, in the frame of `WIDTH` and `HEIGHT`.

    Raises:
        InputError: it is no drawing.
    """
    strokes = _decoder.decode(read_drawing(kept))
    return " ".join(_line(stroke) for stroke in strokes)


def svg_picture(kept: str) -> str:
    """The drawing as an SVG file of its own, for paper.

    Raises:
        InputError: it is no drawing.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<path d="{svg_path(kept)}" fill="none" stroke="#000" stroke-width="6" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def _is_stroke(numbers: list[int]) -> bool:
    return len(numbers) >= 2 and len(numbers) % 2 == 0 and all(y <= HEIGHT for y in numbers[1::2])


def _points(numbers: list[int]) -> list[tuple[int, int]]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _length(numbers: list[int]) -> float:
    points = _points(numbers)
    return sum(math.dist(one, other) for one, other in itertools.pairwise(points))


def _line(numbers: list[int]) -> str:
    first, *rest = _points(numbers)
    onward = " ".join(f"L{x} {y}" for x, y in rest) or "l0 0"
    return f"M{first[0]} {first[1]} {onward}"
