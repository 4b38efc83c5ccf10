"""Bringing the database to the form this release expects, and refusing to serve on any other form.

The migrations themselves are in `consent_service/migrations/`, which ships in the wheel. An upgrade is
one transaction on both engines: it happens as a whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, assert_never

import alembic.command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError, DatabaseUnavailableError

MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "migrations"

SchemaState = Literal["empty", "older", "current", "newer"]
"""The form of the database, compared with what this release of the code expects."""

_LOCK: Final = 0x52554747  # "RUGG": two nodes that start at once migrate one after the other


async def migrate(database: Database, folder: Path = MIGRATIONS) -> None:
    """Upgrade an empty or older database to this release, all or nothing; a current one is left alone.

    Raises:
        ConfigurationError: the database is newer than the code.
        DatabaseUnavailableError: the database cannot be reached.
    """
    if database.is_sqlite:
        await _set_write_ahead_log(database)
    async with database.long_transaction() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(_upgrade, folder)


async def schema_state(database: Database, folder: Path = MIGRATIONS) -> SchemaState:
    """Which form the database has. Changes nothing.

    Raises:
        DatabaseUnavailableError: the database cannot be reached.
    """
    async with database.reading() as connection:
        return await connection.run_sync(_state, folder)


async def require_current_schema(database: Database, folder: Path = MIGRATIONS) -> None:
    """Refuse to go on unless the database has exactly the form this release expects.

    Raises:
        ConfigurationError: it has not; the message says what to do.
        DatabaseUnavailableError: the database cannot be reached.
    """
    state = await schema_state(database, folder)
    match state:
        case "current":
            return
        case "empty":
            raise ConfigurationError("database_url: the database is empty. Run: consent-service db upgrade")
        case "older":
            raise ConfigurationError(
                "database_url: the database is older than this release. Make a backup, then run: "
                "consent-service db upgrade"
            )
        case "newer":
            raise ConfigurationError(_NEWER)
        case _:
            assert_never(state)


_NEWER: Final = (
    "database_url: the database is newer than this release. Install the release that made it, or restore "
    "the backup from before it was upgraded"
)


def alembic_config(connection: Connection, folder: Path = MIGRATIONS) -> Config:
    """Alembic set up to work on `connection`, inside the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection, folder: Path) -> None:
    if _state(connection, folder) == "newer":
        raise ConfigurationError(_NEWER)
    alembic.command.upgrade(alembic_config(connection, folder), "head")


def _state(connection: Connection, folder: Path) -> SchemaState:
    script = ScriptDirectory(str(folder))
    known = {revision.revision for revision in script.walk_revisions()}
    present = set(MigrationContext.configure(connection).get_current_heads())
    if not present <= known:
        return "newer"
    if present == set(script.get_heads()):
        return "current"
    return "older" if present else "empty"


async def _set_write_ahead_log(database: Database) -> None:
    """Write-ahead logging is a property of the file and cannot be changed inside a transaction.

    The connection has waited for others (busy_timeout) since it was opened, so the order is safe.
    """
    try:
        async with database.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            if driver is not None:
                cursor = await driver.execute("PRAGMA journal_mode=WAL")
                await cursor.close()
    except (DBAPIError, OSError) as failure:
        raise DatabaseUnavailableError("the database file cannot be opened") from failure
