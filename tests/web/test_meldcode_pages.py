"""S28 over the whole application: the five steps, forged forms, and that no school ever gets any of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import httpx
import pytest
from sqlalchemy import select

from consent_service.audit.events import ExitPermitted, MeldcodeMoved, StatutoryTextRead
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RecordId
from consent_service.process.emergencies.model import CODES, LEGAL_STEPS, Meldcode, StepText
from consent_service.process.notices.tables import notices
from consent_service.web.meldcode import routes
from tests.scenarios.stories import everything_stored
from tests.web.visiting import Browser, Site, names_in, words_of

FORGED: Mapping[str, str | list[str]] = {
    "recipient": "school",
    "to": "12AB00",
    "school": "De Linde",
    "relationship": "r1",
    "contacts": ["s1", "s2"],
    "school_contacts": "s1",
    "email": "directie@delinde.example",
    "address": "directie@delinde.example",
    "code": "school",
}
"""What somebody who wants a report to go to a school would add to a form."""


def at(site: Site, view: FamilyView, *parts: str) -> str:
    return "/".join((f"/opvang/{site.world.tenant}/gezinnen/{view.family}/meldcode", *parts))


def when(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def step(act: str, choice: str = "") -> dict[str, str]:
    chosen = choice or CODES.get(act, ("",))[0]
    return {"act": act, "step_what": f"Wat: {act}", "step_why": f"Waarom: {act}", "step_choice": chosen}


async def first_step(
    site: Site, counsellor: Browser, view: FamilyView, **other: str | list[str]
) -> httpx.Response:
    """Step 1 as the page sends it."""
    page = await counsellor.get(at(site, view))
    token = page.text.split('name="step" value="')[1].split('"')[0]
    form: dict[str, str | list[str]] = {
        "step": token,
        "meldcode_child": view.children[0].child,
        "openness": "open",
        **step("map_signals"),
        **other,
    }
    return await counsellor.post(at(site, view), form)


async def walk_of(site: Site, view: FamilyView) -> Meldcode:
    (one,) = await site.world.services.meldcodes.of_family(site.world.counsellor, view.family)
    return one


async def begun(site: Site, view: FamilyView) -> RecordId:
    world = site.world
    text = StepText(what="Wat wij zagen.", why="Daarom.")
    return await world.services.meldcodes.begin(world.counsellor, view.family, view.children[0].child, text)


async def test_the_five_steps_lead_to_a_file_for_veilig_thuis(site: Site) -> None:
    view = await site.world.family()
    counsellor = await site.logged_in(site.world.counsellor)
    begun_at = await first_step(site, counsellor, view)
    one = begun_at.headers["location"].partition("?")[0]
    for act in LEGAL_STEPS[1:]:
        page = await counsellor.get(one)
        assert f'name="act" value="{act}"' in page.text
        assert ("Het afwegingskader in vijf vragen" in page.text) == (act == "weigh")
        assert (await counsellor.post(f"{one}/stap", step(act))).status_code == 303
    page = await counsellor.get(one)
    assert "Voor wie Veilig Thuis" in words_of(page)
    fields = {"csrf", "back", "postpone_why", *when("open_again_on", date.min)}
    assert set(names_in(page.text)) <= fields
    file = await counsellor.post(f"{one}/formulier")
    assert file.headers["content-disposition"] == f'attachment; filename="{routes.FILE_NAME}"'
    assert file.headers["cache-control"] == "no-store"
    assert file.text.index("Wat: map_signals") < file.text.index("Wat: decide_help")
    assert (await counsellor.get(f"{one}/formulier")).status_code == 303
    assert (await counsellor.post(f"{one}/afsluiten")).status_code == 303
    assert (await walk_of(site, view)).state == "closed"
    assert "Afgesloten" in words_of(await counsellor.get(at(site, view)))
    for closed in ("formulier", "afsluiten"):
        assert (await counsellor.post(f"{one}/{closed}")).headers["location"] == one
    assert (await counsellor.post(f"{one}/stap", step("weigh"))).status_code == 400


async def test_forged_fields_that_name_a_school_change_nothing_and_nothing_leaves(site: Site) -> None:
    """Not in a row, not in a message, not in an entry, not in the file; a school learns nothing."""
    view = await site.world.family()
    relationship = await site.world.at_school(view.children[0].child)
    counsellor = await site.logged_in(site.world.counsellor)
    queued = await notices_of(site)
    begun_at = await first_step(site, counsellor, view, **FORGED)
    one = begun_at.headers["location"].partition("?")[0]
    for act in LEGAL_STEPS[1:]:
        assert (await counsellor.post(f"{one}/stap", {**step(act), **FORGED})).status_code == 303
    later = {"postpone_why": "Vader dreigt.", **when("open_again_on", date(2026, 9, 20)), **FORGED}
    assert (await counsellor.post(f"{one}/uitstellen", later)).status_code == 303
    assert (await counsellor.post(f"{one}/openen", FORGED)).status_code == 303
    file = await counsellor.post(f"{one}/formulier", FORGED)
    assert file.status_code == 200
    assert (await counsellor.post(f"{one}/afsluiten", FORGED)).status_code == 303
    assert b"directie@" not in await everything_stored(site.world)
    assert "linde" not in file.text.casefold()
    assert await notices_of(site) == queued
    moved = [event for event in await site.events() if isinstance(event, MeldcodeMoved)]
    assert {event.code for event in moved if event.act == "export"} == {"veilig_thuis"}
    left = [event for event in await site.events() if isinstance(event, ExitPermitted)]
    assert {(event.exit, event.recipient) for event in left} == {("print", site.world.counsellor.staff)}
    contact = await site.logged_in(site.world.contact)
    seen = await contact.get(f"/school/{site.world.tenant}/kinderen/{relationship}")
    assert "meldcode" not in seen.text.casefold()


async def notices_of(site: Site) -> int:
    async with site.world.services.installation.database.reading() as conn:
        return len((await conn.execute(select(notices.c.notice))).all())


async def test_steps_out_of_order_are_refused_and_what_was_typed_stays(site: Site) -> None:
    view = await site.world.family()
    one = at(site, view, await begun(site, view))
    counsellor = await site.logged_in(site.world.counsellor)
    for act in (*LEGAL_STEPS, "export", "close", "postpone", "niets", ""):
        if act != "consult":
            answer = await counsellor.post(f"{one}/stap", step(act))
            assert answer.status_code == 400
            assert "nu niet aan de beurt" in words_of(answer)
            assert f"Wat: {act}" in answer.text
    assert (await counsellor.post(f"{one}/formulier")).headers["location"] == one
    assert (await walk_of(site, view)).state == "mapped"
    wrong = await counsellor.post(f"{one}/stap", {**step("consult"), "step_choice": "school", "step_why": ""})
    assert wrong.status_code == 400
    assert wrong.text.count("field-invalid") == 2
    assert "Wat: consult" in wrong.text
    assert (await walk_of(site, view)).state == "mapped"


async def test_a_step_that_somebody_else_took_meanwhile_is_not_taken_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await site.world.family()
    meldcode = await begun(site, view)
    counsellor = await site.logged_in(site.world.counsellor)
    old = await walk_of(site, view)
    text = StepText(what="Eerder.", why="Eerder.", code="named")
    await site.world.services.meldcodes.take_step(site.world.counsellor, meldcode, "consult", text)

    async def stale(*_args: object) -> Meldcode:
        return old

    monkeypatch.setattr(routes, "walk_of", stale)
    answer = await counsellor.post(at(site, view, meldcode, "stap"), step("consult"))
    assert answer.status_code == 400
    assert "Wat: consult" in answer.text
    assert "Stap 2 is gezet" in words_of(answer)


async def test_a_walk_of_another_family_is_not_there(site: Site) -> None:
    view, other = await site.world.family(), await site.world.family(family_name="Anders")
    meldcode = await begun(site, view)
    counsellor = await site.logged_in(site.world.counsellor)
    for act in ("stap", "uitstellen", "openen", "formulier", "afsluiten"):
        answer = await counsellor.post(at(site, other, meldcode, act), {**step("consult"), **FORGED})
        assert answer.status_code == 404
    for parts in ((meldcode,), (meldcode, "formulier")):
        assert (await counsellor.get(at(site, other, *parts))).status_code == 404
    assert (await walk_of(site, view)).state == "mapped"
    stranger = await first_step(site, counsellor, other, meldcode_child=view.children[0].child)
    assert stranger.status_code == 400
    assert await site.world.services.meldcodes.of_family(site.world.counsellor, other.family) == ()


async def test_a_school_and_an_officer_find_no_such_address(site: Site) -> None:
    view = await site.world.family()
    await site.world.at_school(view.children[0].child)
    one = at(site, view, await begun(site, view))
    for who in (site.world.contact, site.world.teacher, site.world.officer, site.world.colleague):
        browser = await site.logged_in(who)
        assert (await browser.get(at(site, view))).status_code == 404
        assert (await browser.get(one)).status_code == 404
        assert (await browser.post(f"{one}/stap", step("consult"))).status_code == 404
        assert (await browser.post(f"{one}/formulier", FORGED)).status_code == 404


async def test_the_first_step_asks_whether_the_parents_may_read_it(site: Site) -> None:
    view = await site.world.family()
    counsellor = await site.logged_in(site.world.counsellor)
    asked = await first_step(site, counsellor, view, openness="")
    assert asked.status_code == 400
    unclear = await first_step(site, counsellor, view, postpone_why="Vader leest mee.")
    assert "Kies wat u bedoelt" in words_of(unclear)
    no_day = await first_step(site, counsellor, view, openness="later", postpone_why="Vader leest mee.")
    assert no_day.status_code == 400
    assert "Vader leest mee." in no_day.text
    past = when("open_again_on", date(2020, 1, 1))
    too_early = await first_step(
        site, counsellor, view, openness="later", postpone_why="Vader leest mee.", **past
    )
    assert "Kies een dag na vandaag" in words_of(too_early)
    later = when("open_again_on", date(2026, 9, 20))
    good = await first_step(
        site, counsellor, view, openness="later", postpone_why="Vader leest mee.", **later
    )
    assert good.status_code == 303
    assert (await walk_of(site, view)).postponed_until == date(2026, 9, 20)
    page = words_of(await counsellor.get(at(site, view)))
    assert "Niet open voor de ouders" in page


async def test_a_form_sent_twice_begins_one_walk(site: Site) -> None:
    view = await site.world.family()
    counsellor = await site.logged_in(site.world.counsellor)
    page = await counsellor.get(at(site, view))
    token = page.text.split('name="step" value="')[1].split('"')[0]
    form = {
        "step": token,
        "meldcode_child": view.children[0].child,
        "openness": "open",
        **step("map_signals"),
    }
    for _ in range(2):
        assert (await counsellor.post(at(site, view), form)).status_code == 303
    await walk_of(site, view)


async def test_postponing_asks_for_a_reason_and_a_day_and_a_task_leads_back(site: Site) -> None:
    world = site.world
    view = await world.family()
    one = at(site, view, await begun(site, view))
    counsellor = await site.logged_in(world.counsellor)
    empty = await counsellor.post(f"{one}/uitstellen", {})
    assert empty.status_code == 400
    assert empty.text.count("field-invalid") == 2
    past = {"postpone_why": "Vader dreigt.", **when("open_again_on", date(2020, 1, 1))}
    refused = await counsellor.post(f"{one}/uitstellen", past)
    assert refused.status_code == 400
    assert "Kies een dag na vandaag" in words_of(refused)
    day = (world.clock.now() + timedelta(days=7)).date()
    good = {"postpone_why": "Vader dreigt.", **when("open_again_on", day)}
    assert (await counsellor.post(f"{one}/uitstellen", good)).status_code == 303
    page = words_of(await counsellor.get(one))
    assert "Niet open voor de ouders" in page
    assert "Vader dreigt." in page
    await world.settle()
    world.clock.advance(timedelta(days=7))
    await world.services.calendar.run(world.tenant, world.clock.now())
    await world.settle()
    again = await site.logged_in(world.counsellor)
    tasks = await again.get(f"/opvang/{world.tenant}/taken")
    assert "nog niet open voor de ouders" in words_of(tasks)
    assert f'href="{at(site, view)}"' in tasks.text
    for _ in range(2):
        assert (await again.post(f"{one}/openen")).status_code == 303
    assert (await walk_of(site, view)).postponed_until is None


async def test_opening_the_page_is_logged_and_a_browser_that_fetches_ahead_gets_nothing(site: Site) -> None:
    view = await site.world.family()
    one = at(site, view, await begun(site, view))
    counsellor = await site.logged_in(site.world.counsellor)
    assert (await counsellor.get(one, sec_purpose="prefetch")).status_code != 200
    assert "Wat wij zagen." not in (await counsellor.get(at(site, view))).text
    assert not [event for event in await site.events() if isinstance(event, StatutoryTextRead)]
    assert "Wat wij zagen." in (await counsellor.get(one)).text
    (read,) = [event for event in await site.events() if isinstance(event, StatutoryTextRead)]
    assert (read.what, read.family) == ("meldcode", view.family)
    officer = await site.logged_in(site.world.officer)
    assert "Meldcode: gelezen wat er is opgeschreven." in words_of(
        await officer.get(f"/toezicht/{site.world.tenant}")
    )
