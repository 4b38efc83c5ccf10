"""Finds an entry that stands in the logs twice, however many there are, in little memory."""

from __future__ import annotations

import heapq
import struct
import tempfile
from collections.abc import Iterator
from typing import IO

from consent_service.audit.standalone.formats import Refused

IDS_AT_ONCE = 1 << 17
"""How many are held in memory; more are sorted into a temporary file, 28 bytes each. They are random and name
nobody."""
PLACED_ID = struct.Struct(">16sIQ")
"""The id of an entry, the number of its log, its index."""
IDS_IN_BLOCK = 1024


class Ids:
    """Add each entry once, in the order of the logs; then `finish`."""

    def __init__(self) -> None:
        self._near: dict[bytes, tuple[int, int]] = {}
        self._spilled: IO[bytes] | None = None
        self._runs: list[int] = []

    def add(self, entry: str, log: int, index: int) -> None:
        """One more entry.

        Raises:
            Refused: it stood among those in memory.
        """
        unique = bytes.fromhex(entry.replace("-", ""))
        if unique in self._near:
            raise Refused("leaf_repeated", f"logs/{log}/{index}")
        self._near[unique] = (log, index)
        if len(self._near) == IDS_AT_ONCE:
            self._spill()

    def finish(self) -> None:
        """Compare all of them.

        Raises:
            Refused: one stands there twice; the second place is named.
        """
        if self._spilled is None:
            return
        self._spill()
        before = b""
        try:
            for unique, log, index in heapq.merge(*map(self._run, range(len(self._runs)))):
                if unique == before:
                    raise Refused("leaf_repeated", f"logs/{log}/{index}")
                before = unique
        except OSError:
            raise Refused("no_room") from None
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the temporary file."""
        if self._spilled is not None:
            self._spilled.close()

    def _spill(self) -> None:
        try:
            if self._spilled is None:
                self._spilled = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
            run = sorted(self._near.items())
            self._spilled.write(b"".join(PLACED_ID.pack(unique, *place) for unique, place in run))
            self._spilled.flush()
        except OSError:
            raise Refused("no_room") from None
        self._runs.append(len(run))
        self._near.clear()

    def _run(self, number: int) -> Iterator[tuple[bytes, int, int]]:
        """One sorted run, a block at a time."""
        at, left = sum(self._runs[:number]), self._runs[number]
        while left and self._spilled is not None:
            count = min(left, IDS_IN_BLOCK)
            self._spilled.seek(at * PLACED_ID.size)
            yield from PLACED_ID.iter_unpack(self._spilled.read(count * PLACED_ID.size))
            at, left = at + count, left - count
