"""What somebody asked is carried out at the desk; what was entered wrongly is told and kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent_service.foundation.ids import StaffId
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.release.model import Refused, Released
from consent_service.rights.cases.model import Asked, CaseKind
from consent_service.rights.erasure_model import Wanted
from tests.ledger import entries
from tests.rights.forgetting import decided, second_coordinator
from tests.scenarios.stories import Told, ask, told_family
from tests.shelter import OPERATOR
from tests.web.visiting import Browser, Site, words_of

WORDS = "Dat van maandag klopt niet."


async def asked(site: Site, kind: CaseKind, *, grant: bool = True) -> tuple[Told, Browser, str]:
    """A school that read something, a request, and the coordinator at her desk."""
    world = site.world
    home = await told_family(world)
    assert isinstance(await ask(world, home.relationship), Released)
    world.clock.advance(timedelta(minutes=1))
    case = await world.services.cases.ask(home.mother, Asked(kind, words=WORDS))
    if grant:
        await world.services.cases.decide(world.officer, case, "grant")
    path = f"/toezicht/{world.tenant}/verzoeken/{case}/uitvoeren"
    return home, await site.logged_in(world.officer), path


async def test_art_18_what_is_restricted_stops_and_is_lifted_after_it_was_told(site: Site) -> None:
    home, desk, path = await asked(site, "restriction")
    page = words_of(await desk.get(path))
    assert WORDS in page
    assert "AVG 18" in page
    child = home.view.children[0].child
    wrong = await desk.post(f"{path}/beperken", {"type": "horoscope"})
    assert (wrong.status_code, "Kijk dit nog even na" in wrong.text) == (400, True)
    form = {"place": f"{child}:{home.relationship}", "type": "support_advice", "ground": "contested"}
    assert (await desk.post(f"{path}/beperken", form)).status_code == 303
    assert (await desk.post(f"{path}/beperken", form)).status_code == 400, "twice does it once"
    assert isinstance(await ask(site.world, home.relationship), Refused)
    (one,) = await site.world.services.restrictions.overview(site.world.officer)
    listed, at = f"/toezicht/{site.world.tenant}/beperkingen", one.restriction
    early = await desk.post(f"{listed}/{at}/opheffen")
    assert (early.status_code, "Vertel eerst" in early.text) == (400, True)
    assert (await desk.post(f"{listed}/{at}/verteld")).status_code == 400
    assert (await desk.post(f"{listed}/{at}/verteld", {"channel": "letter"})).status_code == 303
    assert (await desk.post(f"{listed}/{at}/opheffen")).status_code == 303
    assert "Opgeheven" in words_of(await desk.get(listed))
    assert isinstance(await ask(site.world, home.relationship), Released)


async def test_art_21_an_objection_is_quiet_until_it_is_weighed(site: Site) -> None:
    home, desk, path = await asked(site, "objection", grant=False)
    assert isinstance(await ask(site.world, home.relationship), Refused)
    page = words_of(await desk.get(path))
    assert "Wordt niet gedeeld" in page
    assert "AVG 21" in page
    (case,) = [one.case for one in await site.world.services.cases.overview(site.world.officer)]
    await site.world.services.cases.decide(site.world.officer, case, "grant")
    assert "toegewezen" in words_of(await desk.get(path))


async def test_art_16_what_is_wrong_is_put_right_and_the_school_that_read_it_hears(site: Site) -> None:
    home, desk, path = await asked(site, "rectification")
    assert "Noor, De Linde, Wat helpt uw kind" in words_of(await desk.get(path)).replace("⁨", "").replace(
        "⁩", ""
    )
    assert (await desk.post(f"{path}/rechtzetten")).status_code == 400
    form = {"wrong": f"{home.relationship}:support_advice"}
    assert (await desk.post(f"{path}/rechtzetten", form)).status_code == 303
    page = words_of(await desk.get(path))
    assert "Wordt rechtgezet" in page
    assert "Geen antwoord" in page
    (notice,) = await site.world.services.recalls.notices(site.world.contact)
    await site.world.services.recalls.answer(site.world.contact, notice.recall, "done")
    assert "Weggehaald" in words_of(await desk.get(path))
    recalls = words_of(await desk.get(f"/toezicht/{site.world.tenant}/teruggeroepen"))
    assert "Klopte niet" in recalls
    assert (await desk.get(f"{path}/beperken")).status_code == 200


@pytest.mark.parametrize("kind", ["access", "portability"])
async def test_what_is_carried_out_elsewhere_has_no_page_here(site: Site, kind: CaseKind) -> None:
    _, desk, path = await asked(site, kind)
    assert (await desk.get(path)).status_code == 404


async def test_who_is_erased_must_be_chosen_from_the_request(site: Site) -> None:
    home, desk, path = await asked(site, "erasure")
    page = words_of(await desk.get(path))
    assert "Kind: Noor" in page
    assert "Het hele gezin" in page
    for form in ({}, {"subject": home.relationship, "ground": "requested"}):
        answer = await desk.post(f"{path}/wissen", form)
        assert (answer.status_code, "Kijk dit nog even na" in answer.text) == (400, True)
    person = {"subject": home.mother.guardian, "ground": "requested"}
    answer = await desk.post(f"{path}/wissen", person)
    assert (answer.status_code, "nog gedeeld" in answer.text) == (400, True)


async def test_who_approves_reads_the_given_name_and_that_is_an_entry(site: Site) -> None:
    """Nobody can stand behind a number; the FG, and whoever looks later, sees the number."""
    home, _, path = await asked(site, "erasure")
    world, case = site.world, path.split("/")[-2]
    child = home.view.children[0].child
    erasure = await world.services.erasing_desk.ask(world.officer, case, child, "requested")
    second = await site.logged_in(await second_coordinator(world))
    before = len(await entries(world, "case.moved.v1"))
    here = f"/toezicht/{world.tenant}/wissen/{erasure}"
    assert "Noor" in words_of(await second.get(here))
    assert len(await entries(world, "case.moved.v1")) == before + 1
    assert "Noor" not in words_of(await second.get(f"/toezicht/{world.tenant}/wissen"))
    added = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fenna"))
    watching = await site.logged_in(Fg(world.tenant, added))
    assert "Noor" not in words_of(await watching.get(here))
    await world.services.cases.reopen(world.officer, case)
    assert "Noor" not in words_of(await second.get(here))


async def test_the_fg_sees_how_far_it_is_and_has_nothing_to_press(site: Site) -> None:
    world = site.world
    home = await told_family(world)
    await ask(world, home.relationship)
    world.clock.advance(timedelta(minutes=1))
    child = Wanted("child", home.view.children[0].child, "unlawful")
    erasure = await decided(world, child)
    member = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fem Fg"))
    fg = await site.logged_in(Fg(world.tenant, StaffId(member)))
    where = f"/toezicht/{world.tenant}/wissen/{erasure}"
    for state in ("Goedgekeurd", "Gewist"):
        page = await fg.get(where)
        assert state in words_of(page)
        assert f'action="{where}' not in page.text
        if state == "Goedgekeurd":
            await world.services.erasures.execute(world.officer, erasure)
    assert (await fg.get(f"/toezicht/{world.tenant}/beperkingen")).status_code == 200
    assert "Wat helpt uw kind" in words_of(await fg.get(where))


async def test_who_asked_takes_it_back_and_another_can_refuse(site: Site) -> None:
    world, desk = site.world, await site.logged_in(site.world.officer)
    home = await told_family(world)
    second = await second_coordinator(world)
    for actor, words in ((world.officer, "Trek in"), (second, "Niet doen")):
        erasure = await world.services.erasures.ask(
            world.officer, Wanted("family", home.view.family, "requested")
        )
        browser = desk if actor == world.officer else await site.logged_in(actor)
        where = f"/toezicht/{world.tenant}/wissen/{erasure}"
        assert words in words_of(await browser.get(where))
        assert (await browser.post(f"{where}/niet-doen")).status_code == 303
        assert "Gaat niet door" in words_of(await desk.get(where))
        assert (await browser.post(f"{where}/goedkeuren")).status_code == 409


async def test_approving_and_carrying_out_ask_for_a_fresh_proof(site: Site) -> None:
    world = site.world
    home = await told_family(world)
    erasure = await world.services.erasures.ask(
        world.officer, Wanted("family", home.view.family, "requested")
    )
    browser = await site.logged_in(await second_coordinator(world))
    world.clock.advance(timedelta(minutes=site.settings.step_up_minutes))
    for _ in range(3):
        world.clock.advance(timedelta(minutes=site.settings.session_idle_minutes - 1))
        await browser.get(f"/toezicht/{world.tenant}/wissen")
    answer = await browser.post(f"/toezicht/{world.tenant}/wissen/{erasure}/goedkeuren")
    (one,) = await world.services.erasures.overview(world.officer)
    assert (answer.status_code, one.state) == (401, "asked")
