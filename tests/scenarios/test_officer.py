"""S36: privacy coordinator and FG see that something happened and who did it, never what was said.

They look without a case, so without content; and that they looked stands in the log they look at. Access to
content for a case does not exist.
"""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from consent_service.audit.events import LogVerified, LogViewed
from consent_service.audit.log import TrailFilter
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from tests.faults.test_canary import CANARIES, search, whole_story
from tests.ledger import whole_trail
from tests.shelter import OPERATOR, World
from tests.web.visiting import Browser, Site, open_site
from tests.web.who_may_call import officer
from tests.web.who_may_call.scene import addresses


@pytest.mark.parametrize("kind", ["coordinator", "fg"])
async def test_s36_without_a_case_no_page_shows_content_and_every_look_is_in_the_log(
    world: World, tmp_path: Path, kind: str
) -> None:
    await whole_story(world, tmp_path)
    added = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fenna"))
    who = world.officer if kind == "coordinator" else Fg(world.tenant, added)
    async with open_site(world, tmp_path) as site:
        answers = await everything_seen(site, await site.logged_in(who))
        assert len(answers) > 60
        assert search([answer.content for answer in answers]) == {}
        looked = [event for event in await site.events() if isinstance(event, LogViewed)]
        assert len(looked) > 20
        by = await looks_of(world, who.staff)
    assert {LogViewed, LogVerified} <= by


async def test_s36_neither_do_the_addresses_of_the_log_and_of_the_api(world: World, tmp_path: Path) -> None:
    await whole_story(world, tmp_path)
    async with open_site(world, tmp_path) as site:
        browser = await site.logged_in(world.officer)
        log = (await browser.get(f"/v1/logs/{world.tenant}/checkpoint")).text.splitlines()[0]
        name = log.rpartition("/")[2]
        size = int((await browser.get(f"/log/{name}/checkpoint")).text.splitlines()[1])
        answers = [
            await browser.get(f"/log/{name}/tile/entries/000.p/{size}"),
            await browser.get(f"/log/{name}/tile/0/000.p/{size}"),
            await browser.get("/v1/openapi.json"),
            await browser.get("/v1/health"),
        ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert search([answer.content for answer in answers]) == {}


def test_what_is_looked_for_is_found_where_it_stands() -> None:
    assert search([f"<p>{CANARIES['support']}</p>".encode()]) == {"support": {"utf-8"}}


async def everything_seen(site: Site, browser: Browser) -> list[httpx.Response]:
    """Every page of supervision that an officer can open, with every entry of the log on its own page."""
    home = f"/toezicht/{site.world.tenant}"
    first = await browser.get(home)
    answers = [first, await browser.post(f"{home}/zoeken", {"event": "record.shared.v1"})]
    for call in addresses(site.app):
        method, _, template = call.partition(" ")
        if template.endswith("/adressen"):
            continue  # colleagues and people of schools by name, whose addresses a coordinator enters
        if call in officer.TABLE and set(re.findall(r"{(\w+)}", template)) == {"tenant"}:
            path = template.replace("{tenant}", site.world.tenant)
            answers.append(await (browser.post(path) if method == "POST" else browser.get(path)))
    for entry in dict.fromkeys(re.findall(rf"{home}/regels/[0-9a-f-]+", first.text)):
        answers += [await browser.get(entry), await browser.get(f"{entry}/bewijs")]
    return answers


async def looks_of(world: World, staff: str) -> set[type]:
    """What kinds of look of one officer stand in the log."""
    async with world.services.installation.database.reading() as conn:
        told = await whole_trail(world.services.log, conn, world.tenant, TrailFilter())
    return {type(one.detail.event) for one in told if one.detail is not None and one.detail.by.id == staff}
