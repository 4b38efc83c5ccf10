"""The acts of the play before and after the driegesprek."""

from __future__ import annotations

from datetime import date

from playwright.async_api import expect

from consent_service.demo.shelter import LINDE
from consent_service.foundation.clock import local_date
from tests.browser.conftest import Tab
from tests.browser.guidance.stage import Stage, choose, fill_day, look_again_until, status

PIN = "580241"
COUNSELLOR, CONTACT, MOTHER = "bo@werk.example", "ida@werk.example", "s.veilig@mail.example"
TYPES = 5
ORGANISATION = "Hulporganisatie"
"""The neutral name of the shelter: all that a school ever reads of it."""


async def log_in(stage: Stage, who: str, name: str) -> Tab:
    tab = await stage.tab_of(who)
    await tab.log_in(name)
    return tab


async def enter_work_address(tab: Tab, address: str) -> None:
    """Messages at once instead of once a day."""
    await tab.follow("Berichten")
    await tab.page.locator("#work_address").fill(address)
    await tab.page.locator("#mail_language").select_option("nl")
    digest = tab.page.locator('input[name="digest"]')
    if await digest.is_checked():
        await digest.locator("..").click()
    await tab.look("inbox-settings")
    await tab.press("Opslaan")
    await expect(tab.page.get_by_text("Er is een adres bekend.")).to_be_visible()


async def come_in(tab: Tab, today: date) -> None:
    """Intake: the family, its safety, the school, and the tablet goes to the mother."""
    await tab.page.goto(tab.origin)
    await tab.follow("Gezin inschrijven")
    await tab.page.locator("#guardian-0-given_names").fill("Selam")
    await tab.page.locator("#guardian-0-family_name").fill("Haile")
    await choose(tab, "guardian-0-capacity", "holder")
    await choose(tab, "guardian-0-authority_source", "register")
    await tab.page.locator("#child-0-given_names").fill("Noor")
    await tab.page.locator("#child-0-family_name").fill("Haile")
    await fill_day(tab, "child-0-birth_date", date(today.year - 8, 3, 7))
    await tab.press("Inschrijven")
    await choose(tab, "safety", "danger")
    await choose(tab, "secret_address", "yes")
    await choose(tab, "other_parent_at_school", "no")
    await fill_day(tab, "review_on", date(today.year + 1, 1, 15))
    await tab.press("Opslaan")
    await tab.follow("School kiezen")
    await tab.page.locator("#school").fill("12ab00")
    await tab.press("Zoeken")
    await tab.follow("De Linde")
    for what in ("code", "street", "phone"):
        await choose(tab, "confirmed", what)
    await tab.page.get_by_text("Ida Intern").click()
    await tab.press("Ja, dit is de school")


async def decide(tab: Tab) -> str:
    """The mother says yes five times, signs, and has her six digits sent to an address only she reads."""
    await tab.follow("Tablet aan de ouder geven")
    await tab.page.locator("#pin").fill(PIN)
    await tab.page.locator("#pin_again").fill(PIN)
    await tab.press("Opslaan")
    await tab.page.get_by_text("Selam Haile").click()
    await tab.page.get_by_text("Nederlands", exact=True).first.click()
    await choose(tab, "interpreter", "none")
    await tab.press("Tablet geven")
    await tab.begin()
    for _ in range(TYPES):
        await tab.press("Ja")
    await tab.follow("Ja, dit klopt")
    await tab.page.locator("#signature").fill("Selam Haile")
    await tab.press("Ondertekenen")
    code = await tab.page.locator(".withdrawal-code").inner_text()
    await tab.follow("Klaar")
    await tab.follow("Uw eigen pagina")
    await tab.page.get_by_text("Liever zes cijfers per e-mail").click()
    await tab.page.locator("#address-mail").fill(MOTHER)
    await tab.page.locator('label[for="only_mine-mail"]').click()
    await tab.look("own-page-by-mail")
    await tab.press("Dit bewaren")
    await tab.look("own-page-chosen")
    return code


async def take_back(tab: Tab) -> None:
    await tab.follow("Ik ben de begeleider")
    await tab.page.locator("#pin").fill(PIN)
    await tab.press("Terugnemen")
    await status(tab, "De tablet is weer van u.")


async def open_own_page(stage: Stage, tab: Tab) -> None:
    """With the code and the digits that come by mail."""
    before = len(stage.postbox.envelopes)
    await tab.page.goto(f"{stage.origin}/mijn-pagina")
    await tab.page.locator("#code").fill(stage.code)
    await tab.press("Verder")
    await expect(tab.page.locator("#digits")).to_be_visible()
    await stage.mails(MOTHER, _of_mother(stage, before) + 1)
    await tab.page.locator("#digits").fill(stage.digits())
    await tab.press("Open mijn pagina")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Wat de school nu weet")


async def first_contact(stage: Stage) -> None:
    """The school learns of nothing until the counsellor confirmed which school it is, and it the pupil."""
    contact = await log_in(stage, "contact", "Ida Intern")
    assert "Noor" not in await contact.page.content()
    counsellor = await log_in(stage, "counsellor", "Bo Begeleider")
    await counsellor.follow("Haile")
    await counsellor.follow("Eerste contact")
    await counsellor.press("Verstuur het eerste contact")
    await expect(counsellor.page.locator("[data-error-summary]")).to_be_focused()
    for name, words in (("establishment_code", "12AB00"), ("street", LINDE.street), ("phone", LINDE.phone)):
        await counsellor.page.locator(f"#{name}").fill(words)
    await counsellor.look("first-contact")
    await counsellor.press("Verstuur het eerste contact")
    await counsellor.look("first-contact-sent")
    await stage.mails(CONTACT, 1)
    await contact.page.reload()
    assert ORGANISATION not in await contact.page.content()
    await contact.look("waiting-child")
    await contact.follow("Is dit uw leerling?")
    assert ORGANISATION not in await contact.page.content()
    await choose(contact, "pupil", "yes")
    await contact.look("confirm-pupil")
    await contact.press("Bevestigen")
    await _read_who_helps(contact)
    await counsellor.page.reload()
    await expect(counsellor.page.get_by_text("Gelezen wie er helpt")).to_be_visible()
    await counsellor.look("first-contact-read")


async def _read_who_helps(contact: Tab) -> None:
    await expect(contact.page.get_by_text(ORGANISATION).first).to_be_visible()
    await contact.look("who-helps")
    await contact.press("Ik heb dit gelezen")
    for item in ("parent_app", "photos", "gate"):
        await choose(contact, "items", item)
    await contact.press("Bewaren")
    await contact.look("first-day")


async def report_absence(stage: Stage) -> None:
    """The school says that she was not there; the shelter reads it."""
    contact = await log_in(stage, "contact", "Ida Intern")
    await contact.look("school-children")
    await contact.follow("Noor Haile")
    await contact.follow("Niet op school")
    await contact.press("Delen")
    await expect(contact.page.locator("[data-error-summary]")).to_be_focused()
    await contact.look("absence-problems")
    await fill_day(contact, "field-date", local_date(stage.clock.now()))
    for field, value in (("part_of_day", "morning"), ("kind", "presumed_unauthorised")):
        await choose(contact, f"field-{field}", value)
    await contact.look("absence")
    await contact.press("Delen")
    await expect(contact.page.get_by_text("Dit staat klaar voor de hulporganisatie.")).to_be_visible()
    counsellor = await log_in(stage, "counsellor", "Bo Begeleider")
    await counsellor.follow("Haile")
    await counsellor.follow("Wat de school deelde")
    await counsellor.look("from-school")


async def stop_one(stage: Stage, label: str) -> None:
    """The mother takes one yes back, on her own page."""
    mother = await stage.tab_of("mother")
    await open_own_page(stage, mother)
    line = mother.page.locator(".own-line", has_text=label).first
    await line.get_by_role("button", name="Stop").click()
    await status(mother, "Het is gestopt.")
    await mother.look("stopped-one")


async def plan_the_end(stage: Stage, day: date) -> None:
    counsellor = await log_in(stage, "counsellor", "Bo Begeleider")
    await counsellor.follow("Haile")
    await counsellor.follow("Afronden")
    await counsellor.press("Plan het einde")
    await expect(counsellor.page.locator("[data-error-summary]")).to_be_focused()
    await counsellor.look("end-problems")
    await choose(counsellor, "planned_reason", "moved_out")
    await fill_day(counsellor, "ends_on", day)
    await choose(counsellor, "other_holder", "only_holder")
    await counsellor.look("end")
    await counsellor.press("Plan het einde")
    await counsellor.look("end-planned")


async def nothing_is_left(stage: Stage) -> None:
    """The school finds no child any more, and the old address answers as if there never was one."""
    contact = await log_in(stage, "contact", "Ida Intern")

    async def gone() -> bool:
        return "Noor" not in await contact.page.content()

    await look_again_until(contact, gone)
    await contact.look("school-after-move-out")


def _of_mother(stage: Stage, number: int) -> int:
    return sum(MOTHER in envelope.rcpt_tos for envelope in stage.postbox.envelopes[:number])
