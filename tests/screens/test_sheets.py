"""The contact sheets: every page of an audience stands on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.screens.sheets import GAP, THUMBNAIL, audiences, photograph, sheet
from tests.screens.stage import stage
from tests.web.examples import examples


def test_every_page_is_on_the_sheet_of_one_audience() -> None:
    assert sorted(name for names in audiences().values() for name in names) == sorted(examples("nl"))


def test_all_pictures_are_on_the_sheet() -> None:
    colours = ["#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff"]
    made = sheet([(one, Image.new("RGB", (THUMBNAIL, 100 + 50 * n), one)) for n, one in enumerate(colours)])

    seen = {made.getpixel((x, y)) for x in range(GAP, made.width, 40) for y in range(GAP, made.height, 20)}
    assert seen >= {(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)}


@pytest.mark.browser
def test_a_page_is_photographed_from_top_to_bottom(tmp_path: Path) -> None:
    with stage() as tab:
        written = photograph(tab, ["intake-welcome"], "nl", (360, 740), tmp_path)

    with Image.open(tmp_path / "intake-welcome.nl.360x740.png") as page, Image.open(written) as made:
        assert page.width == 360
        assert page.height >= 740
        assert made.width > THUMBNAIL
