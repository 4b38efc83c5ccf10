"""What the officers are told of a change of the rules: in the log, in the menu and among their tasks."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import update

from consent_service.policy.tables import policy_bundles
from tests.web.officer_rules import SAFETY, Room, fg_of, form_of, make_room, weakened
from tests.web.visiting import Browser, Site, words_of


@pytest.fixture
async def room(site: Site) -> Room:
    return await make_room(site)


async def entry_of(room: Room, event: str, language: str = "nl") -> tuple[str, str]:
    """The list with the only entry of this kind, and the page of the entry, as words."""
    await room.world.settle()
    room.first.language = language
    trail = await room.first.post(f"/toezicht/{room.world.tenant}/zoeken", {"event": event})
    (entry,) = set(re.findall(r'href="([^"]+/regels/[^"]+)"', trail.text))
    return words_of(trail), words_of(await room.first.get(html.unescape(entry)))


async def test_a_proposal_in_the_log_names_the_rules_and_where_they_come_from(room: Room) -> None:
    proposal = (await room.proposed()).rpartition("/")[2]
    active = await room.active()
    listed, entry = await entry_of(room, "policy.proposed.v1")
    told = re.search(r"Andere regels voorgesteld: ([0-9a-f]{12}), in plaats van ([0-9a-f]{12})\.", listed)
    assert told is not None
    assert told[2] == active[:12]
    assert told[1] != told[2]
    for whole in (proposal, active, "Waar het vandaan komt"):
        assert whole in entry


@pytest.mark.parametrize(
    "language, sentence, advice",
    [
        (
            "nl",
            "afgewezen bij de controle: Een voorbeeld komt er anders uit dan afgesproken",
            "Verbeter de regel of het voorbeeld.",
        ),
        (
            "en",
            "refused by the checks: A case comes out otherwise than agreed",
            "Correct the rule or the case.",
        ),
    ],
)
async def test_a_refused_proposal_in_the_log_says_in_words_what_was_wrong(
    room: Room, language: str, sentence: str, advice: str
) -> None:
    answer = await room.first.post(room.at("bewerken"), form_of({SAFETY: weakened()}))
    assert answer.status_code == 400
    listed, entry = await entry_of(room, "policy.refused.v1", language)
    assert sentence in listed
    assert "case_failed" not in listed
    assert f"case_failed {sentence.rpartition(': ')[2]}" in entry
    assert advice in entry


YOURS = "Een voorstel voor andere regels wacht op uw oordeel."
OPEN = "Er staat een voorstel voor andere regels open."


async def menu_of(room: Room, browser: Browser, *parts: str) -> dict[str, int]:
    """What the menu of this page counts, per link that counts something."""
    page = await browser.get("/".join((f"/toezicht/{room.world.tenant}", *parts)))
    assert page.status_code == 200
    found = re.findall(r'>(\w+)<span class="count">(\d+)</span>', page.text)
    return {label: int(count) for label, count in found}


async def test_whoever_is_to_approve_is_told_on_every_page_and_among_the_tasks(room: Room) -> None:
    tasks = f"/toezicht/{room.world.tenant}/taken"
    assert await menu_of(room, room.second) == {}
    assert "Er is nu niets te doen." in words_of(await room.second.get(tasks))
    here = await room.proposed()

    for part in ("", "taken", "teksten", "patronen", "spelregels"):
        told = await menu_of(room, room.second, *([part] if part else []))
        inside = {"Taken": 1} if part == "taken" else {}
        assert told == {"Bureau": 1, "Spelregels": 1, **inside}, part
    assert "Taken: 1" in words_of(await room.second.get(f"/toezicht/{room.world.tenant}"))
    page = await room.second.get(tasks)
    assert YOURS in words_of(page)
    assert f'href="{here}"' in page.text
    fg = await room.site.logged_in(await fg_of(room.world))
    for watching in (room.first, fg):
        assert await menu_of(room, watching) == {"Spelregels": 1}
        words = words_of(await watching.get(tasks))
        assert OPEN in words
        assert YOURS not in words


async def test_who_approved_has_it_no_longer_among_the_tasks_and_it_is_gone_when_withdrawn(
    room: Room,
) -> None:
    here = await room.proposed()
    approved = await room.second.post(f"{here}/goedkeuren")
    assert approved.status_code == 303
    assert await menu_of(room, room.second) == {"Spelregels": 1}
    await room.first.post(f"{here}/intrekken")
    assert await menu_of(room, room.second) == {}


async def test_a_proposal_for_another_engine_waits_for_nobody(room: Room) -> None:
    await room.proposed()
    async with room.world.services.installation.database.transaction() as conn:
        await conn.execute(update(policy_bundles).values(engine="gone"))
    assert await room.world.services.policy_changes.waiting(room.world.officer) == ()
