"""Stops that must hold even when the database, the log or the keys are away.

A stop (withdrawal, objection, safety flag, contact removal, erasure, restriction, ...) is appended
here, ids and time only, and flushed to disk before anybody is told "accepted". What a stop *does*
is handled by the package that owns it: `consent`, `families`, `custody`.
"""

from __future__ import annotations

import fcntl
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.flushing import flush_folder
from consent_service.foundation.ids import INSTALLATION, new_id

StopKind = Literal[
    "withdrawal",
    "objection",
    "safety_flag",
    "contact_removal",
    "relationship_end",
    "key_destruction",
    "erasure",
    "restriction",
]


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="line", tag="stop"):
    """One stop as it was accepted. `subject` holds ids or a hash of a code, never a name."""

    id: str
    kind: StopKind
    at: datetime
    tenant: str
    subject: dict[str, str]


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="line", tag="done"):
    """The stop with this id now stands in the ledger and the log."""

    id: str


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="line", tag="journal"):
    """Which journal this is; a copy has the same id, one that another was appended to has both."""

    id: str


class _Stops(msgspec.Struct, frozen=True):
    """What the file holds: every stop, those that nobody marked done yet, and which journals it is."""

    all: tuple[Stop, ...]
    pending: tuple[Stop, ...]
    names: tuple[str, ...]


_NONE: Final = _Stops((), (), ())
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Stop | Done | Named] = msgspec.json.Decoder(Stop | Done | Named)


class StopJournal:
    """An append-only file, fsynced line by line; safe between threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], _Stops] | None = None
        self._begun = False
        self._lost = False
        self._held: frozenset[str] = frozenset()

    def begin(self) -> bool:
        """Make the file if it is not there; from now on its absence is a fault. True when it was made.

        Raises:
            IntegrityError: a line other than a torn last one cannot be read: somebody must look.
            UnavailableError: the disk does not take it.
        """
        made = not self.path.exists()
        self._append(b"" if self.names() else _encoder.encode(Named(new_id())))
        self._begun = True
        return made

    def accept(self, kind: StopKind, *, tenant: str, at: datetime, subject: dict[str, str]) -> Stop:
        """Write the stop down for good; when this returns, a power cut does not undo it.

        Raises:
            UnavailableError: the disk does not take it. The person must be told it was *not* accepted.

        While the file is gone a stop is still taken, in a new one; nothing is released until somebody has
        put the old one back.
        """
        stop = Stop(id=new_id(), kind=kind, at=at, tenant=tenant, subject=subject)
        self._append(_encoder.encode(stop))
        return stop

    def mark_done(self, stop_id: str) -> None:
        """Note that the stop has reached the ledger and the log. Calling it twice is harmless."""
        self._append(_encoder.encode(Done(stop_id)))

    def hold(self, stop_id: str) -> None:
        """It cannot be carried out: it counts as pending while this process runs, whatever the file says."""
        self._held |= {stop_id}

    def let_go(self, stop_id: str) -> None:
        """It was carried out after all."""
        self._held -= {stop_id}

    def concerning(self, tenant: str, relationship: str) -> tuple[Stop, ...]:
        """Pending stops that may bear on a relationship; while there is one, nothing is released.

        A stop that names a relationship and no family bears on that one only; one of the installation (a
        paper code taken while the database was away) may bear on any tenant's.
        """
        return tuple(
            stop
            for stop in self.pending()
            if stop.tenant in (tenant, INSTALLATION)
            and ("family" in stop.subject or stop.subject.get("relationship", relationship) == relationship)
        )

    def pending(self) -> tuple[Stop, ...]:
        """Stops accepted but not yet marked done, and those that are held; oldest first.

        Raises:
            IntegrityError: a line other than a torn last one cannot be read: somebody must look.
            UnavailableError: the file is gone, was replaced, or cannot be read.
        """
        found = self._stops()
        if not self._held:
            return found.pending
        waiting = self._held | {stop.id for stop in found.pending}
        return tuple(stop for stop in found.all if stop.id in waiting)

    def all(self) -> tuple[Stop, ...]:
        """Every stop that was ever accepted, oldest first; the same tuple for as long as nothing is added.

        A database that was put back from a backup has not carried out what is marked done here.

        Raises:
            IntegrityError: a line other than a torn last one cannot be read: somebody must look.
            UnavailableError: the file is gone, was replaced, or cannot be read.
        """
        return self._stops().all

    def names(self) -> tuple[str, ...]:
        """Which journal this is, and after it those that were appended to it; none before it was begun.

        Raises:
            IntegrityError: a line other than a torn last one cannot be read: somebody must look.
            UnavailableError: the file is gone, was replaced, or cannot be read.
        """
        return self._stops().names

    def _stops(self) -> _Stops:
        if self._lost:
            raise UnavailableError("the stop journal was replaced while serving")
        try:
            status = self.path.stat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if self._read is not None and self._read[0] == state:
                return self._read[1]
            found = _stops_in(self.path.read_bytes())
        except FileNotFoundError as gone:
            if self._begun:
                raise UnavailableError("the stop journal is gone") from gone
            return _NONE
        except OSError as failure:
            raise UnavailableError("the stop journal cannot be read") from failure
        self._read = (state, found)
        return found

    def _append(self, line: bytes) -> None:
        try:
            with self._lock:
                self._lost = self._lost or (self._begun and not self.path.exists())
                self.path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                    _write_whole_line(descriptor, line)
                    os.fsync(descriptor)
                    flush_folder(self.path.parent)
                finally:
                    os.close(descriptor)
        except OSError as failure:
            raise UnavailableError("the stop journal cannot be written") from failure


def _stops_in(raw: bytes) -> _Stops:
    stops: dict[str, Stop] = {}
    done: set[str] = set()
    names: list[str] = []
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            entry = _decoder.decode(line)
        except msgspec.DecodeError as failure:
            if number == len(lines):  # torn by a power cut: nobody was told "accepted"
                continue
            raise IntegrityError(f"stop journal: line {number} cannot be read") from failure
        if isinstance(entry, Stop):
            stops[entry.id] = entry
        elif isinstance(entry, Named):
            names.append(entry.id)
        else:
            done.add(entry.id)
    pending = tuple(stop for stop_id, stop in stops.items() if stop_id not in done)
    return _Stops(tuple(stops.values()), pending, tuple(names))


def _write_whole_line(descriptor: int, line: bytes) -> None:
    """Append `line`; a torn line left by a power cut is cut off first, so that it swallows nothing."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        content = os.pread(descriptor, size, 0)
        os.ftruncate(descriptor, content.rfind(b"\n") + 1)
    data = line + b"\n" if line else b""
    while data:
        data = data[os.write(descriptor, data) :]
