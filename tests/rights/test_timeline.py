"""A timeline per child over the real services: each viewer sees only what may be known now."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.audit import events
from consent_service.consent.service import Target
from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey, new_id
from consent_service.identity.model import ChildActor, GuardianActor
from consent_service.records.service import Note
from consent_service.rights import timeline
from tests.ledger import entries
from tests.process.meetings.stories import agreed, proposed
from tests.shelter import SAFE, SECRET, World

SUPPORT = TypeKey("support_advice")


async def kinds(found: tuple[timeline.Happened, ...]) -> set[str]:
    return {events.event_type(one.event) for one in found}


async def helped(world: World) -> tuple[GuardianActor, GuardianActor, RelationshipId]:
    """Two parents who both decide; both said yes; something was shared."""
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    relationship = await world.at_school(view.children[0].child)
    mother, father = world.guardian(view), world.guardian(view, 1)
    for one in (mother, father):
        await world.intake(one, {"shelter_involvement": "yes", "support_advice": "yes"})
    await world.services.records.share(world.counsellor, relationship, Note(SUPPORT, {"helps": "Rust."}))
    world.clock.advance(timedelta(seconds=10))
    await world.services.sequencer.run_once(world.tenant)
    return mother, father, relationship


async def stopped(world: World, relationship: RelationshipId, kind: TypeKey, *people: GuardianActor) -> None:
    """Each of them stops sharing this."""
    for one in people:
        target = Target(world.tenant, one.family, one.guardian, ((relationship, kind),))
        await world.services.consent.withdraw(one, target, method="page")


async def test_the_counsellor_sees_everything_that_is_told_and_the_look_is_logged(world: World) -> None:
    mother, _, relationship = await helped(world)
    view = await world.services.families.view(world.counsellor, mother.family)
    child = view.children[0].child
    found = await world.services.timeline.of_child(world.counsellor, mother.family, child)
    assert {"record.shared.v1", "consent.given.v1", "relationship.started.v1"} <= await kinds(found)
    assert [one.entry for one in found] == sorted((one.entry for one in found), reverse=True)
    (looked,) = await entries(world, "log.viewed.v1")
    assert looked.detail is not None
    assert looked.detail.event == events.LogViewed(("timeline",), len(found))
    with pytest.raises(NotAllowedError):
        await world.services.timeline.of_child(world.colleague, mother.family, child)
    with pytest.raises(NotFoundError):
        await world.services.timeline.of_child(world.counsellor, mother.family, PersonId(new_id()))
    assert relationship


async def test_s44_a_guardian_sees_her_own_answers_and_never_the_other_guardians(world: World) -> None:
    mother, father, relationship = await helped(world)
    await stopped(world, relationship, SUPPORT, father)
    found = await world.services.timeline.own(mother)
    assert {"consent.given.v1", "record.shared.v1", "intake.finished.v1"} <= await kinds(found)
    assert "consent.withdrawn.v1" not in await kinds(found)
    assert "consent.reevaluated.v1" not in await kinds(found)
    assert father.guardian not in repr(found)
    assert "consent.withdrawn.v1" in await kinds(await world.services.timeline.own(father))


async def test_a_school_sees_a_type_as_long_as_it_may_read_it(world: World) -> None:
    mother, father, relationship = await helped(world)
    found = await world.services.timeline.at_school(world.contact, relationship)
    assert "record.shared.v1" in await kinds(found)
    assert "consent.given.v1" not in await kinds(found)
    assert mother.guardian not in repr(found)
    await stopped(world, relationship, SUPPORT, mother, father)
    found = await world.services.timeline.at_school(world.contact, relationship)
    assert "record.shared.v1" not in await kinds(found)
    assert "support_advice" not in repr(found)


async def test_s45_a_child_that_may_not_be_known_is_not_there(world: World) -> None:
    mother, father, relationship = await helped(world)
    service = world.services.timeline
    for stranger in (world.teacher, world.eik_contact):
        with pytest.raises(NotFoundError):
            await service.at_school(stranger, relationship)
    with pytest.raises(NotFoundError):
        await service.at_school(world.contact, RelationshipId(new_id()))
    await stopped(world, relationship, TypeKey("shelter_involvement"), mother, father)
    with pytest.raises(NotFoundError):
        await service.at_school(world.contact, relationship)
    assert await world.services.release.readable_types(world.contact, relationship) == frozenset()


async def test_s46_who_is_answered_by_a_person_sees_nothing(world: World) -> None:
    mother, father, _ = await helped(world)
    await world.services.families.assess_safety(world.counsellor, mother.family, SAFE)
    assert await world.services.timeline.own(father) != ()
    await world.services.families.assess_safety(world.counsellor, mother.family, SECRET)
    assert await world.services.timeline.own(mother) == ()
    assert await world.services.timeline.own(father) == ()


async def test_a_young_person_sees_the_own_part(world: World) -> None:
    view = await world.family(children=(("Yara", date(2012, 3, 7)),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    child = ChildActor(world.tenant, view.children[0].child, view.family)
    found = await world.services.timeline.own(child)
    assert "relationship.started.v1" in await kinds(found)
    assert "consent.given.v1" not in await kinds(found)
    assert relationship


async def test_meetings_stand_there_for_who_takes_part(world: World) -> None:
    met = await agreed(world)
    found = await world.services.timeline.own(met.mother)
    assert {"meeting.stepped.v1", "meeting_agreement.stepped.v1"} <= await kinds(found)
    at_school = await world.services.timeline.at_school(world.contact, met.relationship)
    assert "meeting.stepped.v1" in await kinds(at_school)


async def test_why_a_meeting_was_asked_is_told_to_nobody_outside(world: World) -> None:
    met = await proposed(world, "violence", {"shelter_involvement": "yes", "three_way_meeting": "yes"})
    assert "meeting.stepped.v1" not in await kinds(await world.services.timeline.own(met.mother))
    at_school = await world.services.timeline.at_school(world.contact, met.relationship)
    assert "meeting.stepped.v1" not in await kinds(at_school)


async def test_only_the_newest_lines_are_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MOST", 2)
    mother, _, relationship = await helped(world)
    assert len(await world.services.timeline.at_school(world.contact, relationship)) <= 2
    view = await world.services.families.view(world.counsellor, mother.family)
    found = await world.services.timeline.of_child(world.counsellor, mother.family, view.children[0].child)
    assert len(found) == 2
