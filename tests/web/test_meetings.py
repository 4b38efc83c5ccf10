"""Driegesprekken over the whole application: the counsellor's, the school's and the guardian's pages."""

from __future__ import annotations

import re
from datetime import date, timedelta

from consent_service.process.meetings.model import MeetingRefused
from consent_service.web.page.door import MEETINGS
from tests.process.meetings.stories import Met, agreed, next_day, planned, proposed
from tests.process.meetings.test_young import young
from tests.web.visiting import Browser, Site, words_of


def _day(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def _at(site: Site, met: Met, *parts: str) -> str:
    return "/".join((f"/opvang/{site.world.tenant}/gezinnen/{met.view.family}/gesprekken", *parts))


async def _own_page(site: Site, met: Met) -> Browser:
    services = site.world.services
    async with services.installation.database.transaction() as conn:
        opened = await services.identity.own_pages.open(conn, met.mother, replaces=None)
    return Browser(site.client, opened.token)


async def test_a_counsellor_proposes_prepares_plans_and_moves(site: Site) -> None:
    met = await proposed(site.world)
    counsellor = await site.logged_in(site.world.counsellor)
    answer = await counsellor.post(_at(site, met), {"meeting_about": met.relationship, "trigger": "concerns"})
    assert answer.status_code == 303
    assert "Voorgesteld" in words_of(await counsellor.get(_at(site, met)))
    one = _at(site, met, met.meeting)
    prepared = {
        "agenda": "Hoe gaat het in de klas?",
        "guardians": met.mother.guardian,
        "school_contacts": site.world.contact.staff,
        "interpreter_language": "Tigrinya",
        "meeting_place": "school",
    }
    assert (await counsellor.post(f"{one}/voorbereiden", prepared)).status_code == 303
    planned_at = {**_day("meeting_day", next_day(site.world)), "time": "14:00"}
    assert (await counsellor.post(f"{one}/plannen", planned_at)).status_code == 303
    page = words_of(await counsellor.get(one))
    assert "Gepland" in page
    assert "Verplaatsen" in page
    moved = {**_day("meeting_day", next_day(site.world, 3)), "time": "10:00"}
    assert (await counsellor.post(f"{one}/plannen", moved)).status_code == 303
    assert "Verplaatst" in words_of(await counsellor.get(one))
    assert (await counsellor.post(f"{one}/stap/afzeggen", {})).status_code == 303
    assert "Gaat niet door" in words_of(await counsellor.get(one))
    assert (await counsellor.post(f"{one}/stap/afzeggen", {})).status_code == 303


async def test_what_was_typed_stays_and_warnings_are_ticked(site: Site) -> None:
    first, met = await planned(site.world), await proposed(site.world)
    counsellor = await site.logged_in(site.world.counsellor)
    await site.world.services.meetings.prepare(site.world.counsellor, met.meeting, met.prepared(site.world))
    one = _at(site, met, met.meeting)
    form = {**_day("meeting_day", next_day(site.world)), "time": "14:30"}
    answer = await counsellor.post(f"{one}/plannen", form)
    assert answer.status_code == 400
    assert "Iemand heeft dan al een ander gesprek." in words_of(answer)
    assert 'value="14:30"' in answer.text
    assert met.prepared(site.world).agenda in answer.text
    assert re.search(rf'value="{met.mother.guardian}"[^>]* checked', answer.text)
    assert (await counsellor.post(f"{one}/plannen", {**form, "seen": "clash"})).status_code == 303
    past = {**_day("meeting_day", date(2020, 1, 1)), "time": "14:30"}
    assert "al voorbij" in words_of(await counsellor.post(f"{one}/plannen", past))
    skipped = {**_day("meeting_day", date(2027, 3, 28)), "time": "02:30"}
    assert "bestaat niet" in words_of(await counsellor.post(f"{one}/plannen", skipped))
    twice = {**_day("meeting_day", date(2026, 10, 25)), "time": "02:30"}
    assert "Welke van de twee?" in words_of(await counsellor.post(f"{one}/plannen", twice))
    assert (await counsellor.post(_at(site, first, met.meeting, "plannen"), form)).status_code == 404
    wrong = {"agenda": "Vraag 1", "guardians": met.mother.guardian}
    answer = await counsellor.post(f"{one}/voorbereiden", wrong)
    assert answer.status_code == 400
    assert "Vraag 1" in answer.text


async def test_agreements_are_told_remarked_on_and_followed_up(site: Site) -> None:
    met = await agreed(site.world)
    await site.world.settle()
    counsellor, one = await site.logged_in(site.world.counsellor), _at(site, met, met.meeting)
    assert (await counsellor.post(f"{one}/delen", {})).status_code == 303
    parent = await _own_page(site, met)
    assert "Elke dag even vragen" in words_of(await parent.get(MEETINGS))
    said = {"meeting": met.meeting, "remark": "Liever na de pauze.", "for_school": "yes"}
    assert (await parent.post(MEETINGS, said)).status_code == 303
    assert "Liever na de pauze." in words_of(await parent.get(MEETINGS))
    empty = await parent.post(MEETINGS, {"meeting": met.meeting, "remark": ""})
    assert empty.status_code == 400
    long = await parent.post(MEETINGS, {"meeting": met.meeting, "remark": "Nummer 111222333"})
    assert "BSN" in words_of(long)
    assert "Liever na de pauze." in words_of(await counsellor.get(one))
    (agreement,) = (await site.world.services.meetings.view(site.world.counsellor, met.meeting)).agreements
    about = {"agreement": agreement.agreement, "outcome": "not_done"}
    assert (await counsellor.post(f"{one}/opvolgen", about)).status_code == 400
    assert (await counsellor.post(f"{one}/stap/kopie", {})).status_code == 303
    assert (await counsellor.post(f"{one}/stap/klaar", {})).status_code == 400
    assert (await counsellor.post(f"{one}/opvolgen", {**about, "not_done": "no_time"})).status_code == 303
    assert (await counsellor.post(f"{one}/stap/klaar", {})).status_code == 303
    assert "Afgerond" in words_of(await counsellor.get(one))
    assert (await counsellor.post(f"{one}/stap/niets", {})).status_code == 404
    assert (await parent.post(MEETINGS, said)).status_code == 303


async def test_agreements_are_recorded_from_the_form(site: Site) -> None:
    met = await planned(site.world)
    await site.world.settle()
    site.world.clock.advance(timedelta(days=3))
    await site.world.settle()
    counsellor, one = await site.logged_in(site.world.counsellor), _at(site, met, met.meeting)
    assert (await counsellor.post(f"{one}/stap/gehouden", {})).status_code == 303
    form = {"words_1": "Bel de school.", "owner_1": "shelter", **_day("due_on_1", next_day(site.world, 9))}
    assert (await counsellor.post(f"{one}/afspraken", {"words_1": "Bel de school."})).status_code == 400
    assert (await counsellor.post(f"{one}/afspraken", form)).status_code == 303
    assert "Bel de school." in words_of(await counsellor.get(one))
    place = {"words_1": "Kom naar Kerkstraat 4.", **form}
    assert (await counsellor.post(f"{one}/afspraken", place)).status_code == 303


async def test_a_colleague_approves_and_sees_no_family(site: Site) -> None:
    met = await proposed(site.world, "violence")
    colleague = await site.logged_in(site.world.colleague)
    page = words_of(await colleague.get(f"/opvang/{site.world.tenant}/goedkeuren"))
    assert "Een driegesprek na geweld" in page
    assert "Voorbeeld" not in page
    path = f"/opvang/{site.world.tenant}/gesprekken/{met.meeting}/goedkeuren"
    assert (await colleague.post(path, {})).status_code == 303
    counsellor = await site.logged_in(site.world.counsellor)
    assert (await counsellor.post(path, {})).status_code == 400


async def test_a_contact_proposes_and_sees_when_but_never_why(site: Site) -> None:
    met = await planned(site.world)
    contact = await site.logged_in(site.world.contact)
    path = f"/school/{site.world.tenant}/kinderen/{met.relationship}/gesprekken"
    assert (await contact.post(path, {"trigger": "violence"})).status_code == 400
    assert (await contact.post(path, {"trigger": "absence"})).status_code == 303
    answer = await contact.get(path)
    page = words_of(answer)
    assert "Gepland" in page
    assert "Voorgesteld" in page
    assert "Hoe gaat het in de klas?" not in page
    assert "geweld" not in page


async def test_without_consent_a_counsellor_reads_why_and_a_contact_that_it_cannot_be(site: Site) -> None:
    world = site.world
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes"})
    refused = await world.services.meetings.propose(world.counsellor, relationship, "routine")
    assert isinstance(refused, MeetingRefused)
    met = Met(view, relationship, world.guardian(view), "")
    counsellor, contact = await site.logged_in(world.counsellor), await site.logged_in(world.contact)
    form = {"meeting_about": relationship, "trigger": "routine"}
    answer = await counsellor.post(_at(site, met), form)
    assert (answer.status_code, "de toestemming is er niet" in words_of(answer)) == (400, True)
    path = f"/school/{world.tenant}/kinderen/{relationship}/gesprekken"
    answer = await contact.post(path, {"trigger": "routine"})
    assert (answer.status_code, "Dit kan nu niet." in words_of(answer)) == (400, True)
    assert "toestemming" not in words_of(answer)


async def test_who_decides_alone_finds_meetings_on_her_own_page(site: Site) -> None:
    met, child = await young(site.world)
    service = site.world.services.meetings
    counsellor, one = await site.logged_in(site.world.counsellor), _at(site, met, met.meeting)
    page = await counsellor.get(one)
    assert "Het kind beslist zelf." in words_of(page)
    assert met.mother.guardian not in page.text
    prepared = {
        "agenda": "Hoe gaat het op school?",
        "guardians": child.child,
        "school_contacts": site.world.contact.staff,
        "meeting_place": "school",
    }
    assert (await counsellor.post(f"{one}/voorbereiden", prepared)).status_code == 303
    await service.plan(site.world.counsellor, met.meeting, next_day(site.world), "14:00")
    services = site.world.services
    async with services.installation.database.transaction() as conn:
        opened = await services.identity.own_pages.open(conn, child, replaces=None)
    mine = Browser(site.client, opened.token)
    assert f'href="{MEETINGS}"' in (await mine.get("/mijn-pagina/keuzes")).text
    said = words_of(await mine.get(MEETINGS))
    assert "Jouw gesprekken" in said
    assert "Hoe gaat het op school?" in said
    assert (await mine.get(MEETINGS, purpose="prefetch")).status_code != 200
    assert (await mine.post(MEETINGS, {"meeting": met.meeting, "remark": "Nu al"})).status_code == 303
    parent = await _own_page(site, met)
    assert "Er is nog geen gesprek." in words_of(await parent.get(MEETINGS))
