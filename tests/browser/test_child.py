"""A child by clicking: thirteen decides along, seven points at faces and says it in its own words."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Tab
from tests.browser.test_intake import PIN, TODAY, assess_safety, choose, fill_day

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def register(tab: Tab, name: str, years: int) -> None:
    """A family with one child of this age, safe, at school."""
    await tab.log_in("Bo Begeleider")
    await tab.follow("Gezin inschrijven")
    await tab.page.locator("#guardian-0-given_names").fill("Selam")
    await tab.page.locator("#guardian-0-family_name").fill("Haile")
    await choose(tab, "guardian-0-capacity", "holder")
    await choose(tab, "guardian-0-authority_source", "register")
    await tab.page.locator("#child-0-given_names").fill(name)
    await tab.page.locator("#child-0-family_name").fill("Haile")
    await fill_day(tab, "child-0-birth_date", date(TODAY.year - years, 1, 1))
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


async def give_tablet(tab: Tab) -> None:
    """The counsellor chooses a PIN on the way."""
    await tab.follow("De stem van het kind")
    await tab.look("voice")
    await tab.page.get_by_text("Nederlands", exact=True).first.click()
    await choose(tab, "interpreter", "none")
    await tab.press("Tablet aan het kind geven")
    await tab.page.locator("#pin").fill(PIN)
    await tab.page.locator("#pin_again").fill(PIN)
    await tab.press("Opslaan")
    await tab.follow("Terug")
    await tab.follow("De stem van het kind")
    await tab.page.get_by_text("Nederlands", exact=True).first.click()
    await choose(tab, "interpreter", "telephone")
    await tab.press("Tablet aan het kind geven")
    await tab.look("voice-problem")
    await choose(tab, "interpreter_fit", "yes")
    await choose(tab, "read_aloud", "yes")
    await tab.press("Tablet aan het kind geven")


async def take_back(tab: Tab) -> None:
    await tab.follow("Ik ben de begeleider")
    await tab.page.locator("#pin").fill(PIN)
    await tab.press("Terugnemen")
    await expect(tab.page.get_by_role("status")).to_contain_text("De tablet is weer van u.")


async def test_a_child_of_thirteen_decides(tab: Tab) -> None:
    await register(tab, "Noor", 13)
    await give_tablet(tab)
    assert await tab.heading() == "Wat mag de school over jou weten?"
    await tab.look("welcome")
    await tab.begin()
    for number in range(1, 6):
        if number in (1, 3):
            await tab.look(f"question-{number}")
            sizes = [await button.bounding_box() for button in await tab.page.locator(".choice").all()]
            assert len({(round(box["width"]), round(box["height"])) for box in sizes if box}) == 1
        await tab.press("Nee" if number == 2 else "Ja")
    await tab.look("check")
    await tab.follow("Ja, dit klopt")
    await tab.look("sign")
    await tab.page.locator("#signature").fill("Noor")
    await tab.press("Ondertekenen")
    await tab.look("receipt")
    await tab.follow("Klaar")
    await tab.look("done")
    await take_back(tab)


async def test_a_child_of_seven_is_heard(tab: Tab) -> None:
    await register(tab, "Sem", 7)
    await give_tablet(tab)
    assert await tab.heading() == "Wat vind jij, Sem?"
    await tab.look("faces")
    await tab.press("Klaar")
    await expect(tab.page.locator("[data-error-summary]")).to_be_focused()
    for key, face in (("shelter_involvement", "yes"), ("support_advice", "no"), ("contact_persons", "so_so")):
        await choose(tab, f"face-{key}", face)
    await tab.page.locator("#words").fill("Mijn konijn heet Stamppot. Ik wil naast Ali zitten.")
    await tab.look("faces-chosen")
    await tab.press("Klaar")
    await tab.look("thanks")
    await take_back(tab)
    await tab.follow("De stem van het kind")
    await expect(tab.page.get_by_text("Mijn konijn heet Stamppot.")).to_be_visible()
    await tab.look("voice-heard")


async def test_somebody_may_tell_it_herself(tab: Tab) -> None:
    await register(tab, "Noor", 17)
    await give_tablet(tab)
    await tab.press("Ik vertel het zelf")
    assert await tab.heading() == "Jij vertelt het zelf"
    await tab.look("talking-points")
