"""Destroying the key of a relationship: what was shared is gone at once, for everybody."""

from __future__ import annotations

import pytest

from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    KeyDestroyedError,
    NotAllowedError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.ids import RelationshipId, TypeKey, new_id
from consent_service.identity.model import Fg
from consent_service.keyring.tables import relationship_keys
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.ledger import count, entries
from tests.shelter import World


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
