"""Each script is written with the letters that ship with the product, in both weights."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from consent_service.web.rendering import STATIC
from tests.screens.combinations import Combination
from tests.screens.stage import Stage, rendered, stage

FIRST = {"ar": "U+600", "ti": "U+1200", "uk": "U+400", "nl": "U+0"}
"""Where the range of the script of a language begins."""


@pytest.fixture(scope="module")
def tab() -> Iterator[Stage]:
    with stage() as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("language", FIRST)
def test_a_page_is_written_with_the_letters_of_its_script(tab: Stage, language: str) -> None:
    tab.show(rendered("intake-welcome", language, ""), Combination(language, "light", (800, 1280)))
    loaded = tab.page.evaluate(
        "() => document.fonts.ready.then(() => [...document.fonts].filter((face) => face.status === 'loaded')"
        ".map((face) => [face.unicodeRange.split('-')[0], face.weight]))"
    )

    assert {weight for first, weight in loaded if first == FIRST[language]} == {"100 599", "600 900"}


def test_every_script_is_there_in_every_range_of_weights() -> None:
    sheet = (STATIC / "app.css").read_text(encoding="utf-8")
    faces = re.findall(r"font-weight: ([\d ]+);.*?unicode-range: ([^;]+);", sheet, re.DOTALL)
    ranges = {weights for weights, _ in faces}

    assert len(ranges) == 2
    for script in {letters for _, letters in faces}:
        assert {weights for weights, letters in faces if letters == script} == ranges, script
