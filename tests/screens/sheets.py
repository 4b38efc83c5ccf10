"""Photographs every page, and puts the pages of an audience on one sheet, so that a person can look at all.

`python -m tests.screens.sheets [OUT] [audience] [language]` writes PNG files; without OUT in build/screens.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

from consent_service.foundation.i18n import FAMILY, SOURCE
from tests.screens.combinations import SIZES, Combination, layout_of
from tests.screens.stage import Stage, rendered, stage
from tests.web.examples import examples

OUT = Path(__file__).resolve().parents[2] / "build" / "screens"
LOOKED_AT = tuple(language for language in ("nl", "ar", "ti") if language in FAMILY)
THUMBNAIL, TALLEST, WORDS, GAP = 300, 900, 16, 10


def audiences() -> dict[str, list[str]]:
    """Names of pages by the word before their first dash."""
    found: dict[str, list[str]] = {}
    for name in examples("nl"):
        found.setdefault(name.partition("-")[0], []).append(name)
    return found


def sheet(pictures: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """All pictures in rows, each under its name; what is taller than three times a thumbnail is cut."""
    across = max(1, math.ceil(math.sqrt(len(pictures) * 1.6)))
    step = THUMBNAIL + GAP
    rows = [pictures[start : start + across] for start in range(0, len(pictures), across)]
    heights = [max(picture.height for _, picture in row) + WORDS + GAP for row in rows]
    made = Image.new("RGB", (across * step + GAP, sum(heights) + GAP), "#888888")
    pen, top = ImageDraw.Draw(made), GAP
    for row, height in zip(rows, heights, strict=True):
        for column, (name, picture) in enumerate(row):
            pen.text((GAP + column * step, top), name[:48], fill="white")
            made.paste(picture, (GAP + column * step, top + WORDS))
        top += height
    return made


def photograph(tab: Stage, names: Sequence[str], language: str, size: tuple[int, int], out: Path) -> Path:
    """Each page as a PNG file, and the sheet of all of them; the path of the sheet."""
    pictures = []
    called = f"{language}.{size[0]}x{size[1]}.png"
    for name in names:
        tab.show(rendered(name, language, "light"), Combination(language, "light", size))
        taken = tab.page.screenshot(full_page=True, animations="disabled")
        (out / f"{name}.{called}").write_bytes(taken)
        whole = Image.open(BytesIO(taken)).convert("RGB")
        small = whole.resize((THUMBNAIL, max(1, whole.height * THUMBNAIL // whole.width)))
        pictures.append((name, small.crop((0, 0, THUMBNAIL, min(small.height, TALLEST)))))
    path = out / f"sheet-{names[0].partition('-')[0]}.{called}"
    sheet(pictures).save(path)
    return path


def write(out: Path, only: str = "", language: str = "") -> Iterator[Path]:
    """The sheets of every audience, or of the one named, in each size."""
    out.mkdir(parents=True, exist_ok=True)
    with stage() as tab:
        for audience, names in audiences().items():
            for code in LOOKED_AT:
                read = [name for name in names if code == SOURCE or layout_of(name) != "staff"]
                if read and only in ("", audience) and language in ("", code):
                    yield from (photograph(tab, read, code, size, out) for size in SIZES)


if __name__ == "__main__":
    words = [*sys.argv[1:], "", "", ""]
    for written in write(Path(words[0]) if words[0] else OUT, words[1], words[2]):
        print(written)
