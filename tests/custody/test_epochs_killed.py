"""An epoch that is killed at any moment loses no key, and the next one takes it up where it was."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from consent_service.custody.epochs import EpochDone
from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.ids import new_id
from consent_service.keyring.providers.file import FileKeystore, unlock_keystore
from consent_service.keyring.service import KeyRing
from tests.custody.attack import Attacker, Copy, steal
from tests.custody.rounds import (
    Prints,
    as_another_process,
    destroy,
    destructions,
    epochs_of,
    hold_ceremony,
    make_relationship_key,
    prints,
)
from tests.factories import PASSPHRASE
from tests.shelter import World, furnish


def killed_at(number: int, work: Callable[[], Awaitable[object]]) -> bool:
    """Do the work in a child process that dies just before its `number`-th durable effect; whether it died.

    Durable effects are commits of the database and flushes of files (keystore, key backup, their folders).
    """
    child = os.fork()
    if child == 0:
        try:
            _die_before(number)
            asyncio.run(work())  # type: ignore[arg-type]
        except BaseException:  # noqa: BLE001 - the child may end in no other way
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the epoch in the child failed by itself"
    return False


def _die_before(number: int) -> None:
    """Only ever called in a child process, so nothing has to be put back."""
    happened = 0
    flush = os.fsync

    def count() -> None:
        nonlocal happened
        happened += 1
        if happened == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted_flush(descriptor: int) -> None:
        count()
        flush(descriptor)

    def counted_commit(connection: Connection) -> None:
        if not connection.get_execution_options().get("consent_read_only", False):
            count()

    os.fsync = counted_flush  # type: ignore[assignment]
    event.listen(Engine, "commit", counted_commit)


def keys_of(ring: KeyRing, copy: Copy, owner: str) -> set[bytes]:
    """What somebody with the copy and the roots of now has of `owner`."""
    attacker = Attacker(ring._provider, (), copy)
    attacker.readable()
    return {key for key, whose in attacker.learned().items() if whose == {owner}}


def keystores_in(folder: Path, elsewhere: Path) -> list[FileKeystore]:
    """Every file of the folder, hidden ones too, that opens as a keystore."""
    found = []
    for file in folder.iterdir():
        if file.is_file():
            copy = elsewhere / new_id()
            shutil.copy(file, copy)
            copy.chmod(0o600)
            with suppress(ConfigurationError):
                found.append(unlock_keystore(copy, PASSPHRASE))
    assert found
    return found


@pytest.mark.untraced
def test_killed_at_any_step_an_epoch_is_taken_up_again_and_no_key_is_lost(
    world: World, database_url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("attacker")

    async def prepare() -> None:
        async with as_another_process(world, database_url, tmp_path) as here:
            hold_ceremony(here)
            await here.at_school((await here.family()).children[0].child)
            await furnish(here.services, here.clock, "Opvang Noord")

    async def destroy_one() -> tuple[Prints, Copy, bytes]:
        """What lives, and a copy from before with the key that was destroyed since."""
        async with as_another_process(world, database_url, tmp_path) as here:
            doomed = await make_relationship_key(here)
            async with here.services.installation.database.reading() as conn:
                yesterday = await steal(conn)
            (key,) = keys_of(here.services.installation.ring, yesterday, doomed)
            await destroy(here, doomed)
            return await prints(here), yesterday, key

    async def epoch() -> None:
        async with as_another_process(world, database_url, tmp_path) as here:
            done = await epochs_of(here).run(reason="nightly")
            assert isinstance(done, EpochDone)

    async def take_up_again() -> Prints:
        async with as_another_process(world, database_url, tmp_path) as here:
            await here.services.install()
            now = await prints(here)
            lost = {place: key for place, key in before.items() if now.get(place) != key}
            assert not lost, "lost at once"
            await epochs_of(here).run(reason="nightly")
            assert all(dead for _, dead in await destructions(here))
            status = await epochs_of(here).status()
            assert len(status.generations) == 1
            assert status.epochs[0].state == "destroyed"
            return await prints(here)

    asyncio.run(prepare())
    number, died = 0, True
    while died:
        number += 1
        before, yesterday, key = asyncio.run(destroy_one())
        died = killed_at(number, epoch)
        assert asyncio.run(take_up_again()) == before, f"killed before effect {number}"
        for keystore in keystores_in(tmp_path, elsewhere):
            attacker = Attacker(keystore, (), yesterday)
            attacker.readable()
            assert key not in attacker.learned(), f"killed before effect {number}"
    assert number > 20
