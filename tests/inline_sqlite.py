"""SQLite's statements in the thread of the event loop: handing one over costs more than running it.

`aiosqlite` gives every connection a thread. A test makes some seven hundred statements, and with a thread
each is a wait for two wake-ups. What can wait for another connection (`BEGIN IMMEDIATE`) stays in its thread,
for the holder may need this loop to let go; every other statement runs here, after other tasks had a turn.
Tests of what races or is cut off in a statement ask for the service's own way: `@pytest.mark.threads`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosqlite.core import Connection

_in_its_thread: Callable[..., Any] = Connection._execute
_MAY_WAIT = "BEGIN IMMEDIATE"


async def _here(self: Connection, fn: Callable[..., Any], *args: Any, **named: Any) -> Any:
    if args and isinstance(args[0], str) and args[0].startswith(_MAY_WAIT):
        return await _in_its_thread(self, fn, *args, **named)
    if not self._running or not self._connection:
        raise ValueError("Connection closed")
    if fn.__name__ == "execute":
        await asyncio.sleep(0)
    return fn(*args, **named)


@contextmanager
def statements_run_here() -> Iterator[None]:
    """While this is open, and in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_execute", _here)
        yield
