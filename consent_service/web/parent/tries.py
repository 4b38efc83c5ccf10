"""How often somebody at one address may type a code that fits nothing. Per process, in memory.

A code has 75 random bits, so nobody guesses one; this slows a machine down. Only a code that fits nothing
waits: one that fits is always taken, whatever others at the same address typed before.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

TRIES: Final = 20
WINDOW: Final = timedelta(minutes=10)
_ADDRESSES: Final = 10_000


class CodeTries:
    """Remembers the wrong tries of the last minutes, by the address they came from."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, list[datetime]] = OrderedDict()

    def is_over(self, address: str, now: datetime) -> bool:
        """Whether this address must wait a little."""
        return len(self._recent(address, now)) >= TRIES

    def count(self, address: str, now: datetime) -> None:
        """One more try that fitted nothing."""
        self._tries[address] = [*self._recent(address, now), now][-TRIES:]
        self._tries.move_to_end(address)
        while len(self._tries) > _ADDRESSES:
            self._tries.popitem(last=False)

    def _recent(self, address: str, now: datetime) -> list[datetime]:
        return [at for at in self._tries.get(address, []) if at > now - WINDOW]
