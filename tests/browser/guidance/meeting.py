"""The driegesprek: proposed, prepared, planned, held, agreed, remarked on; and one that is called off."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.async_api import expect

from tests.browser.conftest import Tab
from tests.browser.guidance.acts import CONTACT, MOTHER, log_in, open_own_page
from tests.browser.guidance.secrecy import calendars
from tests.browser.guidance.stage import Stage, choose, fill_day, wait_until

AGENDA = "Waarom Noor dinsdag niet kwam."
AGREED = "Noor belt zelf als zij later is."
REMARK = "Ik breng haar voortaan zelf."


async def propose_and_plan(stage: Stage, day: date, *, invited: int) -> None:
    """Because of the absence; mother and contact are invited by mail, with a file for their calendar."""
    tab = await log_in(stage, "counsellor", "Bo Begeleider")
    await tab.follow("Haile")
    await tab.follow("Driegesprekken")
    await choose(tab, "trigger", "absence")
    await tab.page.locator('input[name="meeting_about"]').first.locator("..").click()
    await tab.look("meeting-propose")
    await tab.press("Gesprek voorstellen")
    await _prepare(tab)
    await _plan(tab, day)
    for address in (CONTACT, MOTHER):
        await _has_files(stage, address, invited)


async def _prepare(tab: Tab) -> None:
    await tab.press("Bewaren")
    await expect(tab.page.locator("[data-error-summary]")).to_be_focused()
    await tab.page.locator("#agenda").fill(AGENDA)
    for group in ("guardians", "school_contacts"):
        await tab.page.locator(f'input[name="{group}"]').first.locator("..").click()
    await choose(tab, "meeting_place", "school")
    await tab.look("meeting-prepare")
    await tab.press("Bewaren")


async def _plan(tab: Tab, day: date) -> None:
    await fill_day(tab, "meeting_day", day - timedelta(days=365))
    await tab.page.locator("#time").fill("14:30")
    await tab.press("Vastzetten en uitnodigen")
    await expect(tab.page.locator("[data-error-summary]")).to_be_focused()
    await tab.look("meeting-in-the-past")
    await fill_day(tab, "meeting_day", day)
    await tab.press("Vastzetten en uitnodigen")
    if await tab.page.locator('input[name="seen"]').count():
        await tab.look("meeting-warnings")
        for tick in await tab.page.locator('input[name="seen"]').all():
            await tab.page.locator(f'label[for="{await tick.get_attribute("id")}"]').click()
        await tab.press("Vastzetten en uitnodigen")
    await expect(tab.page.get_by_role("heading", name="Verplaatsen")).to_be_visible()
    await tab.look("meeting-planned")


async def hold_and_agree(stage: Stage, due_on: date) -> None:
    tab = await log_in(stage, "counsellor", "Bo Begeleider")
    await _open(tab)
    await tab.press("Het gesprek is geweest")
    await tab.page.locator("#words_1").fill(AGREED)
    await choose(tab, "owner_1", "parents")
    await fill_day(tab, "due_on_1", due_on)
    await tab.look("meeting-agreements")
    await tab.press("Afspraken vastleggen")
    await tab.press("Met de school delen")
    await tab.press("De ouders hebben een kopie")
    await tab.look("meeting-copied")


async def read_at_school(stage: Stage, *, there: bool) -> None:
    """The contact asks for the purpose of the meeting."""
    contact = await log_in(stage, "contact", "Ida Intern")
    await contact.follow("Noor Haile")
    meeting = contact.page.get_by_role("button", name="Een driegesprek", exact=True)
    if await meeting.count():
        await meeting.click()
    assert (AGREED in await contact.page.content()) is there
    assert AGENDA not in await contact.page.content()
    await contact.look("school-agreements" if there else "school-without")


async def remark(stage: Stage) -> None:
    """The mother reads her copy and says something about it."""
    mother = await stage.tab_of("mother")
    await open_own_page(stage, mother)
    await mother.look("own-page")
    await mother.follow("Gesprekken")
    await expect(mother.page.get_by_text(AGREED)).to_be_visible()
    await mother.page.locator("#remark-1").fill(REMARK)
    await mother.look("own-meeting")
    await mother.press("Bewaren")
    await expect(mother.page.get_by_text(REMARK)).to_be_visible()
    counsellor = await log_in(stage, "counsellor", "Bo Begeleider")
    await _open(counsellor)
    await expect(counsellor.page.get_by_text(REMARK)).to_be_visible()


async def is_called_off(stage: Stage, *, files: int) -> None:
    """Who was invited hears that it is off, and the file takes it out of the calendar."""
    for address in (CONTACT, MOTHER):
        await _has_files(stage, address, files)
        assert "METHOD:CANCEL" in calendars(stage.postbox, address)[-1]


async def _has_files(stage: Stage, address: str, number: int) -> None:
    await wait_until(lambda: len(calendars(stage.postbox, address)) >= number)


async def _open(tab: Tab) -> None:
    await tab.follow("Haile")
    await tab.follow("Driegesprekken")
    await tab.page.locator("a.link-list-row").first.click()
