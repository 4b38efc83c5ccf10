"""Searching and looking: exactly who was asked for, within the shelter, and never another's data."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from consent_service.families.looking import SEARCHES_PER_HOUR
from consent_service.families.model import (
    NOT_ASSESSED,
    NewAuthority,
    SafetyAssessment,
    SafetyLevel,
    is_shown,
    protected_of,
)
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, new_id
from consent_service.identity.model import GuardianActor
from tests.ledger import entries
from tests.shelter import SECRET, World, furnish

BORN = date(2018, 5, 4)


@pytest.mark.parametrize(
    "typed", ["Noor Voorbeeld", "  noor   VOORBEELD ", "Nóór Voorbeeld", "noor-voorbeeld"]
)
async def test_a_child_is_found_by_its_whole_name_however_it_is_typed(world: World, typed: str) -> None:
    view = await world.family()
    (found,) = await world.services.families.search(world.counsellor, names=typed, birth_date=BORN)
    assert found.child == view.children[0].child


async def test_only_the_exact_name_and_date_are_found_even_among_equal_tags(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as if all names had one tag, which is shared on purpose
    monkeypatch.setattr("consent_service.families.searching.search_tag", lambda *_, **__: 7)
    await world.family(children=(("Noor", BORN), ("Noortje", BORN), ("Noor", date(2018, 5, 5))))
    search = world.services.families.search

    assert len(await search(world.counsellor, names="Noor Voorbeeld", birth_date=BORN)) == 1
    for names, born in (("Noor", BORN), ("Voorbeeld", BORN), ("Noor Voorbeeld", date(2017, 5, 4))):
        assert await search(world.counsellor, names=names, birth_date=born) == ()


async def test_a_child_of_another_shelter_is_never_found(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    await other.family()
    search = world.services.families.search
    assert await search(world.counsellor, names="Noor Voorbeeld", birth_date=BORN) == ()
    assert len(await search(other.counsellor, names="Noor Voorbeeld", birth_date=BORN)) == 1


async def test_a_search_says_what_is_missing_and_is_logged_without_a_name(world: World) -> None:
    await world.family()
    search = world.services.families.search
    with pytest.raises(InputError) as raised:
        await search(world.counsellor, names=" - ", birth_date=None)
    assert [p.field for p in raised.value.problems] == ["names", "birth_date"]
    with pytest.raises(InputError) as raised:
        await search(world.counsellor, names="", birth_date=BORN)
    assert [p.field for p in raised.value.problems] == ["names"]

    await search(world.colleague, names="Noor Voorbeeld", birth_date=BORN)
    (entry,) = await entries(world, "family.searched.v1")
    assert entry.detail is not None
    assert getattr(entry.detail.event, "results", None) == 1
    assert "noor" not in repr(entry).casefold()
    assert entry.detail.by.id == world.colleague.staff


async def test_searching_is_limited_per_hour_and_per_counsellor(world: World) -> None:
    search = world.services.families.search
    for _ in range(SEARCHES_PER_HOUR):
        await search(world.counsellor, names="Noor Voorbeeld", birth_date=BORN)
    with pytest.raises(InputError) as raised:
        await search(world.counsellor, names="Noor Voorbeeld", birth_date=BORN)
    assert [p.code for p in raised.value.problems] == ["too_many_searches"]
    assert await search(world.colleague, names="Noor Voorbeeld", birth_date=BORN) == ()
    world.clock.advance(timedelta(hours=1))
    assert await search(world.counsellor, names="Noor Voorbeeld", birth_date=BORN) == ()


async def test_s44_a_guardian_sees_neither_the_other_nor_the_safety_assessment(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SECRET)
    relationship = await world.at_school(view.children[0].child)
    for number, own in enumerate(view.guardians):
        seen = await world.services.families.own_family(world.guardian(view, number), at_tablet=True)
        assert seen.guardians == (own,)
        assert {fact.guardian for fact in seen.authority} == {own.guardian}
        assert seen.safety == NOT_ASSESSED
        assert [c.identity.given_names for c in seen.children] == ["Noor"]
        assert list(seen.contacts) == [relationship]


async def test_a_guardian_without_authority_sees_neither_child_nor_school(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "none")))
    await world.at_school(view.children[0].child)
    seen = await world.services.families.own_family(world.guardian(view, 1))
    assert (seen.children, seen.relationships, seen.authority, seen.contacts) == ((), (), (), {})
    assert [g.identity.given_names for g in seen.guardians] == ["Karim"]


async def test_a_guardian_sees_only_the_children_one_decides_over(world: World) -> None:
    view = await world.family(children=(("Noor", BORN), ("Sem", date(2016, 1, 2))))
    noor, sem = view.children
    await world.at_school(noor.child)
    await world.services.families.record_authority(
        world.counsellor,
        view.family,
        child=noor.child,
        guardian=view.guardians[0].guardian,
        fact=NewAuthority("none", "judgment", date(2026, 9, 1)),
    )
    seen = await world.services.families.own_family(world.guardian(view))
    assert [child.child for child in seen.children] == [sem.child]
    assert seen.relationships == ()


async def test_s09_on_the_sixteenth_birthday_the_parents_lose_the_screen(world: World) -> None:
    view = await world.family(children=(("Lotte", date(2010, 9, 2)),))
    await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    assert len((await world.services.families.own_family(mother)).children) == 1
    world.clock.advance(timedelta(hours=14))  # midnight in the Netherlands, 22:00 UTC
    seen = await world.services.families.own_family(mother)
    assert (seen.children, seen.relationships) == ((), ())


async def test_who_is_no_guardian_of_the_family_finds_nothing(world: World) -> None:
    view, other = await world.family(), await world.family(family_name="Anders")
    own_family = world.services.families.own_family
    for family, guardian in (
        (view.family, other.guardians[0].guardian),
        (view.family, PersonId(view.children[0].child)),
        (FamilyId(new_id()), view.guardians[0].guardian),
    ):
        with pytest.raises(NotFoundError):
            await own_family(GuardianActor(world.tenant, guardian, family))


async def test_s30_a_contact_sees_only_the_children_of_the_own_list_at_the_own_school(world: World) -> None:
    view = await world.family(children=(("Noor", BORN), ("Sem", date(2016, 1, 2))))
    at_linde = await world.at_school(view.children[0].child)
    at_eik = await world.at_school(view.children[1].child, world.eik)
    seen = world.services.families.school_children
    assert [r.relationship for r in await seen(world.tenant, world.contact.staff, world.linde)] == [at_linde]
    assert [r.relationship for r in await seen(world.tenant, world.eik_contact.staff, world.eik)] == [at_eik]
    assert await seen(world.tenant, world.contact.staff, world.eik) == ()
    assert await seen(world.tenant, world.teacher.staff, world.linde) == ()
    await world.services.families.end_relationship(world.counsellor, at_linde, "moved_out")
    assert await seen(world.tenant, world.contact.staff, world.linde) == ()


def test_of_several_guardians_said_to_be_in_danger_none_is_the_protected_one() -> None:
    hers, his = PersonId(new_id()), PersonId(new_id())
    danger = SafetyAssessment("danger", False, False, None, None)
    of_her, of_him = (msgspec.structs.replace(danger, guardian=who) for who in (hers, his))
    assert protected_of([danger, of_her]) == {hers}
    assert protected_of([danger, of_her, of_him]) == frozenset()
    over = msgspec.structs.replace(of_him, level="no_known_danger")
    assert protected_of([danger, of_her, of_him, over]) == {hers}


@pytest.mark.parametrize("safety", ["danger", "not_assessed"])
def test_s46_until_danger_is_ruled_out_the_only_one_or_the_one_in_danger_is_shown_child_and_school(
    safety: SafetyLevel,
) -> None:
    hers, his = PersonId(new_id()), PersonId(new_id())

    def shown(who: PersonId, *protected: PersonId, at_tablet: bool = False) -> bool:
        return is_shown(who, guardians=(hers, his), safety=safety, protected=protected, at_tablet=at_tablet)

    assert is_shown(hers, guardians=(hers,), safety=safety, protected=())
    assert not shown(hers)
    assert not shown(his)
    assert shown(hers, hers)
    assert not shown(his, hers)
    assert shown(hers, at_tablet=True)
    assert shown(his, at_tablet=True)
    assert not shown(his, hers, at_tablet=True)
    assert is_shown(his, guardians=(hers, his), safety="no_known_danger", protected=())
