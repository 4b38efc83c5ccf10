"""Tests of `consent_service.foundation.database`, the same on both engines."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.database import (
    Database,
    Id,
    UtcDateTime,
    holds,
    session_limits,
    transaction_limits,
)
from consent_service.foundation.errors import ConfigurationError, ConflictError, DatabaseUnavailableError
from consent_service.foundation.migrating import _set_write_ahead_log

_metadata = MetaData()
counters = Table(
    "counters",
    _metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("value", Integer, nullable=False, info=holds("none")),
    Column("at", UtcDateTime, info=holds("none")),
)


@pytest.fixture
async def scratch(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(empty_database_url)
    if database.is_sqlite:
        await _set_write_ahead_log(database)
    async with database.transaction() as connection:
        await connection.run_sync(_metadata.create_all)
        await connection.execute(insert(counters).values(tenant="t", value=0))
    yield database
    await database.close()


async def _value(database: Database) -> int:
    async with database.reading() as connection:
        value: int = (await connection.execute(select(counters.c.value))).scalar_one()
        return value


async def test_a_failure_halfway_leaves_nothing_behind(scratch: Database) -> None:
    async def fail_halfway() -> None:
        async with scratch.transaction() as connection:
            await connection.execute(update(counters).values(value=9))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await fail_halfway()

    assert await _value(scratch) == 0


async def test_a_transaction_that_takes_too_long_is_taken_back_and_a_long_one_may_go_on(
    scratch: Database, empty_database_url: str
) -> None:
    hasty = Database(empty_database_url, seconds=1.0)

    async def never_end() -> None:
        async with hasty.transaction() as connection:
            await connection.execute(update(counters).values(value=9))
            await asyncio.Event().wait()

    with pytest.raises(DatabaseUnavailableError, match="too long"):
        await never_end()
    assert await _value(hasty) == 0
    with pytest.raises(DatabaseUnavailableError, match="cannot be reached"):
        async with hasty.transaction():
            raise TimeoutError  # of what was done inside, not of the transaction
    async with hasty.long_transaction() as connection:
        await connection.execute(update(counters).values(value=1))
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=1.1)
    assert await _value(hasty) == 1
    await hasty.close()


async def test_postgresql_cuts_off_a_process_that_stands_still(
    empty_postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only a newer release knows is asked of each new connection."""
    monkeypatch.setattr(
        "consent_service.foundation.database.session_limits",
        lambda release, milliseconds: (f"SET lock_timeout = {release * 100 + milliseconds % 100}",),
    )
    database = Database(empty_postgresql)
    async with database.transaction() as connection:
        shown = {
            name: (await connection.exec_driver_sql(f"SHOW {name}")).scalar_one()
            for name in (
                "statement_timeout",
                "idle_in_transaction_session_timeout",
                "application_name",
                "lock_timeout",
            )
        }
    release = shown.pop("lock_timeout")
    assert list(shown.values()) == ["10s", "11s", "ruggensteun"]
    assert release in {"1600ms", "1700ms", "1800ms"}
    await database.close()


def test_where_postgresql_can_end_a_whole_transaction_it_does_but_for_readers() -> None:
    assert session_limits(16, 11000) == ()
    assert session_limits(17, 11000) == ("SET transaction_timeout = 11000",)
    for release, lifted in ((16, 0), (17, 1)):
        assert transaction_limits(release, read_only=False, unlimited=False) == ()
        assert len(transaction_limits(release, read_only=False, unlimited=True)) == lifted
        reading = transaction_limits(release, read_only=True, unlimited=True)
        assert reading[0].startswith("SET TRANSACTION ISOLATION LEVEL")
        assert reading[1:] == ("SET LOCAL transaction_timeout = 0",) * lifted


async def test_two_writers_that_read_first_do_not_overwrite_each_other(scratch: Database) -> None:
    async def increment() -> None:
        async with scratch.transaction() as connection:
            value = (await connection.execute(select(counters.c.value).with_for_update())).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(update(counters).values(value=value + 1))

    await asyncio.gather(*(increment() for _ in range(20)))

    assert await _value(scratch) == 20


async def test_of_two_writers_that_wait_for_each_other_one_is_told_to_come_back(
    empty_postgresql: str,
) -> None:
    database = Database(empty_postgresql)
    async with database.transaction() as connection:
        await connection.run_sync(_metadata.create_all)
        for tenant in "ab":
            await connection.execute(insert(counters).values(tenant=tenant, value=0))
    both = asyncio.Barrier(2)

    async def write(*tenants: str) -> None:
        async with database.transaction() as connection:
            for tenant in tenants:
                await connection.execute(update(counters).where(counters.c.tenant == tenant).values(value=1))
                if tenant == tenants[0]:
                    await both.wait()

    outcomes = await asyncio.gather(write("a", "b"), write("b", "a"), return_exceptions=True)
    await database.close()

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DatabaseUnavailableError", "NoneType"]


async def test_a_reader_is_not_held_up_by_a_writer_and_sees_only_what_was_committed(
    scratch: Database,
) -> None:
    async with scratch.transaction() as connection:
        await connection.execute(update(counters).values(value=5))
        assert await _value(scratch) == 0

    assert await _value(scratch) == 5


async def test_reading_on_postgresql_cannot_write(empty_postgresql: str) -> None:
    database = Database(empty_postgresql)
    async with database.reading() as connection:
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.run_sync(_metadata.create_all)
    await database.close()


async def test_an_instant_comes_back_in_utc_and_a_naive_one_is_refused(scratch: Database) -> None:
    summer = datetime(2026, 9, 1, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    async with scratch.transaction() as connection:
        await connection.execute(update(counters).values(at=summer))
    async with scratch.reading() as connection:
        read = (await connection.execute(select(counters.c.at))).scalar_one()
        assert (read, read.tzinfo) == (summer, UTC)
        assert (await connection.execute(select(counters.c.at).where(counters.c.at == summer))).all()

    async with scratch.reading() as connection:
        with pytest.raises(StatementError, match="naive"):
            await connection.execute(select(counters).where(counters.c.at == datetime(2026, 9, 1)))  # noqa: DTZ001


async def test_one_holds_a_name_and_the_others_wait_for_their_turn(scratch: Database) -> None:
    other = Database(scratch.engine.url.render_as_string(hide_password=False))
    inside: list[str] = []

    async def hold(database: Database, who: str) -> None:
        async with database.exclusive("epoch"):
            inside.append(f"{who} in")
            await asyncio.sleep(0.25)
            inside.append(f"{who} out")

    await asyncio.gather(hold(scratch, "a"), hold(other, "b"), hold(scratch, "c"))
    await other.close()

    assert len(inside) == 6
    for come, gone in zip(inside[::2], inside[1::2], strict=True):
        assert (come.split()[0], come.split()[1], gone.split()[1]) == (gone.split()[0], "in", "out")


async def test_two_names_do_not_hinder_each_other_and_a_failure_lets_go(scratch: Database) -> None:
    async def fail_inside() -> None:
        async with scratch.exclusive("epoch"), scratch.exclusive("other"):
            raise RuntimeError("inside")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="inside"):
            await fail_inside()


async def test_who_stops_waiting_leaves_no_lock_behind(scratch: Database) -> None:
    async def hold() -> None:
        async with scratch.exclusive("epoch"):
            pass

    async with scratch.exclusive("epoch"):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(hold(), 0.15)
    await asyncio.wait_for(hold(), 60)


async def test_shared_holders_keep_out_one_that_wants_it_alone(scratch: Database) -> None:
    other = Database(scratch.engine.url.render_as_string(hide_password=False))
    async with scratch.shared("serving") as still_held, other.shared("serving"):
        assert await still_held()
        with pytest.raises(ConflictError):
            await other.exclusive("serving", waiting=False).__aenter__()
    async with other.exclusive("serving", waiting=False):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scratch.shared("serving").__aenter__(), 0.15)
    await other.close()


async def test_a_lock_that_the_server_forgot_is_known_to_be_lost(empty_postgresql: str) -> None:
    ours, theirs = Database(empty_postgresql), Database(empty_postgresql)
    end = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks "
        "WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = "
        "current_database()))"
    )
    async with ours.shared("serving") as still_held:
        async with theirs.transaction() as conn:
            await conn.execute(end)
        assert not await still_held()
        async with theirs.exclusive("serving", waiting=False):
            pass
    await ours.close()
    await theirs.close()


async def test_a_holder_that_is_killed_has_let_go(scratch: Database) -> None:
    url = scratch.engine.url.render_as_string(hide_password=False)
    await scratch.close()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLD_FOR_EVER, url, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"held\n"
    waiting = asyncio.create_task(_take(scratch))
    await asyncio.sleep(0.25)
    assert not waiting.done()

    child.kill()
    await child.wait()

    await asyncio.wait_for(waiting, 60)


async def _take(database: Database) -> None:
    async with database.exclusive("epoch"):
        pass


_HOLD_FOR_EVER = """
import asyncio, sys
from consent_service.foundation.database import Database
async def hold():
    async with Database(sys.argv[1]).exclusive("epoch"):
        print("held", flush=True)
        await asyncio.sleep(600)
asyncio.run(hold())
"""


async def test_values_never_appear_in_a_message(scratch: Database) -> None:
    async with scratch.reading() as connection:
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(text("SELECT :name FROM not_there"), {"name": "canary"})

    assert "canary" not in str(caught.value)


async def _pragma(connection: AsyncConnection, name: str) -> object:
    return (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()


async def test_every_sqlite_connection_is_durable_strict_and_forgetful(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'pragmas.sqlite'}")
    async with database.transaction() as one, database.reading() as two:
        for connection in (one, two):
            assert await _pragma(connection, "synchronous") == 2
            assert await _pragma(connection, "foreign_keys") == 1
            assert await _pragma(connection, "recursive_triggers") == 1
            assert await _pragma(connection, "secure_delete") == 1
            assert await _pragma(connection, "busy_timeout") == 10000
    await database.close()


@pytest.mark.parametrize("url", ["", "postgresql://x/y", "sqlite:///x", "mysql+aiomysql://x/y"])
def test_another_engine_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="database_url"):
        Database(url)


async def test_a_database_that_is_away_is_unavailable_and_nothing_else(tmp_path: Path) -> None:
    for url in (
        f"sqlite+aiosqlite:///{tmp_path / 'not' / 'there'}",
        f"postgresql+asyncpg://postgres@/x?host={tmp_path}",
        "postgresql+asyncpg://postgres@127.0.0.1:9/x",
    ):
        database = Database(url)
        with pytest.raises(DatabaseUnavailableError):
            async with database.reading():
                pass
        with pytest.raises(DatabaseUnavailableError):
            async with database.exclusive("epoch"):
                pass
        await database.close()


async def test_a_connection_in_use_while_the_database_is_closed_is_closed_after_its_use(
    scratch: Database,
) -> None:
    await scratch.close()
    opened: list[object] = []
    closed: list[object] = []
    event.listen(scratch.engine.sync_engine, "connect", lambda connection, _record: opened.append(connection))
    event.listen(scratch.engine.sync_engine, "close", lambda connection, _record: closed.append(connection))

    async with scratch.reading() as reading:
        await scratch.close()
        in_use = list(opened)
        value = (await reading.execute(select(counters.c.value))).scalar_one()

    assert value == 0
    assert len(in_use) == 1
    assert closed == in_use
