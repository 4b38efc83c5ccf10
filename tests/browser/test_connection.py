"""The connection is lost at every step of the conversation: the page stays, says so, and goes on."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Tab
from tests.browser.test_intake import LABELS, come_in

LOST = "Geen verbinding. Uw keuze is nog niet bewaard."

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def cut(tab: Tab, *, away: bool) -> None:
    await tab.page.context.set_offline(away)


def button(tab: Tab, words: str, *, link: bool = False) -> Locator:
    return tab.page.locator("main").get_by_role("link" if link else "button", name=words, exact=True)


async def without(tab: Tab, words: str, *, link: bool = False) -> None:
    """Press this with the network cut: the page stays, and says so."""
    before = tab.page.url
    await expect(button(tab, words, link=link)).to_be_visible()
    await cut(tab, away=True)
    await button(tab, words, link=link).click()
    await expect(tab.page.get_by_role("status").get_by_text(LOST)).to_be_visible()
    assert tab.page.url == before
    await cut(tab, away=False)


def forget_cut(tab: Tab) -> None:
    """A browser tells of every request that failed; those were ours."""
    tab.complaints[:] = [one for one in tab.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


async def test_every_step_waits_for_the_connection_and_loses_nothing(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    await without(tab, "Beginnen")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Mag u nee zeggen?")
    await without(tab, "Ja, altijd")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Wat ziet de school?")
    await without(tab, "Overslaan", link=True)
    for number, label in enumerate(LABELS):
        await expect(tab.page.locator(".question-label")).to_contain_text(label)
        if number:
            await tab.press("Ja")
            continue
        await cut(tab, away=True)
        await button(tab, "Nee").click()
        await expect(tab.page.get_by_text(LOST)).to_be_visible()
        await expect(tab.page.locator("[data-steady-chosen]")).to_have_text("Nee")
        await tab.page.get_by_role("button", name="Ja", exact=True).dispatch_event("click")
        await tab.look("connection-lost")
        await cut(tab, away=False)
        await tab.page.get_by_role("button", name="Nu opnieuw proberen").dispatch_event("click")
    await without(tab, "Ja, dit klopt", link=True)
    await tab.page.locator("#signature").fill("Selam Haile")
    await without(tab, "Ondertekenen")
    await expect(tab.page.locator(".withdrawal-code")).to_be_visible()

    answers = await tab.page.locator("main .tag").all_inner_texts()
    assert [one.strip() for one in answers] == ["Nee", "Ja", "Ja", "Ja", "Ja"], "the first choice was kept"
    forget_cut(tab)


async def test_not_now_works_while_a_yes_waits_and_nothing_counts(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    await tab.begin()
    await cut(tab, away=True)
    await button(tab, "Ja").click()
    await expect(tab.page.get_by_text(LOST)).to_be_visible()
    await button(tab, "Nu niet. Ik wil stoppen.").click()
    await cut(tab, away=False)
    await expect(tab.page.get_by_text("Er is niets gedeeld.")).to_be_visible()
    forget_cut(tab)


async def test_an_answer_that_arrived_while_its_reply_was_lost_is_not_taken_twice(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    await tab.begin()
    sent = 0

    async def lose_the_reply(route: Route) -> None:
        nonlocal sent
        if route.request.method != "POST":
            await route.continue_()
            return
        sent += 1
        if sent > 1:
            await route.continue_()
            return
        await route.fetch(max_redirects=0)
        await route.abort("connectionreset")

    await tab.page.route("**/vraag/*", lose_the_reply)
    await tab.press("Nee")
    await expect(tab.page.locator(".question-label")).to_contain_text(LABELS[1])
    await tab.page.unroute("**/vraag/*")
    assert sent == 2
    await tab.page.go_back()
    await expect(tab.page.get_by_text("U koos eerder: Nee.")).to_be_visible()
    tab.complaints[:] = [one for one in tab.complaints if "ERR_CONNECTION_RESET" not in one]
