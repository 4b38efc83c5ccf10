"""A change of the rules on the pages: with four eyes, with what it changes, and refused with a reason."""

from __future__ import annotations

import html
import re

import pytest

from consent_service.audit.events import BundleActivated, PolicyApproved, PolicyProposed, PolicyWithdrawn
from tests.web.officer_rules import (
    SAFETY,
    YES,
    Room,
    archive,
    form_of,
    keys_on,
    make_room,
    text_of,
    weakened,
    widened,
)
from tests.web.visiting import Site, words_of

FINDING = re.compile(
    r'<strong>[^<]+</strong><br><span class="code">[^<]+</span>'
    r'(<br><span class="soft" lang="en">[^<]+</span>)?'
)
"""What to do first, then where; what the check itself said comes last."""

ROLES = "invariants/roles.cedar"


@pytest.fixture
async def room(site: Site) -> Room:
    return await make_room(site)


async def test_two_coordinators_change_the_rules_and_one_alone_cannot(room: Room) -> None:
    before = await room.active()
    here = await room.proposed()
    own = await room.first.get(here)
    assert "U stelde dit zelf voor." in words_of(own)
    assert keys_on(own) == []
    assert "/goedkeuren" not in own.text
    assert (await room.first.post(f"{here}/goedkeuren")).status_code == 409

    page = await room.second.get(here)
    words = words_of(page)
    assert "Wat eerst niet mocht en nu wel: 1" in words
    assert "Toen Nee." in words
    assert "Met dit voorstel Ja." in words
    assert "Ook hiermee mag het voortaan, in elke combinatie:" in words
    assert "<summary>Een voorbeeld" not in page.text
    keys = keys_on(page)
    assert len(keys) >= 2

    nothing = await room.second.post(f"{here}/goedkeuren")
    unticked = words_of(await room.second.get(nothing.headers["location"]))
    assert unticked.count(f"Apart goedgekeurd: 0 van {len(keys)}. Nog open: {len(keys)}.") == 2
    assert "Goedgekeurd door Privacycoördinator" not in unticked.partition("Eerdere beslissingen")[2]

    partly = await room.second.post(f"{here}/goedkeuren", {"goed": keys[:1]})
    after = words_of(await room.second.get(partly.headers["location"]))
    assert "Uw goedkeuring is vastgelegd." in after
    assert keys_on(await room.second.get(here)) == keys[1:]
    assert f"Apart goedgekeurd: 1 van {len(keys)}. Nog open: {len(keys) - 1}." in after
    assert after.count("Goedgekeurd Goedgekeurd door Privacycoördinator") == 1
    assert "Dit is nog nodig:" in after
    assert (await room.second.post(f"{here}/invoeren")).status_code == 409
    assert await room.active() == before

    await room.second.post(f"{here}/goedkeuren", {"goed": keys})
    ready = await room.second.get(here)
    assert "Alles is goedgekeurd." in words_of(ready)
    done = await room.second.post(f"{here}/invoeren")
    assert "Deze regels gelden vanaf nu." in words_of(await room.second.get(done.headers["location"]))
    assert await room.active() != before
    told = [type(event) for event in await room.site.events()]
    assert [told.count(kind) for kind in (PolicyProposed, PolicyApproved, BundleActivated)] == [1, 3, 2]


async def test_a_second_press_and_the_way_back_do_no_harm(room: Room) -> None:
    here = await room.proposed()
    again = await room.first.post(room.at("bewerken"), form_of(widened()))
    assert again.status_code == 400
    keys = keys_on(await room.second.get(here))
    for _ in range(2):
        assert (await room.second.post(f"{here}/goedkeuren", {"goed": keys})).status_code == 303
    assert (await room.second.post(f"{here}/invoeren")).status_code == 303
    for step in ("invoeren", "intrekken", "goedkeuren"):
        late = await room.second.post(f"{here}/{step}")
        assert late.status_code == 409, step
        assert "In gebruik genomen" in words_of(late)
    assert (await room.first.get(here)).status_code == 200
    told = [event for event in await room.site.events() if isinstance(event, PolicyApproved)]
    assert len(told) == 1


async def test_rules_that_held_before_are_proposed_again(room: Room) -> None:
    before = await room.active()
    here = await room.proposed()
    keys = keys_on(await room.second.get(here))
    await room.second.post(f"{here}/goedkeuren", {"goed": keys})
    await room.second.post(f"{here}/invoeren")

    overview = await room.first.get(room.at())
    assert "Deze versie van de software heeft andere regels" in words_of(overview)
    assert "Dat kan een bewuste keuze zijn: dan hoeft u niets te doen." in words_of(overview)
    assert f"/voorstellen/eerder/{before}" in overview.text
    back = await room.second.post(room.at("voorstellen", "eerder", before))
    page = await room.second.get(back.headers["location"])
    assert "Mocht wel, mag nu niet" in words_of(page)
    assert "Regels die eerder golden" in words_of(page)
    software = await room.second.post(room.at("voorstellen", "software"))
    assert software.status_code == 400
    unknown = await room.second.post(room.at("voorstellen", "eerder", "0" * 64))
    assert unknown.status_code == 400


async def test_a_proposal_on_rules_that_are_back_in_force_does_not_say_others_are(room: Room) -> None:
    before, stale = await room.active(), await room.proposed()
    other = archive({YES: text_of(YES).replace("BW 1:253i; UAVG 5", "BW 1:253i")})
    there = await room.first.upload(room.at("voorstellen", "bestand"), "archive", other)
    await _decided(room, there.headers["location"])
    back = await room.first.post(room.at("voorstellen", "eerder", before))
    await _decided(room, back.headers["location"])
    assert await room.active() == before
    page = words_of(await room.second.get(stale))
    assert "De regels waar dit voorstel bij hoort, gelden weer." in page
    assert "Intussen gelden andere regels" not in page
    assert (await room.second.post(f"{stale}/invoeren")).status_code == 409


async def test_a_promise_that_is_given_up_is_told_in_words_and_approved_by_itself(room: Room) -> None:
    answer = await room.first.post(room.at("bewerken"), form_of({ROLES: "// none\n"}))
    assert answer.status_code == 303, words_of(answer)
    here = answer.headers["location"].partition("?")[0]
    page = await room.second.get(here)
    assert "Deze belofte vervalt." in words_of(page)
    assert "leest op school alleen de contactpersoon of de aandachtsfunctionaris." in words_of(page)
    (key,) = keys_on(page)
    await room.second.post(f"{here}/goedkeuren")
    assert (await room.second.post(f"{here}/invoeren")).status_code == 409
    assert "Apart goedgekeurd: 0 van 1. Nog open: 1." in words_of(await room.second.get(here))
    await room.second.post(f"{here}/goedkeuren", {"goed": [key]})
    assert "Goedgekeurd Goedgekeurd door" in words_of(await room.second.get(here))
    assert (await room.second.post(f"{here}/invoeren")).status_code == 303


async def test_what_changes_is_read_before_what_is_approved(room: Room) -> None:
    page = (await room.second.get(await room.proposed())).text
    parts = ("Wat de regels anders zeggen", "Wat er in de tekst verandert", "Wat eerst mocht en nu niet meer")
    places = [page.index(one) for one in (*parts, 'id="items"', 'name="goed"', ">Keur goed<")]
    assert places == sorted(places)


async def test_a_proposal_is_withdrawn_and_one_that_is_overtaken_says_so(room: Room) -> None:
    here = await room.proposed()
    gone = await room.first.post(f"{here}/intrekken")
    assert "Het voorstel is ingetrokken." in words_of(await room.first.get(gone.headers["location"]))
    assert any(isinstance(event, PolicyWithdrawn) for event in await room.site.events())

    stale, other = (
        await room.proposed(),
        archive({YES: text_of(YES).replace("BW 1:253i; UAVG 5", "BW 1:253i")}),
    )
    answer = await room.first.upload(room.at("voorstellen", "bestand"), "archive", other)
    assert answer.status_code == 303, words_of(answer)
    await room.second.post(f"{answer.headers['location'].partition('?')[0]}/goedkeuren")
    await room.second.post(f"{answer.headers['location'].partition('?')[0]}/invoeren")
    page = words_of(await room.second.get(stale))
    assert "Intussen gelden andere regels" in page
    assert "Verouderd" in page
    assert "gelden weer" not in page
    assert (await room.second.post(f"{stale}/goedkeuren")).status_code == 409


async def _decided(room: Room, location: str) -> None:
    """The second coordinator approves and switches."""
    here = location.partition("?")[0]
    for step in ("goedkeuren", "invoeren"):
        answer = await room.second.post(f"{here}/{step}", {"goed": keys_on(await room.second.get(here))})
        assert answer.status_code == 303, words_of(answer)


@pytest.mark.parametrize(
    "language, said", [("nl", "Dit mag nooit, en zou nu kunnen"), ("en", "must never happen")]
)
async def test_weakening_the_rule_on_secret_addresses_is_refused_with_a_situation(
    room: Room, language: str, said: str
) -> None:
    before = await room.active()
    room.first.language = language
    answer = await room.first.post(room.at("bewerken"), form_of({SAFETY: weakened()}))
    words = words_of(answer)
    assert answer.status_code == 400
    assert said in words
    assert ("het adres is geheim" if language == "nl" else "the address is secret") in words
    assert "tests/safety.toml:4" in words
    findings = re.findall(
        r"<li>(.*)</li>", answer.text.partition('class="findings"')[2].partition("</ol>")[0]
    )
    assert findings
    for finding in findings:
        assert FINDING.fullmatch(finding), finding
    assert "[[cases]]" in answer.text
    assert html.escape(weakened(), quote=False).replace('"', "&#34;") in answer.text
    assert await room.active() == before
    assert "Er staat een voorstel open." not in words_of(await room.first.get(room.at()))
