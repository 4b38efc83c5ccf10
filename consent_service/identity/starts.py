"""How many logins may be under way from one place; per process, in memory.

A whole school, or everybody behind one reverse proxy, can be one place: a login that ended in a session does
not count, and a browser at which a counsellor works may always begin one.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.identity.devices import is_staff_device

_PLACES: Final = 10_000


class Starts:
    """Logins that were begun and did not end in a session: at most `most` from one place in `within`."""

    def __init__(self, database: Database, clock: Clock, *, most: int, within: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._most = most
        self._within = within
        self._begun: OrderedDict[str, OrderedDict[str, datetime]] = OrderedDict()

    async def allows(self, login: str, place: str, mark: str) -> bool:
        """Count this login (the digest of its secret); False: too many are unfinished there.

        `mark` is what the browser's device mark says, if anything.
        """
        now = self._clock.now()
        begun = self._begun.setdefault(place, OrderedDict())
        self._begun.move_to_end(place)
        while begun and next(iter(begun.values())) <= now - self._within:
            begun.popitem(last=False)
        while len(self._begun) > _PLACES:
            self._begun.popitem(last=False)
        if len(begun) < self._most:
            begun[login] = now
            return True
        async with self._database.reading() as conn:
            return await is_staff_device(conn, mark)

    def finished(self, login: str) -> None:
        """This login ended in a session, so it was no try."""
        for begun in self._begun.values():
            if begun.pop(login, None) is not None:
                return
