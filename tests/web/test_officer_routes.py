"""The privacy officer's pages: events, ids and times; names of nobody; a log that can be checked now."""

from __future__ import annotations

import html
import json
import re
from typing import get_args

import pytest
from sqlalchemy import select

from consent_service.audit.events import Event, LogVerified, LogViewed
from consent_service.audit.tables import audit_entries
from consent_service.consent.service import Target
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId, TypeKey, new_id
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.records.service import Note
from consent_service.release.model import Ask
from consent_service.web.officer.wording import EVENTS
from tests.shelter import OPERATOR, World, furnish
from tests.web.visiting import Site, words_of

NAMES = ("Noor", "Samira", "Voorbeeld", "Bo Begeleider", "Ida Intern", "De Linde", "Jip Juf")
_OPTIONS = re.compile(r"<option.*?</option>", re.DOTALL)
"""Every school stands among the choices of the search, whatever is in the log."""
ADVICE = "Even naar buiten lopen."


async def _lived(world: World) -> tuple[FamilyView, RelationshipId]:
    """A family with an intake, a share, a release and a refusal, all of it in the log."""
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    await world.services.records.share(
        world.counsellor, relationship, Note(TypeKey("support_advice"), {"helps": ADVICE})
    )
    await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    await world.services.release.to_school(world.contact, Ask(relationship, "transition"))
    await world.settle()
    return view, relationship


def _hrefs(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'href="([^"]+/regels/[^"]+)"', page)]


async def test_no_page_of_the_officer_names_anybody(site: Site) -> None:
    await _lived(site.world)
    officer = await site.logged_in(site.world.officer)
    home = f"/toezicht/{site.world.tenant}"
    trail = await officer.get(home)
    pages = [trail, await officer.get(f"{home}/taken"), await officer.post(f"{home}/controle")]
    for href in _hrefs(trail.text):
        pages.append(await officer.get(href))

    assert len(pages) > 20
    for page in pages:
        assert page.status_code == 200
        said = _OPTIONS.sub("", page.text.replace("Puk Privacy", ""))
        for name in (*NAMES, ADVICE):
            assert name not in said, (name, words_of(page)[:300])


@pytest.mark.parametrize(
    "language, sentences",
    [
        (
            "nl",
            (
                "Informatie gegeven: Wat helpt uw kind. Doel: Steun in de klas.",
                "Ja gezegd tegen delen van Wat helpt uw kind.",
                "Medewerker van de school",
            ),
        ),
        ("en", ("Purpose: Support in class",)),
    ],
)
async def test_entries_are_told_in_plain_words_of_the_readers_language(
    site: Site, language: str, sentences: tuple[str, ...]
) -> None:
    await _lived(site.world)
    officer = await site.logged_in(site.world.officer, language=language)
    words = words_of(await officer.get(f"/toezicht/{site.world.tenant}"))

    for sentence in sentences:
        assert sentence in words, words
    assert "{" not in words
    assert "support_advice" not in words


async def test_a_search_narrows_by_every_field_and_names_nobody_in_an_address(site: Site) -> None:
    view, relationship = await _lived(site.world)
    world = site.world
    officer = await site.logged_in(world.officer)
    rules = [leaf["bundle"] for leaf in await _leaves(site) if leaf["bundle"]][-1]
    expected: list[tuple[dict[str, str], int]] = [
        ({"event": "information.released.v1"}, 1),
        ({"person": new_id()}, 0),
        ({"person": view.children[0].child, "event": "child.registered.v1"}, 1),
        ({"actor": world.contact.staff}, 3),
        ({"organisation": world.linde, "event": "information.released.v1"}, 1),
        ({"organisation": "shelter", "event": "information.released.v1"}, 0),
        ({"decision": "refused"}, 2),
        ({"decision": "yes"}, 2),
        ({"decision": "yes", "basis": "public_task"}, 2),
        ({"decision": "yes", "basis": "explicit_consent"}, 0),
        ({"rests_on": rules[:8], "decision": "allowed", "event": "information.released.v1"}, 1),
        ({"rests_on": "e1" * 8}, 0),
        ({"until-day": "31", "until-month": "8", "until-year": "2026"}, 0),
        ({"from-day": "1", "from-month": "9", "from-year": "2026", "decision": "refused"}, 2),
    ]
    for form, count in expected:
        page = await officer.post(f"/toezicht/{world.tenant}/zoeken", form)
        assert page.status_code == 200
        assert len(_hrefs(page.text)) == count, (form, words_of(page)[:2000])
        if not count:
            assert "Er is niets gevonden." in words_of(page)
    here = await officer.post(f"/toezicht/{world.tenant}/zoeken", {"relationship": relationship})
    assert len(_hrefs(here.text)) > 5
    addresses = [html.unescape(found) for found in re.findall(r'(?:href|action)="([^"]+)"', here.text)]
    assert not [one for one in addresses if relationship in one]
    assert not [one for one in addresses if "?" in one and not one.startswith("/static/")]
    assert (await officer.get(f"/toezicht/{world.tenant}/zoeken")).headers["location"].endswith(world.tenant)
    looks = [event for event in await site.events() if isinstance(event, LogViewed)]
    assert looks[6].filters == ("decision",)
    assert looks[-1].filters == ("relationship",)


async def test_a_search_that_ends_before_it_begins_is_told(site: Site) -> None:
    officer = await site.logged_in(site.world.officer)
    days = {"from-day": "2", "from-month": "9", "from-year": "2026"}
    days |= {"until-day": "1", "until-month": "9", "until-year": "2026"}
    page = await officer.post(f"/toezicht/{site.world.tenant}/zoeken", days)

    assert page.status_code == 400
    assert "De laatste dag ligt voor de eerste." in words_of(page)


async def test_a_wrong_search_is_told_beside_the_field_and_nothing_is_read(site: Site) -> None:
    officer = await site.logged_in(site.world.officer)
    before = await site.events()
    wrong = {"person": "Noor", "event": "nonsense", "rests_on": "abc", "organisation": new_id()}
    answer = await officer.post(
        f"/toezicht/{site.world.tenant}/zoeken",
        wrong | {"from-day": "40", "from-month": "1", "from-year": "2026"},
    )

    assert answer.status_code == 400
    words = words_of(answer)
    assert "Een nummer heeft 36 tekens." in words
    assert "Deze datum bestaat niet." in words
    assert "Een kenmerk bestaat uit 8 tot 64 cijfers" in words
    assert words.count("Kies een van de antwoorden.") == 4
    assert 'value="Noor"' in answer.text
    assert await site.events() == before


async def test_the_pages_of_the_trail_follow_each_other_and_keep_the_search(site: Site) -> None:
    for _ in range(3):
        await _lived(site.world)
    officer = await site.logged_in(site.world.officer)
    everything = len([event for event in await site.events() if not isinstance(event, LogViewed)])
    home = f"/toezicht/{site.world.tenant}"
    search = {"from-day": "1", "from-month": "9", "from-year": "2026"}
    seen: list[str] = []
    form: dict[str, str] | None = search
    while form is not None:
        page = await officer.post(f"{home}/zoeken", form)
        seen += _hrefs(page.text)
        after = re.findall(r'name="after" value="([^"]+)"', page.text)
        form = search | {"after": after[0]} if after else None
        kept = re.findall(r'type="hidden" name="(from-[a-z]+)" value="([^"]+)"', page.text)
        assert not after or dict(kept) == search
    assert len(seen) == len(set(seen)) >= everything

    first = await officer.get(home)
    (later,) = re.findall(r'href="([^"]+after=[^"]+)"', first.text)
    assert not set(_hrefs(first.text)) & set(_hrefs((await officer.get(html.unescape(later))).text))
    assert (await officer.get(f"{home}?after=niets")).status_code == 404
    assert (await officer.post(f"{home}/zoeken", {"after": "niets"})).status_code == 404


async def test_an_entry_is_proved_against_the_signed_head_and_shows_the_true_cause(site: Site) -> None:
    await _lived(site.world)
    officer = await site.logged_in(site.world.officer)
    trail = await officer.post(f"/toezicht/{site.world.tenant}/zoeken", {"event": "release.refused.v1"})
    page = await officer.get(_hrefs(trail.text)[0])
    words = words_of(page)

    assert page.status_code == 200
    assert "Bewezen: deze regel staat in het logboek." in words
    assert re.search(r"Hash van het blad [0-9a-f]{64}", words)
    assert '"com":' in words
    assert "Verhuizing, nieuwe school" in words
    assert "Verhuizing, nieuwe school Er is geen ja. Geen antwoord telt als nee." in words


async def test_an_entry_whose_leaf_was_changed_is_not_proved_and_the_check_says_so(
    site: Site,
) -> None:
    await _lived(site.world)
    officer = await site.logged_in(site.world.officer)
    home = f"/toezicht/{site.world.tenant}"
    first = _hrefs((await officer.post(f"{home}/zoeken", {"event": "family.registered.v1"})).text)[0]
    good = await officer.post(f"{home}/controle")
    await _change_leaf(site, first.rpartition("/")[2])
    bad = await officer.post(f"{home}/controle")

    assert "Het logboek klopt." in words_of(good)
    assert "Niet bewezen." in words_of(await officer.get(first))
    assert "Het logboek klopt niet." in words_of(bad)
    assert "de regel is gewijzigd nadat hij in het logboek kwam" in words_of(bad)
    assert sum(isinstance(event, LogVerified) for event in await site.events()) == 2


async def test_looking_at_the_log_is_itself_in_the_log(site: Site) -> None:
    await _lived(site.world)
    officer = await site.logged_in(site.world.officer)
    await officer.post(f"/toezicht/{site.world.tenant}/zoeken", {"actor": site.world.contact.staff})

    looks = [event for event in await site.events() if isinstance(event, LogViewed)]
    assert [look.filters for look in looks] == [("actor",)]


async def test_an_objection_becomes_a_task_that_is_finished_once(site: Site) -> None:
    view, relationship = await _lived(site.world)
    guardian = site.world.guardian(view)
    target = Target(guardian.tenant, guardian.family, guardian.guardian, ((relationship, _ADVICE),))
    await site.world.services.consent.object(guardian, target, method="tablet")
    await site.world.settle()
    officer = await site.logged_in(site.world.officer)
    home = f"/toezicht/{site.world.tenant}"
    tasks = await officer.get(f"{home}/taken")
    (action,) = re.findall(r'action="([^"]+/klaar)"', tasks.text)
    done = await officer.post(action)

    assert "Een ouder maakt bezwaar." in words_of(tasks)
    assert done.status_code == 303
    assert "De taak is klaar." in words_of(await officer.get(done.headers["location"]))
    assert (await officer.post(action)).status_code == 404


async def test_another_shelters_log_is_not_there(site: Site) -> None:
    await _lived(site.world)
    elsewhere = await furnish(site.world.services, site.world.clock, "Opvang Noord")
    officer = await site.logged_in(site.world.officer)
    stranger = await site.logged_in(elsewhere.officer)
    entry = _hrefs((await officer.get(f"/toezicht/{site.world.tenant}")).text)[0].rpartition("/")[2]

    assert (await stranger.get(f"/toezicht/{site.world.tenant}")).status_code == 404
    assert (await stranger.get(f"/toezicht/{elsewhere.tenant}/regels/{entry}")).status_code == 404
    assert (await officer.get(f"/toezicht/{site.world.tenant}/regels/niets")).status_code == 404


async def test_the_fg_reads_and_verifies_as_well(site: Site) -> None:
    staff = await site.world.services.organisations.add_staff(
        OPERATOR, site.world.tenant, NewStaff("fg", "Fenna Gegevens")
    )
    fg = await site.logged_in(Fg(site.world.tenant, staff))
    home = f"/toezicht/{site.world.tenant}"

    assert (await fg.get(home)).status_code == 200
    assert "Functionaris gegevensbescherming" in (await fg.get(home)).text
    assert (await fg.post(f"{home}/controle")).status_code == 200
    assert (await fg.get(f"{home}/controle")).headers["location"] == home


def test_every_event_has_a_short_name() -> None:
    tags = {event_type.__struct_config__.tag for event_type in get_args(Event)}

    assert EVENTS.keys() == tags


_ADVICE = TypeKey("support_advice")


async def _leaves(site: Site) -> list[dict[str, str]]:
    async with site.world.services.installation.database.reading() as conn:
        rows = (await conn.execute(select(audit_entries.c.leaf))).scalars()
        return [json.loads(raw) for raw in rows]


async def _change_leaf(site: Site, entry: str) -> None:
    """As somebody with the whole database in hands would: the protection goes first."""
    database = site.world.services.installation.database
    async with database.engine.begin() as conn:
        if not database.is_sqlite:
            await conn.exec_driver_sql("ALTER TABLE audit_entries DISABLE TRIGGER ALL")
        else:
            names = (
                await conn.exec_driver_sql(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entries'"
                )
            ).scalars()
            for name in list(names):
                await conn.exec_driver_sql(f"DROP TRIGGER {name}")
        leaf = audit_entries.c.leaf
        found = (await conn.execute(audit_entries.select().where(audit_entries.c.id == entry))).one()
        await conn.execute(
            audit_entries.update()
            .where(audit_entries.c.id == entry)
            .values({leaf: found.leaf.replace(b'"v":1', b'"v":2')})
        )
