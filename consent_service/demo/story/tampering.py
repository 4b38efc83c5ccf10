"""A forger with full control over a copy of the database: what the log must give away.

The triggers stand in the way of an honest mistake, not of the owner of the database; so they are
dropped first, and the story says so.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy.engine import URL, make_url

from consent_service.audit.protection import removal_statements
from consent_service.demo.story.outcome import DifferentError
from consent_service.foundation.settings import Settings

_TABLE: Final = "audit_entries"
_SEQUENCED: Final = (
    "SELECT s.seq AS seq, e.id AS id, e.leaf AS leaf FROM audit_sequence s"
    " JOIN audit_entries e ON e.tenant = s.tenant AND e.id = s.entry"
    " WHERE s.tenant <> '_' ORDER BY s.seq"
)


class Forgery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entry was changed, and which triggers were dropped for it."""

    seq: int
    entry: str
    dropped: tuple[str, ...]


async def copy_database(settings: Settings) -> str:
    """A copy of the whole database: the path of a file, or the address of a second database."""
    url = make_url(settings.database_url)
    if url.drivername.startswith("sqlite"):
        copy = settings.state_dir / "kopie.sqlite"
        await asyncio.to_thread(_copy_sqlite, Path(url.database or ""), copy)
        return str(copy)
    return await _copy_postgresql(url)


async def forge_one_leaf(copied: str) -> Forgery:
    """Drop the triggers of the entries in the copy, and change one byte of one leaf.

    Raises:
        DifferentError: there is no entry to forge.
    """
    if "://" in copied:
        return await _forge_postgresql(make_url(copied))
    return await asyncio.to_thread(_forge_sqlite, Path(copied))


def _copy_sqlite(source: Path, copy: Path) -> None:
    """With SQLite's own backup, so that what still lies in the write-ahead log comes along."""
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(copy)) as target:
        original.backup(target)


def _forge_sqlite(path: Path) -> Forgery:
    statements = removal_statements("sqlite", [_TABLE])
    with closing(sqlite3.connect(path)) as connection:
        seq, entry, leaf = _victim(connection.execute(_SEQUENCED).fetchall())
        for statement in statements:
            connection.execute(statement)
        connection.execute("UPDATE audit_entries SET leaf = ? WHERE id = ?", (_changed(leaf), entry))
        connection.commit()
    return Forgery(seq, entry, _names(statements))


async def _copy_postgresql(url: URL) -> str:
    """By TEMPLATE, which needs the original to be left alone: the service has been stopped."""
    name = f"{url.database}_kopie"
    connection = await _connect(url.set(database="postgres"))
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"')
    finally:
        await connection.close()
    return url.set(database=name).render_as_string(hide_password=False)


async def _forge_postgresql(url: URL) -> Forgery:
    statements = removal_statements("postgresql", [_TABLE])
    connection = await _connect(url)
    try:
        rows = [(row["seq"], row["id"], row["leaf"]) for row in await connection.fetch(_SEQUENCED)]
        seq, entry, leaf = _victim(rows)
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("UPDATE audit_entries SET leaf = $1 WHERE id = $2", _changed(leaf), entry)
    finally:
        await connection.close()
    return Forgery(seq, entry, _names(statements))


async def _connect(url: URL) -> Any:
    host = url.query.get("host")
    return await asyncpg.connect(
        host=host if isinstance(host, str) else url.host,
        port=url.port or 5432,
        user=url.username,
        password=url.password,
        database=url.database,
    )


def _victim(rows: list[tuple[int, str, bytes]]) -> tuple[int, str, bytes]:
    """An entry in the middle of the log: neither the oldest nor the newest."""
    if not rows:
        raise DifferentError("entries in the log", "none")
    return rows[len(rows) // 2]


def _changed(leaf: bytes) -> bytes:
    """The leaf with one digit of its time changed, so that it is as long and as well-formed as before."""
    place = leaf.index(b'"time"') + 9 if b'"time"' in leaf else len(leaf) // 2
    while not chr(leaf[place]).isdigit():
        place += 1
    digit = b"1" if leaf[place : place + 1] != b"1" else b"2"
    return leaf[:place] + digit + leaf[place + 1 :]


def _names(statements: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(statement.removeprefix("DROP TRIGGER ").partition(" ")[0] for statement in statements)
