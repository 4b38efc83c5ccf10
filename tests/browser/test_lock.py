"""A screen that nobody touches: blank by itself, locked at Back and reload, open again where it was."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Tab
from tests.browser.test_intake import PIN, come_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def _left_alone(tab: Tab, minutes: int) -> None:
    """Let the browser's clock run on; the screen then locks itself at the service."""
    await tab.page.clock.fast_forward(minutes * 60_000 - 1_000)
    await expect(tab.page.get_by_text("Dit scherm is op slot")).to_have_count(0)
    await tab.page.clock.fast_forward(2_000)
    await expect(tab.page.get_by_role("heading", name="Dit scherm is op slot")).to_be_visible()


async def _open(tab: Tab, button: str) -> None:
    await tab.page.locator("#pin").fill(PIN)
    await tab.press(button)


async def test_a_screen_left_alone_shows_nothing_until_the_pin_comes(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    await tab.page.clock.install()
    await tab.begin()
    await expect(tab.page.locator(".question-label")).to_contain_text("Hulp voor uw gezin")
    question = tab.page.url

    await _left_alone(tab, 10)  # a sitting
    await tab.look("locked-sitting")
    for again in (tab.page.go_back, tab.page.reload):
        await again()
        await expect(tab.page.get_by_role("heading", name="Dit scherm is op slot")).to_be_visible()
        await expect(tab.page.get_by_text("Selam")).to_have_count(0)
    await tab.page.goto(question)
    await expect(tab.page).to_have_url(re.compile("/vergrendeld$"))
    await _open(tab, "Verder waar u was")
    await expect(tab.page).to_have_url(question)
    await expect(tab.page.locator(".question-label")).to_contain_text("Hulp voor uw gezin")

    await tab.page.goto(f"{tab.origin}/tablet-terug")
    await _open(tab, "Terugnemen")
    await expect(tab.page.get_by_role("status")).to_contain_text("De tablet is weer van u.")
    family = tab.page.url.partition("?")[0]
    await tab.page.goto(family)
    await tab.page.clock.fast_forward(110_000)
    await tab.page.mouse.move(40, 40)  # somebody reads
    await tab.page.clock.fast_forward(110_000)
    await expect(tab.page.get_by_text("Selam Haile").first).to_be_visible()
    await tab.page.reload()
    await _left_alone(tab, 2)
    await tab.look("locked-staff")
    await tab.page.go_back()
    await expect(tab.page.get_by_role("heading", name="Dit scherm is op slot")).to_be_visible()
    await expect(tab.page.get_by_text("Selam")).to_have_count(0)
    await _open(tab, "Verder waar u was")
    await expect(tab.page).to_have_url(family)
    await expect(tab.page.get_by_text("Selam Haile").first).to_be_visible()
