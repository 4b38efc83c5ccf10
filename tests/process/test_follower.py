"""The follower reads each entry once, whatever happens in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import TrailEntry
from consent_service.consent.service import Target
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.process.follower import Follower
from consent_service.process.tables import follower_cursors, tasks
from consent_service.process.walk import LogWalk
from tests.ledger import count, rows
from tests.shelter import World


def follower(world: World) -> Follower:
    parts = world.services.installation
    return Follower(database=parts.database, log=world.services.log, second_approver=frozenset())


async def stood_in(world: World) -> None:
    view = await world.family()
    await world.services.families.stand_in(world.colleague, view.family, "night_duty")
    while await world.services.sequencer.run_once(world.tenant):
        pass


async def test_a_crash_between_reading_and_the_cursor_doubles_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stood_in(world)

    async def crash(*_: object, **__: object) -> None:
        raise RuntimeError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(LogWalk, "_move", crash)
        with pytest.raises(RuntimeError, match="planted"):
            await follower(world).run_once(world.tenant)
    assert [await count(world, table) for table in (tasks, follower_cursors)] == [0, 0]

    await follower(world).catch_up(world.tenant)
    assert await follower(world).run_once(world.tenant) == 0
    (task,) = await rows(world, tasks)
    assert (task.kind, task.audience, task.done_at) == ("substitute_review", "privacy_coordinator", None)


async def test_whoever_comes_second_at_the_same_place_leaves_it_to_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stood_in(world)
    asked = LogWalk._cursor

    async def asked_while_another_goes(walk: LogWalk, *place: Any) -> int | None:
        monkeypatch.setattr(LogWalk, "_cursor", asked)
        return None

    await follower(world).catch_up(world.tenant)
    monkeypatch.setattr(LogWalk, "_cursor", asked_while_another_goes)
    assert await follower(world).run_once(world.tenant) == 0
    assert [await count(world, table) for table in (tasks, follower_cursors)] == [1, 1]


async def test_of_two_followers_at_once_only_one_makes_the_tasks(world: World) -> None:
    await stood_in(world)
    await asyncio.gather(*(follower(world).catch_up(world.tenant) for _ in range(3)))
    await stood_in(world)
    await asyncio.gather(*(follower(world).catch_up(world.tenant) for _ in range(3)))
    await follower(world).catch_up(world.tenant)
    assert await count(world, tasks) == 2
    assert await count(world, follower_cursors) == 1


async def test_batches_go_on_where_the_last_one_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_service.process.walk._BATCH", 3)
    await stood_in(world)
    await stood_in(world)
    await follower(world).catch_up(world.tenant)
    assert await count(world, tasks) == 2
    (cursor,) = await rows(world, follower_cursors)
    assert cursor.next_seq > 6


async def test_s03_one_objection_to_everything_is_one_task_until_it_is_judged(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    relationship = await world.at_school(view.children[0].child)
    father = world.guardian(view, 1)
    target = Target(world.tenant, view.family, father.guardian)
    await world.services.consent.object(father, target, method="page")
    await world.settle()
    (task,) = await world.services.tasks.open_tasks(world.officer)
    assert (task.kind, task.relationship, task.family) == ("objection_to_judge", relationship, view.family)
    await world.services.tasks.finish(world.officer, task.task)
    world.clock.advance(timedelta(days=1))
    await world.services.consent.object(father, target, method="page")
    await world.settle()
    (again,) = await world.services.tasks.open_tasks(world.officer)
    assert again.task != task.task


async def test_an_entry_whose_person_was_erased_asks_for_nothing(world: World) -> None:
    await stood_in(world)
    ring = world.services.installation.ring
    async with world.services.installation.database.transaction() as conn:
        assert await ring.destroy_person_key(conn, world.tenant, PersonId(world.colleague.staff))
    await follower(world).catch_up(world.tenant)
    assert await count(world, tasks) == 0


async def test_slow_work_gets_on_entry_by_entry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that took too long keeps what it did, so that what follows is never done over and over."""
    await stood_in(world)
    monkeypatch.setattr("consent_service.process.walk._LONGEST", -1.0)
    seen = list[str]()

    async def slow(_conn: AsyncConnection, _tenant: TenantId, entry: TrailEntry) -> None:
        seen.append(entry.id)

    database, log = world.services.installation.database, world.services.log
    walker = LogWalk("slow", slow, database=database, log=log)
    assert await walker.run_once(world.tenant) == 1
    await walker.catch_up(world.tenant)
    assert len(seen) == len(set(seen)) > 3
    assert await walker.run_once(world.tenant) == 0
