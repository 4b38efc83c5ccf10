"""Stops hold while the database is away, are carried out once, and never reach too far."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.stops import WORST
from consent_service.families.tables import families, relationships, safety_assessments
from consent_service.foundation.errors import DatabaseUnavailableError, InputError, StopsPendingError
from consent_service.foundation.ids import FamilyId, RelationshipId, new_id
from consent_service.foundation.stop_journal import Stop, StopKind
from consent_service.release.service import Ask
from tests.ledger import count, entries, rows
from tests.shelter import SAFE, SECRET, World


@asynccontextmanager
async def writes_away(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The database answers questions and takes nothing."""

    def refuse() -> AbstractAsyncContextManager[AsyncConnection]:
        raise DatabaseUnavailableError("the database did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.services.installation.database, "transaction", refuse)
        yield


def journalled(world: World, kind: StopKind, **subject: str) -> Stop:
    journal = world.services.installation.journal
    return journal.accept(kind, tenant=world.tenant, at=world.clock.now(), subject=subject)


async def test_a_safety_flag_holds_without_the_database_and_is_the_worst_when_replayed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    world.clock.advance(timedelta(minutes=1))
    async with writes_away(world, monkeypatch):
        await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    with pytest.raises(StopsPendingError):
        await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    since = world.clock.now()
    world.clock.advance(timedelta(minutes=9))
    assert await world.services.replay_stops() == 1
    assert await world.services.replay_stops() == 0

    after = await world.services.families.view(world.counsellor, view.family)
    assert after.safety == WORST
    newest = (await entries(world, "safety.assessed.v1"))[0]
    assert newest.detail is not None
    assert (newest.detail.late_since, newest.detail.shown_to) == (since, "officer")


async def test_a_replayed_flag_gives_way_to_an_assessment_made_since(world: World) -> None:
    view = await world.family()
    stop = journalled(
        world, "safety_flag", family=view.family, assessor=world.counsellor.staff, level="danger"
    )
    world.clock.advance(timedelta(minutes=1))
    await world.services.families.assess_safety(world.counsellor, view.family, SAFE)
    before = await count(world, safety_assessments)

    assert await world.services.families.replay(stop)
    assert await count(world, safety_assessments) == before


async def test_a_flag_about_one_guardian_is_replayed_about_that_guardian_only(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    samira = view.guardians[0].guardian
    flag = {"family": view.family, "assessor": world.counsellor.staff, "level": "danger"}
    stop = journalled(world, "safety_flag", **flag, guardian=samira)
    world.clock.advance(timedelta(minutes=1))
    await world.services.families.assess_safety(
        world.counsellor, view.family, SAFE
    )  # of the family: no answer
    for _ in range(2):
        assert await world.services.families.replay(stop)
    after = await world.services.families.view(world.counsellor, view.family)
    assert [one.level for one in after.assessments if one.guardian == samira] == ["danger"]
    assert after.safety.level == "danger"
    (entry,) = await entries(world, "safety.guardian_assessed.v1")
    assert entry.detail is not None
    assert (entry.detail.late_since, entry.detail.shown_to) == (stop.at, "officer")


async def test_a_guardians_flag_holds_although_the_database_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    danger = msgspec.structs.replace(SAFE, level="danger")
    async with writes_away(world, monkeypatch):
        await world.services.families.assess_guardian(
            world.counsellor, view.family, view.guardians[0].guardian, danger
        )
    (stop,) = world.services.installation.journal.concerning(world.tenant, relationship)
    assert stop.subject["guardian"] == view.guardians[0].guardian
    assert await world.services.families.replay(stop)
    assert (await world.services.families.view(world.counsellor, view.family)).safety.level == "danger"


async def test_an_ended_relationship_is_replayed_once_with_its_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    async with writes_away(world, monkeypatch):
        await world.services.families.end_relationship(world.counsellor, relationship, "not_our_pupil")
    (stop,) = world.services.installation.journal.pending()
    world.clock.advance(timedelta(minutes=5))
    for _ in range(2):
        assert await world.services.families.replay(stop)

    (row,) = await rows(world, relationships, relationship=relationship)
    assert (row.end_reason, row.ended_at) == ("not_our_pupil", world.clock.now())
    (entry,) = await entries(world, "relationship.ended.v1")
    assert entry.detail is not None
    assert (entry.detail.by.kind, entry.detail.late_since) == ("system", stop.at)


async def test_s27_the_end_of_guidance_is_one_stop_and_spares_what_began_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await world.family(children=(("Noor", date(2018, 5, 4)), ("Sem", date(2016, 1, 2))))
    noor = await world.at_school(view.children[0].child)
    async with writes_away(world, monkeypatch):
        await world.services.families.end_family(world.counsellor, view.family, "night_departure")
    (stop,) = world.services.installation.journal.pending()
    world.clock.advance(timedelta(minutes=5))
    sem = await world.at_school(view.children[1].child, world.eik)
    for _ in range(2):
        assert await world.services.families.replay(stop)

    assert (await rows(world, relationships, relationship=noor))[0].ended_at is not None
    assert (await rows(world, relationships, relationship=sem))[0].ended_at is None
    assert (await rows(world, families, family=view.family))[0].ended_at == world.clock.now()
    assert len(await entries(world, "relationship.ended.v1")) == 1


async def test_a_replayed_removal_spares_a_contact_who_was_listed_again_since(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    door = world.services.families
    async with writes_away(world, monkeypatch):
        await door.remove_contact(world.counsellor, relationship, world.contact.staff)
    (stop,) = world.services.installation.journal.pending()
    assert await door.replay(stop)
    assert await door.school_children(world.tenant, world.contact.staff, world.linde) == ()
    world.clock.advance(timedelta(minutes=5))
    await door.list_contact(world.counsellor, relationship, world.contact.staff)
    assert await door.replay(stop)

    found = await door.school_children(world.tenant, world.contact.staff, world.linde)
    assert [one.relationship for one in found] == [relationship]
    assert len(await entries(world, "contact.removed.v1")) == 1


async def test_stops_about_what_a_restored_database_does_not_know_are_passed_over(world: World) -> None:
    nowhere, family = RelationshipId(new_id()), FamilyId(new_id())
    journalled(world, "safety_flag", family=family, assessor=world.counsellor.staff, level="danger")
    journalled(world, "relationship_end", family=family, reason="moved_out")
    journalled(world, "relationship_end", relationship=nowhere, reason="moved_out")
    journalled(world, "contact_removal", relationship=nowhere, staff=world.contact.staff)
    assert await world.services.replay_stops() == 4
    assert await count(world, safety_assessments) == 0


async def test_a_stop_of_another_shelter_ends_nothing_here(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    foreign = journalled(world, "relationship_end", relationship=relationship, reason="moved_out")
    stolen = Stop(foreign.id, foreign.kind, foreign.at, new_id(), foreign.subject)
    assert await world.services.families.replay(stolen)
    assert (await rows(world, relationships, relationship=relationship))[0].ended_at is None


async def test_another_packages_stop_is_left_to_it(world: World) -> None:
    assert not await world.services.families.replay(journalled(world, "withdrawal", code="x"))


async def test_what_cannot_be_taken_is_never_journalled(world: World) -> None:
    view = await world.family()
    past = SECRET.__class__("danger", True, False, None, date(2026, 9, 1))
    with pytest.raises(InputError):
        await world.services.families.assess_safety(world.counsellor, view.family, past)
    assert world.services.installation.journal.pending() == ()
