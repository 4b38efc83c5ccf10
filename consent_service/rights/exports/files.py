"""A file that is there whole, on the disk and read back, or not at all.

The standard asks that every record that is written is acknowledged: here a file is only given its name
after each of its lines was read back from the disk.
"""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from consent_service.foundation.errors import ConfigurationError, ConflictError, UnavailableError
from consent_service.foundation.flushing import flush_folder

_CHUNK = 1 << 20


class ExportFile:
    """Lines, written one by one to a file that only this user may read.

    Without `publish` nothing is left of it.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        self._digest = sha256()
        self._lines = 0

    def __enter__(self) -> Self:
        if self._target.exists():
            raise ConflictError("a file of this name exists already")
        try:
            descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as failure:
            raise ConfigurationError(f"{self._target.parent} takes no files") from failure
        self._file = os.fdopen(descriptor, "wb")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    @property
    def lines(self) -> int:
        return self._lines

    @property
    def digest(self) -> str:
        """SHA-256 of everything written so far, in hexadecimal."""
        return self._digest.hexdigest()

    def write(self, line: bytes) -> None:
        """One line, which holds no line end of its own.

        Raises:
            UnavailableError: the disk does not take it.
        """
        if b"\n" in line:
            raise ValueError("a line holds a line end")
        raw = line + b"\n"
        try:
            self._file.write(raw)
        except OSError as failure:
            raise UnavailableError("the disk does not take a file") from failure
        self._digest.update(raw)
        self._lines += 1

    def acknowledge(self) -> None:
        """Everything written is on the disk, and reads back as it was written.

        Raises:
            UnavailableError: it does not.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            found, lines = self._read_back()
        except OSError as failure:
            raise UnavailableError("the disk does not take a file") from failure
        if (found, lines) != (self.digest, self._lines):
            raise UnavailableError("a file does not read back as it was written")

    def publish(self) -> None:
        """Give the file its name; it is never put in the place of another.

        Raises:
            ConflictError: there is a file of this name by now.
            UnavailableError: the disk does not take it.
        """
        try:
            os.link(self._temporary, self._target)
            flush_folder(self._target.parent)
        except FileExistsError as there:
            raise ConflictError("a file of this name exists already") from there
        except OSError as failure:
            raise UnavailableError("the disk does not take a file") from failure

    def _read_back(self) -> tuple[str, int]:
        digest, lines = sha256(), 0
        with self._temporary.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                lines += chunk.count(b"\n")
        return digest.hexdigest(), lines
