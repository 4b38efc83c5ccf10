"""Registering, changing and ending: each act once, by who may, with its entry."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from consent_service.families.model import (
    NewAuthority,
    NewFamily,
    NewGuardian,
    PersonIdentity,
    SchoolConfirmation,
    authority_on,
)
from consent_service.families.reading import guardian_ids, read_authority
from consent_service.families.service import SUBSTITUTE_PERIOD
from consent_service.families.tables import children, families, guardians, relationships
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, StaffId, new_id
from consent_service.organisations.model import NewStaff
from tests.ledger import count, entries, rows
from tests.shelter import EIK, LINDE, OPERATOR, SAFE, World

AT_LINDE = SchoolConfirmation(LINDE.establishment_code, LINDE.street, LINDE.phone)
KARIM = NewGuardian(PersonIdentity("Karim", "Voorbeeld"), "none", "judgment")


def codes(raised: pytest.ExceptionInfo[InputError]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in raised.value.problems]


async def test_a_registration_with_mistakes_names_them_all_and_leaves_nothing(world: World) -> None:
    new = NewFamily((NewGuardian(PersonIdentity("", "Voorbeeld"), "holder"),), (PersonIdentity("Noor", ""),))
    with pytest.raises(InputError) as raised:
        await world.services.families.register_family(world.counsellor, new)

    assert codes(raised) == [
        ("guardian_0_given_names", "required"),
        ("guardian_0_source", "authority_source_missing"),
        ("child_0_family_name", "required"),
        ("child_0_birth_date", "required"),
    ]
    assert [await count(world, table) for table in (families, children, guardians)] == [0, 0, 0]


async def test_s41_two_guardians_of_one_name_stay_two_persons(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Samira", None)))

    first, second = view.guardians
    assert first.guardian != second.guardian
    assert first.identity == second.identity
    decides = authority_on(date(2026, 9, 1), [first.guardian, second.guardian], view.authority)
    assert decides.deciders == (first.guardian, second.guardian)
    assert not decides.known
    corrected = PersonIdentity("Samira", "Anders")
    await world.services.families.change_identity(world.counsellor, view.family, second.guardian, corrected)
    after = await world.services.families.view(world.counsellor, view.family)
    assert {g.guardian: g.identity.family_name for g in after.guardians} == {
        first.guardian: "Voorbeeld",
        second.guardian: "Anders",
    }


async def test_a_guardian_added_later_is_checked_like_the_first_and_holds_over_every_child(
    world: World,
) -> None:
    view = await world.family(children=(("Noor", date(2018, 5, 4)), ("Sem", date(2016, 1, 2))))
    without_source = NewGuardian(PersonIdentity("Karim", "Voorbeeld"), "none")
    with pytest.raises(InputError) as raised:
        await world.services.families.add_guardian(world.counsellor, view.family, without_source)
    assert codes(raised) == [("guardian_0_source", "authority_source_missing")]

    karim = await world.services.families.add_guardian(world.counsellor, view.family, KARIM)
    unknown = await world.services.families.add_guardian(
        world.counsellor, view.family, NewGuardian(PersonIdentity("Vera", "Voorbeeld"), None)
    )
    async with world.services.installation.database.reading() as conn:
        everyone = await guardian_ids(conn, world.tenant, view.family)
        facts = await read_authority(conn, world.tenant, persons=[c.child for c in view.children])
    for child in view.children:
        decides = authority_on(date(2026, 9, 1), everyone, [f for f in facts if f.child == child.child])
        assert decides.without == (karim,)
        assert unknown in decides.deciders


async def test_over_a_child_added_later_authority_is_still_to_be_recorded(world: World) -> None:
    view = await world.family()
    with pytest.raises(InputError) as raised:
        await world.services.families.add_child(world.counsellor, view.family, PersonIdentity("Sem", ""))
    assert codes(raised) == [("child_0_family_name", "required"), ("child_0_birth_date", "required")]

    sem = await world.services.families.add_child(
        world.counsellor, view.family, PersonIdentity("Sem", "Voorbeeld", date(2020, 2, 29))
    )
    after = await world.services.families.view(world.counsellor, view.family)
    assert [child.identity.given_names for child in after.children] == ["Noor", "Sem"]
    assert [f.child for f in after.authority] == [view.children[0].child]
    assert sem == after.children[1].child


async def test_a_correction_reaches_only_persons_of_this_family(world: World) -> None:
    view, other = await world.family(), await world.family(family_name="Anders")
    right = PersonIdentity("Nora", "Voorbeeld", date(2009, 5, 5))
    change = world.services.families.change_identity
    for stranger in (other.children[0].child, other.guardians[0].guardian, PersonId(new_id())):
        with pytest.raises(NotFoundError):
            await change(world.counsellor, view.family, stranger, right)
    with pytest.raises(NotFoundError):
        await change(world.counsellor, view.family, PersonId(world.contact.staff), right)
    with pytest.raises(InputError) as raised:
        await change(world.counsellor, view.family, view.children[0].child, PersonIdentity("Nora", "V"))
    assert codes(raised) == [("birth_date", "required")]

    await change(world.counsellor, view.family, view.children[0].child, right)
    search = world.services.families.search
    assert await search(world.counsellor, names="Noor Voorbeeld", birth_date=date(2018, 5, 4)) == ()
    (found,) = await search(world.counsellor, names="Nora Voorbeeld", birth_date=date(2009, 5, 5))
    assert found.child == view.children[0].child


async def test_authority_is_recorded_over_own_children_and_for_own_guardians_only(world: World) -> None:
    view, other = await world.family(), await world.family(family_name="Anders")
    record = world.services.families.record_authority
    backwards = NewAuthority("holder", "judgment", date(2026, 9, 2), date(2026, 9, 1))
    with pytest.raises(InputError) as raised:
        await record(
            world.counsellor,
            view.family,
            child=other.children[0].child,
            guardian=other.guardians[0].guardian,
            fact=backwards,
        )
    assert codes(raised) == [
        ("valid_until", "ends_before_start"),
        ("guardian", "guardian_unknown"),
        ("child", "child_unknown"),
    ]


async def test_s49_a_school_is_confirmed_by_code_street_and_phone(world: World) -> None:
    view = await world.family(safety=None)
    child = view.children[0].child
    wrong = SchoolConfirmation(LINDE.establishment_code, EIK.street, EIK.phone)
    with pytest.raises(InputError) as raised:
        await world.services.families.start_relationship(world.counsellor, child, wrong)
    assert codes(raised) == [
        ("street", "school_street_differs"),
        ("phone", "school_phone_differs"),
        ("establishment_code", "safety_first"),
    ]
    unknown = SchoolConfirmation("99ZZ99", LINDE.street, LINDE.phone)
    await world.services.families.assess_safety(world.counsellor, view.family, SAFE)
    with pytest.raises(InputError) as raised:
        await world.services.families.start_relationship(world.counsellor, child, unknown)
    assert codes(raised) == [("establishment_code", "school_unknown")]
    with pytest.raises(NotFoundError):
        await world.services.families.start_relationship(world.counsellor, PersonId(new_id()), AT_LINDE)
    assert await count(world, relationships) == 0


async def test_a_child_is_at_one_school_once_even_when_two_start_it_at_once(world: World) -> None:
    view = await world.family()
    start = world.services.families.start_relationship
    child = view.children[0].child

    outcomes = await asyncio.gather(
        *(start(world.counsellor, child, AT_LINDE) for _ in range(3)), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in outcomes) == ["ConflictError", "ConflictError", "str"]
    assert await count(world, relationships) == 1


async def test_after_an_end_the_child_can_be_at_the_school_again_with_a_new_key(world: World) -> None:
    view = await world.family()
    first = await world.at_school(view.children[0].child)
    await world.services.families.end_relationship(world.counsellor, first, "changed_school")
    await world.services.families.end_relationship(world.counsellor, first, "moved_out")
    second = await world.at_school(view.children[0].child)

    assert first != second
    (row,) = await rows(world, relationships, relationship=first)
    assert row.end_reason == "changed_school"
    assert len(await entries(world, "relationship.ended.v1")) == 1


async def test_s27_a_family_that_leaves_at_night_is_cut_off_everywhere_at_once(world: World) -> None:
    view = await world.family(children=(("Noor", date(2018, 5, 4)), ("Sem", date(2016, 1, 2))))
    at = [
        await world.at_school(view.children[0].child),
        await world.at_school(view.children[1].child, world.eik),
    ]
    await world.services.families.end_family(world.counsellor, view.family, "night_departure")
    first_end = (await rows(world, families, family=view.family))[0].ended_at
    world.clock.advance(timedelta(hours=1))
    await world.services.families.end_family(world.counsellor, view.family, "moved_out")

    for relationship in at:
        (row,) = await rows(world, relationships, relationship=relationship)
        assert (row.ended_at, row.end_reason) == (first_end, "night_departure")
    assert (await rows(world, families, family=view.family))[0].ended_at == first_end
    assert len(await entries(world, "relationship.ended.v1")) == 2
    assert world.services.installation.journal.pending() == ()
    with pytest.raises(ConflictError):
        await world.at_school(view.children[0].child)


async def test_only_who_works_at_that_school_now_is_listed_and_only_once(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    listing = world.services.families.list_contact
    for stranger in (world.eik_contact.staff, world.counsellor.staff, StaffId(new_id())):
        with pytest.raises(InputError) as raised:
            await listing(world.counsellor, relationship, stranger)
        assert codes(raised) == [("staff", "contact_not_at_school")]
    with pytest.raises(InputError):
        await listing(world.counsellor, relationship, world.teacher.staff, deputy_for=world.eik_contact.staff)
    with pytest.raises(ConflictError):
        await listing(world.counsellor, relationship, world.contact.staff)

    await listing(world.counsellor, relationship, world.teacher.staff, deputy_for=world.contact.staff)
    view = await world.services.families.view(world.counsellor, view.family)
    assert [(c.staff, c.deputy_for) for c in view.contacts[relationship]] == [
        (world.contact.staff, None),
        (world.teacher.staff, world.contact.staff),
    ]
    await world.services.families.end_relationship(world.counsellor, relationship, "moved_out")
    left = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Lia Later", world.linde, "contact")
    )
    with pytest.raises(ConflictError):
        await listing(world.counsellor, relationship, left)


async def test_s15_who_left_stands_on_no_list_and_cannot_be_listed_again(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    children_of = world.services.families.school_children
    assert len(await children_of(world.tenant, world.contact.staff, world.linde)) == 1
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.contact.staff)

    assert await children_of(world.tenant, world.contact.staff, world.linde) == ()
    after = await world.services.families.view(world.counsellor, view.family)
    assert [c.ends_at for c in after.contacts[relationship]] == [world.clock.now()]
    with pytest.raises(InputError):
        await world.services.families.list_contact(world.counsellor, relationship, world.contact.staff)


async def test_a_removed_contact_can_be_listed_anew_and_stands_there_once(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    families_door = world.services.families
    await families_door.remove_contact(world.counsellor, relationship, world.contact.staff)
    await families_door.remove_contact(world.counsellor, relationship, world.contact.staff)
    world.clock.advance(timedelta(minutes=1))
    assert await families_door.school_children(world.tenant, world.contact.staff, world.linde) == ()
    await families_door.list_contact(world.counsellor, relationship, world.contact.staff)

    found = await families_door.school_children(world.tenant, world.contact.staff, world.linde)
    assert [one.relationship for one in found] == [relationship]
    assert len(await entries(world, "contact.removed.v1")) == 1


async def test_standing_in_needs_a_reason_that_is_logged_and_ends_by_itself(world: World) -> None:
    view = await world.family()
    door = world.services.families
    with pytest.raises(NotAllowedError):
        await door.view(world.colleague, view.family)
    with pytest.raises(NotFoundError):
        await door.stand_in(world.colleague, FamilyId(new_id()), "night_duty")

    await door.stand_in(world.colleague, view.family, "night_duty")
    (entry,) = await entries(world, "substitute.access.v1")
    assert entry.detail is not None
    assert getattr(entry.detail.event, "reason", None) == "night_duty"
    assert (await door.view(world.colleague, view.family)).family == view.family
    assert [one.family for one in await door.families_of(world.colleague)] == [view.family]
    world.clock.advance(SUBSTITUTE_PERIOD - timedelta(seconds=1))
    await door.view(world.colleague, view.family)
    world.clock.advance(timedelta(seconds=1))
    with pytest.raises(NotAllowedError):
        await door.view(world.colleague, view.family)
    assert await door.families_of(world.colleague) == ()


async def test_a_colleague_who_is_not_with_the_family_can_do_nothing_to_it(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    child, guardian, who = view.children[0].child, view.guardians[0].guardian, world.colleague
    door = world.services.families
    noor = PersonIdentity("Noor", "Voorbeeld", date(2018, 5, 4))
    attempts = {
        "add_child": door.add_child(who, view.family, noor),
        "add_guardian": door.add_guardian(who, view.family, KARIM),
        "change_identity": door.change_identity(who, view.family, child, noor),
        "end_family": door.end_family(who, view.family, "moved_out"),
        "record_authority": door.record_authority(
            who,
            view.family,
            child=child,
            guardian=guardian,
            fact=NewAuthority("none", "judgment", date(2026, 1, 1)),
        ),
        "assess_safety": door.assess_safety(who, view.family, SAFE),
        "start_relationship": door.start_relationship(who, child, AT_LINDE),
        "end_relationship": door.end_relationship(who, relationship, "moved_out"),
        "list_contact": door.list_contact(who, relationship, world.teacher.staff),
        "remove_contact": door.remove_contact(who, relationship, world.contact.staff),
        "view": door.view(who, view.family),
    }
    outcomes = await asyncio.gather(*attempts.values(), return_exceptions=True)

    refused = {name for name, one in zip(attempts, outcomes, strict=True) if type(one) is NotAllowedError}
    assert refused == attempts.keys(), outcomes
    assert world.services.installation.journal.pending() == ()


async def test_a_relationship_of_nowhere_is_not_found(world: World) -> None:
    nowhere = RelationshipId(new_id())
    door = world.services.families
    for attempt in (
        door.relationship(world.tenant, nowhere),
        door.end_relationship(world.counsellor, nowhere, "moved_out"),
        door.remove_contact(world.counsellor, nowhere, world.contact.staff),
        door.list_contact(world.counsellor, nowhere, world.contact.staff),
    ):
        with pytest.raises(NotFoundError):
            await attempt
