"""Requests of the Raad, a GI and the police: written down and answered; nothing is sent."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from consent_service.audit.events import StatutoryTextRead
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RecordId
from consent_service.process.emergencies.model import Ground, NewRequest, StatutoryRequest
from consent_service.process.notices.tables import notices
from consent_service.web.meldcode import request_routes
from tests.web.visiting import Browser, Site, words_of

ANSWER = {"answer_what": "Het gaat goed met Noor.", "answer_why": "Alleen wat nodig is."}


def at(site: Site, view: FamilyView, *parts: str) -> str:
    return "/".join((f"/opvang/{site.world.tenant}/gezinnen/{view.family}/verzoeken", *parts))


async def form_of(site: Site, counsellor: Browser, view: FamilyView, **other: str) -> dict[str, str]:
    """A new request as the page sends it."""
    page = await counsellor.get(at(site, view))
    return {
        "step": page.text.split('name="step" value="')[1].split('"')[0],
        "meldcode_child": view.children[0].child,
        "asker": "gi",
        "ground": "jw_7_3_11_4",
        "asked_by": "M. de Wit, gezinsvoogd",
        "asked": "Hoe gaat het thuis?",
        "letter": "OTS-118",
        **other,
    }


async def received(site: Site, view: FamilyView, ground: Ground = "jw_7_3_11_4") -> RecordId:
    world = site.world
    new = NewRequest(asker="gi", ground=ground, name="M. de Wit", asked="Hoe gaat het thuis?")
    return await world.services.statutory_requests.receive(
        world.counsellor, view.family, view.children[0].child, new
    )


async def test_a_request_is_written_down_asked_back_and_given(site: Site) -> None:
    view = await site.world.family()
    counsellor = await site.logged_in(site.world.counsellor)
    listed = words_of(await counsellor.get(at(site, view)))
    assert "Een gezinsvoogd is geen ouder en geen voogd." in listed
    assert "Artikel 1:240 BW" in listed
    form = await form_of(site, counsellor, view)
    saved = await counsellor.post(at(site, view), form)
    assert saved.status_code == 303
    assert (await counsellor.post(at(site, view), form)).headers["location"] == at(site, view)
    one = saved.headers["location"].partition("?")[0]
    page = words_of(await counsellor.get(one))
    for said in ("M. de Wit", "Hoe gaat het thuis?", "OTS-118", "Artikel 7.3.11 lid 4 Jeugdwet"):
        assert said in page
    back = {**ANSWER, "request_act": "ask_back"}
    assert (await counsellor.post(f"{one}/antwoord", back)).status_code == 303
    asked = await counsellor.get(one)
    assert 'name="request_act" value="answer_back"' in asked.text
    assert (
        await counsellor.post(f"{one}/antwoord", {**back, "request_act": "answer_back"})
    ).status_code == 303
    assert (await counsellor.post(f"{one}/antwoord", {**ANSWER, "request_act": "give"})).status_code == 303
    done = words_of(await counsellor.get(one))
    assert "Informatie gegeven" in done
    assert "Teruggevraagd" in done
    assert (await counsellor.post(f"{one}/antwoord", {**ANSWER, "request_act": "refuse"})).status_code == 400
    async with site.world.services.installation.database.reading() as conn:
        assert (await conn.execute(select(notices.c.notice))).all() == []


async def test_all_that_is_missing_is_told_at_once_and_a_ground_of_another_is_refused(site: Site) -> None:
    view = await site.world.family()
    counsellor = await site.logged_in(site.world.counsellor)
    empty = await counsellor.post(at(site, view), {})
    assert empty.status_code == 400
    assert empty.text.count("field-invalid") == 5
    form = await form_of(site, counsellor, view, asker="police", ground="bw_1_240")
    wrong = await counsellor.post(at(site, view), form)
    assert "Deze grond is van een andere organisatie" in words_of(wrong)
    assert "OTS-118" in wrong.text
    school = await counsellor.post(
        at(site, view), await form_of(site, counsellor, view, asker="school", ground="because")
    )
    assert school.status_code == 400
    requests = site.world.services.statutory_requests
    assert await requests.of_family(site.world.counsellor, view.family) == ()


async def test_without_a_ground_giving_is_no_choice(site: Site) -> None:
    view = await site.world.family()
    one = at(site, view, await received(site, view, "none_named"))
    counsellor = await site.logged_in(site.world.counsellor)
    page = await counsellor.get(one)
    assert 'value="give"' not in page.text
    forged = await counsellor.post(f"{one}/antwoord", {**ANSWER, "request_act": "give"})
    assert forged.status_code == 400
    assert "Het gaat goed met Noor." in forged.text
    assert (await counsellor.post(f"{one}/antwoord", {**ANSWER, "request_act": "refuse"})).status_code == 303


async def test_what_the_service_refuses_stands_at_the_field_and_what_was_answered_stays(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await site.world.family()
    named = await received(site, view, "none_named")
    counsellor = await site.logged_in(site.world.counsellor)
    everything = ("give", "refuse", "ask_back", "answer_back")
    monkeypatch.setattr(request_routes, "acts_of", lambda _one: everything)
    give = {**ANSWER, "request_act": "give"}
    refused = await counsellor.post(at(site, view, named, "antwoord"), give)
    assert refused.status_code == 400
    assert "Zonder grond geeft u niets" in words_of(refused)
    late = {**ANSWER, "request_act": "answer_back"}
    assert (await counsellor.post(at(site, view, named, "antwoord"), late)).headers["location"] == at(
        site, view, named
    )


async def test_a_request_about_another_family_is_not_there_nor_for_a_school(site: Site) -> None:
    view, other = await site.world.family(), await site.world.family(family_name="Anders")
    request = await received(site, view)
    counsellor = await site.logged_in(site.world.counsellor)
    assert (await counsellor.get(at(site, other, request))).status_code == 404
    act = {**ANSWER, "request_act": "refuse"}
    assert (await counsellor.post(at(site, other, request, "antwoord"), act)).status_code == 404
    for who in (site.world.contact, site.world.officer, site.world.colleague):
        browser = await site.logged_in(who)
        assert (await browser.get(at(site, view))).status_code == 404
        assert (await browser.get(at(site, view, request))).status_code == 404
        assert (await browser.post(at(site, view, request, "antwoord"), act)).status_code == 404
    (one,) = await site.world.services.statutory_requests.of_family(site.world.counsellor, view.family)
    assert isinstance(one, StatutoryRequest)
    assert one.state == "received"


async def test_opening_a_request_is_logged_and_listing_is_not(site: Site) -> None:
    view = await site.world.family()
    request = await received(site, view)
    counsellor = await site.logged_in(site.world.counsellor)
    assert "Hoe gaat het thuis?" not in (await counsellor.get(at(site, view))).text
    assert (await counsellor.get(at(site, view, request), sec_purpose="prefetch")).status_code != 200
    assert not [event for event in await site.events() if isinstance(event, StatutoryTextRead)]
    assert "Hoe gaat het thuis?" in (await counsellor.get(at(site, view, request))).text
    (read,) = [event for event in await site.events() if isinstance(event, StatutoryTextRead)]
    assert (read.what, read.record) == ("request", request)
    officer = await site.logged_in(site.world.officer)
    trail = words_of(await officer.get(f"/toezicht/{site.world.tenant}"))
    assert "Verzoek met een wettelijke grond: gelezen wat er is opgeschreven." in trail
    assert "Verzoek van Gecertificeerde instelling (gezinsvoogd) ontvangen." in trail
    assert "Artikel 7.3.11 lid 4 Jeugdwet" in trail
