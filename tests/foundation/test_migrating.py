"""Tests of `consent_service.foundation.migrating`, with small migrations of their own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError, DatabaseUnavailableError
from consent_service.foundation.migrating import (
    MIGRATIONS,
    migrate,
    require_current_schema,
    schema_state,
)
from consent_service.migrations.schema import complete_metadata

_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}


def upgrade() -> None:
    op.create_table("t{revision}", sa.Column("tenant", sa.String(36), primary_key=True))
    {then}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of migrations with one step, 0001."""
    folder = tmp_path / "100% own migrations"
    (folder / "versions").mkdir(parents=True)
    shutil.copy(MIGRATIONS / "env.py", folder)
    shutil.copy(MIGRATIONS / "script.py.mako", folder)
    _add_step(folder, "0001")
    return folder


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(empty_database_url)
    yield database
    await database.close()


async def test_a_step_that_fails_halfway_leaves_nothing_behind(empty: Database, folder: Path) -> None:
    _add_step(folder, "0002", down="0001", then='op.execute("SELECT * FROM not_there")')

    with pytest.raises((DBAPIError, DatabaseUnavailableError)):
        await migrate(empty, folder)

    assert await schema_state(empty, folder) == "empty"
    assert await _tables(empty) == set()


async def test_a_database_newer_than_the_code_is_refused_and_left_alone(
    empty: Database, folder: Path
) -> None:
    _add_step(folder, "0002", down="0001")
    await migrate(empty, folder)
    (folder / "versions" / "0002_step.py").unlink()

    with pytest.raises(ConfigurationError, match="newer than this release"):
        await require_current_schema(empty, folder)
    with pytest.raises(ConfigurationError, match="newer than this release"):
        await migrate(empty, folder)

    assert await schema_state(empty, folder) == "newer"
    assert await _tables(empty) == {"alembic_version", "t0001", "t0002"}


async def test_a_database_older_than_the_code_is_refused_until_it_is_migrated(
    empty: Database, folder: Path
) -> None:
    await migrate(empty, folder)
    _add_step(folder, "0002", down="0001")

    with pytest.raises(ConfigurationError, match=r"older than this release.*consent-service db upgrade"):
        await require_current_schema(empty, folder)
    await migrate(empty, folder)

    await require_current_schema(empty, folder)


async def test_an_empty_database_is_refused_with_the_command_that_fills_it(
    empty: Database, folder: Path
) -> None:
    with pytest.raises(ConfigurationError, match=r"empty.*consent-service db upgrade"):
        await require_current_schema(empty, folder)


async def test_migrating_twice_changes_nothing(empty: Database, folder: Path) -> None:
    await migrate(empty, folder)
    await migrate(empty, folder)

    assert await schema_state(empty, folder) == "current"


async def test_two_nodes_that_start_at_once_migrate_one_after_the_other(
    empty_database_url: str, folder: Path
) -> None:
    nodes = [Database(empty_database_url), Database(empty_database_url)]
    try:
        await asyncio.gather(*(migrate(node, folder) for node in nodes))

        assert await schema_state(nodes[0], folder) == "current"
    finally:
        for node in nodes:
            await node.close()


async def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path, folder: Path) -> None:
    for url in (
        f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}",
        f"postgresql+asyncpg://postgres@/nothing?host={tmp_path}",
    ):
        database = Database(url)
        with pytest.raises(DatabaseUnavailableError):
            await migrate(database, folder)
        await database.close()


async def test_sqlite_keeps_a_write_ahead_log_after_migrating(tmp_path: Path, folder: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'wal.sqlite'}")
    await migrate(database, folder)

    async with database.reading() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
    await database.close()


async def test_the_migrations_make_exactly_the_tables_that_the_code_declares(database: Database) -> None:
    async with database.reading() as connection:
        assert await connection.run_sync(_differences) == []


async def test_a_table_without_a_migration_is_found(empty: Database, folder: Path) -> None:
    await migrate(empty, folder)

    async with empty.reading() as connection:
        assert await connection.run_sync(_differences) != []


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, complete_metadata()))


async def _tables(database: Database) -> set[str]:
    async with database.reading() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


def _add_step(folder: Path, revision: str, *, down: str | None = None, then: str = "pass") -> None:
    step = _STEP.format(revision=revision, down=repr(down), then=then)
    (folder / "versions" / f"{revision}_step.py").write_text(step)
