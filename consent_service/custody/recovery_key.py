"""The file of the recovery public key: what it looks like, reading it, and putting a new one in place.

Public: anybody may read it and seal to it. Whoever could swap it would make backups that only they can
open, so its fingerprint stands in the log, in every backup and on every sheet.
"""

from __future__ import annotations

import base64
import re
import textwrap
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from consent_service.custody.durable_files import write_durably
from consent_service.foundation.errors import ConfigurationError, IntegrityError
from consent_service.keyring import recovery as keys

SHARES: Final = 5
THRESHOLD: Final = 3
_BEGIN: Final = "-----BEGIN RUGGENSTEUN RECOVERY PUBLIC KEY-----"
_END: Final = "-----END RUGGENSTEUN RECOVERY PUBLIC KEY-----"


class RecoveryKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public half of a recovery key and the day of its ceremony."""

    public: bytes
    made_on: date

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits."""
        return keys.fingerprint(self.public)

    @property
    def shown_fingerprint(self) -> str:
        """The fingerprint as people compare it: sixteen groups of four."""
        return grouped(self.fingerprint)


def grouped(fingerprint: str) -> str:
    """`ABCD EF01 ...`."""
    return " ".join(textwrap.wrap(fingerprint.upper(), 4))


def encode_public_key(key: RecoveryKey) -> bytes:
    """The text of the file."""
    lines = [
        _BEGIN,
        "Format: ruggensteun-recovery-key/1",
        f"Suite: {keys.SUITE}",
        f"Made: {key.made_on.isoformat()}",
        f"Sheets: {THRESHOLD} of {SHARES} (SLIP-39)",
        f"Fingerprint: {key.shown_fingerprint}",
        "",
        *textwrap.wrap(base64.b64encode(key.public).decode(), 64),
        _END,
        "",
    ]
    return "\n".join(lines).encode()


def decode_public_key(text: bytes) -> RecoveryKey:
    """The key in the text of a file.

    Raises:
        IntegrityError: something else, or a character of it differs.
    """
    try:
        lines = text.decode("ascii").splitlines()
        blank = lines.index("")
        made = re.fullmatch(r"Made: (\d{4}-\d{2}-\d{2})", lines[3])
        body = "".join(lines[blank + 1 : lines.index(_END)])
        key = RecoveryKey(base64.b64decode(body, validate=True), date.fromisoformat(made[1] if made else ""))
    except (ValueError, IndexError) as failure:
        raise IntegrityError("this is no recovery public key") from failure
    if encode_public_key(key) != text or len(key.public) != keys.PUBLIC_BYTES:
        raise IntegrityError("this is no recovery public key, or a changed one")
    return key


def read_public_key(path: Path) -> RecoveryKey:
    """The recovery public key of this installation.

    Raises:
        ConfigurationError: there is none, or the file is not one.
    """
    try:
        return decode_public_key(path.read_bytes())
    except FileNotFoundError as missing:
        raise ConfigurationError(
            f"recovery_key: {path} is not there; hold the ceremony: 'consent-service keys ceremony'"
        ) from missing
    except (OSError, IntegrityError) as failure:
        raise ConfigurationError(
            f"recovery_key: {path} is no recovery public key, or a changed one"
        ) from failure


def write_public_key(path: Path, key: RecoveryKey, *, replacing: bool) -> None:
    """Put the file in place, whole or not at all.

    Raises:
        ConflictError: there is one already, and it is not to be replaced.
        UnavailableError: the disk does not take it.
    """
    write_durably(path, encode_public_key(key), mode=0o644, replacing=replacing)
