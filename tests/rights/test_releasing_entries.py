"""A privacy coordinator releases what was hidden, to one person of the family it is about, once."""

from __future__ import annotations

import pytest

from consent_service.audit import events
from consent_service.audit.events import Event
from consent_service.audit.log import OFFICER, TrailFilter
from consent_service.families.model import FamilyView
from consent_service.foundation.errors import ConflictError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TypeKey, new_id
from consent_service.identity.model import Fg, System, by
from consent_service.rights.releasing_entries import Recipient
from tests.ledger import entries
from tests.shelter import World, furnish


async def hidden(
    world: World, subject: PersonId | None, relationship: RelationshipId | None = None
) -> EntryId:
    """An emergency access that only officers find."""
    place = relationship or RelationshipId(new_id())
    event: Event = events.InformationReleased(
        place, "safety", world.contact.staff, "school", role="contact", types=(TypeKey("support_advice"),)
    )
    async with world.services.installation.database.transaction() as conn:
        entry = await world.services.log.append(
            conn,
            tenant=world.tenant,
            event=event,
            by=by(System()),
            subject=subject,
            tagged_for=OFFICER,
            relationship=relationship,
        )
    assert entry is not None
    return entry


async def at_school(world: World) -> tuple[FamilyView, RelationshipId]:
    view = await world.family()
    return view, await world.at_school(view.children[0].child)


async def test_a_released_entry_is_found_by_that_person_and_the_release_is_one_too(world: World) -> None:
    view, relationship = await at_school(world)
    mother, child = world.guardian(view), view.children[0].child
    entry = await hidden(world, child, relationship)
    await world.settle()
    door, rights = world.services.entry_releases, world.services.rights
    assert await rights.who_looked(mother) == ()
    assert await door.recipients(world.officer, entry) == (
        Recipient(mother.guardian, "guardian", "open"),
        Recipient(child, "child", "open"),
    )

    await door.release(world.officer, entry, mother.guardian)
    await world.settle()

    (seen,) = await rights.who_looked(mother)
    assert (seen.entry, seen.child, seen.relationship, seen.proof) == (entry, child, relationship, "proved")
    assert await rights.who_looked(world.child(view)) == ()
    (told,) = await entries(world, "entries.released.v1", shown_to=mother.guardian)
    assert told.detail is not None
    assert told.detail.event == events.EntriesReleased((entry,))
    assert (told.detail.by.kind, told.detail.subject) == ("privacy_coordinator", mother.guardian)
    assert await entries(world, "entries.released.v1", shown_to=child) == ()
    assert (await door.recipients(world.officer, entry))[0].standing == "released"
    with pytest.raises(ConflictError):
        await door.release(world.officer, entry, mother.guardian)
    await door.release(world.officer, entry, child)
    assert [one.entry for one in await rights.who_looked(world.child(view))] == [entry]
    report = await world.services.supervision.verify(world.officer)
    assert report.ok, report


async def test_only_a_privacy_coordinator_of_the_shelter_decides(world: World) -> None:
    view, relationship = await at_school(world)
    mother = world.guardian(view)
    entry = await hidden(world, view.children[0].child, relationship)
    elsewhere = await furnish(world.services, world.clock, "Opvang Noord")
    door = world.services.entry_releases
    fg = Fg(world.tenant, world.officer.staff)
    for stranger in (fg, world.counsellor, world.contact, mother):
        with pytest.raises(NotAllowedError):
            await door.release(stranger, entry, mother.guardian)  # type: ignore[arg-type]
    for stranger in (world.counsellor, mother):
        with pytest.raises(NotAllowedError):
            await door.recipients(stranger, entry)  # type: ignore[arg-type]
    assert len(await door.recipients(fg, entry)) == 2
    assert await door.recipients(elsewhere.officer, entry) == ()
    with pytest.raises(NotFoundError):
        await door.release(elsewhere.officer, entry, mother.guardian)
    assert await entries(world, "entries.released.v1") == ()


async def test_nothing_is_released_to_another_family_or_to_who_is_answered_by_a_person(
    world: World,
) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")), safety=None)
    other = await world.family()
    child = view.children[0].child
    door = world.services.entry_releases
    for entry in (await hidden(world, child), await hidden(world, view.guardians[1].guardian)):
        people = await door.recipients(world.officer, entry)
        assert {one.person for one in people} == {child, *(one.guardian for one in view.guardians)}
        assert {one.standing for one in people if one.kind == "guardian"} == {"by_hand"}
        with pytest.raises(ConflictError):
            await door.release(world.officer, entry, view.guardians[0].guardian)
        with pytest.raises(NotFoundError):
            await door.release(world.officer, entry, other.guardians[0].guardian)
        with pytest.raises(NotFoundError):
            await door.release(world.officer, entry, PersonId(new_id()))
    assert await entries(world, "entries.released.v1") == ()


async def test_what_is_not_hidden_is_of_nobodys_family_or_is_erased_has_nobody_to_release_it_to(
    world: World,
) -> None:
    view, relationship = await at_school(world)
    door = world.services.entry_releases
    await world.services.supervision.trail(world.officer, TrailFilter())
    shown = (await entries(world, "child.registered.v1"))[0].id
    of_the_log = (await entries(world, "log.viewed.v1"))[0].id
    nowhere = EntryId(new_id())
    for entry in (shown, of_the_log, nowhere):
        assert await door.recipients(world.officer, entry) == ()
        with pytest.raises(NotFoundError):
            await door.release(world.officer, entry, view.guardians[0].guardian)
    gone = await hidden(world, view.children[0].child, relationship)
    database = world.services.installation.database
    async with database.transaction() as conn:
        await world.services.installation.ring.destroy_person_key(conn, world.tenant, view.children[0].child)
    assert await door.recipients(world.officer, gone) == ()
    about_place = await hidden(world, None, relationship)
    assert [one.kind for one in await door.recipients(world.officer, about_place)] == ["guardian"]
