"""How often somebody may do a thing that costs much, counted in this process.

A process that starts again, or a second one beside it, counts anew: this spares the service, no more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from datetime import datetime, timedelta

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConsentServiceError


class TooOftenError(ConsentServiceError):
    """This was done too often in a short time; waiting is enough."""

    code = "too_often"


class Pace:
    """At most `times` in any stretch of `within`, for each key; whoever did nothing in it is forgotten."""

    def __init__(self, clock: Clock, *, times: int, within: timedelta) -> None:
        self._clock = clock
        self._times = times
        self._within = within
        self._done: dict[Hashable, deque[datetime]] = {}
        self._swept = clock.now()

    def count(self, key: Hashable) -> None:
        """Count one more.

        Raises:
            TooOftenError: that would be too often; it is not counted.
        """
        now = self._clock.now()
        self._sweep(now)
        done = self._done.setdefault(key, deque(maxlen=self._times))
        if len(done) == self._times and done[0] > now - self._within:
            raise TooOftenError("too often")
        done.append(now)

    def give_back(self, key: Hashable) -> None:
        """Take back the newest that was counted: nothing came of it."""
        done = self._done.get(key)
        if done:
            done.pop()
        if not done:
            self._done.pop(key, None)

    def _sweep(self, now: datetime) -> None:
        """Once per stretch: so what is kept is bounded by what was counted in two."""
        if now - self._swept < self._within:
            return
        self._swept = now
        self._done = {key: done for key, done in self._done.items() if done[-1] > now - self._within}
