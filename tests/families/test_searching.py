"""Names are found in all their spellings, under every key and length a tag was made with."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from consent_service.families.model import PersonIdentity
from consent_service.families.searching import UNFINDABLE, candidates, tag_under
from consent_service.families.tables import children
from consent_service.foundation.errors import InputError, IntegrityError
from consent_service.keyring.blind_index import bits_for
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import tenant_keys
from tests.keyring.factories import tenant_key
from tests.ledger import rows
from tests.shelter import World

BORN = date(2018, 5, 4)
SPELLINGS = {
    ("Lena", "Weiß"): ("LENA WEISS", "lena weiss", "Lena Weiß"),
    ("Łucja", "Wójcik"): ("lucja wojcik", "ŁUCJA WÓJCIK", "Lucja  Wojcik"),
    ("Søren", "Ødegård"): ("soren odegard", "SØREN ØDEGÅRD"),
    ("İbrahim", "Işık"): ("ibrahim isik", "IBRAHIM IŞIK", "İBRAHİM IŞIK", "ıbrahım ışık"),
    ("أحمد", "الفاطمي"): ("احمد الفاطمى", "أَحْمَد الفاطمي"),
    ("Алёна", "Семёнова"): ("алена семенова", "АЛЁНА СЕМЁНОВА"),
    ("Anne-Marie", "de Vries"): ("anne marie DE VRIES", "Anne\u2010Marie de\u00a0Vries"),
}


async def test_a_name_is_found_in_all_its_spellings_and_no_other_child_with_it(world: World) -> None:
    for given_names, family_name in SPELLINGS:
        await world.family(children=((given_names, BORN),), family_name=family_name)
    for (given_names, family_name), typed in SPELLINGS.items():
        for names in typed:
            found = await world.services.families.search(world.counsellor, names=names, birth_date=BORN)
            assert [one.identity.full_name for one in found] == [f"{given_names} {family_name}"], names


async def test_who_is_renamed_is_found_by_the_new_name_only(world: World) -> None:
    view = await world.family()
    renamed = PersonIdentity("Nora", "Anders", BORN)
    await world.services.families.change_identity(
        world.counsellor, view.family, view.children[0].child, renamed
    )
    search = world.services.families.search
    (found,) = await search(world.counsellor, names="nora anders", birth_date=BORN)
    assert found.child == view.children[0].child
    assert await search(world.counsellor, names="Noor Voorbeeld", birth_date=BORN) == ()
    (row,) = await rows(world, children)
    assert (row.search_version, row.search_bits) == (1, 0)


async def test_the_only_child_of_a_shelter_has_a_tag_that_tells_nothing(world: World) -> None:
    await world.family()
    assert [(one.search_tag, one.search_bits) for one in await rows(world, children)] == [(0, 0)]
    await world.family(children=tuple((f"Kind {letter}", BORN) for letter in "ABCDEFG"))
    longest = max(one.search_bits for one in await rows(world, children))
    assert longest == 3
    assert all(0 <= one.search_tag < 1 << one.search_bits for one in await rows(world, children))


async def test_a_tag_under_a_key_that_is_gone_is_an_alarm_and_not_a_child_nobody_finds(world: World) -> None:
    await world.family()
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(tenant_keys).where(tenant_keys.c.purpose == "index"))
    with pytest.raises(IntegrityError, match=r"\[1\]"):
        await world.services.families.search(world.counsellor, names="Noor Voorbeeld", birth_date=BORN)


async def test_in_an_empty_shelter_and_of_the_erased_nobody_is_a_candidate(world: World) -> None:
    ring = world.services.installation.ring

    async def similar() -> int:
        async with world.services.installation.database.reading() as conn:
            return len(await candidates(conn, ring, world.tenant, "Noor Voorbeeld", BORN))

    assert await similar() == 0
    await world.family()
    assert await similar() == 1
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(children).values(search_tag=UNFINDABLE))
    assert await similar() == 0


def test_without_a_birth_date_there_is_no_tag(keyring: KeyRing) -> None:
    with pytest.raises(InputError):
        tag_under(keyring, tenant_key(keyring, purpose="index"), 3, PersonIdentity("Noor", "Voorbeeld"))


@given(st.integers(min_value=0, max_value=10**6))
def test_among_so_many_a_tag_is_on_average_shared(people: int) -> None:
    bits = bits_for(people)
    assert (1 << bits) <= max(people, 1) < 1 << (bits + 1)
