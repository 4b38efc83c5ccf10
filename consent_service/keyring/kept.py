"""Values kept for a short while: bounded in number (least recently used goes) and in time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Dated(Generic[V]):
    """A value and the moment (monotonic seconds) its time began."""

    __slots__ = ("since", "value")

    def __init__(self, value: V, since: float) -> None:
        self.value = value
        self.since = since


class Kept(Generic[K, V]):
    """Safe to use from several threads; what is not in here any more is gone."""

    def __init__(self, *, entries: int, seconds: float) -> None:
        self._entries = entries
        self._seconds = seconds
        self._values: OrderedDict[K, Dated[V]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: K) -> Dated[V] | None:
        """What was put under this name, while its time lasts."""
        with self._lock:
            found = self._values.get(name)
            if found is None:
                return None
            if time.monotonic() - found.since >= self._seconds:
                del self._values[name]
                return None
            self._values.move_to_end(name)
            return found

    def put(self, name: K, value: V, *, since: float) -> Dated[V]:
        """Keep `value` as long as if it had been put here at `since`."""
        dated = Dated(value, since)
        with self._lock:
            self._values[name] = dated
            self._values.move_to_end(name)
            while len(self._values) > self._entries:
                self._values.popitem(last=False)
        return dated
