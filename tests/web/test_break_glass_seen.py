"""S29: where else an emergency shows: at the child the school knows, and on the page of the parent."""

from __future__ import annotations

import msgspec
import pytest

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
