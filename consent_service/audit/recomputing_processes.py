"""Hashes the ranges of a large log in processes of its own beside this one, in one state of the database.

Each has its own connection, that only reads, with the limits of every other, and sees what the connection of
the caller sees: on PostgreSQL its snapshot; on SQLite nobody writes for the moment in which all begin to
read. What they answer is held together by the caller as if it had hashed it itself.

A process that ends, or a connection that is lost, is an error: what nobody looked at never fits. The
processes end with the one that began them, however it ends. Where they cannot be had (a database that
cannot be written at all, or one that follows another), the caller hashes alone.

Only for commands: a serving process begins no others. They begin as Python begins them everywhere (spawn),
so a program that asks for them needs `if __name__ == "__main__"`.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from multiprocessing.synchronize import Barrier
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.recomputing_ranges import BESIDE, Hashed, Range, Take, hash_range, stretches
from consent_service.audit.tables import audit_checkpoints, audit_sequence
from consent_service.foundation.database import Database
from consent_service.foundation.errors import DatabaseUnavailableError, UnavailableError
from consent_service.foundation.ids import TenantId

RANGE: Final = 2 * BESIDE
"""Entries of one task: whole tiles."""
WORTH_IT: Final = 4_000_000
"""From so many entries on they save more time than they take to begin; a signature counts for fifty."""
_SIGNATURE: Final = 50
_MOST: Final = 8
_AHEAD: Final = 2
"""Tasks for each process that are asked and not taken yet: memory does not grow with the log."""
_START_SECONDS: Final = 60.0
_SIGN_OF_LIFE_SECONDS: Final = 3.0
_ENDED: Final = "a process that hashes the log ended"
_Answer = TypeVar("_Answer")
_Found = tuple[list[Hashed], bool]


def usable_processes() -> int:
    """As many as this machine lets us use, and eight at most."""
    may = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return min(len(may), _MOST)


@asynccontextmanager
async def processes_for(
    database: Database, conn: AsyncConnection, tenant: TenantId, count: int, *, worth_it: int = WORTH_IT
) -> AsyncIterator[Processes | None]:
    """`count` processes that see what `conn` sees; None where the logs are small or there can be none.

    `conn` is that of `Database.reading`, and nothing was read with it yet.

    Raises:
        UnavailableError: they did not begin.
    """
    if count < 2 or await _work(database, tenant) < worth_it:
        yield None
        return
    processes = Processes(database, count)
    try:
        await _wait(conn, processes.begin())
        is_one_state = await _share_state(database, conn, processes)
        yield processes if is_one_state else None
        await processes.leave()
    finally:
        await processes.end()


async def _work(database: Database, tenant: TenantId) -> int:
    """How much there is to hash and to verify, counted in entries."""
    places, heads = audit_sequence.c, audit_checkpoints.c
    logs = select(func.max(places.seq)).where(places.tenant == tenant).group_by(places.log)
    signed = select(func.count()).select_from(audit_checkpoints).where(heads.tenant == tenant)
    async with database.reading() as conn:
        entries = sum((await conn.execute(logs)).scalars())
        return int(entries + _SIGNATURE * (await conn.execute(signed)).scalar_one())


async def _share_state(database: Database, conn: AsyncConnection, processes: Processes) -> bool:
    """Let every process begin to read in the state that `conn` sees; False where that cannot be."""
    if not database.is_sqlite:
        if (await conn.execute(text("SELECT pg_is_in_recovery()"))).scalar_one():
            return False
        await processes.read_as((await conn.execute(text("SELECT pg_export_snapshot()"))).scalar_one())
        return True
    try:
        async with database.transaction():  # nobody else writes
            await conn.execute(select(1).select_from(audit_sequence).limit(1))
            await processes.read_as(None)
    except DatabaseUnavailableError:
        return False
    return True


class Processes:
    """Begin, read and end together; each task goes to whichever is free."""

    def __init__(self, database: Database, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        address = database.engine.url.render_as_string(hide_password=False)
        self._count = count
        self._pool = ProcessPoolExecutor(
            count, mp_context=context, initializer=_prepare, initargs=(address, context.Barrier(count))
        )

    async def begin(self) -> None:
        """Wait until all are there.

        Raises:
            UnavailableError: they are not.
        """
        await self._each(_arrive)

    async def read_as(self, snapshot: str | None) -> None:
        """Let each see this snapshot of PostgreSQL, or what there is now, until the end."""
        await self._each(_read_as, snapshot)

    async def hash_range(self, conn: AsyncConnection, whole: Range, take: Take) -> bool:
        """As `recomputing_ranges.hash_range`, by all of them.

        Raises:
            DatabaseUnavailableError: the database is away, for one of them or for `conn`.
            UnavailableError: one of them ended.
        """
        parts = _parts(whole)
        waiting = deque(self._submit(_hash, part) for part in islice(parts, self._count * _AHEAD))
        try:
            while waiting:
                found, fits = await _wait(conn, _told(waiting.popleft()))
                waiting.extend(self._submit(_hash, part) for part in islice(parts, 1))
                if not (all(take(one) for one in found) and fits):
                    return False
        finally:
            for asked in waiting:
                asked.cancel()
        return True

    async def leave(self) -> None:
        """Let each give its connection back."""
        await self._each(_leave)

    async def end(self) -> None:
        """Let them end; what they have not begun is not done any more."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def _each(self, step: Callable[..., None], *arguments: object) -> None:
        """Each process does this once: none goes on until all are at it."""
        asked = [_told(self._submit(step, *arguments)) for _ in range(self._count)]
        failed = [one for one in await asyncio.gather(*asked, return_exceptions=True) if one is not None]
        if failed:  # which of them says what happened, and not only that the others wait in vain
            raise next((one for one in failed if type(one) is not UnavailableError), failed[0])

    def _submit(self, step: Callable[..., _Answer], *arguments: object) -> Future[_Answer]:
        try:
            return self._pool.submit(step, *arguments)
        except BrokenProcessPool as failure:
            raise UnavailableError(_ENDED) from failure


async def _told(asked: Future[_Answer]) -> _Answer:
    try:
        return await asyncio.wrap_future(asked)
    except (BrokenProcessPool, threading.BrokenBarrierError) as failure:
        raise UnavailableError(_ENDED) from failure


async def _wait(conn: AsyncConnection, asked: Coroutine[Any, Any, _Answer]) -> _Answer:
    """What comes of it; meanwhile PostgreSQL hears that `conn` is still needed."""
    answer = asyncio.ensure_future(asked)
    try:
        while not (await asyncio.wait([answer], timeout=_SIGN_OF_LIFE_SECONDS))[0]:
            await conn.execute(select(1))
        return await answer
    finally:
        answer.cancel()


def _parts(whole: Range) -> Iterator[Range]:
    """Ranges that begin where a tile does, but for the first."""
    for begin, end in stretches(whole.begin, whole.end, 0, RANGE):
        opened = whole.opened if begin == whole.begin else ()
        yield msgspec.structs.replace(whole, begin=begin, end=end, opened=opened)


# --- within such a process -----------------------------------------------------------------------


class _Reading:
    """What one process keeps from one task to the next: its connection, in the state that all see."""

    def __init__(self, address: str, all_there: Barrier) -> None:
        self._address = address
        self._all_there = all_there
        self._runner = asyncio.Runner()
        self._opened = AsyncExitStack()
        self._conn: AsyncConnection

    def meet(self) -> None:
        """Wait for the others."""
        self._all_there.wait(_START_SECONDS)

    def begin(self, snapshot: str | None) -> None:
        """Begin to read."""
        try:
            self._runner.run(self._begin(snapshot))
        except BaseException:
            self._all_there.abort()  # the others need not wait
            raise

    def hash_range(self, part: Range) -> _Found:
        """The stretches up to the first that does not fit, and whether all do."""
        return self._runner.run(self._hash_range(part))

    def leave(self) -> None:
        """Let the connection go."""
        self._runner.run(self._opened.aclose())
        self._runner.close()

    async def _begin(self, snapshot: str | None) -> None:
        database = Database(self._address, pool_size=1)
        self._opened.push_async_callback(database.close)
        self._conn = await self._opened.enter_async_context(database.reading())
        if snapshot is None:
            await self._conn.execute(select(1).select_from(audit_sequence).limit(1))
        else:
            await self._conn.execute(text(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))

    async def _hash_range(self, part: Range) -> _Found:
        found: list[Hashed] = []

        def take(hashed: Hashed) -> bool:
            found.append(hashed)
            return True

        try:
            return found, await hash_range(self._conn, part, take)
        except Exception as failure:  # an outage is told as everywhere where a transaction ends
            await self._opened.__aexit__(type(failure), failure, failure.__traceback__)
            raise


_HERE: Final[list[_Reading]] = []
"""The one of this process."""


def _prepare(address: str, all_there: Barrier) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began this process decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _HERE.append(_Reading(address, all_there))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _arrive() -> None:
    _HERE[0].meet()


def _read_as(snapshot: str | None) -> None:
    _HERE[0].begin(snapshot)
    _HERE[0].meet()


def _leave() -> None:
    _HERE[0].leave()
    _HERE[0].meet()


def _hash(part: Range) -> _Found:
    return _HERE[0].hash_range(part)
