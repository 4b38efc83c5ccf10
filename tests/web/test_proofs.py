"""The pages on which somebody who is logged in proves more, and the acts that ask for it."""

from __future__ import annotations

from datetime import timedelta

from consent_service.identity.model import Fg, PrivacyCoordinator
from tests.web.visiting import Browser, Site, words_of

ONE_FACTOR = "urn:level:password"


async def officer(site: Site, level: str) -> tuple[Browser, str]:
    world = site.world
    actor = PrivacyCoordinator(world.tenant, world.officer.staff)
    return await site.logged_in(actor, level=level), f"/toezicht/{world.tenant}"


async def test_an_officer_with_one_factor_gets_no_further_than_the_second_step(site: Site) -> None:
    browser, home = await officer(site, ONE_FACTOR)
    for path in (home, f"{home}/taken", f"{home}/spelregels"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/tweede-stap")
    assert (await browser.post(f"{home}/zoeken", {"person": "x"})).headers["location"] == "/tweede-stap"
    assert (await browser.get("/")).headers["location"] == "/tweede-stap"
    page = await browser.get("/tweede-stap")
    assert page.status_code == 200
    assert "tweede bewijs" in words_of(page)
    session = await site.world.services.identity.actor_for(browser.token)
    assert session is not None
    assert session.proves_for == f"{home}/spelregels"
    elsewhere = await browser.get(f"/toezicht/{'0' * 8}-0000-7000-8000-000000000000")
    assert elsewhere.status_code == 404


async def test_a_counsellor_who_is_an_officer_works_on_and_is_both_with_a_second_factor(site: Site) -> None:
    world = site.world
    both = (world.counsellor, Fg(world.tenant, world.officer.staff))
    browser = await site.logged_in(*both, level=ONE_FACTOR)
    assert (await browser.get(f"/opvang/{world.tenant}")).status_code == 200
    assert (await browser.get(f"/toezicht/{world.tenant}")).headers["location"] == "/tweede-stap"
    browser = await site.logged_in(*both)
    assert (await browser.get(f"/opvang/{world.tenant}")).status_code == 200
    assert (await browser.get(f"/toezicht/{world.tenant}")).status_code == 200


async def test_what_weighs_much_asks_who_it_is_before_the_form_and_takes_a_form_that_lay_there(
    site: Site,
) -> None:
    world, browser = site.world, await site.logged_in(site.world.officer)
    proposal = f"/toezicht/{world.tenant}/spelregels/voorstellen/{world.tenant}"
    world.clock.advance(timedelta(minutes=14))
    assert (await browser.get("/opnieuw-inloggen")).status_code == 200
    assert (await browser.post(f"{proposal}/invoeren")).status_code != 303
    for _ in range(2):
        world.clock.advance(timedelta(minutes=10))
        assert (await browser.get("/opnieuw-inloggen")).status_code == 200
    for act in ("invoeren", "goedkeuren"):
        answer = await browser.post(f"{proposal}/{act}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/opnieuw-inloggen")
    entry = f"/toezicht/{world.tenant}/regels/{world.tenant}"
    assert (await browser.post(f"{entry}/vrijgeven")).headers["location"] == "/opnieuw-inloggen"
    session = await world.services.identity.actor_for(browser.token)
    assert session is not None
    assert session.proves_for == entry
    page = await browser.get("/opnieuw-inloggen")
    assert "nog niet gedaan" in words_of(page)


async def test_without_a_provider_or_with_a_wrong_passkey_the_page_says_what_to_do(site: Site) -> None:
    browser, _ = await officer(site, ONE_FACTOR)
    assert (await browser.post("/tweede-stap")).status_code == 404
    wrong = await browser.post("/tweede-stap", {"passkey": "{}"})
    assert wrong.status_code == 400
    assert "toegangssleutel" in words_of(wrong)
