"""A path is called gone from backups only when every backup that may hold it was seen dropped."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from consent_service.audit.log import TrailFilter
from consent_service.custody import backups
from consent_service.custody.backup_file import found_backups, newest_backup, read_backup
from consent_service.custody.backups import KeyBackups
from consent_service.custody.epochs import EpochDone
from consent_service.foundation.errors import ConfigurationError, NotAllowedError, UnavailableError
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.model import Operator, System, by
from consent_service.keyring.tables import key_backups, key_destructions
from tests.custody.recovering import OPERATOR
from tests.custody.rounds import destroy, epochs_of, hold_ceremony, make_relationship_key
from tests.ledger import rows
from tests.shelter import World

WEEK = timedelta(days=8)
"""Longer than a backup stays."""


@pytest.fixture
async def doomed(world: World) -> World:
    """A backup was made, a key destroyed since, and its path is dead: the backup still holds it."""
    hold_ceremony(world)
    relationship = await make_relationship_key(world)
    await world.services.key_backups.make()
    world.clock.advance(timedelta(hours=1))
    await destroy(world, relationship)
    await an_epoch(world)
    return world


async def an_epoch(world: World) -> None:
    assert isinstance(await epochs_of(world).run(reason="operator"), EpochDone)


def folder(world: World) -> Path:
    return world.services.installation.key_backups.folder


def another_node(world: World, place: Path) -> KeyBackups:
    """The same installation on a machine with a disk of its own."""
    services = world.services
    return KeyBackups(
        database=services.installation.database,
        ring=services.installation.ring,
        log=services.log,
        clock=services.installation.clock,
        recovery_key=services.installation.key_backups.recovery_key,
        folder=place,
        days=7,
    )


async def is_gone(world: World) -> bool:
    async with world.services.installation.database.reading() as conn:
        dead = (await conn.execute(select(key_destructions.c.backups_dead_at))).scalars().all()
    assert len(dead) == 1
    return dead[0] is not None


# --- where this process cannot look ---------------------------------------------------------------


async def test_a_folder_that_is_not_mounted_proves_nothing(doomed: World) -> None:
    away = folder(doomed).with_name("unplugged")
    folder(doomed).rename(away)
    doomed.clock.advance(WEEK)
    assert await doomed.services.key_backups.expire() == 0
    assert not await is_gone(doomed)
    folder(doomed).mkdir(mode=0o700)  # the mount point, without its disk
    assert await doomed.services.key_backups.expire() == 0
    assert not await is_gone(doomed)
    await doomed.services.key_backups.make()  # beneath it
    assert await doomed.services.key_backups.expire() == 0
    assert not await is_gone(doomed)
    folder(doomed).rename(folder(doomed).with_name("beneath"))
    away.rename(folder(doomed))
    assert await doomed.services.key_backups.expire() == 2
    assert await is_gone(doomed)


async def test_what_lies_on_another_node_is_waited_for(world: World, tmp_path: Path) -> None:
    hold_ceremony(world)
    relationship = await make_relationship_key(world)
    other = another_node(world, tmp_path / "other-node")
    await other.make()
    world.clock.advance(timedelta(hours=1))
    await destroy(world, relationship)
    await an_epoch(world)
    world.clock.advance(WEEK)
    assert await world.services.key_backups.expire() == 1
    assert not await is_gone(world)
    assert await other.expire() == 1
    assert await is_gone(world)


async def test_a_copy_that_was_put_back_or_is_not_known_holds_the_third_stage_back(doomed: World) -> None:
    kept = {one.path: one.path.read_bytes() for one in found_backups(folder(doomed))}
    doomed.clock.advance(WEEK)
    async with doomed.services.installation.database.transaction() as conn:
        await conn.execute(delete(key_backups))  # a database from before they were made
    for path, content in kept.items():
        young = path.with_name(path.name.replace("20260901", doomed.clock.now().strftime("%Y%m%d")))
        path.unlink()
        young.write_bytes(content)
    assert await doomed.services.key_backups.expire() == 0
    assert not await is_gone(doomed)
    doomed.clock.advance(WEEK)
    assert await doomed.services.key_backups.expire() == len(kept)
    assert await is_gone(doomed)


async def test_what_somebody_removed_from_the_folder_is_gone_on_its_day(doomed: World) -> None:
    for one in found_backups(folder(doomed)):
        one.path.unlink()
    doomed.clock.advance(timedelta(days=6))
    assert await doomed.services.key_backups.expire() == 0
    assert not await is_gone(doomed)
    doomed.clock.advance(timedelta(days=2))
    assert await doomed.services.key_backups.expire() == 0
    assert await is_gone(doomed)
    assert {row.dropped_at for row in await rows(doomed, key_backups)} == {doomed.clock.now()}


async def test_a_backup_that_was_never_finished_is_waited_for_and_then_gone(
    doomed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_path: Path, _content: bytes) -> None:
        raise UnavailableError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(backups, "_write_and_read_back", killed)
        with pytest.raises(UnavailableError):
            await doomed.services.key_backups.make()
    assert len(await rows(doomed, key_backups)) == len(found_backups(folder(doomed))) + 1
    doomed.clock.advance(WEEK)
    await doomed.services.key_backups.expire()
    assert await is_gone(doomed)


# --- what a backup may hold -----------------------------------------------------------------------


async def test_the_backup_of_the_epoch_itself_counts_as_one_that_holds_the_path(doomed: World) -> None:
    async with doomed.services.installation.database.reading() as conn:
        query = select(key_backups.c.after_epoch).order_by(key_backups.c.number)
        assert list((await conn.execute(query)).scalars()) == [0, 0]
    made = await doomed.services.key_backups.make()
    (noted,) = [row for row in await rows(doomed, key_backups) if row.backup == made.backup]
    assert (noted.after_epoch, noted.number) == (1, 3)


async def test_backups_of_after_the_epoch_hold_nothing_back(doomed: World) -> None:
    doomed.clock.advance(timedelta(days=6))
    young = await doomed.services.key_backups.make()
    doomed.clock.advance(timedelta(days=2))
    assert await doomed.services.key_backups.expire() == 2
    assert await is_gone(doomed)
    assert young.path.exists()


# --- clocks that were wrong -----------------------------------------------------------------------


async def test_a_backup_from_the_future_holds_back_and_goes_with_the_first_that_was_made_after_it(
    world: World,
) -> None:
    hold_ceremony(world)
    relationship = await make_relationship_key(world)
    world.clock.advance(timedelta(days=365))
    wrong = await world.services.key_backups.make()
    world.clock.advance(-timedelta(days=365))
    await destroy(world, relationship)
    await an_epoch(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(key_destructions).values(backups_until=world.clock.now().date()))
    world.clock.advance(timedelta(days=6))
    assert await world.services.key_backups.expire() == 0
    assert not await is_gone(world)
    assert wrong.path.exists()
    world.clock.advance(timedelta(days=1))
    assert await world.services.key_backups.expire() == 2
    assert await is_gone(world)
    assert not wrong.path.exists()


async def test_a_clock_that_was_set_back_drops_nothing(doomed: World) -> None:
    doomed.clock.advance(-timedelta(days=400))
    assert await doomed.services.key_backups.expire() == 0
    assert len(found_backups(folder(doomed))) == 2
    assert newest_backup(folder(doomed), doomed.clock.now()) is None


async def test_numbers_go_on_above_the_folder_when_an_older_database_was_put_back(doomed: World) -> None:
    async with doomed.services.installation.database.transaction() as conn:
        await conn.execute(delete(key_backups))
    made = await doomed.services.key_backups.make()
    assert found_backups(folder(doomed))[-1].path == made.path
    assert [one.number for one in found_backups(folder(doomed))] == [1, 2, 3]
    assert read_backup(made.path).header.number == 3


async def test_two_processes_back_up_at_once_and_both_are_noted(world: World, tmp_path: Path) -> None:
    hold_ceremony(world)
    other = another_node(world, tmp_path / "other-node")
    made = await asyncio.gather(world.services.key_backups.make(), other.make())
    assert {row.backup for row in await rows(world, key_backups)} == {one.backup for one in made}


# --- who may --------------------------------------------------------------------------------------


async def test_operators_and_the_service_itself_back_up_and_nobody_else(world: World) -> None:
    hold_ceremony(world)
    for actor in (world.officer, world.counsellor):
        with pytest.raises(NotAllowedError):
            await world.services.key_backups.make(actor)  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            await world.services.key_backups.expire(actor)  # type: ignore[arg-type]
    assert not folder(world).exists()
    actors: tuple[Operator | System, ...] = (OPERATOR, System())
    for one in actors:
        await world.services.key_backups.make(one)
    wanted = TrailFilter(types=frozenset({"key.backed_up.v1"}))
    async with world.services.installation.database.reading() as conn:
        page = await world.services.log.trail(conn, INSTALLATION, wanted)
    logged = [entry.detail.by for entry in page.entries if entry.detail is not None]
    assert sorted(logged, key=lambda who: who.kind) == [by(OPERATOR), by(System())]


async def test_a_folder_in_a_git_tree_takes_no_backup_and_lets_no_epoch_begin(world: World) -> None:
    hold_ceremony(world)
    (folder(world).parent / ".git").mkdir()
    with pytest.raises(ConfigurationError, match="git"):
        world.services.key_backups.require_ready()
    with pytest.raises(ConfigurationError, match="git"):
        await world.services.key_backups.make()
    assert await rows(world, key_backups) == []
