"""The officers' pages on texts: the exact words, what rests on them, and one deliberate step to stop it."""

from __future__ import annotations

import re
from datetime import date

from consent_service.audit.events import PupilDisowned
from consent_service.consent.tables import consent_ledger
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import Fg, by
from consent_service.organisations.model import NewStaff
from tests.ledger import rows
from tests.scenarios.stories import told_family
from tests.shelter import OPERATOR, World, furnish
from tests.web.visiting import Browser, Site, words_of

SUPPORT = TypeKey("support_advice")
NAMES = ("Noor", "Samira", "Voorbeeld", "Bo Begeleider", "De Linde")


def texts_of(world: World) -> str:
    return f"/toezicht/{world.tenant}/teksten"


def address(world: World, language: str = "nl") -> str:
    return f"{texts_of(world)}/{world.services.texts.of_type(language, SUPPORT).hash}"


async def fg_of(site: Site) -> Browser:
    staff = await site.world.services.organisations.add_staff(
        OPERATOR, site.world.tenant, NewStaff("fg", "Fenna Gegevens")
    )
    return await site.logged_in(Fg(site.world.tenant, staff))


async def test_a_faulty_text_is_found_by_its_words_and_taken_out_of_use_and_back(site: Site) -> None:
    await told_family(site.world)
    officer, here = await site.logged_in(site.world.officer), address(site.world)
    listed = words_of(await officer.get(texts_of(site.world)))
    assert "Wat helpt uw kind Nederlands 1 Concept 1" in listed
    page = await officer.get(here)
    assert "Mogen de school en wij delen wat uw kind helpt?" in words_of(page)
    assert f'href="{here}/fout"' in page.text

    sure = await officer.get(f"{here}/fout")
    assert "Antwoorden die meteen niet meer tellen: 1." in words_of(sure)
    assert await rows(site.world, consent_ledger, kind="suspended") == []
    done = await officer.post(f"{here}/fout")
    after = await officer.get(done.headers["location"])
    assert "De tekst is uit gebruik." in words_of(after)
    assert "Gepauzeerde antwoorden: 1." in words_of(after)
    assert "/fout" not in after.text
    assert len(await rows(site.world, consent_ledger, kind="suspended")) == 1
    assert "Uit gebruik 0 (1 gepauzeerd)" in words_of(await officer.get(texts_of(site.world)))

    again = await officer.post(f"{here}/fout")
    assert again.status_code == 409
    back = await officer.post(f"{here}/goed")
    assert "De tekst is weer in gebruik." in words_of(await officer.get(back.headers["location"]))
    assert len(await rows(site.world, consent_ledger, kind="resumed")) == 1
    assert (await officer.post(f"{here}/goed")).status_code == 409


async def test_the_fg_sees_the_same_and_has_nothing_to_press(site: Site) -> None:
    await told_family(site.world)
    fg, here = await fg_of(site), address(site.world)
    page = await fg.get(here)
    assert page.status_code == 200
    assert "Mogen de school en wij delen wat uw kind helpt?" in words_of(page)
    assert not re.search(r"/(fout|goed)\"", page.text)
    for answer in (
        await fg.get(f"{here}/fout"),
        await fg.post(f"{here}/fout"),
        await fg.post(f"{here}/goed"),
    ):
        assert answer.status_code == 403
    assert await rows(site.world, consent_ledger, kind="suspended") == []


async def test_the_pages_name_nobody_and_show_arabic_from_right_to_left(site: Site) -> None:
    await told_family(site.world)
    officer = await site.logged_in(site.world.officer)
    pages = [await officer.get(texts_of(site.world)), await officer.get(address(site.world, "ar"))]
    for page in pages:
        assert page.status_code == 200
        for name in NAMES:
            assert name not in page.text
    assert 'lang="ar" dir="auto"' in pages[1].text


async def test_another_shelters_answers_are_not_counted_and_an_unknown_text_is_not_there(site: Site) -> None:
    await told_family(site.world)
    elsewhere = await furnish(site.world.services, site.world.clock, "Opvang Noord")
    stranger = await site.logged_in(elsewhere.officer)
    assert (await stranger.get(texts_of(site.world))).status_code == 404
    assert "nog op geen enkele tekst antwoord" in words_of(await stranger.get(texts_of(elsewhere)))
    assert (await stranger.get(f"{texts_of(elsewhere)}/{'0' * 64}")).status_code == 404
    assert (await stranger.get(f"{texts_of(elsewhere)}/niets")).status_code == 404


async def test_a_task_names_the_type_and_the_day_to_whoever_does_it(site: Site) -> None:
    told = await told_family(site.world)
    site.world.clock.set(local_midnight(date(2027, 7, 2)))
    await site.world.services.calendar.run(site.world.tenant, site.world.clock.now())
    event = PupilDisowned(told.relationship, site.world.contact.staff)
    async with site.world.services.installation.database.transaction() as conn:
        await site.world.services.log.append(
            conn, tenant=site.world.tenant, event=event, by=by(site.world.contact), subject=None
        )
    await site.world.settle()

    counsellor = await site.logged_in(site.world.counsellor)
    listed = words_of(await counsellor.get(f"/opvang/{site.world.tenant}/taken"))
    assert "Een toestemming loopt bijna af. Vraag opnieuw als dat nodig is. Wat helpt uw kind" in listed
    assert "uiterlijk 1 augustus 2027" in listed
    officer = await site.logged_in(site.world.officer)
    assert "Beoordeel of dit een datalek is." in words_of(
        await officer.get(f"/toezicht/{site.world.tenant}/taken")
    )
