"""The intake by clicking: the counsellor's part, then the parent's on the tablet, then back."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.async_api import Route, expect

from consent_service.foundation.clock import SystemClock, local_date
from tests.browser.conftest import Tab

PIN = "580241"
TODAY = local_date(SystemClock().now())
LABELS = [
    "Hulp voor uw gezin",
    "Wie belt wie",
    "Wat helpt uw kind",
    "Niet op school",
    "Afspraken driegesprek",
]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def fill_day(tab: Tab, name: str, day: date) -> None:
    for part in ("day", "month", "year"):
        await tab.page.locator(f"#{name}-{part}").fill(str(getattr(day, part)))


async def choose(tab: Tab, name: str, value: str) -> None:
    """Tap the words beside the dot, as people do."""
    await tab.page.locator(f'label[for="{name}-{value}"]').click()


async def register(tab: Tab) -> None:
    await tab.follow("Gezin inschrijven")
    await tab.press("Inschrijven")
    await expect(tab.page.locator("[data-error-summary]")).to_be_focused()
    await tab.look("family-problems")
    await tab.page.locator("#guardian-0-given_names").fill("Selam")
    await tab.page.locator("#guardian-0-family_name").fill("Haile")
    await choose(tab, "guardian-0-capacity", "holder")
    await choose(tab, "guardian-0-authority_source", "register")
    await tab.press("Nog een kind")
    assert await tab.page.locator("#guardian-0-given_names").input_value() == "Selam"
    for number, name in enumerate(("Noor", "Samuel")):
        await tab.page.locator(f"#child-{number}-given_names").fill(name)
        await tab.page.locator(f"#child-{number}-family_name").fill("Haile")
        await fill_day(tab, f"child-{number}-birth_date", date(TODAY.year - 7 - number, 3, 7))
    await tab.look("family")
    await tab.press("Inschrijven")


async def assess_safety(tab: Tab) -> None:
    assert await tab.heading() == "Veiligheid"
    await choose(tab, "safety", "danger")
    await choose(tab, "secret_address", "yes")
    await choose(tab, "other_parent_at_school", "no")
    await fill_day(tab, "review_on", date(TODAY.year + 1, 1, 15))
    await tab.look("safety")
    await tab.press("Opslaan")


async def choose_school(tab: Tab) -> None:
    await tab.look("family-page-new")
    await tab.follow("School kiezen")
    await tab.page.locator("#school").fill("12ab00")
    await tab.press("Zoeken")
    await tab.look("school-found")
    await tab.follow("De Linde")
    for what in ("code", "street", "phone"):
        await choose(tab, "confirmed", what)
    await tab.page.get_by_text("Ida Intern").click()
    await tab.look("school-confirm")
    await tab.press("Ja, dit is de school")
    await tab.look("family-page-school")


async def hand_over(tab: Tab) -> None:
    await tab.follow("Tablet aan de ouder geven")
    await tab.page.locator("#pin").fill(PIN)
    await tab.page.locator("#pin_again").fill(PIN)
    await tab.look("pin")
    await tab.press("Opslaan")
    await tab.page.get_by_text("Selam Haile").click()
    await tab.page.get_by_text("Nederlands", exact=True).first.click()
    await choose(tab, "interpreter", "none")
    await tab.look("hand-over")
    await tab.press("Tablet geven")


async def come_in(tab: Tab) -> None:
    """The counsellor's whole part."""
    await register(tab)
    await assess_safety(tab)
    await choose_school(tab)
    await hand_over(tab)


async def answer(tab: Tab) -> None:
    """One question per page; a step back and the language are tried on the way."""
    await tab.look("welcome")
    await tab.begin()
    for number, label in enumerate(LABELS, 1):
        await expect(tab.page.locator(".question-label")).to_contain_text(label)
        if number == 1:
            await tab.look("question-first")
            await tab.press("Ja")
            await tab.page.go_back()
            await expect(tab.page.get_by_text("U koos eerder: Ja.")).to_be_visible()
            await tab.look("question-again")
        await tab.press("Ja" if number != 2 else "Nee")


async def test_a_family_comes_in_and_the_parent_decides(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await tab.look("families-none")
    await come_in(tab)
    await answer(tab)

    assert await tab.heading() == "Klopt dit?"
    await tab.look("check")
    await tab.follow("Veranderen Niet op school")
    await tab.press("Later")
    await tab.follow("Ja, dit klopt")
    await tab.press("Ondertekenen")
    await tab.look("sign-problem")
    await tab.page.get_by_text("Ik kan of wil niet typen").click()
    await tab.look("sign-witness")
    await tab.page.locator("#signature").fill("Selam Haile")
    await tab.press("Ondertekenen")

    code = await tab.page.locator(".withdrawal-code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", code)
    await tab.look("receipt")
    await tab.page.reload()
    await expect(tab.page.locator(".withdrawal-code")).to_have_text(code)
    await tab.follow("Alleen de code op papier")
    await tab.look("receipt-neutral")
    await tab.follow("Terug")
    await tab.follow("Klaar")
    await tab.look("done")
    await tab.page.go_back()
    await expect(tab.page.get_by_text(code)).to_have_count(0)
    await tab.follow("Ik ben de begeleider")
    await tab.page.locator("#pin").fill("000001")
    await tab.press("Terugnemen")
    await tab.look("take-back-wrong")
    await tab.page.locator("#pin").fill(PIN)
    await tab.press("Terugnemen")
    await expect(tab.page.get_by_role("status")).to_contain_text("De tablet is weer van u.")
    await tab.look("family-page-answered")


async def test_not_now_in_another_language_and_the_quick_exit_leave_nothing_behind(tab: Tab) -> None:
    await tab.log_in("Bo Begeleider")
    await come_in(tab)
    await tab.page.locator(".languages-large").get_by_role("button", name="English").click()
    await expect(tab.page.locator("html")).to_have_attribute("lang", "en")
    await tab.look("welcome-english")
    await tab.page.locator("main form button.button-primary").click()
    await tab.look("question-english")
    await tab.page.locator("main .button-quiet").click()
    await tab.look("stopped-english")
    left: list[str] = []

    async def keep_away(route: Route) -> None:
        if route.request.url.startswith(tab.origin):
            await route.continue_()
            return
        left.append(route.request.url)
        await route.fulfill(body="<p>weather</p>", content_type="text/html")

    await tab.page.route("**/*", keep_away)
    await tab.page.locator("[data-quick-exit]").click()
    await expect(tab.page.get_by_text("weather")).to_be_visible()
    assert left

    await tab.page.go_back()
    await expect(tab.page.get_by_text("Selam")).to_have_count(0)
    await tab.page.goto(f"{tab.origin}/intake")
    await expect(tab.page.get_by_text("Selam")).to_have_count(0)
