"""Every example page in a real browser: axe-core finds nothing, nor does what looks where axe does not.

Here each page is seen once or twice, and every pair of language, theme and size on each kind of page;
`make screens` sees every page in every combination (`SCREENS=all`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.screens.combinations import (
    LAYOUTS,
    Combination,
    covering,
    every_combination,
    languages_of,
    names_of,
    pairwise,
)
from tests.screens.stage import Stage, rendered, stage

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ALL = os.environ.get("SCREENS") == "all"
PARTS = 8
WORKS_IT_OUT = ("officer-head",)
"""The browser works out something here and then says it; how long that takes, nobody knows."""


@pytest.fixture(scope="module")
def tab() -> Iterator[Stage]:
    with stage() as opened:
        yield opened


def _parts() -> list[dict[str, tuple[Combination, ...]]]:
    """The pages in equal heaps, so that test processes can share them."""
    if ALL:
        whole = {
            name: every_combination(languages_of(layout)) for layout in LAYOUTS for name in names_of(layout)
        }
    else:
        whole = {name: each for layout in LAYOUTS for name, each in pairwise(layout).items()}
    names = list(whole)
    return [{name: whole[name] for name in names[part::PARTS]} for part in range(PARTS)]


def _look(tab: Stage, name: str, combination: Combination) -> list[str]:
    tab.show(rendered(name, combination.language, combination.theme), combination)
    found = tab.looking_finds() + tab.axe_finds() + tab.choices_that_look_alike()
    grows = name in WORKS_IT_OUT
    return [f"{name} {combination}: {one}" for one in found if not (grows and one.startswith("moves "))]


@pytest.mark.timeout(4 * 3600 if ALL else 900)
@pytest.mark.parametrize("part", range(PARTS))
def test_nobody_meets_an_obstacle_on_any_page(part: int, tab: Stage) -> None:
    pages = _parts()[part]

    assert [line for name, seen in pages.items() for each in seen for line in _look(tab, name, each)] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_page_is_seen_and_every_pair_on_each_kind_of_page(layout: str) -> None:
    seen = pairwise(layout)
    pairs = {pair for each in every_combination(languages_of(layout)) for pair in each.pairs()}

    assert set(seen) == set(names_of(layout))
    assert all(seen.values())
    assert {pair for combinations in seen.values() for each in combinations for pair in each.pairs()} == pairs
    assert len(covering(languages_of(layout))) < len(every_combination(languages_of(layout)))
