"""Stopping is never more work than saying yes (AVG 7(3)): taps counted on the tablet and on the own page.

A tap is a finger (or mouse button) that goes down on the page; every one of them is counted by the
browser itself. The own page is opened on a telephone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Tab
from tests.browser.test_intake import LABELS, choose, come_in
from tests.browser.test_intake import PIN as COUNSELLORS_PIN

PIN = "135792"
COUNT = "document.addEventListener('pointerdown', () => window.tapped(), true);"
PHONE = (390, 844)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Taps:
    """How often the page was touched."""

    def __init__(self) -> None:
        self.number = 0

    async def begin(self, tab: Tab) -> None:
        async def tapped(_source: object) -> None:
            self.number += 1

        await tab.page.expose_binding("tapped", tapped)
        await tab.page.add_init_script(COUNT)
        await tab.page.reload()

    def restart(self) -> None:
        self.number = 0


@asynccontextmanager
async def telephone(tab: Tab) -> AsyncIterator[Tab]:
    """The parent's own telephone: another browser, at home."""
    browser = tab.page.context.browser
    assert browser is not None
    context = await browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, is_mobile=True, locale="nl-NL"
    )
    page = await context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    yield Tab(page, tab.origin, tab.photographs, tab.complaints, "phone", tab.taken)
    await context.close()


async def say_yes_on_the_tablet(tab: Tab, taps: Taps) -> int:
    """From the first page to the signature; the questions about other types are not counted."""
    taps.restart()
    await tab.begin()
    for _ in LABELS:
        await tab.press("Ja")
    await tab.follow("Ja, dit klopt")
    await tab.page.locator("#signature").fill("Selam Haile")
    await tab.press("Ondertekenen")
    await expect(tab.page.locator(".withdrawal-code")).to_be_visible()
    return taps.number - (len(LABELS) - 1)


async def hand_over_again(tab: Tab) -> None:
    """The next conversation begins where the first one began."""
    await tab.follow("Ik ben de begeleider")
    await tab.page.locator("#pin").fill(COUNSELLORS_PIN)
    await tab.press("Terugnemen")
    await tab.follow("Tablet aan de ouder geven")
    await tab.page.get_by_text("Selam Haile").click()
    await tab.page.get_by_text("Nederlands", exact=True).first.click()
    await choose(tab, "interpreter", "none")
    await tab.press("Tablet geven")
    await tab.look("welcome-again")


async def stop_on_the_tablet(tab: Tab, taps: Taps) -> int:
    """From the same first page until it has stopped."""
    taps.restart()
    await tab.follow("Mijn keuzes")
    await tab.look("tablet-own-choices")
    await tab.page.locator("label", has_text="Wat helpt uw kind").first.click()
    await tab.press("Stop wat ik aanvinkte")
    await expect(tab.page.get_by_role("status")).to_contain_text("ingetrokken")
    return taps.number


async def choose_pin(tab: Tab) -> None:
    await tab.follow("Klaar")
    await tab.look("done-own-page")
    await tab.follow("Uw eigen pagina")
    await tab.look("choose-pin")
    await tab.page.locator("#pin").fill(PIN)
    await tab.page.locator("#pin_again").fill(PIN)
    await tab.press("Pincode bewaren")
    await expect(tab.page.get_by_role("status")).to_contain_text("De eigen pagina is klaar")


async def open_own_page(phone: Tab, code: str) -> None:
    await phone.page.goto(f"{phone.origin}/mijn-pagina")
    await phone.look("code")
    await phone.page.locator("#code").fill(code)
    await phone.press("Verder")
    await phone.page.locator("#digits").fill("246813")
    await phone.press("Open mijn pagina")
    await phone.look("digits-wrong")
    await phone.page.locator("#digits").fill(PIN)
    await phone.press("Open mijn pagina")
    await expect(phone.page.get_by_role("heading", level=1)).to_have_text("Wat de school nu weet")
    await phone.look("own-page")


async def stop_on_the_own_page(phone: Tab, taps: Taps) -> int:
    taps.restart()
    line = phone.page.locator(".own-line", has_text="Wat helpt uw kind").first
    await line.get_by_role("button", name="Stop").click()
    await expect(phone.page.get_by_role("status")).to_contain_text("Het is gestopt.")
    await phone.look("own-page-stopped")
    return taps.number


async def say_yes_on_the_own_page(phone: Tab, taps: Taps) -> int:
    """The list of what is not shared is open or takes a tap of its own, which is counted."""
    taps.restart()
    rest = phone.page.locator("details.own-rest").first
    if await rest.get_attribute("open") is None:
        await rest.locator("summary").first.click()
    line = phone.page.locator(".own-line", has_text="Wat helpt uw kind").first
    await line.get_by_role("button", name="Veranderen").click()
    await phone.look("own-question")
    await phone.press("Ja")
    await expect(phone.page.get_by_role("status")).to_contain_text("Uw keuze is bewaard.")
    return taps.number


async def test_stopping_takes_no_more_taps_than_saying_yes(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    taps = Taps()
    await taps.begin(tab)
    given_on_tablet = await say_yes_on_the_tablet(tab, taps)
    code = await tab.page.locator(".withdrawal-code").inner_text()
    await choose_pin(tab)

    async with telephone(tab) as phone:
        await open_own_page(phone, code)
        on_phone = Taps()
        await on_phone.begin(phone)
        stopped_on_page = await stop_on_the_own_page(phone, on_phone)
        given_on_page = await say_yes_on_the_own_page(phone, on_phone)
        await phone.follow("Wie keek mee?")
        await phone.look("who-looked")
        await phone.page.set_viewport_size({"width": 800, "height": 1280})
        await phone.page.goto(f"{phone.origin}/mijn-pagina/keuzes")
        await phone.look("own-page-on-a-tablet")

    assert 1 <= stopped_on_page <= given_on_page
    await hand_over_again(tab)
    stopped_on_tablet = await stop_on_the_tablet(tab, taps)
    assert 1 <= stopped_on_tablet <= given_on_tablet
