"""The own page shows a guardian what was written about her child, unless that is postponed."""

from __future__ import annotations

from datetime import date

from consent_service.families.model import FamilyView
from consent_service.identity.model import PersonActor
from consent_service.process.emergencies.model import Postponement, StepText
from consent_service.web.page.door import HOME, MELDCODE
from tests.web.visiting import Browser, Site, words_of

SAID = "Noor durft niet naar huis."
NOTHING = "Hier is nu niets te lezen."
LATER = Postponement("Vader leest mee.", date(2026, 9, 20))


async def own_page(site: Site, actor: PersonActor) -> Browser:
    services = site.world.services
    async with services.installation.database.transaction() as conn:
        opened = await services.identity.own_pages.open(conn, actor, replaces=None)
    return Browser(site.client, opened.token)


async def begun(site: Site, view: FamilyView, postponed: Postponement | None = None) -> None:
    world = site.world
    text = StepText(what=SAID, why="Twee keer gezien.")
    child = view.children[0].child
    await world.services.meldcodes.begin(world.counsellor, view.family, child, text, postponed=postponed)


async def test_a_guardian_reads_what_is_open_and_finds_the_way_from_her_page(site: Site) -> None:
    view = await site.world.family()
    parent = await own_page(site, site.world.guardian(view))
    assert f'href="{MELDCODE}"' in (await parent.get(HOME)).text
    before = words_of(await parent.get(MELDCODE))
    assert NOTHING in before
    await begun(site, view, LATER)
    assert words_of(await parent.get(MELDCODE)) == before
    await begun(site, view)
    page = words_of(await parent.get(MELDCODE))
    assert SAID in page
    assert "Stap 1: de signalen" in page
    assert "Vader leest mee." not in page
    assert site.world.counsellor.staff not in page
    assert (await parent.get(MELDCODE, purpose="prefetch")).status_code != 200


async def test_under_danger_the_other_holder_reads_a_page_on_which_nothing_stands(site: Site) -> None:
    view = await site.world.family(guardians=(("Samira", "holder"), ("Daan", "holder")), safety=None)
    await begun(site, view)
    for number in (0, 1):
        parent = await own_page(site, site.world.guardian(view, number))
        assert NOTHING in words_of(await parent.get(MELDCODE))


async def test_a_young_person_who_decides_alone_reads_it_in_her_own_words(site: Site) -> None:
    view = await site.world.family(children=(("Yara", date(2010, 1, 2)),))
    await site.world.at_school(view.children[0].child)
    await begun(site, view)
    young = await own_page(site, site.world.child(view))
    assert f'href="{MELDCODE}"' in (await young.get(HOME)).text
    page = words_of(await young.get(MELDCODE))
    assert SAID in page
    assert "Bel je begeleider" in page
    parent = await own_page(site, site.world.guardian(view))
    assert SAID not in words_of(await parent.get(MELDCODE))


async def test_a_younger_child_is_not_led_there(site: Site) -> None:
    view = await site.world.family(children=(("Mee", date(2013, 1, 2)),))
    await site.world.at_school(view.children[0].child)
    await begun(site, view)
    child = await own_page(site, site.world.child(view))
    assert MELDCODE not in (await child.get(HOME)).text
    assert SAID not in words_of(await child.get(MELDCODE))
