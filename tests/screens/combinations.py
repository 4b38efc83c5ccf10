"""Which page is seen how: every pair of language, theme and size on each kind of page, or every one."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consent_service.foundation.i18n import FAMILY, SUPPORTED
from consent_service.web.rendering import TEMPLATES
from tests.web.examples import examples

THEMES = ("light", "dark", "contrast", "forced")
"""As a reader chooses them; `forced` is a device that brings its own colours."""
SIZES = ((360, 740), (800, 1280), (1280, 800), (1920, 1080))
LAYOUTS = ("staff", "parent", "child")


@dataclass(frozen=True)
class Combination:
    language: str
    theme: str
    size: tuple[int, int]

    def pairs(self) -> Iterator[tuple[object, object]]:
        yield from itertools.combinations((self.language, self.theme, self.size), 2)

    def __str__(self) -> str:
        return f"{self.language} {self.theme} {self.size[0]}x{self.size[1]}"


@functools.cache
def layout_of(name: str) -> str:
    """Whose page the example is, by the frame that its template stands in; what is nobody's is staff's."""
    source = (TEMPLATES / examples("nl")[name].template).read_text()
    return next((kind for kind in ("child", "parent") if f'extends "{kind}.html"' in source), "staff")


def languages_of(layout: str) -> tuple[str, ...]:
    return SUPPORTED if layout == "staff" else FAMILY


def names_of(layout: str) -> tuple[str, ...]:
    return tuple(name for name in examples("nl") if layout_of(name) == layout)


def every_combination(languages: Sequence[str]) -> tuple[Combination, ...]:
    return tuple(Combination(*each) for each in itertools.product(languages, THEMES, SIZES))


@functools.cache
def covering(languages: tuple[str, ...]) -> tuple[Combination, ...]:
    """As few combinations as a greedy choice needs for every pair of values; the same ones each time."""
    left = {pair for each in every_combination(languages) for pair in each.pairs()}
    chosen: list[Combination] = []
    while left:
        best = max(every_combination(languages), key=lambda each: len(left.intersection(each.pairs())))
        left.difference_update(best.pairs())
        chosen.append(best)
    return tuple(chosen)


def pairwise(layout: str) -> dict[str, tuple[Combination, ...]]:
    """For each page of this kind how it is seen: each at least once, and together every pair."""
    names, combinations = names_of(layout), covering(languages_of(layout))
    seen: dict[str, list[Combination]] = {name: [] for name in names}
    for turn in range(max(len(names), len(combinations))):
        seen[names[turn % len(names)]].append(combinations[turn % len(combinations)])
    return {name: tuple(each) for name, each in seen.items()}
