"""A screen that locked itself shows nothing, opens with the PIN where it was, and still lets people stop."""

from __future__ import annotations

from datetime import timedelta

from tests.web.visiting import COOKIE, PIN, Browser, Site

LOCKED = "/vergrendeld"
AWAY = timedelta(minutes=2)
LONG_AWAY = timedelta(minutes=10)


async def _counsellor(site: Site) -> Browser:
    browser = await site.logged_in(site.world.counsellor)
    session = await site.world.services.identity.actor_for(browser.token)
    assert session is not None
    await site.world.services.identity.set_pin(session, PIN)
    return browser


async def test_a_counsellors_page_says_when_it_locks_and_then_shows_nothing(site: Site) -> None:
    view = await site.world.family(family_name="Verlaten")
    here = f"/opvang/{site.world.tenant}/gezinnen/{view.family}"
    browser = await _counsellor(site)
    page = await browser.get(here)
    assert "Verlaten" in page.text
    assert 'data-lock-after="120"' in page.text
    site.world.clock.advance(AWAY)
    answer = await browser.get(here)
    assert (answer.status_code, answer.headers["location"]) == (303, LOCKED)
    locked = await browser.get(LOCKED)
    assert locked.status_code == 200
    assert "Verlaten" not in locked.text
    assert "data-lock-after" not in locked.text
    assert "gezinnen" not in locked.text  # where it was is known to the service only
    assert "Uitloggen" not in locked.text  # nor whose screen it is

    wrong = await browser.post(LOCKED, {"pin": "593710"})
    assert wrong.status_code == 400
    assert "pincode" in wrong.text.lower()
    nonsense = await browser.post(LOCKED, {"pin": "", "then": "iets"})
    assert nonsense.status_code == 400
    opened = await browser.post(LOCKED, {"pin": PIN})
    assert (opened.status_code, opened.headers["location"]) == (303, here)
    browser.token = opened.cookies[COOKIE]
    assert "Verlaten" in (await browser.get(here)).text


async def test_a_sitting_goes_on_at_the_same_question(site: Site) -> None:
    view = await site.world.family()
    await site.world.at_school(view.children[0].child)
    tablet = await site.with_tablet(view)
    start = await tablet.get("/intake")
    assert 'data-lock-after="600"' in start.text
    asked = await tablet.post("/vergrendel", {"back": "/intake/mijn-keuzes"})
    assert (asked.status_code, asked.headers["location"]) == (303, LOCKED)
    for path in ("/intake", "/intake/mijn-keuzes", "/tablet-terug", "/"):
        answer = await tablet.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, LOCKED), path
    page = await tablet.get(LOCKED)
    assert "Snel weg" in page.text
    opened = await tablet.post(LOCKED, {"pin": PIN, "then": "verder"})
    assert (opened.status_code, opened.headers["location"]) == (303, "/intake/mijn-keuzes")
    assert (await tablet.get("/intake")).status_code == 401  # the old token is worth nothing


async def test_the_counsellor_takes_a_locked_tablet_back(site: Site) -> None:
    view = await site.world.family()
    tablet = await site.with_tablet(view)
    site.world.clock.advance(LONG_AWAY)
    await tablet.get(LOCKED)  # asking for it is what finds out
    taken = await tablet.post(LOCKED, {"pin": PIN, "then": "terugnemen"})
    home = f"/opvang/{site.world.tenant}/gezinnen/{view.family}"
    assert taken.status_code == 303
    assert taken.headers["location"].startswith(home)


async def test_typing_keeps_a_screen_open_that_is_open_and_opens_none(site: Site) -> None:
    browser = await _counsellor(site)
    here = f"/opvang/{site.world.tenant}"
    for _ in range(4):
        site.world.clock.advance(AWAY - timedelta(seconds=10))
        assert (await browser.get("/nog-bezig")).status_code == 204
    assert (await browser.get(here)).status_code == 200
    site.world.clock.advance(AWAY)
    assert (await browser.get("/nog-bezig")).status_code == 401
    assert (await browser.get(here)).headers["location"] == LOCKED
    assert (await site.anyone().get("/nog-bezig")).status_code == 401


async def test_without_a_pin_or_a_session_there_is_another_way_on(site: Site) -> None:
    browser = await site.logged_in(site.world.counsellor)
    assert (await browser.get(LOCKED)).headers["location"] == "/"  # nothing is locked
    assert (await browser.post(LOCKED)).headers["location"] == "/"
    await browser.post("/vergrendel", {"back": "/opvang/x"})
    locked = await browser.get(LOCKED)
    assert "geen pincode" in locked.text
    assert 'href="/inloggen"' in locked.text
    assert any("uitgeleend" in one for one in locked.headers.get_list("set-cookie"))
    nobody = await site.anyone().post("/vergrendel", {"back": "/opvang/x"})
    assert (nobody.status_code, nobody.headers["location"]) == (303, "/inloggen")


async def test_an_officers_screen_is_not_locked_and_a_forged_form_locks_nothing(site: Site) -> None:
    officer = await site.logged_in(site.world.officer)
    page = await officer.get(f"/toezicht/{site.world.tenant}")
    assert "data-lock-after" not in page.text
    answer = await officer.post("/vergrendel", {"back": "/"})
    assert answer.headers["location"] == "/"
    counsellor = await _counsellor(site)
    assert (await counsellor.send("POST", "/vergrendel", {"back": "/"})).status_code == 400
    assert (await counsellor.get(f"/opvang/{site.world.tenant}")).status_code == 200


async def test_too_many_wrong_pins_end_the_session_with_a_way_on(site: Site) -> None:
    browser = await _counsellor(site)
    site.world.clock.advance(AWAY)
    await browser.get(LOCKED)
    for _ in range(5):
        answer = await browser.post(LOCKED, {"pin": "593710"})
    assert answer.status_code == 401
    assert "Log opnieuw in" in answer.text


async def test_what_stops_the_sharing_is_taken_from_a_locked_screen_too(site: Site) -> None:
    """She read the page for eleven minutes before she pressed."""
    view = await site.world.family()
    await site.world.at_school(view.children[0].child)
    await site.world.intake(site.world.guardian(view), {"shelter_involvement": "yes"})
    tablet = await site.with_tablet(view)
    assert (await tablet.get("/intake/mijn-keuzes")).status_code == 200
    site.world.clock.advance(LONG_AWAY)
    stopped = await tablet.post("/intake/mijn-keuzes", {"all": "yes"})
    assert stopped.status_code == 303
    assert stopped.headers["location"] != LOCKED
    assert any(type(event).__name__ == "ConsentWithdrawn" for event in await site.events())
    assert (await tablet.get("/intake/mijn-keuzes")).headers["location"] == LOCKED


async def test_a_stop_is_taken_from_a_locked_tablet_and_shows_nothing(site: Site) -> None:
    view = await site.world.family()
    child = view.children[0]
    await site.world.at_school(child.child)
    await site.world.intake(site.world.guardian(view), {"shelter_involvement": "yes"})
    tablet = await site.with_tablet(view)
    site.world.clock.advance(LONG_AWAY)
    for form in ({}, {"types": "x:y"}):
        answer = await tablet.post("/intake/mijn-keuzes", form)
        assert (answer.status_code, answer.headers["location"]) == (303, LOCKED), form
    for path in (LOCKED, "/intake/mijn-keuzes", "/uitloggen"):
        forged = await tablet.post(path, {"csrf": "x" * 43, "pin": PIN})
        assert forged.status_code == 400, path
        assert child.identity.given_names not in forged.text


async def test_a_child_at_a_locked_tablet_is_told_that_it_is_locked(site: Site) -> None:
    view = await site.world.family()
    await site.world.at_school(view.children[0].child)
    tablet = await site.with_tablet(view)
    await tablet.post("/vergrendel", {"back": "/kind/nl/none"})
    answer = await tablet.get("/kind/nl/none")
    assert (answer.status_code, answer.headers["location"]) == (303, LOCKED)
