"""Nothing remains of an erased family (22, 23): asked, approved, carried out at the desk; then searched for.

Every row of every table, everything that can still be opened, every file of the installation, fresh exports,
the mail queue and what was logged. The same search finds all of it before, and what is planted afterwards.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from consent_service.identity.model import PrivacyCoordinator
from consent_service.process.tables import calendar_marks
from consent_service.rights.cases.model import Asked
from tests.custody.rounds import epochs_of, hold_ceremony
from tests.rights.forgetting import left_of, second_coordinator, traces
from tests.scenarios.forgetting_all import (
    OPENED,
    WORDS,
    Planted,
    holding,
    on_disk,
    planted_household,
    readable,
    stored,
    what_is_logged,
)
from tests.scenarios.stories import told_family
from tests.shelter import World
from tests.web.visiting import Browser, Site, open_site, words_of

SECRETS = frozenset(WORDS.values())
STAYS = {"key_destructions.owner", "key_destructions.child"}
"""Names of destroyed keys, without which a key would come back out of a backup. No other column."""
NAME_A_KEY = {"key.destroyed.v1", "key.path_destroyed.v1", "key.backups_expired.v1"}
"""Details of the log that say which keys those are; each is held against the table above."""
OF_A_COLLEAGUE = "assignment.started.v1"
"""Of the counsellor, whose data it is: with which family, an id that leads to nobody any more."""


async def test_s22_nothing_of_an_erased_family_remains_anywhere(world: World, tmp_path: Path) -> None:
    hold_ceremony(world)
    (tmp_path / "exports").mkdir()
    with what_is_logged() as logs:
        home = await planted_household(world)
        neighbours = await told_family(world, family_name="Buur")
        before = await traces(world, home.ids)
        await _is_found(world, home, tmp_path)
        second = await second_coordinator(world)
        async with open_site(world, tmp_path) as site:
            page = await _erased_at_the_desk(site, home, second)
            assert "Gewist" in page
            assert await _three_stages(site, page_of=second) == (True, False, False)
            await world.services.sequencer.run_once(world.tenant)
            await epochs_of(world).run(reason="operator")
            assert await _three_stages(site, page_of=second) == (True, True, False)
            world.clock.advance(timedelta(days=9))
            await world.services.key_backups.expire()
            assert await _three_stages(site, page_of=second) == (True, True, True)
            await world.settle()
    await _is_gone(world, home, tmp_path, logs.getvalue())
    assert {f"{table}.{column}" for table, column in await left_of(world, before)} == STAYS
    assert (await traces(world, {neighbours.relationship})).sealed
    await _plants_are_found(world, home, tmp_path)


async def _is_found(world: World, home: Planted, folder: Path) -> None:
    """The positive control: the same search finds everything while the family lives."""
    tables = holding(await stored(world), home.ids)
    assert set().union(*tables.values()) == home.ids
    assert len({place.partition(".")[0] for place in tables}) > 25
    opened = await readable(world, folder / "exports")
    found = set().union(*holding(opened, SECRETS).values())
    assert {WORDS[name] for name in OPENED} <= found
    assert holding(await stored(world), SECRETS) == {}  # nothing of it ever stands in the open


async def _is_gone(world: World, home: Planted, folder: Path, logged: str) -> None:
    everything = SECRETS | home.ids
    assert holding(await stored(world), everything).keys() == STAYS
    opened = await readable(world, folder / "exports")
    assert len(opened) > 20
    left = {name: ids for name, ids in holding(opened, everything).items() if ids}
    assert {name.partition(" ")[0] for name in left} == NAME_A_KEY | {OF_A_COLLEAGUE}
    for name, ids in left.items():
        of_family = name.startswith(OF_A_COLLEAGUE)
        assert ids <= ({home.view.family} if of_family else home.ids - {home.view.family})
    assert holding(opened, SECRETS) == {}
    files = on_disk(world, folder)
    assert any("stops" in name for name in files)
    assert holding(files, SECRETS) == {}
    database = {name for name in files if ".sqlite" in name}
    named = holding({n: raw for n, raw in files.items() if n not in database}, home.ids)
    assert set(named) == {"stops.jsonl"}
    assert holding({"log": logged.encode()}, everything) == {}


async def _plants_are_found(world: World, home: Planted, folder: Path) -> None:
    """What is put back afterwards is found: in a table, in a file, in a log line, in another form."""
    mark = {"tenant": world.tenant, "mark": f"expiry:{home.relationship}", "at": world.clock.now()}
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(insert(calendar_marks).values(mark))
    assert "calendar_marks.mark" in holding(await stored(world), home.ids)
    (folder / "left.lock").write_text(WORDS["child"].encode().hex())
    assert holding(on_disk(world, folder), SECRETS) == {"left.lock": frozenset({WORDS["child"]})}


async def _erased_at_the_desk(site: Site, home: Planted, second: PrivacyCoordinator) -> str:
    """One coordinator asks from the granted request, another approves, the first carries it out."""
    world, desk = site.world, f"/toezicht/{site.world.tenant}"
    case = await world.services.cases.ask(home.mother, Asked("erasure", words=WORDS["request"]))
    await world.services.cases.decide(world.officer, case, "grant")
    one, other = await site.logged_in(world.officer), await site.logged_in(second)
    page = await one.get(f"{desk}/verzoeken/{case}/uitvoeren")
    assert page.status_code == 200, page.text
    form = {"subject": home.view.family, "ground": "requested"}
    made = await one.post(f"{desk}/verzoeken/{case}/uitvoeren/wissen", form)
    where = made.headers["location"].partition("?")[0]
    refused = await one.post(f"{where}/goedkeuren")
    assert (refused.status_code, "U vroeg dit zelf" in refused.text) == (409, True)
    assert (await other.post(f"{where}/goedkeuren")).status_code == 303
    assert (await one.post(f"{where}/uitvoeren")).status_code == 303
    assert (await one.post(f"{where}/uitvoeren")).status_code == 409  # twice does it once
    done: Any = await world.services.cases.overview(world.officer)
    assert {one.state for one in done if one.case == case} == {"done"}
    return words_of(await one.get(where))


async def _three_stages(site: Site, *, page_of: PrivacyCoordinator) -> tuple[bool, ...]:
    """Which of the three stages the page calls reached."""
    browser: Browser = await site.logged_in(page_of)
    (one,) = await site.world.services.erasures.overview(page_of)
    page = await browser.get(f"/toezicht/{site.world.tenant}/wissen/{one.erasure}")
    part = page.text.partition('id="stages"')[2].partition("</section>")[0]
    return tuple("Klaar" in line for line in re.findall(r"<dd>(.*?)</dd>", part, re.DOTALL))


async def test_s23_each_school_is_told_and_its_answer_or_its_silence_stands_on_the_desk(
    world: World, tmp_path: Path
) -> None:
    """The school answers kept with a ground; the other notice stays unanswered and is told as late."""
    home = await planted_household(world)
    async with open_site(world, tmp_path) as site:
        await _erased_at_the_desk(site, home, await second_coordinator(world))
        notices = await world.services.recalls.notices(world.contact)
        assert {one.information_type for one in notices} >= {"support_advice", "pickup"}
        (kept, *others) = [one for one in notices if one.information_type == "support_advice"]
        assert others == []
        await world.services.recalls.answer(world.contact, kept.recall, "kept", "legal_duty")
        world.clock.advance(timedelta(days=10))
        browser = await site.logged_in(world.officer)
        (one,) = await world.services.erasures.overview(world.officer)
        page = words_of(await browser.get(f"/toezicht/{world.tenant}/wissen/{one.erasure}"))
        assert "Bewaart het" in page
        assert "AVG 17(3)(b)" in page
        assert "Te laat" in page
        listed = words_of(await browser.get(f"/toezicht/{world.tenant}/wissen"))
        assert f"nog geen antwoord van scholen: {len(notices) - 1}" in listed
        assert holding({"page": page.encode(), "list": listed.encode()}, SECRETS | home.ids) == {}
