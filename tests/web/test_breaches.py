"""Breaches by their pages: S12 from the contact's word to the last letter, and everything typed wrong."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from tests.ledger import entries
from tests.rights.breaches.stories import of_actor, opened, reported, today
from tests.scenarios.stories import ask, told_family
from tests.shelter import OPERATOR, SAFE, SECRET
from tests.web.visiting import Browser, Site, words_of


def place(site: Site, *parts: str) -> str:
    return "/".join((f"/toezicht/{site.world.tenant}/datalekken", *parts))


def on(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def a_theft(site: Site) -> dict[str, str]:
    day = today(site.world)
    return {
        "breach_kind": "lost_or_stolen_device",
        **on("discovered", day),
        "discovered_time": "00:01",
        **on("happened_from", day - timedelta(days=1)),
        **on("happened_until", day),
        "nature": "Een tablet is uit de auto gestolen.",
    }


def described() -> dict[str, list[str] | str]:
    return {
        "nature": "Een tablet is uit de auto gestolen.",
        "measures_note": "Op afstand gesloten.",
        "measures": ["device_blocked", "people_warned"],
        "consequences": ["help_known"],
    }


async def the_fg(site: Site) -> Browser:
    new = NewStaff("fg", "Fenna Gegevens")
    added = await site.world.services.organisations.add_staff(OPERATOR, site.world.tenant, new)
    return await site.logged_in(Fg(site.world.tenant, added))


def link_to(page: str, pattern: str) -> str:
    found = re.search(rf'(?:href|action)="({pattern})"', page)
    assert found is not None, pattern
    return found[1]


async def test_s12_through_the_desk_from_not_our_pupil_to_the_last_letter(site: Site) -> None:
    world = site.world
    told = await told_family(world, safety=SECRET)
    await ask(world, told.relationship)
    await world.services.families.disown(world.contact, told.relationship)
    await world.settle()
    desk = await site.logged_in(world.officer)
    register = await desk.get(place(site))
    assert "Noor" not in register.text
    one = link_to(register.text, place(site, "[0-9a-f-]{36}"))
    page = await desk.get(one)
    assert "om te melden" in words_of(page)
    assert "De school zei: geen leerling van ons" in words_of(page)
    (opened_there,) = await world.services.breaches.overview(world.officer)
    asked = {"question": "entry", "entry_number": opened_there.source_entry or ""}
    assert (await desk.post(f"{one}/vraag", asked)).status_code == 303
    page = await desk.get(one)
    assert "Het risico is hoog" in words_of(page)
    assert "Van een gezin is het adres geheim." in words_of(page)
    lower = await desk.post(f"{one}/risico", {"level": "unlikely", "lower_ground": "undone"})
    assert lower.status_code == 400
    for part in ("verslag", "verslag/bestand"):
        assert (await desk.post(f"{one}/{part}", {})).status_code == 400, "nothing is described yet"
    assert (await desk.post(f"{one}/beschrijving", described())).status_code == 303
    done = {**on("reported_on", today(world)), "reported_time": "10:00", "reference": "z2026-1"}
    assert (await desk.post(f"{one}/melden", done)).status_code == 303
    assert (await desk.post(f"{one}/sluiten", {})).status_code == 400, "nobody was told"
    for _ in range(2):
        assert (await desk.post(f"{one}/brieven", {})).status_code == 303
    people = await desk.get(f"{one}/mensen")
    assert "Samira" in people.text
    given = link_to(people.text, f"{one}/brieven/[0-9a-f-]{{36}}/gegeven")
    nothing_chosen = await desk.post(given, {})
    assert nothing_chosen.status_code == 400
    paper = await desk.post(given.replace("gegeven", "printen"), {})
    assert paper.status_code == 200
    assert "Noor" not in paper.text
    assert (await desk.get(given.replace("gegeven", "printen"))).status_code == 303
    assert (await desk.post(given, {"given_how": "in_person"})).status_code == 303
    assert (await desk.post(f"{one}/verteld", {})).status_code == 303
    assert (await desk.post(f"{one}/sluiten", {})).status_code == 303
    assert "Afgesloten" in words_of(await desk.get(place(site)))
    told_of = [one.detail.shown_to for one in await entries(world, "breach.moved.v1") if one.detail]
    assert set(told_of) == {"officer"}


async def test_everything_wrong_with_a_new_breach_is_said_at_once_and_what_was_typed_stays(
    site: Site,
) -> None:
    desk = await site.logged_in(site.world.officer)
    form = await desk.get(place(site, "nieuw"))
    assert form.status_code == 200
    nothing = await desk.post(place(site, "nieuw"), {})
    assert nothing.status_code == 400
    for field in ("breach_kind", "discovered", "discovered_time", "happened_from", "nature"):
        assert re.search(rf'href="#{field}(-day)?"', nothing.text), field
    wrong = a_theft(site) | {"discovered_time": "25:99", "nature": "Bel 06-12345678 voor het kind."}
    answer = await desk.post(place(site, "nieuw"), wrong)
    assert answer.status_code == 400
    assert "25:99" in answer.text
    later = a_theft(site) | on("discovered", today(site.world) + timedelta(days=3))
    assert (await desk.post(place(site, "nieuw"), later)).status_code == 400
    address = a_theft(site) | {"nature": "Het adres Zonnestraat 4, 5038 AB Tilburg lekte."}
    answer = await desk.post(place(site, "nieuw"), address)
    assert (answer.status_code, "Zonnestraat 4" in answer.text) == (400, True)
    assert await site.world.services.breaches.overview(site.world.officer) == ()


async def test_a_breach_that_is_sent_twice_stands_there_once(site: Site) -> None:
    desk = await site.logged_in(site.world.officer)
    first = await desk.post(place(site, "nieuw"), a_theft(site))
    second = await desk.post(place(site, "nieuw"), a_theft(site))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"].split("?")[0] == second.headers["location"].split("?")[0]
    other = await desk.post(place(site, "nieuw"), a_theft(site) | {"nature": "Een tweede tablet is weg."})
    assert other.headers["location"].split("?")[0] != first.headers["location"].split("?")[0]
    assert len(await site.world.services.breaches.overview(site.world.officer)) == 2


@pytest.mark.parametrize(
    "asked, field",
    [
        ({}, "question"),
        ({"question": "entry"}, "entry_number"),
        ({"question": "entry", "entry_number": "regel 12"}, "entry_number"),
        ({"question": "entry", "entry_number": "01a207b0-df69-763e-977a-c91cb1876a44"}, "entry_number"),
        ({"question": "actor"}, "seen_by"),
        ({"question": "actor", "seen_by": "01a207b0-df69-763e-977a-c91cb1876a44"}, "seen_by"),
        ({"question": "tablet"}, "device"),
        ({"question": "backup"}, "key_copy"),
    ],
    ids=lambda one: "-".join(map(str, one.values())) or "nothing" if isinstance(one, dict) else one,
)
async def test_a_question_that_cannot_be_asked_says_beside_which_field(
    site: Site, asked: dict[str, str], field: str
) -> None:
    world = site.world
    await told_family(world)
    breach = await opened(world)
    desk = await site.logged_in(world.officer)
    assert (await desk.get(place(site, breach, "vraag"))).status_code == 200
    day = today(world)
    period = {**on("seen_from", day - timedelta(days=2)), **on("seen_until", day)}
    if asked.get("question") == "backup":
        period = {}
    answer = await desk.post(place(site, breach, "vraag"), period | asked)
    assert answer.status_code == 400
    assert re.search(rf'href="#{field}[^"]*"', answer.text), words_of(answer)


async def test_questions_their_entries_and_what_was_the_wrong_question(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    await ask(world, told.relationship)
    await world.services.identity.note_device(world.counsellor, "d" * 64)
    breach = await opened(world)
    desk = await site.logged_in(world.officer)
    form = words_of(await desk.get(place(site, breach, "vraag")))
    assert "Bo Begeleider" in form
    day = today(world)
    period = {**on("seen_from", day - timedelta(days=3)), **on("seen_until", day)}
    for asked in (
        {"question": "tablet", "device": "d" * 64, **period},
        {"question": "actor", "seen_by": world.contact.staff, **period},
        {"question": "period", **period},
        {"question": "backup", "key_copy": "leaked", **period},
        {"question": "backup", "key_copy": "none", **on("seen_from", day)},
    ):
        assert (await desk.post(place(site, breach, "vraag"), asked)).status_code == 303, asked
    page = await desk.get(place(site, breach))
    exam = link_to(page.text, place(site, breach, "vragen", "[0-9a-f-]{36}"))
    assert (await desk.get(exam)).status_code == 200
    assert (await desk.get(f"{exam}?after=x")).status_code == 404
    for exam_again in set(re.findall(rf"{place(site, breach, 'vragen')}/[0-9a-f-]{{36}}/vervalt", page.text)):
        assert (await desk.post(exam_again, {})).status_code == 303
    assert "Het risico is hoog" not in words_of(await desk.get(place(site, breach)))


async def test_ten_years_of_log_are_asked_and_answered(site: Site) -> None:
    world = site.world
    told = await told_family(world)
    await ask(world, told.relationship)
    breach = await opened(world)
    desk = await site.logged_in(world.officer)
    day = today(world)
    period = {**on("seen_from", day.replace(year=day.year - 10)), **on("seen_until", day)}
    answer = await desk.post(place(site, breach, "vraag"), {"question": "period", **period})
    assert answer.status_code in (303, 400)
    if answer.status_code == 400:
        assert re.search(r'href="#seen_from[^"]*"', answer.text)


async def test_reporting_late_asks_why_and_the_report_names_nobody(site: Site) -> None:
    world = site.world
    await told_family(world, safety=SAFE)
    breach = await opened(world)
    desk = await site.logged_in(world.officer)
    await world.services.breaches.examine(world.officer, breach, of_actor(world))
    empty = await desk.post(place(site, breach, "beschrijving"), {"nature": ""})
    assert empty.status_code == 400
    both = await desk.post(
        place(site, breach, "beschrijving"), described() | {"consequences": ["none", "help_known"]}
    )
    assert (both.status_code, "Geen gevolgen gaat niet samen" in words_of(both)) == (400, True)
    named = await desk.post(
        place(site, breach, "beschrijving"), described() | {"measures_note": "Samira is gebeld."}
    )
    assert named.status_code == 400
    assert "Samira is gebeld." in named.text
    assert (await desk.get(place(site, breach, "beschrijving"))).status_code == 200
    assert (await desk.post(place(site, breach, "beschrijving"), described())).status_code == 303
    world.clock.advance(timedelta(hours=100))
    desk = await site.logged_in(world.officer)
    assert (await desk.get(place(site, breach, "melden"))).status_code == 200
    done = {**on("reported_on", today(world)), "reported_time": "00:05", "reference": "z2026-1"}
    late = await desk.post(place(site, breach, "melden"), done)
    assert (late.status_code, "z2026-1" in late.text) == (400, True)
    assert (await desk.post(place(site, breach, "melden"), {"reference": "?" * 50})).status_code == 400
    done |= {"late_reason": "still_looking", "late_note": "Wij zochten nog."}
    assert (await desk.post(place(site, breach, "melden"), done)).status_code == 303
    report = await desk.post(place(site, breach, "verslag"), {})
    file = await desk.post(place(site, breach, "verslag", "bestand"), {})
    assert (report.status_code, file.status_code) == (200, 200)
    assert file.headers["content-type"].startswith("application/json")
    assert "Namen en geboortedatum" in words_of(report)
    for name in ("Samira", "Noor", "Voorbeeld"):
        assert name not in report.text + file.text
    assert (await desk.get(place(site, breach, "verslag"))).status_code == 303


async def test_a_risk_is_weighed_and_what_is_unlikely_is_not_reported_and_looked_at_again(site: Site) -> None:
    world = site.world
    breach = await opened(world, "leaked_backup")
    desk = await site.logged_in(world.officer)
    await world.services.breaches.examine(world.officer, breach, of_actor(world))
    here = place(site, breach)
    assert (await desk.post(f"{here}/risico", {})).status_code == 400
    assert (await desk.post(f"{here}/risico", {"level": "risk"})).status_code == 303
    assert (await desk.post(f"{here}/risico", {"level": "unlikely"})).status_code in (303, 400)
    assert (await desk.post(f"{here}/beschrijving", described())).status_code == 303
    assert (await desk.post(f"{here}/niet-melden", {})).status_code == 400
    await desk.post(f"{here}/risico", {"level": "unlikely", "lower_ground": "nothing_to_learn"})
    left = await desk.post(f"{here}/niet-melden", {"unreported_ground": "nothing_seen"})
    assert left.status_code == 303, words_of(left)
    assert "Niet gemeld" in words_of(await desk.get(here))
    assert (await desk.post(f"{here}/opnieuw", {})).status_code == 303
    assert (await desk.post(f"{here}/verteld", {"untold": "zomaar"})).status_code == 400


async def test_a_held_letter_is_weighed_by_hand_and_one_that_is_not_given_has_a_ground(site: Site) -> None:
    world = site.world
    both = (("Samira", "holder"), ("Karim", "holder"))
    await told_family(world, guardians=both, safety=SECRET)  # type: ignore[arg-type]
    breach = await opened(world)
    await reported(world, breach)
    await world.services.breach_letters.prepare(world.officer, breach)
    desk, here = await site.logged_in(world.officer), place(site, breach)
    people = await desk.get(f"{here}/mensen")
    letters = sorted(set(re.findall(rf"({here}/brieven/[0-9a-f-]{{36}})/toch", people.text)))
    assert letters, words_of(people)
    held = letters[0]
    assert (await desk.post(f"{held}/toch", {})).status_code == 400, "not weighed"
    assert (await desk.post(f"{held}/printen", {})).status_code == 400, "held"
    assert (await desk.post(f"{held}/gegeven", {"given_how": "in_person"})).status_code == 400
    assert (await desk.post(f"{held}/niet", {})).status_code == 400
    assert (await desk.post(f"{held}/toch", {"weighed": "yes"})).status_code == 303
    assert (await desk.post(f"{held}/niet", {"withheld_ground": "safety"})).status_code == 303
    assert (await desk.get(f"{here}/mensen?na=x")).status_code == 404


async def test_the_fg_reads_everything_and_presses_nothing(site: Site) -> None:
    world = site.world
    await told_family(world)
    breach = await opened(world)
    await reported(world, breach)
    watching = await the_fg(site)
    here = place(site, breach)
    for address in (place(site), here, f"{here}/mensen"):
        page = await watching.get(address)
        assert page.status_code == 200
    for part in ("brieven", "sluiten", "risico", "melden", "beschrijving", "vraag"):
        assert (await watching.post(f"{here}/{part}", {})).status_code in (403, 404), part
    assert (await watching.post(f"{here}/verslag", {})).status_code == 200
