"""An act in flight and a release at once, over real connections: whoever committed first has it.

Each act is held open, everything in it done but the commit, by a second connection pool with a journal of
its own, as on another node; so only the version row can stand between it and the release.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from consent_service.app import Services, build_services
from consent_service.consent.service import Target
from consent_service.families.model import NewAuthority
from consent_service.foundation.ids import AgreementId, TypeKey
from consent_service.foundation.stop_journal import StopJournal
from consent_service.organisations.tables import agreements
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.faults.failures import HoldingDatabase
from tests.scenarios.stories import SUPPORT, YES, Told, ask, told_family
from tests.shelter import OPERATOR, SECRET, World

PICKUP = TypeKey("pickup")
FIELDS = {"name": "Oma Truus", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
ROUNDS = 25
Act = Callable[[Services, World, Told], Awaitable[object]]


@pytest.fixture
async def elsewhere(world: World, database_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    """The same installation on another node: other connections, another journal."""
    database = HoldingDatabase(database_url)
    parts = world.services.installation
    journal = StopJournal(tmp_path / "elsewhere" / "stops.jsonl")
    yield build_services(msgspec.structs.replace(parts, database=database, journal=journal))
    await database.close()


def held(services: Services) -> HoldingDatabase:
    database = services.installation.database
    assert isinstance(database, HoldingDatabase)
    return database


async def _withdraw(services: Services, world: World, told: Told) -> object:
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    return await services.consent.withdraw(told.mother, target, method="page")


async def _object(services: Services, world: World, told: Told) -> object:
    father = world.guardian(told.view, 1)
    target = Target(world.tenant, told.view.family, father.guardian)
    return await services.consent.object(father, target, method="page")


async def _end_agreement(services: Services, world: World, told: Told) -> None:
    query = select(agreements.c.agreement).where(
        agreements.c.tenant == world.tenant, agreements.c.school == world.linde
    )
    async with world.services.installation.database.reading() as conn:
        agreement = AgreementId((await conn.execute(query)).scalar_one())
    await services.organisations.end_agreement(OPERATOR, world.tenant, agreement)


async def _remove_contact(services: Services, world: World, told: Told) -> None:
    await services.families.remove_contact(world.counsellor, told.relationship, world.contact.staff)


async def _leave(services: Services, world: World, told: Told) -> None:
    await services.organisations.end_staff(OPERATOR, world.tenant, world.contact.staff)


async def _raise_flag(services: Services, world: World, told: Told) -> None:
    await services.families.assess_safety(world.counsellor, told.view.family, SECRET)


async def _end(services: Services, world: World, told: Told) -> None:
    await services.families.end_relationship(world.counsellor, told.relationship, "moved_out")


async def _lose_authority(services: Services, world: World, told: Told) -> None:
    await services.families.record_authority(
        world.counsellor,
        told.view.family,
        child=told.view.children[0].child,
        guardian=told.mother.guardian,
        fact=NewAuthority("none", "judgment", date(2026, 1, 1)),
    )


async def _destroy_key(services: Services, world: World, told: Told) -> None:
    await services.custody.destroy(world.officer, told.relationship)


ACTS: dict[str, Act] = {
    "withdrawal": _withdraw,
    "objection": _object,
    "agreement ended": _end_agreement,
    "contact removed": _remove_contact,
    "contact left": _leave,
    "safety flag": _raise_flag,
    "relationship ended": _end,
    "authority lost": _lose_authority,
    "key destroyed": _destroy_key,
}


async def pickup_family(world: World) -> Told:
    """A family of which the school knows who picks the child up: locating, so a safety flag stops it."""
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    await world.intake(told.mother, {**YES, "pickup": "yes"})
    shared = await world.services.records.share(world.counsellor, told.relationship, Note(PICKUP, FIELDS))
    assert isinstance(shared, Shared)
    return told


async def ask_pickup(world: World, told: Told) -> Released | Refused:
    return await world.services.release.to_school(world.contact, Ask(told.relationship, "safety"))


@pytest.mark.parametrize("name", ACTS)
async def test_a_release_waits_for_an_act_in_flight_and_then_refuses(
    world: World, elsewhere: Services, name: str
) -> None:
    told = await pickup_family(world)
    assert isinstance(await ask_pickup(world, told), Released)
    database = held(elsewhere)
    act = asyncio.create_task(_started(ACTS[name](elsewhere, world, told)))
    await asyncio.wait_for(database.done.wait(), 60)

    release = asyncio.create_task(ask_pickup(world, told))
    finished, _ = await asyncio.wait({release}, timeout=0.3)
    assert not finished, "released while the act was in flight"
    database.may_commit.set()
    await act
    assert isinstance(await release, Refused)


@pytest.mark.parametrize("name", ACTS)
async def test_an_act_that_is_rolled_back_stops_nothing(world: World, elsewhere: Services, name: str) -> None:
    told = await pickup_family(world)
    database = held(elsewhere)
    act = asyncio.create_task(_started(ACTS[name](elsewhere, world, told)))
    await asyncio.wait_for(database.done.wait(), 60)
    release = asyncio.create_task(ask_pickup(world, told))
    await asyncio.sleep(0.05)
    act.cancel()
    await asyncio.gather(act, return_exceptions=True)
    assert isinstance(await release, Released)


@pytest.mark.untraced
async def test_nothing_is_released_after_a_withdrawal_committed_whatever_the_timing(
    world: World, elsewhere: Services
) -> None:
    told = await told_family(world)
    database = held(elsewhere)
    outcomes: set[str] = set()
    for _ in range(ROUNDS):
        database.done.clear()
        database.may_commit.clear()
        releases = [asyncio.create_task(_timed_release(world, told)) for _ in range(2)]
        await asyncio.sleep(random.uniform(0, 0.05))  # noqa: S311 - timing, no secret
        act = asyncio.create_task(_started(_withdraw(elsewhere, world, told)))
        await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311
        releases += [asyncio.create_task(_timed_release(world, told))]
        await asyncio.wait_for(database.done.wait(), 60)
        in_flight = time.perf_counter()
        releases += [asyncio.create_task(_timed_release(world, told)) for _ in range(2)]
        await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311
        database.may_commit.set()
        await act
        for started, answer in await asyncio.gather(*releases):
            outcomes.add(type(answer).__name__)
            assert isinstance(answer, Refused) or started < in_flight
        assert isinstance(await ask(world, told.relationship), Refused)
        world.clock.advance(timedelta(seconds=1))
        await world.settle()
        await world.intake(told.mother, YES)
        assert isinstance(await ask(world, told.relationship), Released)
    assert outcomes == {"Released", "Refused"}


async def test_writers_of_one_type_take_turns_and_leave_no_record_out(
    world: World, database_url: str, tmp_path: Path
) -> None:
    told = await told_family(world)
    database = HoldingDatabase(database_url)
    database.may_commit.set()
    parts = world.services.installation
    other = build_services(msgspec.structs.replace(parts, database=database))
    notes = [Note(SUPPORT, {"helps": f"Rust {number}."}) for number in range(12)]
    await asyncio.gather(
        *(
            (world.services if number % 2 else other).records.share(world.counsellor, told.relationship, note)
            for number, note in enumerate(notes)
        )
    )
    await database.close()
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert len(answer.records) == 13


async def _timed_release(world: World, told: Told) -> tuple[float, Released | Refused]:
    started = time.perf_counter()
    return started, await ask(world, told.relationship)


async def _started(act: Awaitable[object]) -> object:
    return await act
