"""A tablet passes from the counsellor to a family, back, and to another: Back and reload show nobody's past.

Every page with a form at a lent tablet is left in each of these ways. What is looked for are the names of a
family, the words of the counsellor's page, and the code on the receipt.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from playwright.async_api import Error, expect

from tests.browser.conftest import Tab
from tests.browser.test_intake import LABELS, PIN, TODAY, assess_safety, choose, fill_day

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FIRST, SECOND = "Haile", "Tesfay"
OF_FIRST = ("Selam", "Noor", FIRST)
OWN_PAGES = ("/intake/eigen-pagina", "/intake/mijn-keuzes", "/intake/wie-keek-mee")
OF_COUNSELLOR = ("Bo Begeleider", "Uitloggen", "School kiezen")


async def register(tab: Tab, family: str, guardian: str, child: str) -> None:
    """A family with one child at school, safe; ends on its page."""
    await tab.page.goto(f"{tab.origin}/")
    await tab.follow("Gezin inschrijven")
    await tab.page.locator("#guardian-0-given_names").fill(guardian)
    await tab.page.locator("#guardian-0-family_name").fill(family)
    await choose(tab, "guardian-0-capacity", "holder")
    await choose(tab, "guardian-0-authority_source", "register")
    await tab.page.locator("#child-0-given_names").fill(child)
    await tab.page.locator("#child-0-family_name").fill(family)
    await fill_day(tab, "child-0-birth_date", date(TODAY.year - 7, 3, 7))
    await tab.press("Inschrijven")
    await assess_safety(tab)
    await tab.follow("School kiezen")
    await tab.page.locator("#school").fill("12ab00")
    await tab.press("Zoeken")
    await tab.follow("De Linde")
    for what in ("code", "street", "phone"):
        await choose(tab, "confirmed", what)
    await tab.page.get_by_text("Ida Intern").click()
    await tab.press("Ja, dit is de school")


async def hand_over(tab: Tab, guardian: str, *, with_pin: bool) -> None:
    await tab.follow("Tablet aan de ouder geven")
    if with_pin:
        await tab.page.locator("#pin").fill(PIN)
        await tab.page.locator("#pin_again").fill(PIN)
        await tab.press("Opslaan")
    await tab.page.get_by_text(guardian).first.click()
    await tab.page.get_by_text("Nederlands", exact=True).first.click()
    await choose(tab, "interpreter", "none")
    await tab.press("Tablet geven")


async def take_back(tab: Tab) -> None:
    await tab.page.goto(f"{tab.origin}/tablet-terug")
    await tab.page.locator("#pin").fill(PIN)
    await tab.press("Terugnemen")
    await expect(tab.page.get_by_role("status")).to_contain_text("De tablet is weer van u.")


async def shows_none_of(tab: Tab, words: tuple[str, ...], where: str) -> None:
    """Neither on the screen, nor in the title, nor in what is filled in, nor in the source."""
    await tab.page.wait_for_load_state()
    await expect(tab.page.locator("html")).to_be_visible()
    said = await tab.page.content() + await tab.page.title()
    filled = await tab.page.locator("input, textarea").evaluate_all("all => all.map(one => one.value)")
    for word in words:
        assert word not in said, (where, word)
        assert word not in " ".join(filled), (where, word)


async def walk_back(tab: Tab, words: tuple[str, ...], where: str, *, steps: int) -> None:
    """Back, as often as somebody would press it, and forward again."""
    for step in range(steps):
        await _turn(tab.page.go_back)
        await shows_none_of(tab, words, f"{where}, {step + 1} back")
    for step in range(steps):
        await _turn(tab.page.go_forward)
        await shows_none_of(tab, words, f"{where}, {step + 1} forward")


async def _turn(page: Callable[[], Awaitable[object]]) -> None:
    """A page that was the answer to a form is not kept: the browser says so and asks for it no more."""
    try:
        await page()
    except Error as gone:
        if "ERR_CACHE_MISS" not in gone.message:
            raise


async def forms_of_first(tab: Tab, code: list[str]) -> None:
    """The first parent walks through every page with a form; on each, Back and reload show no counsellor."""
    await shows_none_of(tab, OF_COUNSELLOR, "welcome")
    await walk_back(tab, OF_COUNSELLOR, "welcome", steps=3)
    await tab.page.goto(f"{tab.origin}/intake")
    await tab.begin()
    for number, label in enumerate(LABELS, 1):
        await expect(tab.page.locator(".question-label")).to_contain_text(label)
        await tab.page.reload()
        await shows_none_of(tab, OF_COUNSELLOR, f"question {number}")
        await tab.press("Ja")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Klopt dit?")
    await tab.page.reload()
    await shows_none_of(tab, OF_COUNSELLOR, "check")
    await tab.follow("Ja, dit klopt")
    await tab.page.locator("#signature").fill("Selam Haile")
    await walk_back(tab, OF_COUNSELLOR, "sign", steps=2)
    await tab.page.locator("#signature").fill("Selam Haile")
    await tab.press("Ondertekenen")
    code.append(await tab.page.locator(".withdrawal-code").inner_text())
    for path in (*OWN_PAGES, "/tablet-terug"):
        await tab.page.goto(f"{tab.origin}{path}")
        await tab.page.reload()
        await shows_none_of(tab, OF_COUNSELLOR, path)


async def test_nobody_sees_with_back_or_reload_who_held_the_tablet_before(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await register(tab, FIRST, "Selam", "Noor")
    for words in (OF_FIRST, OF_COUNSELLOR):
        with pytest.raises(AssertionError):
            await shows_none_of(tab, words, "the counsellor's own page, where they stand")
    await hand_over(tab, "Selam", with_pin=True)
    code: list[str] = []
    await forms_of_first(tab, code)

    await take_back(tab)
    await walk_back(tab, tuple(code), "taken back", steps=6)
    await register(tab, SECOND, "Marta", "Abel")
    await hand_over(tab, "Marta", with_pin=False)
    before = (*OF_FIRST, *code, *OF_COUNSELLOR)
    await shows_none_of(tab, before, "the second family")
    await walk_back(tab, before, "the second family", steps=8)
    for path in (
        "/intake",
        "/intake/eigen-pagina",
        "/intake/mijn-keuzes",
        "/intake/wie-keek-mee",
        "/tablet-terug",
    ):
        await tab.page.goto(f"{tab.origin}{path}")
        await tab.page.reload()
        await shows_none_of(tab, before, path)
    await take_back(tab)
