"""The school's, the officer's and the stopping parent's part by clicking, in front of the demo's families."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from consent_service.demo.running import running
from consent_service.demo.state import make, settings_of
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.settings import load_settings
from consent_service.web.serving import any_free_port
from tests.browser.conftest import Tab

HELPS = "Even alleen kunnen zitten als het druk wordt."

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def paper_code() -> list[str]:
    """The code on the first mother's receipt, once the demo is made."""
    return []


@pytest.fixture
async def origin(tmp_path: Path, paper_code: list[str]) -> AsyncIterator[str]:
    """The demo with its three families."""
    base = load_settings({"HOME": str(tmp_path)})
    settings = settings_of(tmp_path / "demo", base, port=any_free_port())
    settings.state_dir.mkdir()
    made = await make(settings.state_dir, settings, SystemClock())
    assert made.paper is not None
    paper_code.append(made.paper.code)
    async with running(settings, made.shelter, SystemClock(), provider_port=any_free_port()) as demo:
        yield demo.address


async def test_a_school_contact_asks_and_writes(tab: Tab) -> None:
    await tab.log_in("Ida Intern")
    assert await tab.heading() == "Kinderen van wie ik contactpersoon ben"
    await tab.look("school-children")
    await tab.page.locator("a.link-list-row", has_text="Noor Voorbeeld").first.click()
    await tab.look("school-child")
    assert HELPS not in await tab.page.content()
    await tab.press("Steun in de klas")
    await expect(tab.page.get_by_text(HELPS)).to_be_visible()
    await expect(tab.page.get_by_text("Geef dit niet aan de andere ouder.")).to_be_visible()
    await tab.look("school-released")
    await tab.press("Verhuizing of nieuwe school")
    assert HELPS not in await tab.page.content()
    await expect(tab.page.get_by_text("Niet beschikbaar.").first).to_be_visible()
    await tab.look("school-refused")
    await _write(tab)


async def _write(tab: Tab) -> None:
    await tab.follow("Hoe het gaat op school")
    await tab.press("Delen")
    await expect(tab.page.locator("[data-error-summary]")).to_be_focused()
    await tab.look("school-write-problems")
    for part, value in (("day", "1"), ("month", "9"), ("year", "2026")):
        await tab.page.locator(f"#field-date-{part}").fill(value)
    for field in ("area", "change"):
        await tab.page.locator(f'input[name="field-{field}"]').first.locator("..").click()
    await tab.page.locator("textarea").first.fill("Zij speelt elke dag mee.")
    await tab.look("school-write")
    await tab.press("Delen")
    await expect(tab.page.get_by_text("Dit staat klaar voor de hulporganisatie.")).to_be_visible()
    await tab.follow("Wat ik opschreef")
    await expect(tab.page.get_by_role("rowheader", name="Hoe het gaat op school")).to_be_visible()
    await tab.look("school-written")


async def test_an_officer_filters_reads_and_verifies(tab: Tab) -> None:
    await tab.log_in("Puk Privacy")
    assert await tab.heading() == "Bureau"
    await tab.look("officer-desk")
    await tab.page.get_by_role("link", name="Logboek", exact=True).click()
    await expect(tab.page.get_by_role("heading", level=1, name="Logboek")).to_be_visible()
    await tab.look("officer-trail")
    await tab.page.get_by_text("Zoeken", exact=True).click()
    await tab.page.locator("#decision").select_option("refused")
    await tab.page.locator("#organisation").select_option(label="De Linde")
    await tab.page.locator("#basis").select_option("public_task")
    await tab.press("Tonen")
    await tab.look("officer-searched")
    assert "?" not in tab.page.url
    await tab.page.get_by_role("link", name="Informatie geweigerd").first.click()
    await expect(tab.page.get_by_text("Bewezen: deze regel staat in het logboek.")).to_be_visible()
    await tab.look("officer-entry")
    async with tab.page.expect_download() as proof:
        await tab.follow("Bewijs downloaden")
    assert (await proof.value).suggested_filename.endswith(".tlog-proof")
    await tab.follow("Logboek")
    await _keep_the_head(tab)
    await tab.follow("Logboek")
    await tab.press("Nu controleren")
    await expect(tab.page.get_by_text("Het logboek klopt.")).to_be_visible()
    await tab.look("officer-verified")
    await tab.page.goto(tab.page.url.replace("/controle", "/taken"))
    await tab.look("officer-tasks")
    await tab.press("Klaar")
    await expect(tab.page.get_by_text("De taak is klaar.")).to_be_visible()


async def _keep_the_head(tab: Tab) -> None:
    """Keep it, come back when the log has grown by that alone, and find the growth proved."""
    await tab.follow("Zelf nagaan")
    await expect(tab.page.get_by_text("Hier is nog geen stand bewaard.")).to_be_visible()
    await tab.look("officer-head-none")
    async with tab.page.expect_download() as file:
        await tab.press("Stand van nu bewaren")
    assert (await file.value).suggested_filename.startswith("ruggensteun-stand-")
    await expect(tab.page.get_by_text("De stand is bewaard.")).to_be_visible()
    await tab.look("officer-head-kept")
    grown = tab.page.get_by_text("Het logboek is alleen gegroeid.")
    while not await grown.is_visible():
        await tab.press("Nog een keer nagaan")
        await expect(tab.page.locator("[data-state=same], [data-state=grown]")).to_have_count(1)
    await tab.look("officer-head-grown")


async def test_a_parent_stops_with_the_code_on_the_paper(tab: Tab, paper_code: list[str]) -> None:
    await tab.page.goto(tab.origin)
    await tab.follow("Stoppen met delen")
    await tab.page.locator("#code").fill("7K3M-9QXA")
    await tab.press("Verder")
    await expect(tab.page.locator("[data-error-summary]")).to_be_focused()
    await tab.look("stop-wrong-code")
    await tab.page.locator("#code").fill(paper_code[0].lower())
    await tab.press("Verder")
    await tab.look("stop-choose")
    for told in ("Noor", "Wat helpt uw kind", "Kind 1"):
        assert told not in await tab.page.content()
    await tab.press("Alles stoppen")
    assert await tab.heading() == "Het is gestopt"
    await tab.look("stopped")
    await tab.follow("Snel weg")
