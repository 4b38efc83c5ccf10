"""S36 and the officers' questions: who saw this child, without a name; every look is in the log.

With a case a child is found by name, and that is logged with the case; even then no name is shown.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from consent_service.audit.events import LogViewed, PersonSought, QuestionAsked
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.reviews.drawing import week_of
from consent_service.web.reviews.words import SLUGS
from tests.faults.test_canary import CANARIES, search, whole_story
from tests.ledger import entries
from tests.shelter import OPERATOR, World
from tests.web.visiting import Browser, Site, main_of, open_site, words_of
from tests.web.who_may_call import officer
from tests.web.who_may_call.scene import addresses

TELLS_NOTHING = {
    "adressen": "people of schools and colleagues, never for which child",
    "bewaren": "periods, and how much is past them",
    "verantwoording": "documents about nobody",
    "bureau": "how much waits, and until when",
    "verzoek": "a form for a letter",
    "datalekken": "kinds, states and days of breaches, and of nobody",
    "datalekken/nieuw": "a form",
    "cijfers": "numbers of a quarter",
    "regios": "settings",
    "schoolmedewerkers": "people of schools, never for which child",
    "spelregels": "rules",
    "spelregels/bewerken": "rules",
    "spelregels/in-woorden": "rules",
    "spelregels/wie-mag-wat": "rules",
    "stand": "how to keep a head",
    "steekproef": "how many of each week were judged",
    "teksten": "words that are asked of everybody",
    "vragen": "the questions themselves",
}
"""Pages that show neither the log nor anything about a family."""


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    await whole_story(world, tmp_path)
    async with open_site(world, tmp_path) as opened:
        yield opened


def about_a_family(answers: list[httpx.Response]) -> dict[str, set[str]]:
    """The canaries of the family that stand there; a name of staff may."""
    found = search([html.unescape(answer.text).encode() for answer in answers])
    return {name: forms for name, forms in found.items() if name != "staff"}


def first(page: httpx.Response, pattern: str) -> str:
    found = re.search(pattern, html.unescape(page.text))
    assert found is not None, words_of(page)
    return found[1]


async def looked_up(browser: Browser, home: str, **other: str) -> httpx.Response:
    """The child of the story, by name and birth date, for a case."""
    year, month, day = CANARIES["birth date"].split("-")
    sent = {
        "case": "Z-2026-014",
        "purpose": "complaint",
        "names": f"{CANARIES['child']} {CANARIES['family name']}",
        "birth_date-day": day,
        "birth_date-month": month,
        "birth_date-year": year,
    }
    return await browser.post(f"{home}/vragen/wie-zag/zoeken", sent | other)


async def a_sample(site: Site) -> None:
    """The week of the story is over, and a head was signed after it."""
    world = site.world
    monday = week_of(local_date(world.clock.now())) + timedelta(days=7)
    world.clock.advance(local_midnight(monday) + timedelta(hours=9) - world.clock.now())
    await world.services.supervision.verify(world.officer)
    await world.settle()
    assert await world.services.reviews.drawing.draw_due(world.tenant)
    await world.settle()


@pytest.mark.parametrize("kind", ["coordinator", "fg"])
async def test_s36_no_answer_and_no_sample_shows_a_name_a_word_or_an_address(site: Site, kind: str) -> None:
    world = site.world
    added = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fenna"))
    who = world.officer if kind == "coordinator" else Fg(world.tenant, added)
    browser, home = await site.logged_in(who), f"/toezicht/{world.tenant}"

    found = await looked_up(browser, home)
    child = first(found, r'name="person" value="([0-9a-f-]{36})" checked')
    pages = [found, await looked_up(browser, home, names="Niemand Hier")]
    for slug in SLUGS.values():
        asked = {"period": "month", "person": child, "staff": world.contact.staff}
        pages += [
            await browser.get(f"{home}/vragen/{slug}"),
            await browser.post(f"{home}/vragen/{slug}", asked),
            await browser.post(f"{home}/vragen/{slug}", {"period": "days"}),
        ]
    kept = await browser.post(f"{home}/vragen/wie-zag/bewaren", {"period": "month", "person": child})
    assert kept.status_code == 303
    pages.append(await browser.get(f"{home}/vragen"))
    await a_sample(site)
    browser = await site.logged_in(who)
    for address in dict.fromkeys(
        re.findall(rf"{home}/steekproef/[0-9a-f-]{{36}}", (await browser.get(f"{home}/steekproef")).text)
    ):
        one = await browser.get(address)
        pages.append(one)
        pages += [
            await browser.get(each) for each in re.findall(rf'href="({address}/regels/[^"]+)"', one.text)
        ]
    assert len(pages) > 25
    assert {page.status_code for page in pages} <= {200, 400}
    assert about_a_family(pages) == {}


async def test_s36_a_planted_name_would_be_seen(site: Site) -> None:
    planted = httpx.Response(200, text=f"<p>{CANARIES['child']}</p>")
    assert about_a_family([planted]) == {"child": {"utf-8"}}


async def test_s36_each_page_that_shows_log_or_family_leaves_an_entry(site: Site) -> None:
    world = site.world
    browser, home = await site.logged_in(world.officer), f"/toezicht/{world.tenant}"
    silent = set()
    for call in addresses(site.app):
        method, _, template = call.partition(" ")
        if method != "GET" or call not in officer.TABLE:
            continue
        if set(re.findall(r"{(\w+)}", template)) != {"tenant"}:
            continue
        before = len(await entries(world, "log.viewed.v1"))
        page = await browser.get(template.replace("{tenant}", world.tenant))
        if page.status_code == 200 and len(await entries(world, "log.viewed.v1")) == before:
            silent.add(template.removeprefix("/toezicht/{tenant}").strip("/"))
    assert silent == TELLS_NOTHING.keys()
    looks = [one.detail.event for one in await entries(world, "log.viewed.v1") if one.detail]
    named = {name for one in looks if isinstance(one, LogViewed) for name in one.filters}
    assert {"tasks", "recalls", "break_glasses", "patterns", "head"} <= named
    assert (await browser.get(f"{home}/taken", sec_purpose="prefetch")).status_code != 200


async def test_s36_who_saw_this_child_last_month_is_six_clicks_from_the_log_to_the_proof(site: Site) -> None:
    world = site.world
    browser, home = await site.logged_in(world.officer), f"/toezicht/{world.tenant}"
    assert f'href="{home}/vragen"' in (await browser.get(home)).text  # 1
    assert f'href="{home}/vragen/wie-zag"' in (await browser.get(f"{home}/vragen")).text  # 2
    assert (await browser.get(f"{home}/vragen/wie-zag")).status_code == 200
    found = await looked_up(browser, home)  # 3
    sent = {
        "person": first(found, r'name="person" value="([0-9a-f-]{36})" checked'),
        "case": first(found, r'name="case" value="([^"]+)"'),
        "period": "month",
    }
    answer = await browser.post(f"{home}/vragen/wie-zag", sent)  # 4
    said = words_of(answer)
    assert "De Linde" in said
    assert "bewezen" in said
    assert "Z-2026-014" in said
    assert "<svg" in main_of(answer)
    assert "Samen" in said
    entry = await browser.get(first(answer, rf'href="({home}/regels/[0-9a-f-]+)"'))  # 5
    proof = await browser.get(first(entry, r'href="([^"]+/bewijs)"'))  # 6
    assert proof.text.startswith("c2sp.org/tlog-proof")

    (sought,) = await entries(world, "person.sought.v1")
    assert sought.detail is not None
    assert sought.detail.event == PersonSought("Z-2026-014", "complaint", 1)
    assert sought.detail.subject == sent["person"]
    (asked,) = await entries(world, "question.asked.v1")
    assert asked.detail is not None
    assert isinstance(asked.detail.event, QuestionAsked)
    assert asked.detail.event.case == "Z-2026-014"
    trail = words_of(await browser.get(home))
    assert "Kind opgezocht voor zaak Z-2026-014. Doel: Een klacht. Gevonden: 1." in trail
    assert "Wie heeft gegevens van dit kind gezien?" in trail


async def test_s36_without_a_case_nobody_is_found_by_name(site: Site) -> None:
    browser, home = await site.logged_in(site.world.officer), f"/toezicht/{site.world.tenant}"
    for case in ("", "Kanariekind", "Z-Vogelnestje"):
        page = await looked_up(browser, home, case=case)
        assert page.status_code == 400
        assert 'name="person" value=' not in page.text
    assert await entries(site.world, "person.sought.v1") == ()
    page = await browser.post(f"{home}/vragen/wat-opende/zoeken", {"case": "Z-1"})
    assert page.status_code == 404
