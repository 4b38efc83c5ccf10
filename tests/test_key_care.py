"""Keys are looked after while the service runs: at night, each day, and whatever fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from consent_service.app import jobs
from consent_service.app.jobs import KeyCare, run_key_care
from consent_service.custody.backup_file import found_backups
from consent_service.custody.epochs import Epochs
from consent_service.foundation.errors import IntegrityError, UnavailableError
from tests.custody.rounds import destroy, destructions, hold_ceremony, make_relationship_key
from tests.shelter import World

DAY = datetime(2026, 9, 2, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 9, 3, 1, 30, tzinfo=UTC)
"""Half past three in the Netherlands."""


@pytest.fixture(autouse=True)
def nobody_is_waited_for(world: World) -> None:
    world.services.epochs._last_readers = 0.0


@pytest.fixture
async def waiting(world: World) -> World:
    """A shelter in which a key was destroyed this morning."""
    world.clock.set(DAY - timedelta(hours=4))
    await destroy(world, await make_relationship_key(world))
    return world


def backups(world: World) -> int:
    return len(found_backups(world.services.installation.key_backups.folder))


async def test_an_epoch_waits_for_the_night_and_is_run_once(waiting: World) -> None:
    hold_ceremony(waiting)
    care = KeyCare(waiting.services)
    waiting.clock.set(DAY)
    await care.look()
    assert await destructions(waiting) == [(None, False)]

    waiting.clock.set(NIGHT)
    await care.look()
    await care.look()

    assert await destructions(waiting) == [(1, True)]
    (epoch,) = (await waiting.services.epochs.status()).epochs
    assert epoch.reason == "nightly"


async def test_a_night_that_was_missed_is_made_up_for_by_day(waiting: World) -> None:
    hold_ceremony(waiting)
    waiting.clock.set(DAY + timedelta(days=1))
    await KeyCare(waiting.services).look()
    assert await destructions(waiting) == [(1, True)]


async def test_where_nothing_was_destroyed_the_night_passes(world: World) -> None:
    hold_ceremony(world)
    world.clock.set(NIGHT)
    await KeyCare(world.services).look()
    assert (await world.services.epochs.status()).epochs == ()


async def test_what_cannot_wait_for_the_night_is_done_at_once(waiting: World) -> None:
    hold_ceremony(waiting)
    waiting.clock.set(DAY)
    waiting.services.epochs.ask("high_risk")
    await KeyCare(waiting.services).look()
    (epoch,) = (await waiting.services.epochs.status()).epochs
    assert (epoch.reason, epoch.state) == ("high_risk", "destroyed")


@pytest.mark.parametrize("asked", [True, False])
async def test_an_outage_is_tried_again_and_a_failure_waits_for_the_operator(
    waiting: World, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    hold_ceremony(waiting)
    waiting.clock.set(NIGHT)
    care, tries = KeyCare(waiting.services), []
    failures: list[Exception] = [UnavailableError("away"), IntegrityError("damaged")]

    async def fail(self: Epochs, *, reason: str) -> None:
        tries.append(reason)
        self._asked = None
        raise failures[len(tries) - 1]

    monkeypatch.setattr(Epochs, "run", fail)
    if asked:
        waiting.services.epochs.ask("high_risk")
    with pytest.raises(UnavailableError):
        await care.look()
    with pytest.raises(IntegrityError):
        await care.look()
    await care.look()
    assert tries == ["high_risk" if asked else "nightly"] * 2


async def test_there_is_a_fresh_backup_every_day_and_old_ones_go(world: World) -> None:
    hold_ceremony(world)
    care = KeyCare(world.services)
    world.clock.set(DAY)
    for _ in range(2):
        await care.look()
    assert backups(world) == 1
    for _ in range(10):
        world.clock.advance(timedelta(days=1))
        await care.look()
    assert backups(world) == 7


async def test_a_backup_from_the_future_is_not_todays_and_does_not_stay_for_a_year(world: World) -> None:
    hold_ceremony(world)
    care = KeyCare(world.services)
    world.clock.set(DAY + timedelta(days=365))
    await care.look()
    world.clock.set(DAY)
    for _ in range(10):
        await care.look()
        world.clock.advance(timedelta(days=1))
    made = [one.made_at for one in found_backups(world.services.installation.key_backups.folder)]
    assert made == [DAY + timedelta(days=day) for day in range(3, 10)]


async def test_who_waited_for_another_process_finds_its_backup_and_makes_none(world: World) -> None:
    hold_ceremony(world)
    await asyncio.gather(*(KeyCare(world.services).look() for _ in range(3)))
    assert backups(world) == 1


async def test_without_a_recovery_key_somebody_is_reminded_once_a_day(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(jobs._log, "warning", lambda words, **_: said.append(words), raising=False)
    care = KeyCare(waiting.services)
    for _ in range(2):
        await care.look()
    assert said == ["destroyed keys wait: there is no recovery key"]
    waiting.clock.advance(timedelta(days=1))
    await care.look()
    assert len(said) == 2
    assert backups(waiting) == 0


async def test_without_a_recovery_key_and_without_destroyed_keys_nobody_is_bothered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(jobs._log, "warning", lambda words, **_: said.append(words), raising=False)
    await KeyCare(world.services).look()
    assert said == []


async def test_the_care_outlives_whatever_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    stop = asyncio.Event()

    async def fail(self: KeyCare) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            stop.set()
        raise RuntimeError("planted")

    monkeypatch.setattr(KeyCare, "look", fail)
    monkeypatch.setattr(jobs, "_KEYS_SECONDS", 0.01)
    await asyncio.wait_for(run_key_care(world.services, stop), 60)
    assert looks == 3
