"""What one process finds wrong with a log, several find too, and they see what the one sees."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, create_autospec

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import reading, recomputing_processes, recomputing_ranges
from consent_service.audit.log_keys import LogKey
from consent_service.audit.merkle import CompactRange, leaf_hash
from consent_service.audit.protection import removal_statements
from consent_service.audit.recomputing import recompute
from consent_service.audit.recomputing_processes import Processes, processes_for
from consent_service.audit.recomputing_ranges import Hashed, Range, hash_range
from consent_service.audit.tiles import TILE_WIDTH
from consent_service.audit.verify import LogIdentity, Start
from consent_service.foundation.database import Database
from consent_service.foundation.errors import DatabaseUnavailableError, UnavailableError
from tests.audit.factories import Desk

ENTRIES = 2 * TILE_WIDTH + 8
"""In three ranges of one tile; heads over 250, 256, 300 and all of them."""
CHANGED = {"b": b"x" * 32, "h": leaf_hash(b"x" * 32)}
TABLES = ("audit_entries", "audit_sequence", "audit_tiles", "audit_checkpoints")


class Inline:
    """Stands for the pool: one task after another, on the connection of the test."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn
        self._turn = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self.parts: list[Range] = []

    def submit(self, _step: object, part: Range) -> Future[Any]:
        answer: Future[Any] = Future()
        self.parts.append(part)
        self._tasks.append(asyncio.create_task(self._hash(part, answer)))
        return answer

    async def _hash(self, part: Range, answer: Future[Any]) -> None:
        async with self._turn:
            found: list[Hashed] = []

            def take(hashed: Hashed) -> bool:
                found.append(hashed)
                return True

            fits = await hash_range(self._conn, part, take)
            if not answer.cancelled():
                answer.set_result((found, fits))

    async def done(self) -> None:
        await asyncio.gather(*self._tasks)


@pytest.fixture(autouse=True)
def _small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing_processes, "RANGE", TILE_WIDTH)
    monkeypatch.setattr(recomputing_processes, "_SIGN_OF_LIFE_SECONDS", 60.0)


async def a_log(desk: Desk) -> None:
    done = 0
    for size in (250, 256, 300, ENTRIES):
        await desk.append_many(size - done)
        await desk.sequence()
        done = size


async def in_ranges(
    conn: AsyncConnection, key: LogKey, identity: LogIdentity, size: int
) -> tuple[CompactRange | None, int]:
    """The tree as processes would give it, and in how many ranges."""
    processes, pool = Processes.__new__(Processes), Inline(conn)
    processes._count, processes._pool = 2, pool  # type: ignore[assignment]
    tree = await recompute(conn, key, identity, size, Start(CompactRange()), processes=processes)
    await pool.done()
    return tree, len(pool.parts)


class _BackError(Exception):
    """Ends a transaction whose changes nobody wants."""


@asynccontextmanager
async def tampered(desk: Desk, *statements: str) -> AsyncIterator[AsyncConnection]:
    with pytest.raises(_BackError):  # noqa: PT012 - all is taken back
        async with desk.database.long_transaction() as conn:
            for removal in removal_statements(conn.dialect.name, TABLES):
                await conn.execute(text(removal))
            for statement in statements:
                values = {name: value for name, value in CHANGED.items() if f":{name}" in statement}
                await conn.execute(text(statement), values)
            yield conn
            raise _BackError


def entry_at(seq: int) -> str:
    return f"(SELECT entry FROM audit_sequence WHERE seq = {seq} LIMIT 1)"


def swapped(one: int, two: int) -> list[str]:
    moves = ((one, -1), (two, one), (-1, two))
    return [f"UPDATE audit_sequence SET seq = {to} WHERE seq = {at}" for at, to in moves]


def planted() -> Iterator[tuple[str, ...]]:
    """What is wrong at each border of a range, and within one."""
    for seq in (0, 255, 256, 300, 511, 512, ENTRIES - 1):
        yield (f"DELETE FROM audit_sequence WHERE seq = {seq}",)
        yield (f"DELETE FROM audit_entries WHERE id = {entry_at(seq)}",)
        yield (f"UPDATE audit_entries SET leaf = :b WHERE id = {entry_at(seq)}",)
        yield (f"UPDATE audit_sequence SET leaf_hash = :b WHERE seq = {seq}",)
        whole = (f"UPDATE audit_sequence SET leaf_hash = :h WHERE seq = {seq}",)
        yield (f"UPDATE audit_entries SET leaf = :b WHERE id = {entry_at(seq)}", *whole)
    yield from (tuple(swapped(one, two)) for one, two in ((255, 256), (0, ENTRIES - 1), (300, 301)))
    for one, two in ((255, 256), (511, 512)):
        other = f"(SELECT leaf FROM audit_entries WHERE id = {entry_at(two)})"
        yield (f"UPDATE audit_entries SET leaf = {other} WHERE id = {entry_at(one)}",)
    for tile in (0, 1):
        yield (f"DELETE FROM audit_tiles WHERE tile = {tile}",)
        yield (f"UPDATE audit_tiles SET hashes = :b WHERE tile = {tile}",)
        yield (f"UPDATE audit_tiles SET root = :b WHERE tile = {tile}",)
    for size in (250, 256, 300, ENTRIES):
        yield (f"UPDATE audit_checkpoints SET root = :b WHERE size = {size}",)
        yield (f"UPDATE audit_checkpoints SET note = :b WHERE size = {size}",)
    yield ("UPDATE audit_checkpoints SET size = 301 WHERE size = 300",)
    yield (f"DELETE FROM audit_checkpoints WHERE size = {ENTRIES}",)


async def test_what_is_planted_at_a_border_is_found_in_ranges_and_in_one(desk: Desk) -> None:
    await a_log(desk)
    start = Start(CompactRange())
    async with tampered(desk) as conn:
        (log,) = await reading._read_logs(conn, desk.tenant)
        whole = await recompute(conn, log.key, log.identity, log.size, start)
        assert whole is not None
        assert await in_ranges(conn, log.key, log.identity, log.size) == (whole, 3)
    for statements in planted():
        async with tampered(desk, *statements) as conn:
            assert await recompute(conn, log.key, log.identity, log.size, start) is None, statements
            assert (await in_ranges(conn, log.key, log.identity, log.size))[0] is None, statements


async def test_pruned_up_to_within_a_range(desk: Desk) -> None:
    await a_log(desk)
    gone = "DELETE FROM audit_entries WHERE id IN (SELECT entry FROM audit_sequence WHERE seq < {})"
    for last, fits in ((300, True), (301, False)):
        async with tampered(desk, gone.format(last)) as conn:
            (log,) = await reading._read_logs(conn, desk.tenant)
            identity = replace(log.identity, minimum=300)
            alone = await recompute(conn, log.key, identity, log.size, Start(CompactRange()))
            assert (alone is not None) == fits
            assert (await in_ranges(conn, log.key, identity, log.size))[0] == alone


async def test_processes_see_the_state_they_began_in_and_a_killed_one_is_an_error(desk: Desk) -> None:
    await a_log(desk)
    told: list[int] = []
    leaf = f"UPDATE audit_entries SET leaf = :b WHERE id = {entry_at(256)}"
    with pytest.raises(UnavailableError):  # noqa: PT012 - what goes before is what they see
        async with (
            desk.database.reading() as conn,
            processes_for(desk.database, conn, desk.tenant, 2, worth_it=0) as processes,
        ):
            assert processes is not None
            (log,) = await reading._read_logs(conn, desk.tenant)
            asked = (conn, log.key, log.identity, log.size, Start(CompactRange()))
            await desk.tamper(["audit_entries"], leaf, b=b"x" * 32)
            together = await recompute(*asked, told=told.append, processes=processes)
            assert together == await recompute(*asked)
            assert (together is not None, told) == (True, [256, 512, ENTRIES])
            for pid in list(processes._pool._processes):
                os.kill(pid, signal.SIGKILL)
            await recompute(*asked, processes=processes)
    report = await reading.verify_hashes(desk.database, desk.tenant)
    assert report.first is not None
    assert (report.first.what, report.first.seq) == ("leaf_changed", 256)


async def test_a_small_log_or_one_processor_needs_no_other_process(desk: Desk) -> None:
    async with desk.database.reading() as conn:
        for count in (1, 2):
            async with processes_for(desk.database, conn, desk.tenant, count) as processes:
                assert processes is None
    assert recomputing_processes.usable_processes() >= 1


async def test_where_no_state_can_be_shared_one_process_does_it_alone(desk: Desk) -> None:
    class Away:
        is_sqlite = True

        def transaction(self) -> object:
            raise DatabaseUnavailableError("nobody can write here")

    read_as = AsyncMock()
    processes = SimpleNamespace(read_as=read_as)
    async with desk.database.reading() as conn:
        assert not await recomputing_processes._share_state(Away(), conn, processes)  # type: ignore[arg-type]
    follower, answer = AsyncMock(), SimpleNamespace(scalar_one=lambda: True)
    follower.execute.return_value = answer
    standby = SimpleNamespace(is_sqlite=False)
    assert not await recomputing_processes._share_state(standby, follower, processes)  # type: ignore[arg-type]
    read_as.assert_not_awaited()


async def test_whoever_cannot_begin_says_so_and_nobody_waits_for_it(tmp_path: Any) -> None:
    pool = Processes.__new__(Processes)
    pool._count = 2
    broken, away = Future[None](), Future[None]()
    broken.set_exception(threading.BrokenBarrierError())
    away.set_exception(DatabaseUnavailableError("away"))
    answers = iter([broken, away])
    pool._pool = SimpleNamespace(submit=lambda *_: next(answers))  # type: ignore[assignment]
    with pytest.raises(DatabaseUnavailableError):
        await pool.begin()

    def ended(*_: object) -> Future[None]:
        raise BrokenProcessPool("ended")

    pool._pool = SimpleNamespace(submit=ended)  # type: ignore[assignment]
    with pytest.raises(UnavailableError):
        await pool.leave()
    barrier = threading.Barrier(2)
    one = recomputing_processes._Reading(f"sqlite+aiosqlite:///{tmp_path}/none/log", barrier)  # type: ignore[arg-type]
    with pytest.raises(DatabaseUnavailableError):
        await asyncio.to_thread(one.begin, None)
    await asyncio.to_thread(one.leave)
    assert barrier.broken


async def test_what_each_process_does(desk: Desk, database: Database) -> None:
    await desk.append_many(3)
    await desk.sequence()
    address = database.engine.url.render_as_string(hide_password=False)
    before = signal.getsignal(signal.SIGINT)
    try:
        recomputing_processes._prepare(address, threading.Barrier(1))  # type: ignore[arg-type]
    finally:
        signal.signal(signal.SIGINT, before)
    async with database.reading() as conn:
        (log,) = await reading._read_logs(conn, desk.tenant)
        snapshot = None
        if not database.is_sqlite:
            snapshot = (await conn.execute(text("SELECT pg_export_snapshot()"))).scalar_one()
        await asyncio.to_thread(recomputing_processes._arrive)
        await asyncio.to_thread(recomputing_processes._read_as, snapshot)
        part = Range(log.key, log.identity, 0, 3)
        found, fits = await asyncio.to_thread(recomputing_processes._hash, part)
        await asyncio.to_thread(recomputing_processes._leave)
    recomputing_processes._HERE.clear()
    assert ([one.end for one in found], fits) == ([3], True)


async def test_a_connection_that_is_lost_is_told_as_everywhere(desk: Desk) -> None:
    address = desk.database.engine.url.render_as_string(hide_password=False)
    one = recomputing_processes._Reading(address, threading.Barrier(1))  # type: ignore[arg-type]
    await asyncio.to_thread(one.begin, None)
    lost = create_autospec(AsyncConnection)
    lost.dialect.name = "postgresql"
    lost.execute.side_effect = OperationalError("", {}, Exception("away"))
    one._conn = lost
    identity = LogIdentity(desk.tenant, "audit.example.org/t/1", ())
    with pytest.raises(DatabaseUnavailableError):
        await asyncio.to_thread(one.hash_range, Range(desk.key, identity, 0, 3))
    lost.execute.side_effect = ZeroDivisionError  # nothing that a database says
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(one.hash_range, Range(desk.key, identity, 0, 3))
    await asyncio.to_thread(one.leave)


async def test_processes_are_let_go_and_end_with_the_one_that_began_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    class Some:
        def __init__(self, *_: object) -> None:
            pass

        def __getattr__(self, step: str) -> Any:
            return AsyncMock(side_effect=lambda *_: done.append(step))

    monkeypatch.setattr(recomputing_processes, "Processes", Some)
    async with (
        desk.database.reading() as conn,
        processes_for(desk.database, conn, desk.tenant, 2, worth_it=0) as processes,
    ):
        assert processes is not None
    assert done == ["begin", "read_as", "leave", "end"]
    parent = SimpleNamespace(join=lambda: done.append("join"))
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: parent)
    monkeypatch.setattr(os, "_exit", done.append)
    recomputing_processes._end_with_parent()
    assert done[-2:] == ["join", 1]


async def test_whoever_waits_long_tells_the_database_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing_processes, "_SIGN_OF_LIFE_SECONDS", 0.0)
    conn, heard = AsyncMock(), asyncio.Event()
    conn.execute.side_effect = lambda _: heard.set()
    assert await recomputing_processes._wait(conn, heard.wait())


def test_ranges_begin_where_a_tile_does() -> None:
    parts = recomputing_processes._parts(Range(None, None, 3, 600, (b"h",) * 3))  # type: ignore[arg-type]
    found = [(part.begin, part.end, len(part.opened)) for part in parts]
    assert found == [(3, 256, 3), (256, 512, 0), (512, 600, 0)]
    assert recomputing_processes.WORTH_IT > recomputing_ranges.STRETCH
