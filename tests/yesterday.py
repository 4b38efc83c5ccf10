"""Put a database back as it was: a copy made "yesterday", and a process that starts on it today."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

from consent_service.foundation.database import Database
from consent_service.foundation.stop_journal import StopJournal
from tests.faults.failures import administer
from tests.shelter import World, reopened

_numbers = itertools.count(1)


@dataclass
class Copy:
    """A copy of the database of a world; `folder` holds its keystore, which is never copied."""

    world: World
    folder: Path
    place: str

    async def put_back(self) -> World:
        """The world of a process that opens the copy in the place of the database; not started up yet."""
        await close(self.world)
        database = self.world.services.installation.database
        url = database.engine.url
        if database.is_sqlite:
            path = Path(url.database or "")
            for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                file.unlink(missing_ok=True)
            shutil.copyfile(self.place, path)
        else:
            await administer(
                url.query["host"],
                f"DROP DATABASE {url.database} WITH (FORCE)",
                f"CREATE DATABASE {url.database} TEMPLATE {self.place} STRATEGY FILE_COPY",
                f"DROP DATABASE {self.place}",
            )
        return another_process(self.world, self.folder)


async def copy_database(world: World, folder: Path) -> Copy:
    """What a backup of the data of this night holds."""
    await close(world)
    database = world.services.installation.database
    url = database.engine.url
    if database.is_sqlite:
        place = str(folder / f"yesterday{next(_numbers)}.sqlite")
        shutil.copyfile(Path(url.database or ""), place)
    else:
        place = f"{url.database}_yesterday{next(_numbers)}"
        kick = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.database}'"
        make = f"CREATE DATABASE {place} TEMPLATE {url.database} STRATEGY FILE_COPY"
        await administer(url.query["host"], kick, make)
    return Copy(world, folder, place)


def another_process(world: World, folder: Path) -> World:
    """The same shelter, opened once more over the same database, journal and keystore."""
    installation = world.services.installation
    database = Database(installation.database.engine.url.render_as_string(hide_password=False))
    return reopened(world, database, world.clock, StopJournal(installation.journal.path), folder)


async def close(world: World) -> None:
    """Return every connection of this process; the next act opens new ones."""
    await world.services.installation.database.close()
