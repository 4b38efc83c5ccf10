"""Every page in Chromium: axe finds nothing, and neither does what looks where axe does not."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from tests.browser.conftest import CHROMIUM
from tests.conftest import cannot_run
from tests.screens.combinations import LANGUAGES, SIZES, THEMES, Look, every_look, in_pairs, pages, pairwise
from tests.screens.looking import screen

PARTS = 16
PLAIN = Look("nl", "light", (360, 740))

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(autouse=True)
def chromium() -> Path:
    if not CHROMIUM.exists():
        cannot_run("screens need Debian's package chromium")
    return CHROMIUM


@pytest.mark.parametrize("part", range(PARTS), ids=lambda part: f"part{part}")
async def test_nothing_is_wrong_on_any_page(part: int) -> None:
    found = []
    async with screen() as shown:
        for seen in in_pairs()[part::PARTS]:
            await shown.show(seen)
            found += [f"{seen.name} {seen.look}: {fault}" for fault in await shown.faults()]

    assert not found, "\n".join(found)


def test_every_page_is_seen_and_every_pair_of_values_by_each_audience() -> None:
    seen, named = in_pairs(), pages()

    assert sorted(one.name for one in seen) == sorted(named["staff"] + named["family"])
    for audience, names in named.items():
        looks = {one.look for one in seen if one.name in names}
        values = (LANGUAGES[audience], THEMES, SIZES)
        for one, other in combinations(range(3), 2):
            pairs = {(look[one], look[other]) for look in looks}
            assert len(pairs) == len(values[one]) * len(values[other]), (audience, one, other)
        assert len(pairwise(every_look(audience))) <= len(names)


PLANTED = {
    "overflow:": '<p style="inline-size: 90rem">breed</p>',
    "clipped:": '<p style="overflow: hidden; white-space: nowrap; inline-size: 3rem">een lange regel</p>',
    "small:": '<button type="button" style="block-size: 20px">klein</button>',
    "unequal choices:": '<div class="choices"><button class="choice" type="button">Ja</button>'
    '<button class="choice" type="button" style="font-weight: 900">Nee</button></div>',
    "a choice looks the same": '<label><input type="radio" name="x" style="appearance: none; '
    'inline-size: 3rem; block-size: 3rem; background: none; box-shadow: none; border-color: red">Ja</label>',
    "focus is not seen": '<button class="button" type="button" style="outline: none">hier</button>',
    "residue: {{": "<p>{{ name }}</p>",
    "residue: None": "<p>Geboren op None</p>",
    "residue: <built-in": "<p>&lt;built-in method clear&gt;</p>",
    "axe color-contrast": '<p style="color: #bbb; background: #fff">bleek</p>',
    "axe image-alt": '<img src="/static/mark.svg">',
    "overflow at 400 %": '<div style="inline-size: 22rem">net te breed</div>',
    "layout shift:": "<p id=late>later</p><script>setTimeout(() => { const el = document.createElement('p');"
    "el.style.blockSize = '9rem'; document.body.prepend(el); }, 20)</script><script>"
    "const until = Date.now() + 60; while (Date.now() < until);</script>",
}


@pytest.mark.parametrize("fault", PLANTED)
async def test_a_planted_fault_is_found(fault: str) -> None:
    html = (
        '<!doctype html><html lang="nl"><head><title>x</title><link rel="stylesheet" href="/static/app.css">'
        f"</head><body><main><h1>x</h1>{PLANTED[fault]}</main></body></html>"
    )
    async with screen() as shown:
        await shown.show_html(html, PLAIN)
        found = await shown.faults()

    assert any(one.startswith(fault) for one in found), found
