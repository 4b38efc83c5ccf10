"""The newest head of every log, in a file outside the database: no log may go back behind it.

A database that was put back, or rolled back, holds a smaller log than was signed; going on from there
would give two histories under one origin. Whoever signs asks `refuses` about the head that stands in the
database first, and calls `remember` once the new one is committed. What witnesses say is kept too: it
stops the signing as well, but proves nothing, and can be dismissed when the witness was wrong. One line
says that the file was begun (`beginning`): without it the rest does not say that nothing else was known.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec

from consent_service.audit.merkle import HASH_SIZE
from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.flushing import flush_folder

COMPACT_AT: Final = 1 << 20
"""Bytes; a file that grew larger is written anew with what still counts."""
_ATTEMPTS: Final = 100

_Size = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
_Root = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * HASH_SIZE}}}$")]


class HeadsGoneError(IntegrityError):
    """Heads were signed, and the file that must know of them is gone or was never begun."""


class KnownHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The largest head that is known of the log `origin`; `root` has 32 bytes."""

    origin: str
    size: int
    root: bytes


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="line", tag="claim"):
    """Somebody outside says that the log went on elsewhere.

    A witness cosigned a head of `size` entries that nobody here has seen; without a size it saw entries
    that are not those in the database.
    """

    origin: str
    witness: str
    size: _Size | None = None

    def says_more_than(self, other: Claim | None) -> bool:
        """Whether this claim takes the place of what the same witness said before."""
        if other is None or self.size is None or other.size is None:
            return other is None or other.size is not None
        return self.size > other.size


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="line", tag="head"):
    origin: str
    size: _Size
    root: _Root


class _Dismissal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="line", tag="dismissal"):
    """What this witness said of the log so far does not count."""

    origin: str
    witness: str


class _Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="line", tag="begun"):
    """Every log of this database was known here when this was written, or begins later."""


_Line = _Head | Claim | _Dismissal | _Begun
_encoder: Final = msgspec.json.Encoder()
_decoder: Final[msgspec.json.Decoder[_Line]] = msgspec.json.Decoder(_Line)


class _Content:
    """What the lines so far add up to, and up to which byte of which file they were read."""

    def __init__(self, inode: int = 0) -> None:
        self.inode = inode
        self.offset = 0
        self.last = b""
        self.lines = 0
        self.begun = False
        self.heads: dict[str, KnownHead] = {}
        self.claims: dict[tuple[str, str], Claim] = {}

    def take(self, raw: bytes) -> None:
        """Add the whole lines of `raw`; a torn last one is left for the next time."""
        whole = raw[: raw.rfind(b"\n") + 1]
        for line in whole.split(b"\n")[:-1]:
            self.lines += 1
            self.last = line + b"\n"
            self._take(line)
        self.offset += len(whole)

    def _take(self, raw: bytes) -> None:
        try:
            line = _decoder.decode(raw)
            root = bytes.fromhex(line.root) if isinstance(line, _Head) else b""
        except (msgspec.DecodeError, ValueError) as failure:  # UnicodeDecodeError is a ValueError
            raise IntegrityError(f"known heads: line {self.lines} cannot be read") from failure
        if isinstance(line, _Head):
            self._take_head(KnownHead(line.origin, line.size, root))
        elif isinstance(line, Claim):
            self._take_claim(line)
        elif isinstance(line, _Begun):
            self.begun = True
        else:
            self.claims.pop((line.origin, line.witness), None)

    def _take_head(self, head: KnownHead) -> None:
        before = self.heads.get(head.origin)
        if before is not None and before.size == head.size and before.root != head.root:
            raise IntegrityError("known heads: two roots are kept of one size")
        if before is None or before.size < head.size:
            self.heads[head.origin] = head

    def _take_claim(self, claim: Claim) -> None:
        if claim.says_more_than(self.claims.get((claim.origin, claim.witness))):
            self.claims[claim.origin, claim.witness] = claim

    def counting(self) -> list[_Line]:
        """The fewest lines that add up to the same."""
        heads = [_Head(head.origin, head.size, head.root.hex()) for head in self.heads.values()]
        return [*([_Begun()] if self.begun else []), *heads, *self.claims.values()]

    def is_wasteful(self) -> bool:
        return self.lines > 2 * (self.begun + len(self.heads) + len(self.claims))


class KnownHeads:
    """An append-only file of heads, fsynced line by line; safe between threads and processes.

    Args:
        must_begin: whether it counts for nothing until it was begun.
    """

    def __init__(self, path: Path, *, compact_at: int = COMPACT_AT, must_begin: bool = True) -> None:
        self.path = path
        self._must_begin = must_begin
        self._compact_at = compact_at
        self._lock = threading.Lock()
        self._content = _Content()

    def is_begun(self) -> bool:
        """Whether `begin` was called on this file, and it is still there.

        Raises:
            IntegrityError, UnavailableError: as for `newest`.
        """
        with self._lock:
            return not self._must_begin or self._read().begun

    def begin(self) -> None:
        """Make the file if it is not there; from now on its absence is a fault.

        Raises:
            IntegrityError, UnavailableError: as for `remember`.
        """
        with self._lock, self._writing() as descriptor:
            if not self._content.begun:
                self._append(descriptor, _Begun())

    def newest(self, origin: str) -> KnownHead | None:
        """The largest head of this log that was ever remembered; None when there is none.

        Raises:
            IntegrityError: a line other than a torn last one cannot be read, or two contradict each other.
            UnavailableError: the file cannot be read.
        """
        with self._lock:
            return self._read().heads.get(origin)

    def claims(self, origin: str) -> tuple[Claim, ...]:
        """What is said of this log outside and not settled by the newest head, by who says it.

        Raises:
            IntegrityError, UnavailableError: as for `newest`.
        """
        with self._lock:
            content = self._read()
        head = content.heads.get(origin)
        found = [claim for claim in content.claims.values() if claim.origin == origin]
        open_ones = [one for one in found if one.size is None or head is None or one.size > head.size]
        return tuple(sorted(open_ones, key=lambda one: one.witness))

    def refuses(self, origin: str, size: int, root: bytes) -> bool:
        """Whether a log that now stands at `size` and `root` must not be signed on.

        So it is when a larger head is known, or one of the same size with another root. Ask about the head
        that stands in the database, not about the one to be signed: the latter may have caught up.

        Raises:
            IntegrityError, UnavailableError: as for `newest`; then nothing may be signed either.
        """
        known = self.newest(origin)
        if known is not None and (size < known.size or (size == known.size and root != known.root)):
            return True
        return any(claim.size is None or size < claim.size for claim in self.claims(origin))

    def remember(self, origin: str, size: int, root: bytes) -> None:
        """Write this head down for good, unless a larger one is known.

        Raises:
            IntegrityError: another root is known of the same size; as for `newest`.
            UnavailableError: the disk does not take it.
        """
        line = _Head(origin, size, root.hex())
        if len(root) != HASH_SIZE or size < 0:
            raise IntegrityError("this is no head of a log")
        with self._lock, self._writing() as descriptor:
            known = self._content.heads.get(origin)
            if known is not None and known.size == size and known.root != root:
                raise IntegrityError("another head of the same size is known outside the database")
            if known is None or known.size < size:
                self._append(descriptor, line)

    def claim(self, origin: str, witness: str, size: int | None = None) -> None:
        """Note that somebody outside saw this log go on: nothing is signed until that is cleared up.

        Without `size` it saw another history than the one in the database, however long.

        Raises:
            IntegrityError, UnavailableError: as for `remember`.
        """
        claim = Claim(origin, witness, size)
        with self._lock, self._writing() as descriptor:
            if claim.says_more_than(self._content.claims.get((origin, witness))):
                self._append(descriptor, claim)

    def dismiss(self, origin: str, witness: str) -> bool:
        """Let what this witness said count no longer; whether it had said anything.

        Raises:
            IntegrityError, UnavailableError: as for `remember`.
        """
        with self._lock, self._writing() as descriptor:
            if (origin, witness) not in self._content.claims:
                return False
            self._append(descriptor, _Dismissal(origin, witness))
            return True

    def _read(self) -> _Content:
        try:
            with self.path.open("rb") as file:
                return self._read_from(file.fileno())
        except FileNotFoundError:
            self._content = _Content()
            return self._content
        except OSError as failure:
            raise UnavailableError("the known heads cannot be read") from failure

    def _read_from(self, descriptor: int) -> _Content:
        """What was added since the last time, or all of it when the file is another one by now."""
        status = os.fstat(descriptor)
        content = self._content
        last = os.pread(descriptor, len(content.last), content.offset - len(content.last))
        if content.inode != status.st_ino or last != content.last:
            content = _Content(status.st_ino)
        if content.offset < status.st_size:
            self._content = _Content()  # nothing of it counts unless all of it can be read
            content.take(os.pread(descriptor, status.st_size - content.offset, content.offset))
        self._content = content
        return content

    @contextmanager
    def _writing(self) -> Iterator[int]:
        """The file, locked against other processes, read to its end and without a torn last line."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = self._locked()
            try:
                content = self._read_from(descriptor)
                os.ftruncate(descriptor, content.offset)
                yield descriptor
            finally:
                os.close(descriptor)
        except OSError as failure:
            raise UnavailableError("the known heads cannot be written") from failure

    def _locked(self) -> int:
        """A file that was written anew has another inode: who waited for the old one's lock opens again."""
        for _ in range(_ATTEMPTS):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self._is_in_place(descriptor):
                return descriptor
            os.close(descriptor)
        raise OSError("the file is replaced all the time")

    def _is_in_place(self, descriptor: int) -> bool:
        try:
            return os.fstat(descriptor).st_ino == self.path.stat().st_ino
        except FileNotFoundError:
            return False

    def _append(self, descriptor: int, line: _Line) -> None:
        made = not self._content.offset
        _write_all(descriptor, _encoder.encode(line) + b"\n")
        if made:
            flush_folder(self.path.parent)
        content = self._read_from(descriptor)
        if content.offset > self._compact_at and content.is_wasteful():
            self._write_anew(content)

    def _write_anew(self, content: _Content) -> None:
        """Only while the lock of the file in place is held."""
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _write_all(descriptor, b"".join(_encoder.encode(line) + b"\n" for line in content.counting()))
        finally:
            os.close(descriptor)
        fresh.replace(self.path)
        flush_folder(self.path.parent)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)
