"""Shows other processes that this one serves, so that nobody puts keys back under its feet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, UnavailableError

_NAME: Final = "serving"
_SECONDS: Final = 5.0
"""How long after a restart of PostgreSQL a serving process may go unseen."""


@asynccontextmanager
async def present(database: Database) -> AsyncIterator[None]:
    """Be seen to serve; begins when nobody has it for themselves any more.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    seen, stop = asyncio.Event(), asyncio.Event()
    showing = asyncio.create_task(_show(database, seen, stop))
    began = asyncio.create_task(seen.wait())
    try:
        await asyncio.wait({showing, began}, return_when=asyncio.FIRST_COMPLETED)
        if showing.done():
            showing.result()
        yield
    finally:
        began.cancel()
        stop.set()
        if not seen.is_set():
            showing.cancel()
        with suppress(UnavailableError, asyncio.CancelledError):
            await showing


@asynccontextmanager
async def nobody_serves(database: Database) -> AsyncIterator[bool]:
    """Whether no process serves this database; then none begins to either until this ends.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(database.exclusive(_NAME, waiting=False))
            alone = True
        except ConflictError:
            alone = False
        yield alone


async def _show(database: Database, seen: asyncio.Event, stop: asyncio.Event) -> None:
    """Hold the lock, and take it again when the server lost it."""
    while not stop.is_set():
        try:
            async with database.shared(_NAME) as still_held:
                seen.set()
                while not await _stopped(stop) and await still_held():
                    pass
        except UnavailableError:
            if not seen.is_set():
                raise
            await _stopped(stop)


async def _stopped(stop: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), _SECONDS)
    return stop.is_set()
