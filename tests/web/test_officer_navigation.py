"""The two rows of links above the officers' pages: on every page they say where one is, once in each row."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.web.visiting import Site
from tests.web.who_may_call.officer import TABLE
from tests.web.who_may_call.roles import Role
from tests.web.who_may_call.scene import make_scene

_ELSEWHERE: Final = {
    "": "",
    "regels": "",
    "stand": "",
    "steekproef": "vragen",
    "bewaarde-vragen": "vragen",
    "beperkingen": "wissen",
    "verzoek": "verzoeken",
}
"""Parts of an address that are no link of their own, and the link that is marked on their pages."""
_NAV: Final = re.compile(r'<nav class="frame-nav.*?</nav>', re.DOTALL)
_MARKED: Final = re.compile(r'<a href="([^"]+)" aria-current="(\w+)"')


@pytest.mark.parametrize("role", ["coordinator", "fg"])
async def test_every_page_says_where_it_is_in_both_rows(site: Site, role: Role) -> None:
    scene = await make_scene(site)
    browser = await scene.browser(role)
    home = f"/toezicht/{site.world.tenant}"
    seen, wrong = 0, list[object]()
    for call in [call for call, row in TABLE.items() if call.startswith("GET ") and row[role] == 200]:
        address = scene.address(call.removeprefix("GET "))
        answer = await browser.get(address)
        rows = [_MARKED.findall(row) for row in _NAV.findall(answer.text)]
        if not rows:
            continue
        part = address.removeprefix(home).lstrip("/").partition("/")[0]
        here = "/".join(filter(None, (home, _ELSEWHERE.get(part, part))))
        wrong += [] if rows in (_in_both(rows, here), [[(here, "page")]]) else [(call, rows)]
        seen += 1
    assert wrong == []
    assert seen > 20


def _in_both(rows: list[list[tuple[str, str]]], here: str) -> list[list[tuple[str, str]]]:
    """A group and a page of it; an only page of a group stands in the first row alone."""
    return [[(rows[0][0][0], "true")], [(here, "page")]] if rows[0] else []
