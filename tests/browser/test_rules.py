"""The rules changed by clicking, with four eyes, while a school goes on asking."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from consent_service.app import Services, build_services, open_installation
from consent_service.audit.log import TrailEntry, TrailFilter
from consent_service.consent.model import Answer
from consent_service.demo.families import Home
from consent_service.demo.running import running
from consent_service.demo.shelter import LINDE, Shelter, review_day
from consent_service.demo.state import make, passphrase_of, settings_of
from consent_service.families.model import NewFamily, NewGuardian, PersonIdentity, SafetyAssessment
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.settings import Settings, load_settings
from consent_service.identity.form_tokens import csrf_token
from consent_service.release.service import Ask
from consent_service.web.serving import any_free_port
from tests.browser.conftest import Tab
from tests.ledger import whole_trail
from tests.shelter import confirm_before
from tests.web.officer_rules import AGE, SAFETY, YES, weakened, widened

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST = 2_000
"""Requests of the load, at the very most."""
PATIENCE = 60_000
"""In milliseconds. Comparing with the rules in force takes seconds of a processor that the askers use too."""


@dataclass
class Place:
    """The running demo: where it is, and what it takes to look at its log."""

    address: str
    settings: Settings
    shelter: Shelter


@dataclass
class Load:
    """A school that goes on asking; every answer it got."""

    answers: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def add(self, status: int) -> None:
        """One more answer."""
        async with self.moved:
            self.answers.append(status)
            self.moved.notify_all()

    async def reached(self, count: int) -> None:
        """Wait for so many answers."""
        async with self.moved:
            await self.moved.wait_for(lambda: len(self.answers) >= count)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """The demo with its families, and a child of thirteen who was not asked yet."""
    base = load_settings({"HOME": str(tmp_path)})
    settings = settings_of(tmp_path / "demo", base, port=any_free_port())
    settings.state_dir.mkdir()
    made = await make(settings.state_dir, settings, SystemClock())
    async with opened(settings) as services:
        await _child_of_thirteen(Home(services, made.shelter))
    async with running(settings, made.shelter, SystemClock(), provider_port=any_free_port()) as demo:
        yield Place(demo.address, settings, made.shelter)


@pytest.fixture
def origin(place: Place) -> str:
    return place.address


async def test_rules_change_with_four_eyes_while_a_school_goes_on_asking(tab: Tab, place: Place) -> None:
    """No request fails, and each entry names the rules that decided it: old before, new after."""
    tab.page.set_default_timeout(PATIENCE)
    school = await _cookies(tab, "Ida Intern")
    async with _asking(place, school) as load:
        before, proposal = await _propose(tab)
        await _log_out(tab)
        await tab.log_in("Ties Tweede")
        await tab.follow("Spelregels")
        await tab.follow("Bekijk wat het verandert")
        assert tab.page.url.partition("?")[0] == proposal
        await _approve(tab)
        assert len(load.answers) > 0
        seen = len(load.answers)
        await tab.press("Voer deze regels in")
        await expect(tab.page.get_by_text("Deze regels gelden vanaf nu.")).to_be_visible(timeout=PATIENCE)
        await tab.look("rules-active")
        await asyncio.wait_for(load.reached(seen + 20), timeout=60)
    assert load.failures == []
    assert set(load.answers) == {200}
    await tab.follow("Spelregels")
    after = await _hash_in_force(tab)
    assert after != before
    await tab.look("rules-after")
    _check_entries(await _entries(place), before, after)


async def test_weakening_the_secret_address_is_refused_with_a_situation(tab: Tab) -> None:
    await tab.log_in("Puk Privacy")
    await tab.follow("Spelregels")
    before = await _hash_in_force(tab)
    await _open_file(tab, SAFETY)
    await tab.page.locator("#text-0").fill(weakened())
    await tab.press("Controleer en stel voor")
    await expect(tab.page.get_by_text("Dit mag nooit, en zou nu kunnen")).to_be_visible()
    await expect(tab.page.get_by_text("het adres is geheim").first).to_be_visible()
    assert await tab.page.locator("#text-0").input_value() == weakened()
    await tab.look("rules-refused")
    await tab.follow("Spelregels")
    assert await _hash_in_force(tab) == before
    await expect(tab.page.get_by_text("Er is nog niets voorgesteld.")).to_be_visible()


async def test_the_rules_are_read_in_words_and_as_a_table(tab: Tab) -> None:
    await tab.log_in("Frits Gerritsen")
    await tab.follow("Spelregels")
    await tab.look("rules-fg")
    await tab.follow("De regels in gewone taal")
    await tab.look("rules-words")
    await tab.follow("Wie mag wat")
    await tab.look("rules-table")
    await tab.page.locator("#show").select_option("school.teacher")
    await tab.press("Tonen")
    await expect(tab.page.get_by_role("columnheader", name="Steun in de klas")).to_be_visible()
    await tab.look("rules-table-role")


async def _propose(tab: Tab) -> tuple[str, str]:
    """The first coordinator changes a rule and its cases; the hash in force, and the proposal's address."""
    await tab.log_in("Puk Privacy")
    await tab.follow("Spelregels")
    await tab.look("rules-overview")
    before = await _hash_in_force(tab)
    await _open_file(tab, YES)
    await tab.look("rules-edit")
    await tab.page.locator("#file").select_option(AGE)
    await tab.press("Zet dit bestand erbij")
    texts = widened()
    for label in await tab.page.locator("label[for^=text-]").all():
        file = (await label.inner_text()).strip()
        await tab.page.locator(f"#{await label.get_attribute('for')}").fill(texts[file])
    await tab.press("Controleer en stel voor")
    await expect(tab.page.get_by_text("Het voorstel is bewaard.")).to_be_visible(timeout=PATIENCE)
    await expect(tab.page.get_by_text("U stelde dit zelf voor.")).to_be_visible()
    assert await tab.page.get_by_role("button", name="Keur goed").count() == 0
    await tab.look("rules-proposed")
    return before, tab.page.url.partition("?")[0]


async def _approve(tab: Tab) -> None:
    """First without a tick, which is not enough; then everything."""
    await tab.press("Keur goed")
    await expect(tab.page.get_by_text("Dit is nog nodig:")).to_be_visible(timeout=PATIENCE)
    boxes = tab.page.locator('input[name="goed"]')
    count = await boxes.count()
    assert count >= 2
    await expect(tab.page.get_by_text(f"Apart goedgekeurd: 0 van {count}.").first).to_be_visible()
    for box in await boxes.all():
        await box.check()
    await tab.look("rules-ticked")
    await tab.press("Keur goed")
    await expect(tab.page.get_by_text("Alles is goedgekeurd.")).to_be_visible(timeout=PATIENCE)
    await tab.look("rules-approved")


async def _open_file(tab: Tab, file: str) -> None:
    await tab.follow("Kies een bestand")
    await tab.page.locator("#file").select_option(file)
    await tab.press("Openen")


async def _hash_in_force(tab: Tab) -> str:
    found = re.search(r"[0-9a-f]{64}", await tab.page.locator("#policies").inner_text())
    assert found is not None
    return found[0]


async def _log_out(tab: Tab) -> None:
    await tab.press("Uitloggen")
    await tab.page.context.clear_cookies()


async def _cookies(tab: Tab, who: str) -> dict[str, str]:
    """The cookies of somebody's own window."""
    browser = tab.page.context.browser
    assert browser is not None
    context = await browser.new_context(locale="nl-NL")
    page = await context.new_page()
    await Tab(page, tab.origin, None, tab.complaints).log_in(who)
    await expect(page.get_by_role("button", name="Uitloggen")).to_be_visible()
    cookies = {str(one["name"]): str(one["value"]) for one in await context.cookies(tab.origin)}
    await context.close()
    return cookies


@asynccontextmanager
async def _asking(place: Place, cookies: dict[str, str]) -> AsyncIterator[Load]:
    """Two askers at once over HTTP, on this machine only, for as long as the context lasts."""
    load, stop = Load(), asyncio.Event()
    token = next(value for name, value in cookies.items() if name.startswith("sessie"))
    async with httpx.AsyncClient(base_url=place.address, cookies=cookies, timeout=30) as client:
        home = await client.get(f"/school/{place.shelter.tenant}")
        children = sorted(set(re.findall(r'href="(/school/[^"]+/kinderen/[^"/]+)"', home.text)))
        assert len(children) >= 3
        askers = [asyncio.create_task(_ask(client, children, token, load, stop)) for _ in range(2)]
        try:
            yield load
        finally:
            stop.set()
            await asyncio.gather(*askers)


async def _ask(
    client: httpx.AsyncClient, children: list[str], token: str, load: Load, stop: asyncio.Event
) -> None:
    for number, child in enumerate(_over_and_over(children)):
        if stop.is_set() or len(load.answers) >= MOST:
            return
        purpose = ("support", "contact")[number % 2]
        try:
            answer = await client.post(child, data={"purpose": purpose, "csrf": csrf_token(token)})
            await load.add(answer.status_code)
        except httpx.HTTPError as failure:
            load.failures.append(repr(failure))
        await asyncio.sleep(0.1)


def _over_and_over(children: list[str]) -> Iterator[str]:
    while True:
        yield from children


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """The services over the demo's own files."""
    services = build_services(open_installation(settings, passphrase_of(settings), clock=SystemClock()))
    try:
        yield services
    finally:
        await services.installation.database.close()


async def _child_of_thirteen(home: Home) -> None:
    """The mother says yes to everything ordinary; the school is refused, for the child was not asked yet."""
    parent = NewGuardian(PersonIdentity("Hanna", "Verzonnen"), "holder", "register")
    safety = SafetyAssessment("no_known_danger", False, False, None, review_day(home.services))
    family = NewFamily((parent,), (PersonIdentity("Sem", "Verzonnen", home.born(13)),))
    view = await home.register(family, safety)
    relationship = await home.enrol(view.children[0].child, LINDE, {"ida": None})
    answers: dict[str, Answer] = {"shelter_involvement": "yes", "support_advice": "yes"}
    await home.ask(home.guardian(view, "Hanna"), answers, name="Hanna Verzonnen")
    await confirm_before(home.services, relationship, home.counsellor, home.shelter.at_school("ida"))
    await home.services.release.to_school(home.shelter.at_school("ida"), Ask(relationship, "support"))
    await home.services.sequencer.run_once(home.shelter.tenant)


async def _entries(place: Place) -> list[TrailEntry]:
    """Everything that names the rules it was decided by, in the order of the log."""
    async with opened(place.settings) as services:
        await services.sequencer.run_once(place.shelter.tenant)
        async with services.installation.database.reading() as conn:
            entries = await whole_trail(services.log, conn, place.shelter.tenant, TrailFilter())
    return sorted((one for one in entries if one.bundle), key=lambda one: one.seq or 0)


def _check_entries(entries: list[TrailEntry], before: str, after: str) -> None:
    """Old, then the switch, then new, and nothing else."""
    assert all(one.seq for one in entries)
    hashes = [one.bundle for one in entries]
    switch = next(place for place, one in enumerate(entries) if one.bundle == after)
    assert set(hashes[:switch]) == {before}
    assert set(hashes[switch:]) == {after}
    assert entries[switch].type == "bundle.activated.v1"
    assert len(hashes[switch:]) > 10
