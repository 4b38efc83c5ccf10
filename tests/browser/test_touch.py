"""The whole conversation by touch only: taps counted, a drawn signature, the tablet turned in the middle."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Tab
from tests.browser.test_intake import LABELS, come_in

MOST_TAPS = 16
"""From hand-over to signed, for five types."""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Finger:
    """Taps and counts."""

    def __init__(self, tab: Tab) -> None:
        self._tab, self.taps = tab, 0

    async def tap(self, what: Locator) -> None:
        self.taps += 1
        await what.tap()

    async def button(self, words: str) -> None:
        await self.tap(self._tab.page.locator("main").get_by_role("button", name=words, exact=True))

    async def draw(self, *points: tuple[float, float]) -> None:
        """One stroke over the pad, in parts of its width and height."""
        self.taps += 1
        pad = self._tab.page.locator("canvas")
        await pad.scroll_into_view_if_needed()
        box = await pad.bounding_box()
        assert box is not None
        touch = await self._tab.page.context.new_cdp_session(self._tab.page)
        for number, (x, y) in enumerate(points):
            at = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            kind = "touchMove" if number else "touchStart"
            await touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
        await self._tab.page.wait_for_timeout(80)  # a finger that stops, not a fling
        await touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        await touch.detach()


INK = """pad => {
  const seen = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data;
  let ink = 0;
  for (let at = 3; at < seen.length; at += 4) if (seen[at]) ink += 1;
  return ink;
}"""


async def strokes(tab: Tab) -> list[list[int]]:
    kept: list[list[int]] = json.loads(await tab.page.locator('input[name="drawing"]').input_value())
    return kept


def far_apart(one: list[list[int]], other: list[list[int]]) -> int:
    """The most two drawings differ anywhere, in the frame of 1200 by 400."""
    pairs = [pair for a, b in zip(one, other, strict=True) for pair in zip(a, b, strict=True)]
    return max(abs(a - b) for a, b in pairs)


async def answer_by_touch(tab: Tab, finger: Finger) -> None:
    await finger.button("Beginnen")
    for words in ("Ja, altijd", "Alleen waar ik ja op zeg", "Ja, altijd"):
        await finger.button(words)
    for label in LABELS:
        await expect(tab.page.locator(".question-label")).to_contain_text(label)
        await finger.button("Ja")
    await finger.tap(tab.page.get_by_role("link", name="Ja, dit klopt"))
    await expect(tab.page.locator("canvas")).to_be_visible()


async def test_the_whole_conversation_by_touch_with_a_drawing_that_survives_turning(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    finger = Finger(tab)
    await answer_by_touch(tab, finger)

    await finger.draw((0.1, 0.5), (0.3, 0.2), (0.5, 0.8))
    first = await strokes(tab)
    assert len(first) == 1
    for size in ((360, 740), (740, 360), (800, 1280)):
        await tab.page.set_viewport_size({"width": size[0], "height": size[1]})
        await tab.page.wait_for_timeout(150)
        assert await tab.page.locator("canvas").evaluate(INK) > 100, "the drawing is there again"
        now = await strokes(tab)
        assert far_apart(first, now) <= 3
    await tab.look("sign-drawn")
    await finger.draw((0.6, 0.2), (0.9, 0.9))
    assert len(await strokes(tab)) == 2
    await finger.button("Ondertekenen")

    code = await tab.page.locator(".withdrawal-code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", code)
    assert finger.taps <= MOST_TAPS, finger.taps
    await expect(tab.page.locator("svg.drawn")).to_be_visible()
    await tab.look("receipt-drawn")


async def test_drawing_again_and_signing_with_nothing(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    finger = Finger(tab)
    await answer_by_touch(tab, finger)

    await finger.draw((0.1, 0.5), (0.3, 0.2), (0.5, 0.8))
    await finger.button("Opnieuw tekenen")
    assert await strokes(tab) == []
    assert await tab.page.locator("canvas").evaluate(INK) == 0
    await finger.draw((0.5, 0.5), (0.51, 0.5))
    await finger.button("Ondertekenen")
    await expect(tab.page.locator("[data-error-summary]")).to_contain_text("Teken eerst uw handtekening")
    assert len(await strokes(tab)) == 1, "what was drawn is kept"
    await finger.draw((0.1, 0.5), (0.3, 0.2), (0.5, 0.8))
    await finger.button("Ondertekenen")
    await expect(tab.page.locator("svg.drawn")).to_be_visible()
