"""The whole conversation by keyboard only, and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import TABLET, Tab
from tests.browser.test_intake import LABELS, come_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FOCUSED = "(document.activeElement.innerText || document.activeElement.name || '').trim()"
OUTLINED = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
MOST_KEYS = 40


async def reach(page: Page, words: str) -> None:
    """Tab until this has the focus, which is visible."""
    for _ in range(MOST_KEYS):
        await page.keyboard.press("Tab")
        if await page.evaluate(FOCUSED) == words:
            assert await page.evaluate(OUTLINED), f"one does not see that {words} has the focus"
            return
    raise AssertionError(f"the keyboard does not reach {words}")


async def enter(page: Page, words: str) -> None:
    await reach(page, words)
    await page.keyboard.press("Enter")


async def test_the_whole_conversation_by_keyboard_only(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    page = tab.page
    heading = page.get_by_role("heading", level=1)
    await enter(page, "Beginnen")
    await expect(heading).to_have_text("Mag u nee zeggen?")
    await enter(page, "Ja, altijd")
    await expect(heading).to_have_text("Wat ziet de school?")
    await enter(page, "Alles wat de opvang weet")
    await expect(heading).to_have_text("Wij leggen het nog een keer uit.")
    await enter(page, "Verder")
    await expect(heading).to_have_text("Kunt u later stoppen?")
    await enter(page, "Overslaan")
    for label in LABELS:
        await expect(page.locator(".question-label")).to_contain_text(label)
        await enter(page, "Later")
    await expect(heading).to_have_text("Klopt dit?")
    await enter(page, "Ja, dit klopt")
    await expect(heading).to_have_text("Ondertekenen")
    await reach(page, "signature")
    await page.keyboard.type("Selam Haile")
    await enter(page, "Ondertekenen")
    await expect(page.locator(".withdrawal-code")).to_be_visible()


async def test_the_whole_conversation_without_javascript(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    browser = tab.page.context.browser
    assert browser is not None
    plain = await browser.new_context(
        java_script_enabled=False, viewport={"width": TABLET[0], "height": TABLET[1]}, locale="nl-NL"
    )
    await plain.add_cookies(await tab.page.context.cookies())  # type: ignore[arg-type]
    page = await plain.new_page()
    await page.goto(f"{tab.origin}/intake")

    async def press(words: str) -> None:
        await page.get_by_role("button", name=words, exact=True).click()

    await press("Beginnen")
    await press("Nee, dan verlies ik mijn hulp")
    await expect(page.get_by_text("U houdt uw plek en uw hulp.")).to_be_visible()
    await page.get_by_role("link", name="Verder").click()
    await page.get_by_role("link", name="Overslaan").click()
    for label in LABELS:
        await expect(page.locator(".question-label")).to_contain_text(label)
        await press("Ja")
    await page.get_by_role("link", name="Ja, dit klopt").click()
    await expect(page.locator("#signature")).to_be_visible()
    assert not await page.locator("canvas").is_visible(), "nobody can draw without a script"
    assert not await page.get_by_text("Opnieuw tekenen").is_visible()
    await press("Ondertekenen")
    await expect(page.locator("[data-error-summary]")).to_contain_text("Typ uw naam, of laat")
    await page.locator("#signature").fill("Selam Haile")
    await press("Ondertekenen")
    await expect(page.locator(".withdrawal-code")).to_be_visible()
    await plain.close()


async def test_it_is_saved_and_goes_on_at_the_next_hand_over(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    await tab.begin()
    await tab.press("Nee")
    await expect(tab.page.locator(".question-label")).to_contain_text(LABELS[1])
    await tab.press("Bewaren en later verder")
    await expect(tab.page.get_by_text("U gaat een andere dag verder.")).to_be_visible()
    await tab.look("saved")
    await tab.follow("Ik ben de begeleider")
    await tab.page.locator("#pin").fill("580241")
    await tab.press("Terugnemen")
    await tab.follow("Tablet aan de ouder geven")
    await tab.page.get_by_text("Selam Haile").click()
    await tab.page.get_by_text("English", exact=True).first.click()
    await tab.page.locator('label[for="interpreter-none"]').click()
    await tab.press("Tablet geven")
    await expect(tab.page.locator("html")).to_have_attribute("lang", "en")
    await tab.page.locator("main form button.button-primary").click()
    await expect(tab.page).to_have_url(re.compile("/vraag/2$"))
