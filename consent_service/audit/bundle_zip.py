"""The file of a bundle, written from begin to end: stored members without gaps, for `standalone.archive`.

The standard library's writer goes back to fill headers in, or writes sizes behind the content when it cannot;
here every member is whole before it is written, so the target need not be a file. Format: APPNOTE.TXT of
PKWARE, with ZIP64 where counts or places need it.
"""

from __future__ import annotations

import zlib
from types import TracebackType
from typing import Final, Protocol

from consent_service.audit.standalone.archive import (
    CENTRAL,
    END,
    LOCAL,
    WIDE_BEGIN,
    WIDE_END,
    WIDE_PLACE,
)

_PLAIN, _WIDE = 20, 45
"""Versions of the format: stored members; ZIP64."""
_UNIX: Final = 3 << 8
_MODE: Final = 0o644 << 16
_DATE: Final = (1 << 5) | 1
"""1 January 1980, at midnight: nothing in a bundle depends on when it was written."""
_FEW, _SMALL = 0xFFFF, 0xFFFFFFFF


class Target(Protocol):
    """Where the file goes."""

    def write(self, content: bytes, /) -> object:
        """Add bytes at the end."""


class StoredZip:
    """Adds members in the order of the file; leaving the context writes the directory."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._directory: list[bytes] = []
        self._at = 0

    def __enter__(self) -> StoredZip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()

    def add(self, name: str, content: bytes) -> None:
        """One member, of less than 4 GiB, under an ASCII name that is not there yet."""
        raw, checksum, size = name.encode("ascii"), zlib.crc32(content), len(content)
        far = self._at >= _SMALL
        needed, extra = (_WIDE, WIDE_BEGIN.pack(1, 8, self._at)) if far else (_PLAIN, b"")
        head = LOCAL.pack(b"PK\x03\x04", needed, 0, 0, 0, _DATE, checksum, size, size, len(raw), 0)
        line = CENTRAL.pack(
            *(b"PK\x01\x02", _UNIX | needed, needed, 0, 0, 0, _DATE, checksum, size, size),
            *(len(raw), len(extra), 0, 0, 0, _MODE, min(self._at, _SMALL)),
        )
        self._directory.append(line + raw + extra)
        self._write(head + raw + content)

    def _finish(self) -> None:
        begin, count = self._at, len(self._directory)
        for line in self._directory:
            self._write(line)
        size = self._at - begin
        if count > _FEW or begin > _SMALL or size > _SMALL:
            place = WIDE_PLACE.pack(b"PK\x06\x07", 0, self._at, 1)
            counts = (_WIDE, _WIDE, 0, 0, count, count, size, begin)
            self._write(WIDE_END.pack(b"PK\x06\x06", WIDE_END.size - 12, *counts))
            self._write(place)
        few, small = min(count, _FEW), (min(size, _SMALL), min(begin, _SMALL))
        self._write(END.pack(b"PK\x05\x06", 0, 0, few, few, *small, 0))

    def _write(self, content: bytes) -> None:
        self._target.write(content)
        self._at += len(content)
