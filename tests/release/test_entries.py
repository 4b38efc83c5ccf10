"""The guard: each of its conditions planted, each seen to hold the entry back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from consent_service.organisations.relationship_state import raise_family, raise_relationship, raise_school
from consent_service.policy.facts import Reader
from consent_service.policy.tables import active_bundles
from consent_service.release.entries import guard
from consent_service.release.judging import Judged, asked_types, judged
from consent_service.release.model import Released
from consent_service.release.read import read_situation
from tests.scenarios.stories import Told, ask, told_family
from tests.shelter import World


async def _judged(world: World, told: Told) -> Judged:
    assert isinstance(await ask(world, told.relationship), Released)  # renews until when decisions hold
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        situation = await read_situation(conn, ring, world.tenant, told.relationship)
    assert situation is not None
    rules = await world.services.policies.rules(situation.active_bundle)
    return judged(
        situation,
        rules,
        Reader("school", world.contact.staff, "contact"),
        "support",
        asked=asked_types(rules.catalogue, "support", "s2c"),
        now=world.clock.now(),
    )


async def _holds(world: World, answer: Judged) -> bool:
    async with world.services.installation.database.transaction() as conn:
        found = await conn.execute(guard(answer, world.clock.now()))
        return found.first() is not None


async def test_while_nothing_changed_the_guard_finds_its_row(world: World) -> None:
    told = await told_family(world)
    assert await _holds(world, await _judged(world, told))


@pytest.mark.parametrize("act", ["relationship", "family", "school"])
async def test_any_act_since_then_holds_it_back(world: World, act: str) -> None:
    told = await told_family(world)
    answer = await _judged(world, told)
    now = world.clock.now()
    async with world.services.installation.database.transaction() as conn:
        if act == "relationship":
            await raise_relationship(conn, world.tenant, told.relationship, now)
        elif act == "family":
            await raise_family(conn, world.tenant, told.view.family, now)
        else:
            await raise_school(conn, world.tenant, world.linde, now)
    assert not await _holds(world, answer)


async def test_an_act_elsewhere_does_not(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    answer = await _judged(world, told)
    async with world.services.installation.database.transaction() as conn:
        await raise_relationship(conn, world.tenant, other.relationship, world.clock.now())
    assert await _holds(world, answer)


async def test_time_that_may_have_changed_the_answer_holds_it_back(world: World) -> None:
    told = await told_family(world)
    answer = await _judged(world, told)
    world.clock.set(answer.situation.next_change_at - timedelta(microseconds=1))
    assert await _holds(world, answer)
    world.clock.set(answer.situation.next_change_at)
    assert not await _holds(world, answer)


async def test_other_rules_than_those_that_decided_hold_it_back(world: World) -> None:
    told = await told_family(world)
    answer = await _judged(world, told)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(active_bundles).values(hash="0" * 64))
    assert not await _holds(world, answer)
