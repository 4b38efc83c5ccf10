"""Seal and open under the data key of one owner and one purpose; envelope v1.

Where a data key comes from is `material`.
"""

from __future__ import annotations

from typing import Final

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.envelope import FEWEST_BYTES, LENGTH, MAGIC, START, SUITE, length_prefixed
from consent_service.keyring.primitives import Cipher, hkdf_expand, new_nonce
from consent_service.keyring.secret import Confined, Secret

_FILLINGS: Final = tuple(bytes(-used % 64) for used in range(64))
"""The zeros after `used` bytes of the last block."""
_ID_BYTES: Final = 36
_size, _read_size = LENGTH.pack, LENGTH.unpack_from


class DataKey(Confined):
    """Output of HKDF only: neither the key it came from nor that of another purpose follows from it.

    Sealing and opening are the hot path, so what is the same for most records is made once, and the few
    steps stand in line: a call more or less is seen in `make bench-keys`.
    """

    __slots__ = (
        "_after_version",
        "_before_id",
        "_before_size",
        "_between",
        "_cipher",
        "_commitment",
        "_first_version",
        "_start",
    )

    def __init__(self, key: Secret, *, tenant: str, owner: str, purpose: str, version: int) -> None:
        derived = hkdf_expand(key, length_prefixed("dek/v1", tenant, owner, purpose, version), 64)
        self._cipher = Cipher(Secret(derived.reveal()[:32]))
        self._commitment = derived.reveal()[32:]
        self._start = START.pack(MAGIC, SUITE, version)
        self._before_size = length_prefixed("sc/v1", tenant, owner) + b"s"
        self._between = length_prefixed(purpose)
        self._after_version = length_prefixed(version)
        self._before_id = self._before_size + _size(_ID_BYTES)
        self._first_version = self._after_record(1)

    def seal(self, record: str, record_version: int, plaintext: bytes) -> bytes:
        """An envelope that opens under this key, for this record and version only."""
        size, nonce, name = len(plaintext), new_nonce(), record.encode()
        return b"".join(
            (
                self._start,
                nonce,
                self._commitment,
                self._cipher.encrypt(
                    nonce,
                    b"".join((_size(size), plaintext, _FILLINGS[size + 4 & 63])),
                    (self._before_id if len(name) == _ID_BYTES else self._before_size + _size(len(name)))
                    + name
                    + (self._first_version if record_version == 1 else self._after_record(record_version)),
                ),
            )
        )

    def open(self, record: str, record_version: int, envelope: bytes) -> bytes:
        """What `seal` was given.

        Raises:
            IntegrityError: tampered with, moved, rolled back, or sealed under another key.
        """
        if envelope[:6] != self._start or envelope[18:50] != self._commitment or len(envelope) < FEWEST_BYTES:
            raise IntegrityError(self._why_refused(envelope))
        name = record.encode()
        framed = self._cipher.decrypt(
            envelope[6:18],
            envelope[50:],
            (self._before_id if len(name) == _ID_BYTES else self._before_size + _size(len(name)))
            + name
            + (self._first_version if record_version == 1 else self._after_record(record_version)),
        )
        end = _read_size(framed)[0] + 4
        if framed[end:] == _FILLINGS[end & 63] and end <= len(framed):
            return framed[4:end]
        del framed  # who catches the error finds no plaintext in its traceback
        raise IntegrityError("a sealed value has the wrong padding")

    def _after_record(self, record_version: int) -> bytes:
        return self._between + length_prefixed(record_version) + self._after_version

    def _why_refused(self, envelope: bytes) -> str:
        if len(envelope) < FEWEST_BYTES:
            return "a sealed value is too short"
        if envelope[:2] != self._start[:2]:
            return "a sealed value has an unknown format"
        if envelope[:6] != self._start:
            return "a sealed value names another key version"
        return "a sealed value commits to another key"
