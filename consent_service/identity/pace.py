"""How often something may happen in a while, per place or thing. Per process, in memory.

For what anybody on the internet can do without having proved a thing: no row is written to count it. What
guards a secret is counted in the database instead (`identity.page_tries`).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Final

_REMEMBERED: Final = 10_000


class Pace:
    """At most `most` in any stretch of `within`, for each name."""

    def __init__(self, most: int, within: timedelta) -> None:
        self._most = most
        self._within = within
        self._taken: OrderedDict[str, deque[datetime]] = OrderedDict()

    def allows(self, name: str, now: datetime) -> bool:
        """Take one of what this name may have; False when there is none left."""
        taken = self._taken.setdefault(name, deque())
        self._taken.move_to_end(name)
        while taken and taken[0] <= now - self._within:
            taken.popleft()
        if len(taken) >= self._most:
            return False
        taken.append(now)
        while len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        return True
