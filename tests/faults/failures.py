"""Real faults, put in and taken away again: the log refuses, the keys are gone, the database is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.database import Database
from tests.shelter import World

LogFault = Literal["entries refused", "entries renamed", "details refused", "index renamed"]
LOG_FAULTS: tuple[LogFault, ...] = (
    "entries refused",
    "entries renamed",
    "details refused",
    "index renamed",
)
_TABLES = {"entries": "audit_entries", "details": "audit_details", "index": "audit_index"}
DatabaseFault = Literal["gone", "unreadable"]
DATABASE_FAULTS: tuple[DatabaseFault, ...] = ("gone", "unreadable")


@asynccontextmanager
async def log_off(world: World, fault: LogFault) -> AsyncIterator[None]:
    """The database takes everything except what belongs to the audit log."""
    database = world.services.installation.database
    table, _, how = fault.partition(" ")
    name = _TABLES[table]
    if how == "renamed":
        await _execute(database, f"ALTER TABLE {name} RENAME TO {name}_away")
    elif database.is_sqlite:
        refuse = "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        await _execute(database, f"CREATE TRIGGER fault BEFORE INSERT ON {name} {refuse}")
    else:
        refuse = "BEGIN RAISE EXCEPTION ''disk full''; END"
        await _execute(
            database,
            f"CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS '{refuse}'",
            f"CREATE TRIGGER fault BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION fault()",
        )
    try:
        yield
    finally:
        if how == "renamed":
            await _execute(database, f"ALTER TABLE {name}_away RENAME TO {name}")
        elif database.is_sqlite:
            await _execute(database, "DROP TRIGGER fault")
        else:
            await _execute(database, f"DROP TRIGGER fault ON {name}", "DROP FUNCTION fault()")


@contextmanager
def keys_away(folder: Path) -> Iterator[None]:
    """The keystore file is not where it was; afterwards the same file is back."""
    keystore, elsewhere = folder / "keystore.json", folder / "elsewhere.json"
    keystore.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(keystore)


@asynccontextmanager
async def database_away(database: Database, fault: DatabaseFault) -> AsyncIterator[None]:
    """No connection works and none can be made; afterwards the same database is back."""
    if database.is_sqlite:
        async with _sqlite_away(database, fault):
            yield
    else:
        async with _postgresql_away(database, fault):
            yield


@asynccontextmanager
async def _sqlite_away(database: Database, fault: DatabaseFault) -> AsyncIterator[None]:
    path = Path(database.engine.url.database or "")
    await database.close()
    _take_away(path, fault)
    try:
        yield
    finally:
        await database.close()
        _bring_back(path)


def _take_away(path: Path, fault: DatabaseFault) -> None:
    for file in _with_its_log(path):
        if file.exists():
            file.rename(f"{file}.away")
    if fault == "gone":
        path.mkdir()
    else:
        path.write_bytes(b"no database at all " * 1000)


def _bring_back(path: Path) -> None:
    if path.is_dir():
        path.rmdir()
    for file in _with_its_log(path):
        file.unlink(missing_ok=True)
        away = Path(f"{file}.away")
        if away.exists():
            away.rename(file)


def _with_its_log(path: Path) -> tuple[Path, ...]:
    return path, Path(f"{path}-wal"), Path(f"{path}-shm")


@asynccontextmanager
async def _postgresql_away(database: Database, fault: DatabaseFault) -> AsyncIterator[None]:
    url = database.engine.url
    name, folder = url.database, url.query["host"]
    kick = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    if fault == "gone":
        off, on = (
            f"ALTER DATABASE {name} RENAME TO {name}_away",
            f"ALTER DATABASE {name}_away RENAME TO {name}",
        )
        await database.close()
        await administer(folder, kick, off)
    else:
        off, on = (f"ALTER DATABASE {name} ALLOW_CONNECTIONS {yes}" for yes in ("false", "true"))
        await administer(folder, off, kick)
    try:
        yield
    finally:
        await administer(folder, on)
        await database.close()


async def administer(folder: object, *statements: str) -> None:
    """Say something to the PostgreSQL server as its administrator."""
    connection = await asyncpg.connect(host=str(folder), user="postgres", database="postgres")
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


class HoldingDatabase(Database):
    """A database of which one write transaction stays open, everything done, until it may commit."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.done = asyncio.Event()
        self.may_commit = asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with super().transaction() as connection:
            yield connection
            self.done.set()
            await self.may_commit.wait()


async def _execute(database: Database, *statements: str) -> None:
    async with database.transaction() as conn:
        for statement in statements:
            await conn.execute(text(statement))
