"""The recovery ceremony: a key pair whose private half exists only on five sheets of paper.

A key is taken into use only after three of its sheets were read back: a ceremony that was not read
back is no ceremony. What a sheet holds is `shares`, how it is printed `sheets`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.custody.durable_files import private_folder
from consent_service.custody.recovery_key import SHARES, THRESHOLD, RecoveryKey, write_public_key
from consent_service.custody.shares import SheetProblem, combine, split
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError
from consent_service.foundation.ids import INSTALLATION
from consent_service.keyring.recovery import new_seed, public_half
from consent_service.keyring.secret import Confined, Secret


class Ceremony(Confined):
    """A fresh key: its public half, and the words of five sheets. The seed itself is not kept."""

    __slots__ = ("key", "sheets")

    def __init__(self, key: RecoveryKey, sheets: tuple[Secret, ...]) -> None:
        self.key = key
        self.sheets = sheets


class RecoveryKeys:
    """Ceremonies of one installation."""

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock, path: Path) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._path = path

    def begin(self, *, replacing: bool = False) -> Ceremony:
        """Make a key pair and split it; nothing is written yet.

        Raises:
            ConflictError: there is a recovery key already, and it is not to be replaced.
        """
        if self._path.exists() and not replacing:
            raise ConflictError("there is a recovery key already")
        seed = new_seed()
        key = RecoveryKey(public_half(seed), local_date(self._clock.now()))
        return Ceremony(key, split(seed))

    async def accept(
        self, ceremony: Ceremony, typed: Sequence[Secret], *, who: By, replacing: bool = False
    ) -> tuple[SheetProblem, ...]:
        """Take the key into use when the sheets that were typed back give it; what is wrong otherwise.

        Raises:
            ConflictError: meanwhile somebody else held a ceremony.
            UnavailableError: the disk or the database is away; the key is not in use.
        """
        seed = combine(typed)
        if isinstance(seed, tuple):
            return seed
        if public_half(seed) != ceremony.key.public:
            return (SheetProblem("other_ceremony"),)
        event = events.RecoveryKeyMade(ceremony.key.fingerprint, SHARES, THRESHOLD)
        async with self._database.transaction() as conn:
            await self._log.append(conn, tenant=INSTALLATION, event=event, by=who, subject=None)
            await asyncio.to_thread(self._put_in_place, ceremony.key, replacing)
        return ()

    def _put_in_place(self, key: RecoveryKey, replacing: bool) -> None:
        """Last before the commit, so that a key in use stands in the log."""
        if not self._path.parent.exists():
            private_folder(self._path.parent)
        write_public_key(self._path, key, replacing=replacing)
