"""Pages for questions to the log and the weekly sample: bad input, keeping, judging, and going on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.ids import new_id
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.reviews import asking
from consent_service.rights.reviews.drawing import week_of
from tests.ledger import entries
from tests.scenarios.stories import Told, ask, told_family
from tests.shelter import OPERATOR, World
from tests.web.visiting import Browser, Site, main_of, open_site, words_of


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(world, tmp_path) as opened:
        yield opened


@pytest.fixture
async def told(site: Site) -> Told:
    found = await told_family(site.world)
    await ask(site.world, found.relationship)
    await site.world.settle()
    return found


def home_of(site: Site) -> str:
    return f"/toezicht/{site.world.tenant}"


def links(page: httpx.Response, pattern: str) -> list[str]:
    return list(dict.fromkeys(re.findall(pattern, page.text)))


async def sample_of(site: Site) -> tuple[Browser, str, str]:
    """The officer's browser, the address of the sample of last week, and its words."""
    world = site.world
    monday = week_of(local_date(world.clock.now())) + timedelta(days=7)
    world.clock.advance(local_midnight(monday) + timedelta(hours=9) - world.clock.now())
    await world.services.families.search(world.counsellor, names="Iemand", birth_date=date(2018, 1, 1))
    await world.settle()
    browser = await site.logged_in(world.officer)
    listed = await browser.get(f"{home_of(site)}/steekproef")
    (address,) = links(listed, rf'href="({home_of(site)}/steekproef/[0-9a-f-]{{36}})"')
    return browser, address, words_of(listed)


async def test_days_in_the_wrong_order_in_the_future_or_missing_are_told_and_kept(site: Site) -> None:
    browser, here = await site.logged_in(site.world.officer), f"{home_of(site)}/vragen/weigeringen"
    year = site.world.clock.now().year
    days = {f"from-{part}": str(n) for part, n in (("day", 2), ("month", 1), ("year", year))}
    days |= {f"until-{part}": str(n) for part, n in (("day", 1), ("month", 1), ("year", year))}
    reversed_days = await browser.post(here, days | {"period": "days"})
    assert reversed_days.status_code == 400
    assert "De laatste dag ligt voor de eerste." in words_of(reversed_days)
    assert f'value="{year}"' in reversed_days.text
    future = await browser.post(here, days | {"period": "days", "until-year": str(year + 1)})
    assert future.status_code == 400
    missing = await browser.post(here, {"period": "days"})
    assert words_of(missing).count("Vul een datum in") >= 2 or missing.status_code == 400
    assert (await browser.post(here, {})).status_code == 400
    assert await entries(site.world, "question.asked.v1") == ()


async def test_ten_years_is_answered(site: Site, told: Told) -> None:
    browser = await site.logged_in(site.world.officer)
    today = local_date(site.world.clock.now())
    sent = {"period": "days", "person": told.view.children[0].child}
    for name, year in (("from", today.year - 10), ("until", today.year)):
        parts = (("day", today.day), ("month", today.month), ("year", year))
        sent |= {f"{name}-{part}": str(n) for part, n in parts}
    answer = await browser.post(f"{home_of(site)}/vragen/wie-zag", sent)
    assert answer.status_code == 200
    assert "De Linde" in words_of(answer)


async def test_a_long_answer_goes_on_with_the_following_part(
    site: Site, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PART", 1)
    for _ in range(2):
        await ask(site.world, told.relationship)
    await site.world.settle()
    browser = await site.logged_in(site.world.officer)
    here = f"{home_of(site)}/vragen/wie-zag"
    sent = {"period": "month", "person": told.view.children[0].child}
    page = await browser.post(here, sent)
    assert "Dit is een deel van het antwoord" in words_of(page)
    (after,) = links(page, r'name="after" value="([^"]+)"')
    following = await browser.post(here, sent | {"after": after})
    assert "Nieuwste" in words_of(following)
    assert (await browser.post(here, sent | {"after": "x"})).status_code == 404


async def test_a_question_is_kept_asked_again_with_one_click_and_removed(site: Site, told: Told) -> None:
    browser, home = await site.logged_in(site.world.officer), home_of(site)
    sent = {"period": "month", "person": told.view.children[0].child}
    here = f"{home}/vragen/wie-zag/bewaren"
    named = await browser.post(here, sent | {"reference": "Noor Voorbeeld"})
    assert named.status_code == 400
    assert "Nooit een naam of een BSN." in words_of(named)
    assert (await browser.post(here, {"period": "month"})).status_code == 400
    done = await browser.post(here, sent | {"reference": "z-2026-7"})
    assert done.headers["location"] == f"{home}/vragen?gedaan=vraag-bewaard"
    listed = await browser.get(f"{home}/vragen")
    assert "Z-2026-7" in words_of(listed)
    (again,) = links(listed, rf'action="({home}/bewaarde-vragen/[0-9a-f-]{{36}})"')
    answer = await browser.post(again)
    assert "De Linde" in words_of(answer)
    assert (await browser.get(again)).headers["location"] == f"{home}/vragen"
    assert (await browser.get(here)).headers["location"] == f"{home}/vragen/wie-zag"
    assert (await browser.post(f"{again}/weg")).status_code == 303
    assert "Bewaarde vragen" not in words_of(await browser.get(f"{home}/vragen"))


async def test_a_question_over_chosen_days_is_listed_with_its_days(site: Site) -> None:
    browser, home = await site.logged_in(site.world.officer), home_of(site)
    today = local_date(site.world.clock.now())
    sent = {"period": "days"}
    for name in ("from", "until"):
        parts = (("day", today.day), ("month", today.month), ("year", today.year))
        sent |= {f"{name}-{part}": str(n) for part, n in parts}
    await browser.post(f"{home}/vragen/noodgevallen/bewaren", sent)
    assert str(today.year) in main_of(await browser.get(f"{home}/vragen"))


async def test_what_is_no_question_and_who_is_no_member_of_staff_is_not_found(site: Site) -> None:
    browser, home = await site.logged_in(site.world.officer), home_of(site)
    assert (await browser.get(f"{home}/vragen/alles")).status_code == 404
    page = await browser.post(f"{home}/vragen/wat-opende", {"period": "week", "staff": new_id()})
    assert page.status_code == 400
    page = await browser.post(f"{home}/vragen/wie-zag", {"period": "week", "person": "Noor"})
    assert page.status_code == 400


async def test_too_many_searches_are_told_on_the_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, home = await site.logged_in(site.world.officer), home_of(site)
    sent = {"case": "Z-1", "purpose": "access", "names": "Iemand"}
    sent |= {"birth_date-day": "1", "birth_date-month": "1", "birth_date-year": "2018"}
    page = await browser.post(f"{home}/vragen/wie-zag/zoeken", sent)
    assert "Er is niemand met precies deze naam" in words_of(page)
    for _ in range(asking.SEARCHES_PER_HOUR):
        page = await browser.post(f"{home}/vragen/wie-zag/zoeken", sent)
    assert page.status_code == 400
    monkeypatch.undo()


async def test_from_an_entry_it_is_one_click_to_who_saw_that_person(site: Site, told: Told) -> None:
    browser, home = await site.logged_in(site.world.officer), home_of(site)
    (given, *_) = await entries(site.world, "information.released.v1")
    page = await browser.get(f"{home}/regels/{given.id}")
    (person,) = links(page, r'name="person" value="([0-9a-f-]{36})"')
    answer = await browser.post(f"{home}/vragen/wie-zag", {"period": "month", "person": person})
    assert given.id in answer.text
    (searched, *_) = await entries(site.world, "log.viewed.v1")
    assert 'name="person"' not in (await browser.get(f"{home}/regels/{searched.id}")).text


async def test_an_entry_is_judged_with_one_click_or_with_a_finding(site: Site, told: Told) -> None:
    browser, address, listed = await sample_of(site)
    assert "Nog 10" in listed
    page = await browser.get(address)
    first, second, *_ = links(page, rf'href="({address}/regels/[^"]+)"')
    assert (await browser.post(first, {"verdict": "in_order"})).status_code == 303
    refused = await browser.post(second, {"verdict": "wrong"})
    assert refused.status_code == 400
    assert "Wat is er?" in words_of(refused)
    assert (await browser.get(second)).status_code == 200
    await browser.post(second, {"verdict": "asked", "finding": "no_reason"})
    assert (await browser.post(second, {"verdict": "wrong", "finding": "too_much"})).status_code == 303
    after = await browser.post(second, {"verdict": "in_order"})
    assert after.headers["location"] == address
    assert (await browser.get(second)).headers["location"] == address
    said = words_of(await browser.get(address))
    assert "Niet in orde" in said
    assert "Meer dan nodig was" in said
    year = words_of(await browser.get(f"{home_of(site)}/steekproef"))
    assert "Niet in orde: 1" in year
    assert "Meer dan nodig was" in year
    assert (await browser.get(f"{address}/regels/{new_id()}")).status_code == 404


async def test_a_note_on_an_entry_about_nobody_is_refused_and_another_officer_reads_along(
    site: Site, told: Told
) -> None:
    browser, address, _ = await sample_of(site)
    page = await browser.get(address)
    judging = [await browser.get(one) for one in links(page, rf'href="({address}/regels/[^"]+)"')]
    assert {'name="note"' in one.text for one in judging} == {True, False}
    added = await site.world.services.organisations.add_staff(
        OPERATOR, site.world.tenant, NewStaff("fg", "Fenna")
    )
    fg = await site.logged_in(Fg(site.world.tenant, added))
    seen = await fg.get(address)
    assert "U kijkt alleen mee." in words_of(seen)
    assert f"{address}/regels/" not in seen.text
    own = links(page, rf'href="({address}/regels/[^"]+)"')[0]
    assert (await fg.post(own, {"verdict": "in_order"})).status_code == 403


async def test_the_task_of_the_week_leads_to_the_sample(site: Site, told: Told) -> None:
    browser, _, _ = await sample_of(site)
    await site.world.settle()
    page = await browser.get(f"{home_of(site)}/taken")
    assert "Steekproef van deze week" in words_of(page)
    assert f'href="{home_of(site)}/steekproef"' in page.text
    assert "/klaar" not in main_of(page)
