"""Destroying keys of a relationship or a child: what was shared is gone at once, for everybody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from consent_service.audit.events import KeyDestroyedOnOrder
from consent_service.custody.model import Doomed, Order
from consent_service.families.tables import children
from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
    NotAllowedError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TypeKey, new_id
from consent_service.identity.model import Fg
from consent_service.keyring.tables import key_destructions, person_keys, relationship_keys
from consent_service.organisations.model import NewStaff
from consent_service.records.service import Note
from consent_service.records.tables import records
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.ledger import count, entries, rows
from tests.scenarios.stories import ask, row_counts, told_family
from tests.shelter import OPERATOR, World, furnish
from tests.yesterday import another_process, close


async def shared(world: World) -> RelationshipId:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    note = Note(TypeKey("support_advice"), {"helps": "Rust."})
    await world.services.records.share(world.counsellor, relationship, note)
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    assert isinstance(answer, Released)
    return relationship


async def test_records_are_unreadable_at_once_and_the_log_still_verifies(world: World) -> None:
    relationship = await shared(world)
    done = await world.services.custody.destroy(world.officer, relationship)
    assert done.stage == "live_dead"
    assert await count(world, relationship_keys) == 0
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    assert isinstance(answer, Refused)
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        with pytest.raises(KeyDestroyedError):
            await ring.relationship_key(conn, world.tenant, relationship)
    again = await world.services.custody.destroy(world.officer, relationship)
    assert again.stage == "live_dead"
    assert len(await entries(world, "key.destroyed.v1")) == 1
    assert world.services.installation.journal.pending() == ()
    await world.settle()
    assert (await world.services.supervision.verify(world.officer)).ok


async def test_only_the_privacy_coordinator_decides_and_only_about_own_relationships(world: World) -> None:
    relationship = await shared(world)
    destroy = world.services.custody.destroy
    for actor in (world.counsellor, Fg(world.tenant, world.officer.staff)):
        with pytest.raises(NotAllowedError):
            await destroy(actor, relationship)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        await destroy(world.officer, RelationshipId(new_id()))
    assert await count(world, relationship_keys) == 1


async def test_with_the_database_away_a_destruction_is_journalled_and_replayed_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    relationship = await shared(world)

    def refuse() -> None:
        raise DatabaseUnavailableError("the database did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.services.installation.database, "transaction", refuse)
        done = await world.services.custody.destroy(world.officer, relationship)
    assert done.stage == "journalled"
    with pytest.raises(StopsPendingError):
        await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    (stop,) = world.services.installation.journal.pending()
    for _ in range(2):
        assert await world.services.custody.replay(stop)
    assert await world.services.replay_stops() == 1
    assert await count(world, relationship_keys) == 0
    (entry,) = await entries(world, "key.destroyed.v1")
    assert entry.detail is not None
    assert (entry.detail.by.kind, entry.detail.late_since) == ("system", stop.at)


async def test_another_packages_stop_is_left_to_it(world: World) -> None:
    stop = world.services.installation.journal.accept(
        "withdrawal", tenant=world.tenant, at=world.clock.now(), subject={"code": "x"}
    )
    assert not await world.services.custody.replay(stop)


# --- a child ---------------------------------------------------------------------------------


async def test_of_a_child_every_key_is_destroyed_and_the_log_says_so_about_nobody(world: World) -> None:
    told = await told_family(world)
    child = told.view.children[0].child
    eik = await world.at_school(child, world.eik)
    done = await world.services.custody.destroy_child(world.officer, child)
    assert (done.doomed, done.stage, done.attempt) == (Doomed("child", child), "live_dead", "refused")
    assert done.report is not None
    assert done.report.keys == 3
    assert await rows(world, relationship_keys) == []
    assert await rows(world, person_keys, person=child) == []
    noted = await rows(world, key_destructions)
    assert {(row.kind, row.owner) for row in noted} == {
        ("relationship", told.relationship),
        ("relationship", eik),
        ("person", child),
    }
    assert {(row.child, row.path_dead_at, row.epoch) for row in noted} == {(child, None, None)}
    logged = [entry.detail for entry in await entries(world, "key.destroyed.v1") if entry.detail]
    assert {(one.subject, one.shown_to) for one in logged} == {(None, "officer")}
    assert {one.relationship for one in logged} == {told.relationship, eik, None}
    again = await world.services.custody.destroy_child(world.officer, child)
    assert (again.stage, again.report) == (done.stage, done.report)
    assert len(await rows(world, key_destructions)) == 3
    await world.settle()
    assert (await world.services.supervision.verify(world.officer)).ok


async def test_of_a_child_only_the_privacy_coordinator_decides_and_only_about_own_children(
    world: World,
) -> None:
    told = await told_family(world)
    child, custody = told.view.children[0].child, world.services.custody
    for actor in (world.counsellor, Fg(world.tenant, world.officer.staff)):
        with pytest.raises(NotAllowedError):
            await custody.destroy_child(actor, child)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        await custody.destroy_child(world.officer, PersonId(new_id()))
    assert world.services.installation.journal.all() == ()


async def test_a_relationship_destroyed_before_counts_once_when_the_child_is_erased(world: World) -> None:
    told = await told_family(world)
    custody, child = world.services.custody, told.view.children[0].child
    await custody.destroy(world.officer, told.relationship)
    with pytest.raises(NotFoundError):
        await custody.report(world.officer, Doomed("child", child))
    await custody.destroy_child(world.officer, child)
    report = await custody.report(world.officer, Doomed("child", child))
    assert report.keys == 2
    assert report == await custody.report(Fg(world.tenant, world.officer.staff), Doomed("child", child))


# --- an operator, on order -------------------------------------------------------------------


async def test_an_operator_needs_a_coordinator_who_works_at_that_shelter_now(world: World) -> None:
    told = await told_family(world)
    doomed = Doomed("relationship", told.relationship)
    custody, organisations = world.services.custody, world.services.organisations
    elsewhere = await furnish(world.services, world.clock, "Opvang Noord")
    gone = await organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("privacy_coordinator", "Gea Gegaan")
    )
    await organisations.end_staff(OPERATOR, world.tenant, gone)
    for nobody in (world.counsellor.staff, elsewhere.officer.staff, gone, StaffId(new_id())):
        with pytest.raises(NotAllowedError):
            await custody.carry_out(OPERATOR, Order(world.tenant, nobody, doomed))
    assert await count(world, relationship_keys) == 1
    done = await custody.carry_out(OPERATOR, Order(world.tenant, world.officer.staff, doomed))
    assert done.stage == "live_dead"
    (entry,) = await entries(world, "key.destroyed_on_order.v1")
    assert entry.detail is not None
    assert entry.detail.event == KeyDestroyedOnOrder("relationship", told.relationship, world.officer.staff)
    assert (entry.detail.by.kind, entry.detail.subject) == ("operator", told.view.children[0].child)


async def test_what_cannot_wait_for_the_night_is_asked_of_the_background(world: World) -> None:
    first, second = await told_family(world), await told_family(world, family_name="Ander")
    await world.services.custody.destroy(world.officer, first.relationship)
    assert world.services.epochs.asked is None
    await world.services.custody.destroy(world.officer, second.relationship, at_once=True)
    assert world.services.epochs.asked == "high_risk"


# --- proof -----------------------------------------------------------------------------------


async def test_a_key_that_somehow_lives_on_is_seen_by_the_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the row of the key is not deleted."""
    told = await told_family(world)
    child = told.view.children[0].child

    async def keep(*_arguments: object) -> bool:
        return True

    ring = type(world.services.installation.ring)
    for name in ("destroy_relationship_key", "destroy_person_key"):
        monkeypatch.setattr(ring, name, keep)
    one = await world.services.custody.destroy(world.officer, told.relationship)
    assert one.attempt == "opened"
    assert (await world.services.custody.destroy_child(world.officer, child)).attempt == "opened"


async def test_what_does_not_open_for_another_reason_is_refused_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)

    async def keep(*_arguments: object) -> bool:
        return True

    ring = type(world.services.installation.ring)
    monkeypatch.setattr(ring, "destroy_relationship_key", keep)
    monkeypatch.setattr(ring, "destroy_person_key", keep)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(records).values(version=records.c.version + 1))
        await conn.execute(update(children).values(sealed_identity=b"SC damaged"))
    assert (await world.services.custody.destroy(world.officer, told.relationship)).attempt == "refused"
    child = told.view.children[0].child
    assert (await world.services.custody.destroy_child(world.officer, child)).attempt == "refused"


async def test_nothing_that_was_sealed_is_nothing_to_try(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    assert (await world.services.custody.destroy(world.officer, relationship)).attempt == "not_tried"


async def test_a_proof_that_cannot_be_tried_takes_nothing_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)

    async def away(*_arguments: object) -> None:
        raise KeyProviderUnavailableError("the keystore file cannot be read")

    monkeypatch.setattr("consent_service.custody.service.attempt_opening", away)
    done = await world.services.custody.destroy(world.officer, told.relationship)
    assert (done.stage, done.attempt, done.report) == ("live_dead", "not_tried", None)
    assert world.services.installation.journal.pending() == ()


# --- replay ----------------------------------------------------------------------------------


async def test_an_erasure_is_replayed_about_nobody_and_once(world: World) -> None:
    told = await told_family(world)
    child = told.view.children[0].child
    journal, custody = world.services.installation.journal, world.services.custody
    stop = journal.accept("erasure", tenant=world.tenant, at=world.clock.now(), subject={"child": child})
    for _ in range(2):
        assert await custody.replay(stop)
    assert await rows(world, relationship_keys) == []
    assert len(await rows(world, key_destructions)) == 2
    logged = [entry.detail for entry in await entries(world, "key.destroyed.v1") if entry.detail]
    assert {(one.subject, one.late_since, one.by.kind) for one in logged} == {(None, stop.at, "system")}


async def test_a_key_that_came_back_dies_again_and_one_that_was_gone_already_is_noted(world: World) -> None:
    """Of a database put back, key by key: with the row of the key, and without it."""
    told, other = await told_family(world), await told_family(world, family_name="Ander")
    custody, database = world.services.custody, world.services.installation.database
    kept = await rows(world, relationship_keys, relationship=told.relationship)
    for one in (told, other):
        await custody.destroy(world.officer, one.relationship)
    at = world.clock.now()
    async with database.transaction() as conn:
        await conn.execute(insert(relationship_keys).values(dict(kept[0]._mapping)))
        await conn.execute(delete(key_destructions).where(key_destructions.c.owner == other.relationship))
    world.clock.advance(timedelta(hours=3))
    for stop in world.services.installation.journal.all():
        assert await custody.replay(stop)
    assert await rows(world, relationship_keys) == []
    again = {row.destroyed_at for row in await rows(world, key_destructions, owner=told.relationship)}
    assert again == {at, world.clock.now()}
    (noted,) = await rows(world, key_destructions, owner=other.relationship)
    assert noted.destroyed_at == at
    assert len(await entries(world, "key.destroyed.v1")) == 4


async def test_the_end_of_a_person_is_told_once_and_its_row_does_not_vanish_unseen(world: World) -> None:
    told = await told_family(world)
    child = told.view.children[0].child
    custody, database = world.services.custody, world.services.installation.database
    await custody.destroy_child(world.officer, child)
    (stop,) = world.services.installation.journal.all()
    here = key_destructions.c
    async with database.transaction() as conn:
        await conn.execute(delete(key_destructions).where(here.owner == child))
    before = await entries(world, "key.destroyed.v1")
    with pytest.raises(IntegrityError, match="key_destructions"):
        await custody.replay(stop)
    assert await rows(world, key_destructions, owner=child) == []
    assert await entries(world, "key.destroyed.v1") == before


async def test_a_destruction_of_what_this_database_does_not_know_changes_nothing(world: World) -> None:
    journal, before = world.services.installation.journal, await row_counts(world)
    subjects = {"key_destruction": {"relationship": new_id()}, "erasure": {"child": new_id()}}
    for kind, subject in subjects.items():
        stop = journal.accept(kind, tenant=world.tenant, at=world.clock.now(), subject=subject)  # type: ignore[arg-type]
        assert await world.services.custody.replay(stop)
    assert await row_counts(world) == before


# --- another worker --------------------------------------------------------------------------


async def test_a_second_worker_with_a_warm_cache_refuses_at_once(world: World, tmp_path: Path) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Ander")
    worker = another_process(world, tmp_path)
    for one in (told, other):
        assert isinstance(await ask(worker, one.relationship), Released)  # every key is cached there now
    await world.services.custody.destroy(world.officer, told.relationship)
    assert isinstance(await ask(worker, told.relationship), Refused)
    child = other.view.children[0].child
    await world.services.custody.destroy_child(world.officer, child)
    with pytest.raises(NotFoundError):
        await ask(worker, other.relationship)
    assert (await worker.services.families.view(worker.counsellor, other.view.family)).children == ()
    await close(worker)
