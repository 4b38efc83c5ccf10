"""A database of the first release comes through the upgrade with every row, and as protected as it was."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    insert,
    select,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, DatabaseUnavailableError
from consent_service.foundation.migrating import MIGRATIONS, migrate, require_current_schema

Row = dict[str, Any]
CLEARED = {"step_tokens"}
"""Forms that were open while the service was upgraded are old ones afterwards."""
RENAMED = {("consent_ledger", "invalidates"): "concerns"}
NEVER_CHANGED = (
    "audit_checkpoints",
    "audit_entries",
    "audit_logs",
    "audit_sequence",
    "audit_tiles",
    "consent_ledger",
)
_VALUES: tuple[tuple[type[Any], Any], ...] = (
    (Boolean, True),
    (Integer, 1),
    (BigInteger, 1),
    (DateTime, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (Date, date(2026, 1, 2)),
    (LargeBinary, b"sealed"),
)


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(empty_database_url)
    yield database
    await database.close()


@pytest.fixture
def first_release(tmp_path: Path) -> Path:
    """The migrations as the first release had them."""
    folder = tmp_path / "first"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako", "versions/0001_first_schema.py"):
        shutil.copy(MIGRATIONS / name, folder / name)
    return folder


async def test_every_row_of_the_first_release_is_still_there_and_unchanged(
    empty: Database, first_release: Path
) -> None:
    await migrate(empty, first_release)
    async with empty.transaction() as conn:
        await conn.run_sync(_fill)
        before = await conn.run_sync(_rows)
    assert all(len(rows) == 1 for rows in before.values())

    await migrate(empty)

    await require_current_schema(empty)
    async with empty.reading() as conn:
        after = await conn.run_sync(_rows)
    for table, (old,) in before.items():
        if table in CLEARED:
            assert after[table] == []
            continue
        (new,) = after[table]
        kept = {RENAMED.get((table, name), name): value for name, value in old.items()}
        assert {name: new[name] for name in kept} == kept, table


@pytest.mark.parametrize("table", NEVER_CHANGED)
@pytest.mark.parametrize("how", ["UPDATE {} SET tenant = 'y'", "DELETE FROM {}"])
async def test_what_may_never_change_may_not_after_the_upgrade_either(
    empty: Database, first_release: Path, table: str, how: str
) -> None:
    await migrate(empty, first_release)
    async with empty.transaction() as conn:
        await conn.run_sync(_fill)
    await migrate(empty)

    with pytest.raises((DBAPIError, ConflictError, DatabaseUnavailableError)):
        async with empty.transaction() as conn:
            await conn.execute(text(how.format(table)))
    async with empty.reading() as conn:
        assert len((await conn.run_sync(_rows))[table]) == 1


def _tables(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _fill(connection: Connection) -> None:
    """One row in every table; every id is the same, so that each reference is to a row that is there."""
    for table in _tables(connection):
        values = {
            column.name: _value(column)
            for column in table.columns
            if not (column.computed or column.identity)
        }
        connection.execute(insert(table).values(values))


def _rows(connection: Connection) -> dict[str, list[Row]]:
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table))]
        for table in _tables(connection)
    }


def _value(column: Column[Any]) -> Any:
    for kind, value in _VALUES:
        if isinstance(column.type, kind):
            aware = getattr(column.type, "timezone", True)
            return value if aware or not isinstance(value, datetime) else value.replace(tzinfo=None)
    return "x"
