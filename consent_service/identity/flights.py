"""One fetch at a time: whoever asks meanwhile waits for the same one, and a failure is remembered a while.

A provider that is away or slow is then asked once a minute, however many people want to log in. Per process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from consent_service.foundation.clock import Clock
from consent_service.identity.provider_http import AwayError

T = TypeVar("T")


class Flights(Generic[T]):
    """Fetches under way and those that failed lately, by name."""

    def __init__(self, clock: Clock, *, remembered: timedelta) -> None:
        self._clock = clock
        self._remembered = remembered
        self._under_way: dict[str, asyncio.Task[T]] = {}
        self._failed: dict[str, datetime] = {}

    def failed_lately(self, name: str) -> bool:
        """Whether this one failed, or was given up, so recently that it is not asked again yet."""
        failed = self._failed.get(name)
        return failed is not None and self._clock.now() - failed < self._remembered

    def give_up(self, name: str) -> None:
        """Somebody waited long enough; what is under way goes on, and counts when it comes."""
        self._failed[name] = self._clock.now()

    async def fetch(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work` brings, or the fetch of that name under way. Who stops waiting stops nothing.

        Raises:
            AwayError: it failed, now or a moment ago.
        """
        task = self._under_way.get(name)
        if task is None:
            if self.failed_lately(name):
                raise AwayError
            task = asyncio.create_task(work())
            self._under_way[name] = task
            task.add_done_callback(partial(self._done, name))
        return await asyncio.shield(task)

    def _done(self, name: str, task: asyncio.Task[T]) -> None:
        del self._under_way[name]
        if task.cancelled() or task.exception() is not None:
            self._failed[name] = self._clock.now()
        else:
            self._failed.pop(name, None)
