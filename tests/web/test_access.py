"""The pages around a file: who presses nothing, what is decided anew, and the letter of a refusal."""

from __future__ import annotations

from datetime import timedelta

from consent_service.foundation.ids import new_id
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.cases.model import NEUTRAL_AFTER, Asked
from tests.ledger import entries
from tests.rights.access.filing import granted, ready
from tests.rights.access.test_handing_over import TWO, lose_say
from tests.scenarios.stories import told_family
from tests.shelter import OPERATOR
from tests.web.visiting import Site, words_of


async def test_the_fg_sees_how_it_stands_without_a_text_or_a_button(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    fg = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fenna"))
    case = await granted(world, told.mother)
    await world.services.access.make(world.officer, case)
    here = f"/toezicht/{world.tenant}/verzoeken/{case}/dossier"
    browser = await site.logged_in(Fg(world.tenant, fg))
    page = await browser.get(here)
    assert page.status_code == 200
    assert "Nakijken" in words_of(page)
    assert "<form method" not in page.text.partition("<main")[2].partition("</main>")[0]
    for deed in ("maken", "nakijken", "papier", "opnieuw"):
        assert (await browser.post(f"{here}/{deed}")).status_code in (403, 404)


async def test_a_lost_say_is_told_and_decided_anew_and_sent_twice_does_no_harm(site: Site) -> None:
    world = site.world
    told = await told_family(world, guardians=TWO)
    case = await granted(world, told.mother, "child", child=told.view.children[0].child)
    await ready(world, case)
    await lose_say(world, told)
    here = f"/toezicht/{world.tenant}/verzoeken/{case}/dossier"
    browser = await site.logged_in(world.officer)
    assert "Deze persoon beslist nu niet over het kind." in words_of(await browser.get(here))
    refused = await browser.post(f"{here}/papier", {"channel": "letter", "file_language": "nl"})
    assert refused.status_code == 400
    assert "Maak het opnieuw." in words_of(refused)
    for _ in range(2):
        assert (await browser.post(f"{here}/opnieuw")).status_code == 303
    page = await browser.get(here)
    assert "Er is nog geen ja op dit verzoek." in words_of(page)
    for deed in ("maken", "nakijken"):
        assert (await browser.post(f"{here}/{deed}")).status_code == 404
    for wrong in (new_id(), "geen-nummer"):
        assert (await browser.get(here.replace(case, wrong))).status_code == 404


async def test_looking_through_twice_is_once(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    case = await granted(world, told.mother)
    await world.services.access.make(world.officer, case)
    here = f"/toezicht/{world.tenant}/verzoeken/{case}/dossier"
    browser = await site.logged_in(world.officer)
    sent = {"file": (await world.services.access.view(world.officer, case)).file, "text-0": "keep"}
    for _ in range(2):
        assert (await browser.post(f"{here}/nakijken", sent)).status_code == 303
    assert "Ligt klaar" in words_of(await browser.get(here))


async def test_the_neutral_letter_is_there_from_its_day_in_two_languages(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    case = await world.services.cases.ask(told.mother, Asked("access"))
    await world.services.cases.decide(world.officer, case, "refuse", ground="not_identified")
    here = f"/toezicht/{world.tenant}/verzoeken/{case}/brief"
    browser = await site.logged_in(world.officer)
    early = words_of(await browser.get(here))
    assert "Deze brief is er vanaf 15 september 2026" in early
    assert "Autoriteit Persoonsgegevens" not in early
    await world.settle()
    world.clock.advance(NEUTRAL_AFTER + timedelta(hours=1))
    browser = await site.logged_in(world.officer)
    letter = words_of(await browser.get(here))
    assert "Dit antwoord zegt niet of wij gegevens bewaren" in letter
    assert "This answer does not say whether we keep data" in letter
    assert "Samira" not in letter


async def test_s36_looking_at_erasures_and_at_a_file_that_is_ready_is_logged(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    asked = await granted(world, told.mother, kind="erasure")
    erasure = await world.services.erasing_desk.ask(world.officer, asked, told.view.family, "requested")
    case = await granted(world, told.mother)
    await ready(world, case)
    browser = await site.logged_in(world.officer)
    for where, kind in (
        ("wissen", "log.viewed.v1"),
        (f"wissen/{erasure}", "log.viewed.v1"),
        (f"verzoeken/{case}/dossier", "case.moved.v1"),
    ):
        before = len(await entries(world, kind))
        assert (await browser.get(f"/toezicht/{world.tenant}/{where}")).status_code == 200
        assert len(await entries(world, kind)) == before + 1, where
