"""Which page is looked at how: language, theme and size of the screen.

`make test` sees every page once, and per audience every pair of values on some page; `make screens` sees
every page in every combination.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, cycle, product
from typing import Final, Literal, NamedTuple

from consent_service.foundation.i18n import FAMILY, SUPPORTED
from tests.web.examples import examples

Audience = Literal["staff", "family"]
THEMES: Final = ("light", "dark", "contrast")
SIZES: Final = ((360, 740), (800, 1280), (1280, 800), (1920, 1080))
LANGUAGES: Final[dict[Audience, tuple[str, ...]]] = {"staff": SUPPORTED, "family": FAMILY}


class Look(NamedTuple):
    """One way to look at a page; the size in CSS pixels."""

    language: str
    theme: str
    size: tuple[int, int]


class Seen(NamedTuple):
    """One page, looked at in one way."""

    name: str
    look: Look


def pages() -> dict[Audience, list[str]]:
    """Names of the example pages, by who reads them."""
    found: dict[Audience, list[str]] = {"staff": [], "family": []}
    for name in examples("nl"):
        found["family" if name.startswith(("intake-", "parent-")) else "staff"].append(name)
    return found


def every_look(audience: Audience) -> list[Look]:
    """The full product."""
    return [Look(*one) for one in product(LANGUAGES[audience], THEMES, SIZES)]


def pairwise(looks: Sequence[Look]) -> list[Look]:
    """Few of them, in which each pair of values that there is occurs together (greedy)."""
    left, chosen = {pair for look in looks for pair in _pairs(look)}, list[Look]()
    while left:
        best = max(looks, key=lambda look: len(left & set(_pairs(look))))
        chosen.append(best)
        left -= set(_pairs(best))
    return chosen


def in_pairs() -> list[Seen]:
    """Every page once, and of each audience every pair of values."""
    found = []
    for audience, names in pages().items():
        found += [Seen(*one) for one in zip(names, cycle(pairwise(every_look(audience))), strict=False)]
    return found


def in_full() -> Iterator[Seen]:
    """Every page in every combination."""
    for audience, names in pages().items():
        for look in every_look(audience):
            yield from (Seen(name, look) for name in names)


def _pairs(look: Look) -> Iterator[tuple[tuple[int, object], ...]]:
    yield from combinations(enumerate(look), 2)
