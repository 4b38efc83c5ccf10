"""A file on its way out that never stands on the disk in clear: sealed under a key that only this object has.

What is written is cut into pieces, each sealed (AES-256-GCM) with its number as nonce and put in a temporary
file without a name. When the process ends, nobody can read what is left of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Final

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.primitives import NONCE_BYTES, Cipher, new_key

PIECE: Final = 1 << 18
"""Bytes of one piece: what is held in memory at once."""
_TAG_BYTES: Final = 16


class SealedSpool:
    """Write once, from begin to end; then read the pieces once, in order. Not safe across threads."""

    def __init__(self) -> None:
        self._cipher = Cipher(new_key())
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the spool
        self._rest = bytearray()
        self._pieces = 0

    def __enter__(self) -> SealedSpool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, content: bytes) -> int:
        """Add bytes at the end; how many."""
        self._rest += content
        while len(self._rest) >= PIECE:
            self._seal(bytes(self._rest[:PIECE]))
            del self._rest[:PIECE]
        return len(content)

    def pieces(self) -> Iterator[bytes]:
        """Everything that was written, in pieces.

        Raises:
            IntegrityError: somebody changed the file on the disk.
        """
        self._file.seek(0)
        for number in range(self._pieces):
            sealed = self._file.read(PIECE + _TAG_BYTES)
            if len(sealed) != PIECE + _TAG_BYTES:
                raise IntegrityError("a spooled file is cut off")
            yield self._cipher.decrypt(_nonce(number), sealed, b"")
        yield bytes(self._rest)

    def close(self) -> None:
        """Let go of the file and of what is still in memory; again does nothing."""
        self._file.close()
        self._rest.clear()

    def _seal(self, piece: bytes) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._pieces), piece, b""))
        self._pieces += 1


def _nonce(number: int) -> bytes:
    """Each number is used once under a key: pieces are only ever added."""
    return number.to_bytes(NONCE_BYTES, "big")
