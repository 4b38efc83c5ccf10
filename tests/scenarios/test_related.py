"""Who is related to a family is a contact of none of its children, at no school year, for good (16)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.audit.events import ConflictDeclared
from consent_service.families.model import FamilyView, SchoolConfirmation
from consent_service.families.tables import relationship_contacts, relationships
from consent_service.foundation.errors import InputError, StopsPendingError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import SchoolStaff
from consent_service.organisations.model import NewStaff
from consent_service.records.service import Note
from consent_service.release.model import Released
from consent_service.release.service import Ask
from tests.families.test_stops import journalled, writes_away
from tests.ledger import rows
from tests.scenarios.stories import YES, share, trail
from tests.shelter import OPERATOR, World

NOOR_AND_SEM = (("Noor", date(2018, 5, 4)), ("Sem", date(2016, 1, 2)))


async def two_at_school(world: World) -> tuple[FamilyView, RelationshipId, RelationshipId]:
    """Two children of one family at one school, with the same contact, who reads about both."""
    view = await world.family(children=NOOR_AND_SEM)
    noor, sem = [await world.at_school(one.child) for one in view.children]
    await world.intake(world.guardian(view), YES)
    for one in (noor, sem):
        await share(world, one)
        assert await reads(world, one, world.contact)
    return view, noor, sem


async def reads(world: World, relationship: RelationshipId, reader: SchoolStaff) -> bool:
    await world.services.sequencer.run_once(world.tenant)
    answer = await world.services.release.to_school(reader, Ask(relationship, "support"))
    listed = await world.services.families.school_children(reader.tenant, reader.staff, reader.school)
    assert (relationship in {one.relationship for one in listed}) is isinstance(answer, Released)
    return isinstance(answer, Released)


async def stand_in(world: World, relationship: RelationshipId) -> SchoolStaff:
    new = NewStaff("school_staff", "Dirk Deputy", world.linde, "contact")
    added = await world.services.organisations.add_staff(OPERATOR, world.tenant, new)
    await world.services.families.list_contact(
        world.counsellor, relationship, added, deputy_for=world.contact.staff
    )
    return SchoolStaff(world.tenant, added, world.linde, "contact")


async def is_refused_as_related(world: World, relationship: RelationshipId) -> None:
    with pytest.raises(InputError) as refused:
        await world.services.families.list_contact(world.counsellor, relationship, world.contact.staff)
    assert [one.code for one in refused.value.problems] == ["contact_has_conflict"]


async def declared(world: World) -> set[tuple[RelationshipId, int]]:
    """At which child at a school it was told, and how many moved up there."""
    told = await trail(world, "contact.conflict_declared.v1")
    found = [entry.detail.event for entry in told if entry.detail is not None]
    assert len(found) == len(set(found))
    return {(one.relationship, one.deputies) for one in found if isinstance(one, ConflictDeclared)}


@pytest.mark.parametrize("says", ["contact", "counsellor"])
async def test_who_is_related_reads_of_no_child_of_the_family(world: World, says: str) -> None:
    _, noor, sem = await two_at_school(world)
    other = await stand_in(world, sem)
    assert not await reads(world, sem, other)
    actor = world.contact if says == "contact" else world.counsellor
    await world.services.families.declare_conflict(actor, noor, world.contact.staff)
    for one in (noor, sem):
        assert not await reads(world, one, world.contact)
        await is_refused_as_related(world, one)
    assert await reads(world, sem, other)
    assert await declared(world) == {(noor, 0), (sem, 1)}
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    assert [(task.kind, task.relationship) for task in tasks] == [("contact_needed", noor)]


async def test_another_family_at_the_same_school_keeps_this_contact(world: World) -> None:
    _, noor, _ = await two_at_school(world)
    view = await world.family(family_name="Anders")
    elsewhere = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), YES)
    await share(world, elsewhere)
    await world.services.families.declare_conflict(world.contact, noor, world.contact.staff)
    assert await reads(world, elsewhere, world.contact)
    again = await world.family(family_name="Derde")
    await world.at_school(again.children[0].child)


async def test_a_relationship_begun_afterwards_lists_nobody_who_is_related(world: World) -> None:
    view, noor, sem = await two_at_school(world)
    families = world.services.families
    await families.declare_conflict(world.contact, noor, world.contact.staff)
    for one in (noor, sem):
        await families.end_relationship(world.counsellor, one, "changed_school")
    known = world.details[world.linde]
    confirmed = SchoolConfirmation(known.establishment_code, known.street, known.phone)
    for kid in view.children:
        before = len(await rows(world, relationships, child=kid.child))
        with pytest.raises(InputError) as refused:
            await families.start_relationship(
                world.counsellor, kid.child, confirmed, contacts=[world.teacher.staff, world.contact.staff]
            )
        assert [(one.field, one.code) for one in refused.value.problems] == [
            ("contacts", "contact_has_conflict")
        ]
        assert len(await rows(world, relationships, child=kid.child)) == before
        begun = await families.start_relationship(
            world.counsellor, kid.child, confirmed, contacts=[world.teacher.staff]
        )
        await is_refused_as_related(world, begun)


async def test_a_list_of_a_relationship_that_ended_needs_nobody_else(world: World) -> None:
    _, noor, sem = await two_at_school(world)
    await world.services.families.end_relationship(world.counsellor, sem, "moved_out")
    await world.services.families.declare_conflict(world.counsellor, noor, world.contact.staff)
    assert await declared(world) == {(noor, 0)}


async def test_recalls_of_a_sibling_are_not_shown_to_who_is_related(world: World) -> None:
    view, noor, sem = await two_at_school(world)
    await world.intake(world.guardian(view), {**YES, "pickup": "yes"})
    fields = {"name": "Oma", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
    await world.services.records.share(world.counsellor, sem, Note(TypeKey("pickup"), fields))
    await world.services.families.end_relationship(world.counsellor, sem, "night_departure")
    await world.settle()
    assert await world.services.recalls.notices(world.contact)
    await world.services.families.declare_conflict(world.contact, noor, world.contact.staff)
    assert await world.services.recalls.notices(world.contact) == ()


async def test_said_while_the_database_was_away_it_holds_for_the_sibling_and_for_what_began_since(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, noor, sem = await two_at_school(world)
    families, journal = world.services.families, world.services.installation.journal
    async with writes_away(world, monkeypatch):
        await families.declare_conflict(world.contact, noor, world.contact.staff)
    for one in (noor, sem):
        with pytest.raises(StopsPendingError):
            await world.services.release.to_school(world.contact, Ask(one, "support"))
    (stop,) = journal.pending()
    world.clock.advance(timedelta(minutes=5))
    begun = await world.at_school(view.children[0].child, world.eik, world.eik_contact)
    await families.end_relationship(world.counsellor, noor, "changed_school")
    again = await world.at_school(view.children[0].child)
    other = await stand_in(world, again)
    for _ in range(2):
        assert await families.replay(stop)
    journal.mark_done(stop.id)

    assert await declared(world) == {(noor, 0), (sem, 0), (again, 1)}
    for entry in await trail(world, "contact.conflict_declared.v1"):
        assert entry.detail is not None
        assert entry.detail.late_since == stop.at
    for one in (sem, again):
        assert not await reads(world, one, world.contact)
        await is_refused_as_related(world, one)
    promoted = await rows(world, relationship_contacts, relationship=again, staff=other.staff, ends_at=None)
    assert [row.deputy_for for row in promoted] == [None]
    assert len(await rows(world, relationship_contacts, relationship=begun, ends_at=None)) == 1


@pytest.mark.parametrize("names_family", [True, False])
async def test_a_stop_that_a_restored_database_knows_in_part_reaches_the_family_it_names(
    world: World, names_family: bool
) -> None:
    view, noor, sem = await two_at_school(world)
    subject = {"relationship": "0" * 26, "staff": str(world.contact.staff), "reason": "conflict"}
    if names_family:
        subject["family"] = view.family
    assert await world.services.families.replay(journalled(world, "contact_removal", **subject))
    assert await declared(world) == ({(noor, 0), (sem, 0)} if names_family else set())


async def test_a_stop_of_before_that_names_no_family_reaches_it_through_the_child(world: World) -> None:
    _, noor, sem = await two_at_school(world)
    subject = {"relationship": str(noor), "staff": str(world.contact.staff), "reason": "conflict"}
    assert await world.services.families.replay(journalled(world, "contact_removal", **subject))
    assert await declared(world) == {(noor, 0), (sem, 0)}


async def test_a_stop_about_a_family_that_a_restored_database_does_not_know_is_passed_over(
    world: World,
) -> None:
    subject = {"family": "0" * 26, "relationship": "0" * 26, "staff": str(world.contact.staff)}
    stop = journalled(world, "contact_removal", **subject, reason="conflict")
    assert await world.services.families.replay(stop)
    assert await declared(world) == set()
