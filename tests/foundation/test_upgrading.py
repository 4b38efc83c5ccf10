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

from consent_service.families.tables import (
    contact_absences,
    contact_attestations,
    relationship_contacts,
)
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


async def test_who_is_a_contact_at_the_upgrade_is_confirmed_by_it_and_loses_nothing(
    empty: Database, first_release: Path
) -> None:
    await migrate(empty, first_release)
    async with empty.transaction() as conn:
        await conn.run_sync(_fill)
        await conn.execute(text("UPDATE relationship_contacts SET ends_at = NULL"))
    before = datetime.now(UTC)

    await migrate(empty)

    async with empty.reading() as conn:
        (listed,) = (await conn.execute(select(relationship_contacts))).all()
        for table in (contact_attestations, contact_absences):
            assert (await conn.execute(select(table))).all() == []
    assert before <= listed.confirmed_at <= datetime.now(UTC)
    assert listed.starts_at < listed.confirmed_at


async def test_a_link_of_before_gets_the_code_of_its_school_in_its_own_shelter(
    empty: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "before"
    (folder / "versions").mkdir(parents=True)
    early = [path.relative_to(MIGRATIONS) for path in (MIGRATIONS / "versions").glob("000*.py")]
    for name in (Path("env.py"), Path("script.py.mako"), *early):
        shutil.copy(MIGRATIONS / name, folder / name)
    await migrate(empty, folder)
    at = "'2026-01-02 03:04:05'"
    async with empty.transaction() as conn:
        for shelter, code in (("a", "12AB00"), ("b", "34CD01")):
            await conn.execute(
                text(
                    "INSERT INTO schools (tenant, school, establishment_code, name, street, town, phone,"
                    f" created_at) VALUES ('{shelter}', 's', '{code}', 'n', 's', 't', 'p', {at})"
                )
            )
        for shelter, staff, school in (
            ("a", "m", "'s'"),
            ("b", "m", "'s'"),
            ("c", "m", "'s'"),
            ("a", "n", "NULL"),
        ):
            await conn.execute(
                text(
                    "INSERT INTO staff_links (tenant, provider, subject, shelter, staff, kind, school,"
                    f" linked_at) VALUES ('_', 'p', 'x', '{shelter}', '{staff}', 'k', {school}, {at})"
                )
            )
    await migrate(empty)
    async with empty.reading() as conn:
        found = await conn.execute(text("SELECT shelter, staff, establishment FROM staff_links"))
    assert sorted(map(tuple, found), key=str) == [
        ("a", "m", "12AB00"),
        ("a", "n", None),
        ("b", "m", "34CD01"),
        ("c", "m", None),
    ]


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
