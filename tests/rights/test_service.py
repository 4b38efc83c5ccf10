"""Who looked, as a guardian may see it: every release about her children and nothing hidden from her."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.audit import events
from consent_service.audit.log import OFFICER
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, TypeKey, new_id
from consent_service.identity.model import ChildActor, GuardianActor, by
from consent_service.records.service import Note
from consent_service.release.model import Released
from consent_service.release.service import Ask
from tests.ledger import entries
from tests.shelter import World


async def looked_at(world: World) -> tuple[GuardianActor, GuardianActor]:
    """Two children at two schools, each looked at once; the father has no authority."""
    view = await world.family(
        children=(("Noor", date(2018, 5, 4)), ("Sem", date(2016, 1, 2))),
        guardians=(("Samira", "holder"), ("Karim", "none")),
    )
    noor = await world.at_school(view.children[0].child)
    sem = await world.at_school(view.children[1].child, world.eik)
    mother = world.guardian(view)
    await world.intake(mother, {"shelter_involvement": "yes", "support_advice": "yes"})
    for relationship, contact in ((noor, world.contact), (sem, world.eik_contact)):
        note = Note(TypeKey("support_advice"), {"helps": "Rust."})
        await world.services.records.share(world.counsellor, relationship, note)
        world.clock.advance(timedelta(seconds=10))
        await world.services.sequencer.run_once(world.tenant)
        answer = await world.services.release.to_school(contact, Ask(relationship, "support"))
        assert isinstance(answer, Released)
    return mother, world.guardian(view, 1)


async def test_a_guardian_sees_each_release_newest_first_without_names_of_staff(world: World) -> None:
    mother, _ = await looked_at(world)
    found = await world.services.rights.who_looked(mother)
    assert [(one.role, one.purpose, one.types) for one in found] == [
        ("contact", "support", ("support_advice",)),
        ("contact", "support", ("support_advice",)),
    ]
    assert found[0].at > found[1].at
    assert found[0].child != found[1].child
    assert "Ida" not in repr(found)
    assert world.contact.staff not in repr(found)
    assert await world.services.rights.who_looked(mother, limit=1) == found[:1]


async def test_a_guardian_without_authority_and_a_stranger_see_nothing(world: World) -> None:
    mother, father = await looked_at(world)
    assert await world.services.rights.who_looked(father) == ()
    with pytest.raises(NotFoundError):
        await world.services.rights.who_looked(
            GuardianActor(world.tenant, mother.guardian, FamilyId(new_id()))
        )


async def test_what_carries_the_officers_tag_stays_hidden(world: World) -> None:
    mother, _ = await looked_at(world)
    before = await world.services.rights.who_looked(mother)
    newest = (await entries(world, "information.released.v1"))[0]
    assert newest.detail is not None
    async with world.services.installation.database.transaction() as conn:
        await world.services.log.append(
            conn,
            tenant=world.tenant,
            event=newest.detail.event,
            by=by(world.contact),
            subject=newest.detail.subject,
            tagged_for=OFFICER,
        )
    assert len(await entries(world, "information.released.v1")) == 3
    assert await world.services.rights.who_looked(mother) == before


async def test_saying_that_something_is_wrong_is_logged_for_who_said_it(world: World) -> None:
    mother, father = await looked_at(world)
    view = await world.services.rights.own_view(mother)
    relationship, key = view.places[0].relationship, TypeKey("support_advice")
    await world.services.rights.report_wrong(mother, relationship, key)
    (entry,) = await entries(world, "information.reported_wrong.v1", shown_to=mother.guardian)
    assert entry.detail is not None
    assert entry.detail.event == events.WrongInformationReported(relationship, key, mother.guardian)
    for actor, what in ((father, key), (mother, TypeKey("no_type"))):
        with pytest.raises(NotFoundError):
            await world.services.rights.report_wrong(actor, relationship, what)


async def test_a_child_sees_itself_and_who_looked_at_it(world: World) -> None:
    mother, _ = await looked_at(world)
    hers = await world.services.rights.own_view(mother)
    noor = ChildActor(world.tenant, hers.places[0].child, mother.family)
    view = await world.services.rights.own_view(noor)
    assert (view.voice, [one.child for one in view.places]) == ("heard", [noor.child])
    assert {one.child for one in await world.services.rights.who_looked(noor)} == {noor.child}
    with pytest.raises(NotFoundError):
        await world.services.rights.own_view(ChildActor(world.tenant, mother.guardian, mother.family))


async def test_where_it_ended_who_looked_stays_to_be_seen(world: World) -> None:
    mother, _ = await looked_at(world)
    before = await world.services.rights.who_looked(mother)
    place = (await world.services.rights.own_view(mother)).places[0]
    await world.services.families.end_relationship(world.counsellor, place.relationship, "moved_out")
    view = await world.services.rights.own_view(mother)
    assert [one.relationship for one in view.earlier] == [place.relationship]
    assert await world.services.rights.who_looked(mother) == before
