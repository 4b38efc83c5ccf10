"""The database on both engines: one metadata, one way to open a transaction, one way to exclude others.

SQLite is the embedded default (one process), PostgreSQL the production engine. Statements are
SQLAlchemy Core. Services own the transaction; nothing commits on their behalf. Plaintext personal
data never reaches this layer: values are sealed before they become parameters.

No write transaction lasts longer than ten seconds: entries of the audit log wait for the oldest one that
is open anywhere (`audit.watermark`). Here the body is cancelled; a process that stands still is cut off by
PostgreSQL itself. Readers hold nobody up and may go on.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from operator import methodcaller
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import DateTime, MetaData, String, TypeDecorator, event, func, select
from sqlalchemy.engine import URL, Connection, Dialect, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from consent_service.foundation.errors import ConfigurationError, ConflictError, DatabaseUnavailableError

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TRANSACTION_SECONDS: Final = 10.0
"""How long a write transaction may last before its commit."""
_GRACE_SECONDS: Final = 1.0
"""How much later PostgreSQL cuts off a process that did not do so itself."""
_LOCK_POLL_SECONDS: Final = 0.1
_APPLICATION: Final = "ruggensteun"
"""What PostgreSQL shows an operator of a connection of this service."""
_WITH_TRANSACTION_TIMEOUT: Final = 17
"""Since this release PostgreSQL ends a transaction that takes too long, whatever it is doing."""

Id = String(36)
"""Column type of every identifier."""
Personal = Literal["none", "pseudonym", "sealed"]
"""What a column holds of a person: nothing, an id that points to one, or bytes sealed under a key."""


def holds(what: Personal) -> dict[str, str]:
    """`info=holds(...)` of a column; an architecture test refuses a column without it."""
    return {"personal": what}


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware instant, stored in UTC on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """One engine and the only ways to talk to it: `transaction()` to write, `reading()` to read.

    Args:
        seconds: how long a write transaction may last; on PostgreSQL also one statement, and one pause
            between two of them.
    """

    def __init__(self, url: str, *, pool_size: int = 8, seconds: float = TRANSACTION_SECONDS) -> None:
        self.engine: AsyncEngine = _create_engine(url, pool_size, seconds)
        self._seconds = seconds
        self.is_sqlite: bool = self.engine.dialect.name == "sqlite"
        self._writer: asyncio.Lock | None = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One write transaction: committed at the end, rolled back on any exception.

        Raises:
            DatabaseUnavailableError: the database cannot be reached or is too busy, or this took longer
                than ten seconds; nothing was written.
        """
        async with self._writing(limited=True) as connection, _limited(self._seconds):
            yield connection

    @asynccontextmanager
    async def long_transaction(self) -> AsyncIterator[AsyncConnection]:
        """One that may take as long as it needs: for what is done whole or not at all while nobody serves.

        Entries committed meanwhile get their place in the log when it ends.

        Raises:
            DatabaseUnavailableError: the database cannot be reached or is too busy.
        """
        async with self._writing(limited=False) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One read-only snapshot; never takes the write lock.

        Raises:
            DatabaseUnavailableError: the database cannot be reached.
        """
        async with self._begin(read_only=True, limited=False) as connection:
            yield connection

    @asynccontextmanager
    async def _writing(self, *, limited: bool) -> AsyncIterator[AsyncConnection]:
        async with self._writer or nullcontext(), self._begin(read_only=False, limited=limited) as connection:
            yield connection

    @asynccontextmanager
    async def exclusive(self, name: str, *, waiting: bool = True) -> AsyncIterator[None]:
        """Only one holder of `name` over this database, in any process; the others wait for their turn.

        Let go of when the holder's process ends, however it ends. Takes no transaction and keeps no
        statement waiting: whoever waits asks again ten times a second.

        Raises:
            ConflictError: somebody else holds it, and this is not `waiting`.
            DatabaseUnavailableError: the database cannot be reached, or its folder takes no lock file.
        """
        async with self._holding(name, shared=False, waiting=waiting):
            yield

    @asynccontextmanager
    async def shared(self, name: str) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
        """Any number of holders of `name`, and none while somebody has it `exclusive`; waits like that.

        Gives the question whether it is still held: a PostgreSQL that started anew has forgotten it.

        Raises:
            DatabaseUnavailableError: the database cannot be reached, or its folder takes no lock file.
        """
        async with self._holding(name, shared=True, waiting=True) as still_held:
            yield still_held

    def _holding(
        self, name: str, *, shared: bool, waiting: bool
    ) -> AbstractAsyncContextManager[Callable[[], Awaitable[bool]]]:
        taking = self._holding_file if self.is_sqlite else self._holding_number
        return taking(name, shared=shared, waiting=waiting)

    @asynccontextmanager
    async def _holding_file(
        self, name: str, *, shared: bool, waiting: bool
    ) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
        """`flock` on a file beside the database; its content does not matter, and it stays."""
        database = Path(self.engine.url.database or "")
        try:
            descriptor = os.open(
                database.with_name(f"{database.name}.{name}.lock"), os.O_RDWR | os.O_CREAT, 0o600
            )
        except (OSError, ValueError) as failure:
            raise DatabaseUnavailableError("no lock can be kept beside the database file") from failure
        try:
            while not _flocked(descriptor, shared=shared):
                await _wait_for_turn(waiting)
            yield _certainly
        finally:
            os.close(descriptor)

    @asynccontextmanager
    async def _holding_number(
        self, name: str, *, shared: bool, waiting: bool
    ) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
        """An advisory lock of the session, on a connection that does nothing else."""
        number = int.from_bytes(sha256(f"ruggensteun:{name}".encode()).digest()[:8], signed=True)
        async with self._connected() as plain:
            try:
                async with _outages_told():
                    connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
                    trying = func.pg_try_advisory_lock_shared if shared else func.pg_try_advisory_lock
                    asking = select(trying(number))
                    while not await connection.scalar(asking):
                        await _wait_for_turn(waiting)
                yield partial(_answers, connection)
            finally:
                await plain.invalidate()  # the session ends, and its lock with it, whatever happened

    @asynccontextmanager
    async def _begin(self, *, read_only: bool, limited: bool) -> AsyncIterator[AsyncConnection]:
        async with _outages_told(), self._connected() as plain:
            connection = await plain.execution_options(
                consent_read_only=read_only, consent_unlimited=not limited
            )
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """Whatever is wrong before the first statement, the database is away."""
        pool = self.engine.pool
        try:
            connection = await self.engine.connect()
        except (DBAPIError, PoolTimeoutError, OSError) as failure:
            raise DatabaseUnavailableError("the database cannot be reached") from failure
        try:
            yield connection
        finally:
            if pool is not self.engine.pool:
                await connection.invalidate()  # returned to a pool that was let go, nobody would close it
            await connection.close()

    async def close(self) -> None:
        """Close every connection; one in use is closed by whoever uses it, when that is done."""
        await self.engine.dispose()


@asynccontextmanager
async def _outages_told() -> AsyncIterator[None]:
    """What a driver says when the database is away, in the one word this service has for it."""
    try:
        yield
    except (OperationalError, InterfaceError, PendingRollbackError, PoolTimeoutError) as failure:
        raise DatabaseUnavailableError("the database did not answer") from failure
    except DBAPIError as failure:
        if _is_outage(failure):
            raise DatabaseUnavailableError("the connection was lost") from failure
        raise
    except OSError as failure:
        raise DatabaseUnavailableError("the database cannot be reached") from failure


@asynccontextmanager
async def _limited(seconds: float) -> AsyncIterator[None]:
    """Cancel what takes longer. The commit comes after this: it is never left in doubt."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as failure:
        if limit.expired():
            raise DatabaseUnavailableError("a transaction took too long, and was taken back") from failure
        raise


async def _certainly() -> bool:
    """A lock on an open file lasts as long as the process."""
    return True


async def _answers(connection: AsyncConnection) -> bool:
    """Whether the session lives, and its locks with it."""
    try:
        async with _outages_told():
            await connection.execute(select(1))
    except DatabaseUnavailableError:
        return False
    return True


async def _wait_for_turn(waiting: bool) -> None:
    if not waiting:
        raise ConflictError("somebody else holds this lock")
    await asyncio.sleep(_LOCK_POLL_SECONDS)


def _flocked(descriptor: int, *, shared: bool) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_outage(failure: DBAPIError) -> bool:
    """The server went away or refuses, or the file is no database (any more): not the statement's fault.

    Classes 08, 40, 53, 57 and 58 of SQLSTATE: connection, rolled back in favour of somebody else, resources,
    operator intervention, system.
    """
    unreadable = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
    state = str(getattr(failure.orig, "sqlstate", None) or "")
    return (
        failure.connection_invalidated
        or getattr(failure.orig, "sqlite_errorcode", None) in unreadable
        or state[:2] in ("08", "40", "53", "57", "58")
    )


def _create_engine(url: str, pool_size: int, seconds: float) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except ArgumentError as failure:
        raise ConfigurationError("database_url is not a database address") from failure
    if parsed.drivername == "sqlite+aiosqlite":
        engine = create_async_engine(
            parsed, hide_parameters=True, pool_size=pool_size, connect_args={"timeout": 10}
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite_connection)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql+asyncpg":
        return _create_postgresql_engine(parsed, pool_size, seconds)
    raise ConfigurationError("database_url must start with sqlite+aiosqlite:// or postgresql+asyncpg://")


def _create_postgresql_engine(url: URL, pool_size: int, seconds: float) -> AsyncEngine:
    cut_off = round((seconds + _GRACE_SECONDS) * 1000)
    settings = {
        "application_name": _APPLICATION,
        "statement_timeout": str(round(seconds * 1000)),
        "idle_in_transaction_session_timeout": str(cut_off),
    }
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        connect_args={"server_settings": settings, "timeout": 10},
    )

    def prepare(dbapi_connection: Any, _record: object) -> None:
        release = dbapi_connection.driver_connection.get_server_version().major
        for statement in session_limits(release, cut_off):
            dbapi_connection.run_async(methodcaller("execute", statement))

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", _begin_postgresql)
    return engine


def session_limits(release: int, milliseconds: int) -> tuple[str, ...]:
    """What limits transactions of a session on this release of PostgreSQL, beside what all releases know."""
    if release < _WITH_TRANSACTION_TIMEOUT:
        return ()
    return (f"SET transaction_timeout = {milliseconds}",)


def transaction_limits(release: int, *, read_only: bool, unlimited: bool) -> tuple[str, ...]:
    """The statements a transaction begins with: its kind, and no limit for one that may go on."""
    kind = ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",) if read_only else ()
    lifted = unlimited and release >= _WITH_TRANSACTION_TIMEOUT
    return (*kind, "SET LOCAL transaction_timeout = 0") if lifted else kind


_SQLITE_SETTINGS = (
    "busy_timeout=10000",
    "foreign_keys=ON",
    "synchronous=FULL",
    "recursive_triggers=ON",
    "secure_delete=ON",
)


def _prepare_sqlite_connection(dbapi_connection: Any, _record: object) -> None:
    """Settings of each connection; the write-ahead log is set once, by the first migration.

    A connection that cannot be prepared is closed here: nobody else knows of it yet.
    """
    try:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in _SQLITE_SETTINGS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
    except BaseException:
        dbapi_connection.close()
        raise


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("consent_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    options, version = connection.get_execution_options(), connection.dialect.server_version_info
    for statement in transaction_limits(
        int(version[0]) if version else 0,
        read_only=options.get("consent_read_only", False),
        unlimited=options.get("consent_unlimited", False),
    ):
        connection.exec_driver_sql(statement)
