"""Timelines over the whole application: the counsellor's, the contact's and the own page."""

from __future__ import annotations

from consent_service.foundation.ids import TypeKey, new_id
from consent_service.identity.model import GuardianActor
from consent_service.web.page.door import HOME, TIMELINE
from tests.rights.test_timeline import helped, stopped
from tests.web.visiting import Browser, Site, words_of


async def own_page(site: Site, actor: GuardianActor) -> Browser:
    services = site.world.services
    async with services.installation.database.transaction() as conn:
        opened = await services.identity.own_pages.open(conn, actor, replaces=None)
    return Browser(site.client, opened.token)


async def test_a_counsellor_reads_what_happened_with_a_child_of_the_own_families(site: Site) -> None:
    mother, _, _ = await helped(site.world)
    view = await site.world.services.families.view(site.world.counsellor, mother.family)
    family = f"/opvang/{site.world.tenant}/gezinnen/{mother.family}"
    page = f"{family}/kinderen/{view.children[0].child}/tijdlijn"
    counsellor = await site.logged_in(site.world.counsellor)
    assert page in (await counsellor.get(family)).text
    said = words_of(await counsellor.get(page))
    assert "Ja gezegd tegen delen van" in said
    assert "De Linde" in said
    assert (await counsellor.get(f"{family}/kinderen/{new_id()}/tijdlijn")).status_code == 404
    assert (await (await site.logged_in(site.world.colleague)).get(page)).status_code == 404


async def test_a_contact_reads_what_may_be_known_now(site: Site) -> None:
    mother, father, relationship = await helped(site.world)
    child = f"/school/{site.world.tenant}/kinderen/{relationship}"
    contact = await site.logged_in(site.world.contact)
    assert f"{child}/tijdlijn" in (await contact.get(child)).text
    label = site.world.services.texts.of_type("nl", TypeKey("support_advice")).label
    assert label in words_of(await contact.get(f"{child}/tijdlijn"))
    await stopped(site.world, relationship, TypeKey("support_advice"), mother, father)
    said = words_of(await contact.get(f"{child}/tijdlijn"))
    assert label not in said
    assert "toestemming" not in said.casefold()
    await stopped(site.world, relationship, TypeKey("shelter_involvement"), mother, father)
    absent = await contact.get(f"/school/{site.world.tenant}/kinderen/{new_id()}/tijdlijn")
    gone = await contact.get(f"{child}/tijdlijn")
    assert gone.status_code == absent.status_code == 404
    assert words_of(gone) == words_of(absent)


async def test_a_guardian_reads_the_own_part(site: Site) -> None:
    mother, father, relationship = await helped(site.world)
    await stopped(site.world, relationship, TypeKey("support_advice"), father)
    browser = await own_page(site, mother)
    assert TIMELINE in (await browser.get(HOME)).text
    said = words_of(await browser.get(TIMELINE))
    assert "Ja gezegd tegen delen van" in said
    assert "ingetrokken" not in said
    assert "ingetrokken" in words_of(await (await own_page(site, father)).get(TIMELINE))
