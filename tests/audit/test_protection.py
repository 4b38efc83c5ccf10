"""Insert-only means insert-only, and a missing or changed trigger is noticed at start-up."""

from __future__ import annotations

import pytest
from sqlalchemy import MetaData, Table, text
from sqlalchemy.exc import DBAPIError

from consent_service.audit import protection
from consent_service.foundation.database import Database
from tests.audit.factories import Desk

AUDIT = ("audit_checkpoints", "audit_entries", "audit_logs", "audit_sequence", "audit_tiles")


async def filled(desk: Desk, entries: int = 1) -> None:
    await desk.append_many(entries)
    await desk.sequence()


@pytest.mark.parametrize("table", AUDIT)
@pytest.mark.parametrize("change", ["UPDATE {} SET tenant = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_rows_are_never_changed_or_removed(desk: Desk, table: str, change: str) -> None:
    if desk.database.is_sqlite and change.startswith("TRUNCATE"):
        return  # SQLite knows no such statement
    await filled(desk, 256 if table == "audit_tiles" else 1)
    with pytest.raises(DBAPIError, match="insert-only"):
        async with desk.database.transaction() as conn:
            await conn.execute(text(change.format(table)))


async def test_replacing_a_row_on_sqlite_is_a_deletion_too(desk: Desk) -> None:
    if not desk.database.is_sqlite:
        return
    await filled(desk)
    with pytest.raises(DBAPIError, match="insert-only"):
        async with desk.database.transaction() as conn:
            await conn.execute(text("INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries"))


async def test_a_replica_session_on_postgresql_changes_nothing_either(desk: Desk) -> None:
    if desk.database.is_sqlite:
        return
    await filled(desk)
    with pytest.raises(DBAPIError, match="insert-only"):
        await desk.tamper([], "SET LOCAL session_replication_role = replica", "DELETE FROM audit_entries")


async def problems(database: Database) -> tuple[str, ...]:
    async with database.reading() as conn:
        return await protection.check_protection(conn)


async def test_a_protected_database_is_found_whole(database: Database) -> None:
    assert await problems(database) == ()


async def test_a_dropped_trigger_is_noticed(desk: Desk) -> None:
    await desk.tamper(["audit_entries"])
    found = await problems(desk.database)
    assert len(found) == 2
    assert all(problem.startswith("audit_entries: ") and "missing" in problem for problem in found)


async def test_a_trigger_that_does_nothing_is_noticed(desk: Desk) -> None:
    if desk.database.is_sqlite:
        weakened = [
            "DROP TRIGGER audit_entries_no_update",
            "CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries BEGIN SELECT 1; END",
        ]
    else:
        weakened = ["ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_no_change"]
    async with desk.database.transaction() as conn:
        for statement in weakened:
            await conn.execute(text(statement))
    (problem,) = await problems(desk.database)
    assert problem.endswith("is changed")


async def test_a_function_that_lets_everything_through_is_noticed(desk: Desk) -> None:
    if desk.database.is_sqlite:
        return
    async with desk.database.transaction() as conn:
        await conn.execute(
            text(
                "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql"
                " AS $$BEGIN RETURN NEW; END;$$"
            )
        )
    own = len(protection.removal_conditions())  # their row triggers have a function each
    assert len(await problems(desk.database)) == 2 * len(protection.insert_only_tables()) - own


async def test_rows_that_may_go_only_under_another_condition_are_noticed(desk: Desk) -> None:
    weakened = protection.loosening_statements(
        desk.database.engine.dialect.name, {"audit_entries": "SELECT 1", "consent_ledger": "SELECT 1"}
    )
    async with desk.database.transaction() as conn:
        for statement in weakened:
            await conn.execute(text(statement))
    found = await problems(desk.database)
    assert len(found) == 2
    assert all(problem.endswith("is changed") for problem in found)


async def test_switched_off_recursive_triggers_are_noticed(database: Database) -> None:
    if not database.is_sqlite:
        return
    async with database.engine.connect() as conn:
        await conn.exec_driver_sql("COMMIT")
        await conn.exec_driver_sql("PRAGMA recursive_triggers=OFF")
        assert await protection.check_protection(conn, AUDIT) == ("recursive_triggers is off",)
        await conn.exec_driver_sql("PRAGMA recursive_triggers=ON")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER audit_entries_no_update",
        "DROP TABLE audit_entries",
        "ALTER TABLE audit_entries RENAME TO x",
        "UPDATE audit_entries SET tenant = 'x'",
        "DELETE FROM audit_sequence",
        "PRAGMA writable_schema=ON",
        "PRAGMA recursive_triggers=OFF",
    ],
)
async def test_the_serving_process_may_not_even_prepare_a_change(database: Database, statement: str) -> None:
    if not database.is_sqlite:
        return
    await database.engine.dispose()
    protection.deny_changes(database.engine.sync_engine, AUDIT)
    with pytest.raises(DBAPIError, match="not authorized"):
        async with database.transaction() as conn:
            await conn.execute(text(statement))
    async with database.transaction() as conn:
        await conn.execute(text("DELETE FROM audit_index"))
        await conn.execute(text("DELETE FROM audit_entries WHERE id = 'none'"))  # the trigger decides
        await conn.execute(text("PRAGMA recursive_triggers"))


def test_a_table_asks_for_protection_itself() -> None:
    tables = MetaData()
    Table("ledger", tables, info=protection.INSERT_ONLY)
    Table("desk", tables)
    Table("outbox", tables, info=protection.removed_when("SELECT 1"))
    assert protection.insert_only_tables(tables) == ("ledger", "outbox")
    assert protection.removal_conditions(tables) == {"outbox": "SELECT 1"}
    assert set(protection.removal_conditions()) == {"audit_emptied", "audit_entries", "consent_ledger"}
    assert set(AUDIT) <= set(protection.insert_only_tables())


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="SQLite and PostgreSQL"):
        protection.protection_statements("oracle", AUDIT)
    with pytest.raises(ValueError, match="SQLite and PostgreSQL"):
        protection.loosening_statements("oracle", {})
