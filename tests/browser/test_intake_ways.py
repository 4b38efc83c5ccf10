"""The whole intake in every way: by touch only, by keyboard only, without scripts, on a bad connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.browser.conftest import CHROMIUM, FLAGS, SIDEWAYS, Tab
from tests.browser.test_intake import LABELS
from tests.browser.test_tablet import hand_over, register

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FEWEST_TAPS = 16
"""At most so many from hand-over to signed consent for five types (the requirement)."""
ANSWERS = ["Ja", "Nee", "Later", "Ja", "Ja"]
CLEAR = {
    "Mag u nee zeggen?": "Ja, altijd",
    "Wat ziet de school?": "Alleen waar ik ja op zeg",
    "Kunt u later stoppen?": "Ja, altijd",
}
"""The questions with pictures, and what a parent says to whom it was clear."""


async def to_the_parent(tab: Tab) -> None:
    """The counsellor's part, up to the parent's first page."""
    await tab.log_in("Bo Begeleider")
    await register(tab, "Haile", "Selam", "Noor")
    await hand_over(tab, "Selam", with_pin=True)
    await expect(tab.page.get_by_role("button", name="Beginnen")).to_be_visible()


async def at_question(tab: Tab, number: int) -> None:
    await expect(tab.page.locator(".question-label")).to_contain_text(LABELS[number - 1])


async def at_picture(tab: Tab, question: str) -> None:
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text(question)


async def test_by_touch_only_in_few_taps(tab: Tab) -> None:
    await to_the_parent(tab)
    taps = 0

    async def tap(role: str, words: str) -> None:
        nonlocal taps
        await tab.page.get_by_role(role, name=words, exact=True).tap()  # type: ignore[arg-type]
        taps += 1

    await tap("button", "Beginnen")
    for question, answer in CLEAR.items():
        await at_picture(tab, question)
        await tap("button", answer)
    for number, answer in enumerate(ANSWERS, 1):
        await at_question(tab, number)
        await tap("button", answer)
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Klopt dit?")
    await tap("link", "Ja, dit klopt")
    await tab.page.locator("#signature").tap()
    taps += 1
    await tab.page.keyboard.insert_text("Selam Haile")  # the tablet's own keyboard
    await tap("button", "Ondertekenen")
    await expect(tab.page.locator(".withdrawal-code")).to_be_visible()

    assert taps <= FEWEST_TAPS, taps


async def _focus(tab: Tab, words: str) -> None:
    """Tab on until what has the focus says this, and the focus can be seen."""
    for _ in range(60):
        await tab.page.keyboard.press("Tab")
        said = await tab.page.evaluate(
            "() => { const el = document.activeElement, style = getComputedStyle(el),"
            " words = (el.innerText || el.value || el.id || '').trim();"
            " return [words, style.outlineStyle, style.outlineWidth]; }"
        )
        if said[0] == words:
            assert said[1] != "none", words
            assert float(said[2].removesuffix("px")) >= 2, words
            return
    raise AssertionError(f"no way by keyboard to {words}")


async def test_by_keyboard_only(tab: Tab) -> None:
    await to_the_parent(tab)
    await _focus(tab, "Beginnen")
    await tab.page.keyboard.press("Enter")
    for question, answer in CLEAR.items():
        await at_picture(tab, question)
        await _focus(tab, answer)
        await tab.page.keyboard.press("Enter")
    for number, answer in enumerate(ANSWERS, 1):
        await at_question(tab, number)
        await _focus(tab, answer)
        await tab.page.keyboard.press("Space")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Klopt dit?")
    await _focus(tab, "Ja, dit klopt")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator("#signature")).to_be_visible()
    await _focus(tab, "signature")
    await tab.page.keyboard.type("Selam Haile")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator(".withdrawal-code")).to_be_visible()


@pytest.fixture
async def plain(origin: str) -> AsyncIterator[Tab]:
    """A tablet whose browser runs no scripts."""
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context: BrowserContext = await browser.new_context(
            java_script_enabled=False, viewport={"width": 800, "height": 1280}, locale="nl-NL"
        )
        page = await context.new_page()
        page.set_default_timeout(60_000)
        yield Tab(page, origin, None, [])
        await browser.close()


async def test_without_scripts(photographs: object, plain: Tab) -> None:
    await to_the_parent(plain)
    await plain.page.get_by_role("button", name="Beginnen").click()
    for question, answer in CLEAR.items():
        await at_picture(plain, question)
        await plain.press(answer)
    for number, answer in enumerate(ANSWERS, 1):
        await at_question(plain, number)
        await plain.press(answer)
    await plain.follow("Veranderen Niet op school")
    await plain.press("Nee")
    await plain.follow("Ja, dit klopt")
    await plain.press("Ondertekenen")
    await expect(plain.page.locator("[data-error-summary]")).to_be_visible()
    await plain.page.locator("#signature").fill("Selam Haile")
    await plain.press("Ondertekenen")
    await expect(plain.page.locator(".withdrawal-code")).to_be_visible()


async def lost_and_found(tab: Tab, press: Callable[[], Awaitable[object]]) -> None:
    """Pressed twice without a connection: it is said, the page stays, and afterwards it was sent once."""
    page, told = tab.page, tab.page.locator('[data-steady-says="lost"]')
    await page.context.set_offline(True)
    before = page.url
    await press()
    await expect(told).to_be_visible()
    assert not await page.evaluate(SIDEWAYS)
    await press()
    await expect(told).to_be_visible()
    assert page.url == before
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.context.set_offline(False)
    await expect(page).not_to_have_url(before)
    assert len(sent) == 1


async def test_a_lost_connection_loses_nothing_and_sends_nothing_twice(tab: Tab) -> None:
    await to_the_parent(tab)
    await lost_and_found(tab, lambda: tab.page.get_by_role("button", name="Beginnen").click())
    for question, answer in CLEAR.items():
        await at_picture(tab, question)
        await lost_and_found(tab, lambda answer=answer: tab.press(answer))  # type: ignore[misc]
    for number, answer in enumerate(ANSWERS, 1):
        await at_question(tab, number)
        await lost_and_found(tab, lambda answer=answer: tab.press(answer))  # type: ignore[misc]
    shown = await tab.page.locator("main").inner_text()
    for answer in set(ANSWERS):
        assert answer in shown
    await tab.follow("Ja, dit klopt")
    await tab.page.locator("#signature").fill("Selam Haile")
    await lost_and_found(tab, lambda: tab.press("Ondertekenen"))
    await expect(tab.page.locator(".withdrawal-code")).to_be_visible()
    tab.complaints[:] = [one for one in tab.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


async def test_another_answer_may_be_given_while_there_is_no_connection(tab: Tab) -> None:
    await to_the_parent(tab)
    await tab.press("Beginnen")
    await at_question(tab, 1)
    await tab.page.context.set_offline(True)
    await tab.press("Ja")
    await expect(tab.page.locator('[data-steady-says="lost"]')).to_be_visible()
    await tab.press("Nee")
    await tab.page.context.set_offline(False)
    await at_question(tab, 2)
    await tab.page.go_back()
    await expect(tab.page.get_by_text("U koos eerder: Nee.")).to_be_visible()
    tab.complaints[:] = [one for one in tab.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


async def test_double_taps_back_and_reload_at_every_step_change_nothing(tab: Tab) -> None:
    await to_the_parent(tab)
    await tab.page.get_by_role("button", name="Beginnen").dblclick()
    for question, answer in CLEAR.items():
        await at_picture(tab, question)
        await tab.page.reload()
        await at_picture(tab, question)
        await tab.page.get_by_role("button", name=answer, exact=True).click()
    for number, answer in enumerate(ANSWERS, 1):
        await at_question(tab, number)
        await tab.page.reload()
        await at_question(tab, number)
        await tab.page.get_by_role("button", name=answer, exact=True).dblclick()
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Klopt dit?")
    await tab.page.go_back()
    await at_question(tab, len(ANSWERS))
    await tab.page.go_forward()
    await tab.follow("Ja, dit klopt")
    await tab.page.locator("#signature").fill("Selam Haile")
    await tab.page.get_by_role("button", name="Ondertekenen").dblclick()
    await expect(tab.page.locator(".withdrawal-code")).to_be_visible()
    await tab.page.reload()
    await expect(tab.page.locator(".withdrawal-code")).to_be_visible()
    shown = await tab.page.locator("main").inner_text()
    assert all(label in shown for label in LABELS)
