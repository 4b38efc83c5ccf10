"""Insert-only tables stay insert-only: triggers on both engines, an authorizer on SQLite, a check.

A table asks for it with `info=INSERT_ONLY`, or with `info=removed_when(...)` where a row may go once other
rows say so: what was pruned, who was erased. Nothing is ever changed. Whoever owns the database can drop a
trigger; that is found by `check_protection` at start-up, and what was changed meanwhile by `verify`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import MetaData, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.database import metadata as all_tables

INSERT_ONLY: Final[dict[str, bool]] = {"insert_only": True}
"""`Table(..., info=INSERT_ONLY)`: rows are added and never changed or removed."""
_CONDITION = "removed_when"

_FUNCTION = "refuse_change"
_FUNCTION_BODY = "BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = '23001'; END;"
_ROW_BEFORE_UPDATE_OR_DELETE = 1 | 2 | 8 | 16
_STATEMENT_BEFORE_TRUNCATE = 2 | 32
_LOOSENING_PRAGMAS = {"writable_schema", "recursive_triggers"}
_DENIED_ON_TABLE = {sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DROP_TABLE}


def removed_when(condition: str) -> dict[str, bool | str]:
    """`Table(..., info=removed_when("SELECT ..."))`: never changed; a row may be removed once the query finds
    something about it (`OLD`). The query is plain SQL that both engines read, without schema or parameters.
    """
    return {**INSERT_ONLY, _CONDITION: condition}


def removal_conditions(tables: MetaData = all_tables) -> dict[str, str]:
    """The query that lets a row go, by the name of each table that has one."""
    return {name: table.info[_CONDITION] for name, table in tables.tables.items() if _CONDITION in table.info}


def insert_only_tables(tables: MetaData = all_tables) -> tuple[str, ...]:
    """The names of all tables that asked for protection, sorted."""
    return tuple(sorted(name for name, table in tables.tables.items() if table.info.get("insert_only")))


def protection_statements(dialect: str, names: Iterable[str]) -> tuple[str, ...]:
    """The statements with which a migration protects the tables `names`.

    Raises:
        ValueError: an engine for which no protection exists.
    """
    if dialect == "sqlite":
        return tuple(sql for name in names for sql in sqlite_triggers(name).values())
    if dialect != "postgresql":
        raise ValueError("tables can only be protected on SQLite and PostgreSQL")
    function = (
        f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${_FUNCTION_BODY}$$"
    )
    return (function, *(sql for name in names for sql in _postgresql_statements(name)))


def loosening_statements(dialect: str, conditions: Mapping[str, str]) -> tuple[str, ...]:
    """The statements with which a migration lets protected rows go when their table's condition holds.

    Raises:
        ValueError: an engine for which no protection exists.
    """
    if dialect == "sqlite":
        return tuple(
            sql
            for name, condition in conditions.items()
            for sql in (
                f"DROP TRIGGER {name}_no_delete",
                sqlite_triggers(name, condition)[f"{name}_no_delete"],
            )
        )
    if dialect != "postgresql":
        raise ValueError("tables can only be protected on SQLite and PostgreSQL")
    return tuple(sql for item in conditions.items() for sql in _postgresql_loosening(*item))


def removal_statements(dialect: str, names: Iterable[str]) -> tuple[str, ...]:
    """The statements with which a migration lifts the protection again (also the demo's tampering)."""
    if dialect == "sqlite":
        return tuple(f"DROP TRIGGER {trigger}" for name in names for trigger in sqlite_triggers(name))
    return tuple(f"DROP TRIGGER {trigger} ON {name}" for name in names for trigger in _expected_types(name))


def sqlite_triggers(name: str, condition: str | None = None) -> dict[str, str]:
    """The triggers of one table on SQLite, by name, exactly as SQLite keeps their text."""
    unless = {"UPDATE": "", "DELETE": f" WHEN NOT EXISTS ({condition})" if condition else ""}
    return {
        f"{name}_no_{verb.lower()}": (
            f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name}{allowed}"
            f" BEGIN SELECT RAISE(ABORT, '{name} is insert-only'); END"
        )
        for verb, allowed in unless.items()
    }


def deny_changes(engine: Engine, names: Iterable[str]) -> None:
    """Refuse every change but an insert already when a statement is prepared (SQLite only).

    Removing rows is left to the trigger of tables that have a condition for it. Call this once on the engine
    that serves people, never on the one that migrates.
    """
    authorizer = sqlite_authorizer(frozenset(names), removable=frozenset(removal_conditions()))

    @event.listens_for(engine, "connect")
    def _install(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.run_async(lambda driver: driver.set_authorizer(authorizer))


def sqlite_authorizer(names: frozenset[str], removable: frozenset[str] = frozenset()) -> Any:
    """What SQLite asks before it prepares a statement: may it do this to that table?"""

    def authorize(action: int, first: str | None, second: str | None, *_where: str | None) -> int:
        removed = action == sqlite3.SQLITE_DELETE and first not in removable
        protected = first in names and (removed or action in _DENIED_ON_TABLE)
        undone = action == sqlite3.SQLITE_DROP_TRIGGER and second in names
        altered = action == sqlite3.SQLITE_ALTER_TABLE and second in names
        loosened = action == sqlite3.SQLITE_PRAGMA and second is not None and first in _LOOSENING_PRAGMAS
        return sqlite3.SQLITE_DENY if protected or undone or altered or loosened else sqlite3.SQLITE_OK

    return authorize


async def check_protection(conn: AsyncConnection, names: Iterable[str] | None = None) -> tuple[str, ...]:
    """What is missing or changed of the protection, one sentence each; empty when all is well."""
    expected = tuple(insert_only_tables() if names is None else names)
    if conn.dialect.name == "sqlite":
        return await _check_sqlite(conn, expected)
    return await _check_postgresql(conn, expected)


async def _check_sqlite(conn: AsyncConnection, names: Iterable[str]) -> tuple[str, ...]:
    rows = await conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    found = {row.name: row.sql for row in rows}
    conditions = removal_conditions()
    problems = [
        f"{name}: trigger {trigger} is {'changed' if trigger in found else 'missing'}"
        for name in names
        for trigger, sql in sqlite_triggers(name, conditions.get(name)).items()
        if found.get(trigger) != sql
    ]
    recursive = (await conn.execute(text("PRAGMA recursive_triggers"))).scalar_one()
    if not recursive:  # without it, INSERT OR REPLACE deletes a row past the delete trigger
        problems.append("recursive_triggers is off")
    return tuple(problems)


async def _check_postgresql(conn: AsyncConnection, names: Iterable[str]) -> tuple[str, ...]:
    rows = await conn.execute(_POSTGRESQL_TRIGGERS)
    found = {(row.table_name, row.trigger_name): row for row in rows}
    problems: list[str] = []
    for name in names:
        bodies = _expected_bodies(name)
        for trigger, kind in _expected_types(name).items():
            row = found.get((name, trigger))
            if row is None:
                problems.append(f"{name}: trigger {trigger} is missing")
            elif row.enabled != "A" or row.kind != kind or not row.plain or row.body != bodies[trigger]:
                problems.append(f"{name}: trigger {trigger} is changed")
    return tuple(problems)


_POSTGRESQL_TRIGGERS = text(
    "SELECT c.relname AS table_name, t.tgname AS trigger_name, t.tgenabled::text AS enabled,"
    " t.tgtype AS kind, t.tgqual IS NULL AND t.tgattr::text = '' AS plain, p.prosrc AS body"
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
)


def _expected_types(name: str) -> dict[str, int]:
    """The triggers of one table on PostgreSQL, by name, with the bits of pg_trigger.tgtype."""
    return {
        f"{name}_no_change": _ROW_BEFORE_UPDATE_OR_DELETE,
        f"{name}_no_truncate": _STATEMENT_BEFORE_TRUNCATE,
    }


def _expected_bodies(name: str) -> dict[str, str]:
    """What the triggers of one table on PostgreSQL do, by name."""
    condition = removal_conditions().get(name)
    row = _FUNCTION_BODY if condition is None else _function_body(condition)
    return {f"{name}_no_change": row, f"{name}_no_truncate": _FUNCTION_BODY}


def _function_body(condition: str) -> str:
    """PL/pgSQL that lets a row go when `condition` finds something, and refuses everything else."""
    allowed = f"IF TG_OP = 'DELETE' AND EXISTS ({condition}) THEN RETURN OLD; END IF;"
    return _FUNCTION_BODY.replace("BEGIN ", f"BEGIN {allowed} ", 1)


def _postgresql_statements(name: str) -> tuple[str, ...]:
    """ENABLE ALWAYS: also when a session says that it is a replica, which skips ordinary triggers."""
    row, statement = _expected_types(name)
    return (
        f"CREATE TRIGGER {row} BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()",
        f"CREATE TRIGGER {statement} BEFORE TRUNCATE ON {name} EXECUTE FUNCTION {_FUNCTION}()",
        f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {row}",
        f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {statement}",
    )


def _postgresql_loosening(name: str, condition: str) -> tuple[str, ...]:
    row, function = f"{name}_no_change", f"{_FUNCTION}_of_{name}"
    body = _function_body(condition)
    return (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
        f"DROP TRIGGER {row} ON {name}",
        f"CREATE TRIGGER {row} BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION {function}()",
        f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {row}",
    )
