"""Plain keyword factories for tests: real objects over temporary places, no mocks."""

from __future__ import annotations

from pathlib import Path

from consent_service.custody.backups import BackupRules
from consent_service.foundation.clock import Clock, SystemClock
from consent_service.keyring.providers.file import Argon2, FileKeystore, create_keystore
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing

PASSPHRASE = Secret(b"correct horse battery staple")
CHEAP = Argon2(iterations=1, lanes=1, memory_kib=64)
"""Argon2id at the lowest cost: tests unlock a keystore hundreds of times."""


def make_keystore(folder: Path) -> FileKeystore:
    return create_keystore(folder / "keystore.json", PASSPHRASE, development=True, cost=CHEAP)


def make_keyring(folder: Path, clock: Clock | None = None) -> KeyRing:
    return KeyRing(make_keystore(folder), clock or SystemClock())


def key_backup_rules(folder: Path) -> BackupRules:
    """Places in `folder`; there is no recovery key yet."""
    return BackupRules(folder / "recovery.pub", folder / "key-backups", 7)
