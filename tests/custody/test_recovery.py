"""A recovery key is in use when three of its sheets were read back, and not before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import log
from consent_service.audit.log import TrailFilter
from consent_service.custody.recovery import require_in_use
from consent_service.custody.recovery_key import RecoveryKey, read_public_key, write_public_key
from consent_service.custody.shares import SheetProblem, combine
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConfigurationError,
    ConflictError,
    DatabaseUnavailableError,
    NotAllowedError,
    UnavailableError,
)
from consent_service.foundation.ids import INSTALLATION
from consent_service.keyring.recovery import new_seed, public_half
from consent_service.keyring.secret import Secret
from tests.custody.recovering import OPERATOR, hold_ceremony
from tests.shelter import World


def place(world: World) -> Path:
    return world.services.installation.key_backups.recovery_key


async def made(world: World) -> list[str]:
    wanted = TrailFilter(types=frozenset({"key.recovery_made.v1"}))
    async with world.services.installation.database.reading() as conn:
        page = await world.services.log.trail(conn, INSTALLATION, wanted)
    return [entry.detail.event.recovery for entry in page.entries if entry.detail is not None]  # type: ignore[union-attr]


async def test_three_sheets_read_back_put_the_key_into_use_and_into_the_log(world: World) -> None:
    ceremony = world.services.recovery_keys.begin(OPERATOR)
    assert not place(world).exists()
    typed = [ceremony.sheets[4], ceremony.sheets[0], ceremony.sheets[2]]
    assert await world.services.recovery_keys.accept(ceremony, typed, actor=OPERATOR) == ()
    assert read_public_key(place(world)) == ceremony.key
    assert await made(world) == [ceremony.key.fingerprint]
    seed = combine(ceremony.sheets[:3])
    assert isinstance(seed, Secret)
    assert public_half(seed) == ceremony.key.public


async def test_two_sheets_or_those_of_another_ceremony_put_nothing_into_use(world: World) -> None:
    ceremony, other = (
        world.services.recovery_keys.begin(OPERATOR),
        world.services.recovery_keys.begin(OPERATOR),
    )
    accept = world.services.recovery_keys.accept
    few = await accept(ceremony, ceremony.sheets[:2], actor=OPERATOR)
    assert few == (SheetProblem("too_few", number=2),)
    foreign = await accept(ceremony, other.sheets[:3], actor=OPERATOR)
    assert foreign == (SheetProblem("other_ceremony"),)
    assert not place(world).exists()
    assert await made(world) == []


async def test_a_key_in_use_is_replaced_only_when_that_is_meant(world: World) -> None:
    first = await hold_ceremony(world)
    with pytest.raises(ConflictError):
        world.services.recovery_keys.begin(OPERATOR)
    second = world.services.recovery_keys.begin(OPERATOR, replacing=True)
    accept = world.services.recovery_keys.accept
    with pytest.raises(ConflictError):  # as when two hold a ceremony at once
        await accept(second, second.sheets[:3], actor=OPERATOR)
    assert read_public_key(place(world)) == first.key
    assert await made(world) == [first.key.fingerprint]
    assert await accept(second, second.sheets[:3], actor=OPERATOR, replacing=True) == ()
    assert read_public_key(place(world)) == second.key


async def test_a_disk_that_does_not_take_the_key_leaves_no_entry_either(world: World) -> None:
    ceremony = world.services.recovery_keys.begin(OPERATOR)
    place(world).parent.chmod(0o700)
    place(world).with_name("recovery.pub").mkdir()
    with pytest.raises((ConflictError, UnavailableError)):
        await world.services.recovery_keys.accept(
            ceremony, ceremony.sheets[:3], actor=OPERATOR, replacing=True
        )
    assert await made(world) == []


async def in_use(world: World, key: RecoveryKey) -> bool:
    async with world.services.installation.database.reading() as conn:
        try:
            await require_in_use(conn, world.services.log, key)
        except ConfigurationError:
            return False
    return True


@pytest.mark.parametrize("replacing", [False, True])
async def test_a_commit_that_fails_puts_back_what_was_there(
    world: World, replacing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await hold_ceremony(world) if replacing else None
    ceremony = world.services.recovery_keys.begin(OPERATOR, replacing=replacing)
    transaction = Database.transaction

    @asynccontextmanager
    async def failing(database: Database) -> AsyncIterator[AsyncConnection]:
        async with transaction(database) as conn:
            yield conn
            raise DatabaseUnavailableError("the commit fails")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", failing)
        with pytest.raises(DatabaseUnavailableError):
            await world.services.recovery_keys.accept(
                ceremony, ceremony.sheets[:3], actor=OPERATOR, replacing=replacing
            )
    if first is None:
        assert not place(world).exists()
    else:
        assert read_public_key(place(world)) == first.key
        assert await in_use(world, first.key)
    assert await in_use(world, ceremony.key) is (first is None)
    assert not [path for path in place(world).parent.iterdir() if path.name.startswith(".recovery")]


async def test_only_the_key_of_the_latest_ceremony_in_the_log_is_in_use(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    swapped = RecoveryKey(public_half(new_seed()), date(2026, 11, 22))
    assert await in_use(world, swapped)  # a log without a ceremony says nothing of any key
    first = await hold_ceremony(world)
    assert await in_use(world, first.key)
    assert not await in_use(world, swapped)
    second = world.services.recovery_keys.begin(OPERATOR, replacing=True)
    accept = world.services.recovery_keys.accept
    assert await accept(second, second.sheets[:3], actor=OPERATOR, replacing=True) == ()
    assert await in_use(world, second.key)
    assert not await in_use(world, first.key)
    await world.services.key_backups.make()
    write_public_key(place(world), swapped, replacing=True)
    with pytest.raises(ConfigurationError, match="latest ceremony"):
        await world.services.key_backups.make()
    monkeypatch.setattr(log, "_SCAN_LIMIT", 1)  # so that its entry stands on a later page
    assert await in_use(world, second.key)
    assert not await in_use(world, swapped)


async def test_nobody_but_an_operator_makes_a_recovery_key(world: World) -> None:
    ceremony = world.services.recovery_keys.begin(OPERATOR)
    with pytest.raises(NotAllowedError):
        world.services.recovery_keys.begin(world.officer)  # type: ignore[arg-type]
    with pytest.raises(NotAllowedError):
        await world.services.recovery_keys.accept(
            ceremony,
            ceremony.sheets[:3],
            actor=world.officer,  # type: ignore[arg-type]
        )
    assert not place(world).exists()


async def test_the_folder_of_the_key_is_made_when_it_is_not_there(world: World, tmp_path: Path) -> None:
    recovery_keys = world.services.recovery_keys
    recovery_keys._path = tmp_path / "etc" / "recovery.pub"
    ceremony = recovery_keys.begin(OPERATOR)
    assert await recovery_keys.accept(ceremony, ceremony.sheets[1:4], actor=OPERATOR) == ()
    assert (tmp_path / "etc" / "recovery.pub").exists()


def test_a_ceremony_does_not_show_its_sheets(capsys: pytest.CaptureFixture[str]) -> None:
    from consent_service.custody.recovery import Ceremony
    from consent_service.custody.shares import split
    from tests.custody.test_recovery_key import KEY

    words = split(Secret(bytes(32)))
    ceremony = Ceremony(KEY, words)
    with pytest.raises(TypeError):
        f"{ceremony}"
    assert repr(ceremony) == "<Ceremony>"
    assert words[0].reveal().decode().split()[5] not in repr(ceremony)
