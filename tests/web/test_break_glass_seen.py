"""S29: where else an emergency shows: at the child the school knows, and on the page of the parent."""

from __future__ import annotations

import msgspec
import pytest

from consent_service.audit.events import BreakGlassRead
from consent_service.foundation.errors import NotAllowedError
from consent_service.identity.model import SchoolStaff
from consent_service.release.model import Ask, Refused, Released
from tests.scenarios.stories import told_family
from tests.scenarios.test_break_glass import ITEM, NEED, running
from tests.web.test_own_meldcode import own_page
from tests.web.visiting import Site, words_of

WHO_LOOKED = "/mijn-pagina/wie-keek"
MARK = "Noodgeval. Er kon een leven van afhangen."


@pytest.mark.parametrize("untold", ["", "Vader leest mee."])
async def test_s29_her_page_marks_it_as_an_emergency_unless_that_is_unsafe(site: Site, untold: str) -> None:
    told = await told_family(site.world)
    await running(site.world, told.relationship, msgspec.structs.replace(NEED, untold=untold))
    contact = await site.logged_in(site.world.contact)
    here = f"/school/{site.world.tenant}/kinderen/{told.relationship}"
    assert ITEM in words_of(await contact.post(f"{here}/noodgeval"))
    await contact.post(here, {"purpose": "support"})
    await site.world.settle()
    parent = await own_page(site, told.mother)
    page = words_of(await parent.get(WHO_LOOKED))
    assert (MARK in page) == (untold == "")
    assert ITEM not in page


async def test_the_page_of_a_known_child_shows_that_there_is_something_to_read_now(site: Site) -> None:
    told = await told_family(site.world)
    contact = await site.logged_in(site.world.contact)
    here = f"/school/{site.world.tenant}/kinderen/{told.relationship}"
    assert "Noodgeval" not in words_of(await contact.get(here))
    await running(site.world, told.relationship)
    page = await contact.get(here)
    assert "Noodgeval: lees dit nu." in words_of(page)
    assert ITEM not in words_of(page)
    assert f'action="{here}/noodgeval"' in page.text


async def test_the_log_tells_a_line_in_a_list_from_reading(site: Site) -> None:
    told = await told_family(site.world)
    await running(site.world, told.relationship)
    contact = await site.logged_in(site.world.contact)
    await contact.get(f"/school/{site.world.tenant}")
    seen = [one.listed for one in await site.events() if isinstance(one, BreakGlassRead)]
    assert seen
    assert all(seen)
    await contact.post(f"/school/{site.world.tenant}/kinderen/{told.relationship}/noodgeval")
    seen = [one.listed for one in await site.events() if isinstance(one, BreakGlassRead)]
    assert seen.count(False) == 1


async def test_coming_back_to_the_address_reads_nothing(site: Site) -> None:
    told = await told_family(site.world)
    await running(site.world, told.relationship)
    contact, colleague = await site.logged_in(site.world.contact), await site.logged_in(site.world.colleague)
    school = f"/school/{site.world.tenant}"
    back = await contact.get(f"{school}/kinderen/{told.relationship}/noodgeval")
    assert (back.status_code, back.headers["location"]) == (303, school)
    there = f"/opvang/{site.world.tenant}/noodgevallen"
    back = await colleague.get(f"{there}/anything")
    assert (back.status_code, back.headers["location"]) == (303, there)


async def test_a_contact_who_is_not_listed_finds_no_emergency(site: Site) -> None:
    told = await told_family(site.world)
    await running(site.world, told.relationship)
    contact = await site.logged_in(site.world.contact)
    item = f"/school/{site.world.tenant}/kinderen/{told.relationship}/noodgeval"
    assert (await contact.post(item)).status_code == 200
    families = site.world.services.families
    await families.remove_contact(site.world.counsellor, told.relationship, site.world.contact.staff)
    assert (await contact.post(item)).status_code == 404
    assert "Noodgeval" not in words_of(await contact.get(f"/school/{site.world.tenant}"))


@pytest.mark.parametrize("how", ["moved", "ended"])
async def test_what_ends_between_the_list_and_the_item_is_not_read(
    site: Site, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decided anew: what was so a moment ago does not count."""
    told = await told_family(site.world)
    about = await running(site.world, told.relationship)
    contact = await site.logged_in(site.world.contact)
    release, glass = site.world.services.release, site.world.services.break_glass
    asked = release.to_school

    async def later(actor: SchoolStaff, wanted: Ask) -> Released | Refused:
        if how == "moved":
            raise NotAllowedError("ask_release: other_school")
        await glass.end(site.world.counsellor, about)
        return await asked(actor, wanted)

    monkeypatch.setattr(release, "to_school", later)
    item = f"/school/{site.world.tenant}/kinderen/{told.relationship}/noodgeval"
    page = await contact.post(item)
    assert page.status_code == 404
    assert ITEM not in page.text
