"""What the desk is for: an officer answers a parent, a court, the authority, in at most ten clicks each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from consent_service.demo.running import running
from consent_service.demo.state import make, settings_of
from consent_service.foundation.clock import SystemClock, local_date
from consent_service.foundation.settings import load_settings
from consent_service.web.serving import any_free_port
from tests.browser.conftest import Tab

MOST: int = 10
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[str]:
    """The demo with its three families."""
    base = load_settings({"HOME": str(tmp_path)})
    settings = settings_of(tmp_path / "demo", base, port=any_free_port())
    settings.state_dir.mkdir()
    made = await make(settings.state_dir, settings, SystemClock())
    async with running(settings, made.shelter, SystemClock(), provider_port=any_free_port()) as demo:
        yield demo.address


class Counted:
    """Clicks on the desk, counted; typing and choosing from a list are no clicks."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.clicks = 0

    async def on(self, target: Locator) -> None:
        self.clicks += 1
        assert self.clicks <= MOST, "more clicks than an officer has time for"
        await target.first.click()

    async def link(self, words: str, *, exact: bool = False) -> None:
        await self.on(self.tab.page.get_by_role("link", name=words, exact=exact))

    async def button(self, words: str) -> None:
        await self.on(self.tab.page.get_by_role("button", name=words, exact=True))

    async def radio(self, name: str, value: str) -> None:
        await self.on(self.tab.page.locator(f'label[for="{name}-{value}"]'))


async def fill_day(tab: Tab, name: str, days_ago: int) -> None:
    day = local_date(SystemClock().now()) - timedelta(days=days_ago)
    for part, value in (("day", day.day), ("month", day.month), ("year", day.year)):
        await tab.page.locator(f"#{name}-{part}").fill(str(value))


async def ask_for_the_file(tab: Tab) -> None:
    """The counsellor passes on what the mother asks."""
    await tab.log_in("Bo Begeleider")
    await tab.follow("Samira Voorbeeld")
    await tab.follow("Een vraag over eigen gegevens")
    await tab.page.locator("#case_requester").select_option(label="Samira Voorbeeld")
    await tab.page.locator("#about").select_option("everybody")
    await tab.page.locator('label[for="case_kind-access"]').click()
    await tab.page.locator('label[for="case_channel-conversation"]').click()
    await tab.press("Doorgeven")
    await tab.press("Uitloggen")


async def test_prove_to_the_authority_that_an_entry_is_unaltered(tab: Tab) -> None:
    await tab.log_in("Puk Privacy")
    await tab.look("desk")
    clicks = Counted(tab)
    await clicks.link("Logboek", exact=True)
    await clicks.on(tab.page.locator("main a", has_text="Informatie"))
    await expect(tab.page.get_by_text("Bewezen: deze regel staat in het logboek.")).to_be_visible()
    async with tab.page.expect_download() as proof:
        await clicks.link("Bewijs downloaden")
    assert (await proof.value).suggested_filename.endswith(".tlog-proof")


async def test_who_saw_the_data_of_this_child_last_month(tab: Tab) -> None:
    await tab.log_in("Puk Privacy")
    clicks = Counted(tab)
    await clicks.link("Logboek", exact=True)
    await clicks.link("Vragen en steekproef")
    await clicks.on(tab.page.locator("main a.link-list-row"))
    await tab.page.locator("#case").fill("Z-2026-014")
    await tab.page.locator("#purpose").select_option(index=1)
    await tab.page.locator("#names").fill("Noor Voorbeeld")
    today = local_date(SystemClock().now())
    born = today.replace(year=today.year - 7, day=1) - timedelta(days=40)
    for part, value in (("day", born.day), ("month", born.month), ("year", born.year)):
        await tab.page.locator(f"#birth_date-{part}").fill(str(value))
    await clicks.button("Zoeken")
    await tab.look("who-saw-choose")
    await clicks.button("Afgelopen maand")
    await expect(tab.page.get_by_text("Ida Intern").first).to_be_visible()
    await tab.look("who-saw")


async def test_give_the_mother_her_file(tab: Tab) -> None:
    await ask_for_the_file(tab)
    await tab.log_in("Puk Privacy")
    clicks = Counted(tab)
    await clicks.link("Verzoeken", exact=True)
    await clicks.link("Alles zien wat er over mij staat")
    await tab.look("case")
    await clicks.radio("case_outcome", "grant")
    await clicks.button("Besluit vastleggen")
    await clicks.link("Uitvoeren", exact=True)
    await tab.look("file-none")
    await clicks.on(tab.page.locator("main form button[type=submit]"))
    await tab.look("file-made")
    for choice in await tab.page.locator("main select[name^=text-]").all():
        await choice.select_option(index=1)
    await clicks.button("Klaarleggen")
    await expect(tab.page.get_by_text("Ligt klaar").first).to_be_visible()
    await tab.look("file-ready")


async def test_a_tablet_was_stolen_yesterday_who_is_affected(tab: Tab) -> None:
    await tab.log_in("Puk Privacy")
    clicks = Counted(tab)
    await clicks.link("Datalekken", exact=True)
    await clicks.on(tab.page.locator("main a.button"))
    await clicks.radio("breach_kind", "lost_or_stolen_device")
    await fill_day(tab, "discovered", 0)
    await tab.page.locator("#discovered_time").fill("00:01")
    await fill_day(tab, "happened_from", 1)
    await fill_day(tab, "happened_until", 0)
    await tab.page.locator("#nature").fill("Tablet gestolen uit het kantoor.")
    await clicks.button("Opschrijven")
    await tab.look("breach")
    await clicks.link("Vraag het logboek")
    await clicks.radio("question", "tablet")
    who = await tab.page.locator("#seen_by option", has_text="Bo Begeleider").get_attribute("value")
    await tab.page.locator("#seen_by").select_option(value=who)
    await fill_day(tab, "seen_from", 1)
    await fill_day(tab, "seen_until", 0)
    await clicks.button("Nakijken")
    await tab.look("breach-affected")
