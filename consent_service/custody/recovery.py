"""The recovery ceremony: a key pair whose private half exists only on five sheets of paper.

A key is taken into use only after three of its sheets were read back: a ceremony that was not read
back is no ceremony. What a sheet holds is `shares`, how it is printed `sheets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailFilter
from consent_service.custody.durable_files import private_folder, write_durably
from consent_service.custody.recovery_key import SHARES, THRESHOLD, RecoveryKey, write_public_key
from consent_service.custody.shares import SheetProblem, combine, split
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError, ConflictError
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.model import Operator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.recovery import new_seed, public_half
from consent_service.keyring.secret import Confined, Secret
from consent_service.organisations.service import require

_MADE: Final = "key.recovery_made.v1"


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

    def begin(self, actor: Operator, *, replacing: bool = False) -> Ceremony:
        """Make a key pair and split it; nothing is written yet.

        Raises:
            NotAllowedError: not an operator.
            ConflictError: there is a recovery key already, and it is not to be replaced.
        """
        require(actor, Action.RECOVER_KEYS, Circumstances())
        if self._path.exists() and not replacing:
            raise ConflictError("there is a recovery key already")
        seed = new_seed()
        key = RecoveryKey(public_half(seed), local_date(self._clock.now()))
        return Ceremony(key, split(seed))

    async def accept(
        self, ceremony: Ceremony, typed: Sequence[Secret], *, actor: Operator, replacing: bool = False
    ) -> tuple[SheetProblem, ...]:
        """Take the key into use when the sheets that were typed back give it; what is wrong otherwise.

        Where a killed process left a file without its log entry, an earlier ceremony in the log keeps it
        from sealing anything (`require_in_use`); before the first one nothing does.

        Raises:
            NotAllowedError: not an operator.
            ConflictError: meanwhile somebody else held a ceremony.
            UnavailableError: the disk or the database is away; the key is not in use, and one that was
                there before is back in its place.
        """
        require(actor, Action.RECOVER_KEYS, Circumstances())
        seed = combine(typed)
        if isinstance(seed, tuple):
            return seed
        if public_half(seed) != ceremony.key.public:
            return (SheetProblem("other_ceremony"),)
        event = events.RecoveryKeyMade(ceremony.key.fingerprint, SHARES, THRESHOLD)
        async with self._database.exclusive("recovery-key"):
            with self._put_back_on_failure():
                async with self._database.transaction() as conn:
                    await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(actor), subject=None)
                    self._put_in_place(ceremony.key, replacing=replacing)  # a full disk leaves no entry
        return ()

    def _put_in_place(self, key: RecoveryKey, *, replacing: bool) -> None:
        if not self._path.parent.exists():
            private_folder(self._path.parent)
        write_public_key(self._path, key, replacing=replacing)

    @contextmanager
    def _put_back_on_failure(self) -> Iterator[None]:
        """The file as it was, when the key does not come into use after all."""
        before = self._path.read_bytes() if self._path.is_file() else None
        try:
            yield
        except BaseException:
            if before is None and self._path.is_file():
                self._path.unlink()
            elif before is not None and self._path.read_bytes() != before:
                write_durably(self._path, before, mode=0o644, replacing=True)
            raise


async def latest_fingerprint(conn: AsyncConnection, log: AuditLog) -> str | None:
    """That of the key of the latest ceremony in the log of the installation; None before the first.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    made, after = TrailFilter(types=frozenset({_MADE})), None
    while True:
        page = await log.trail(conn, INSTALLATION, made, after=after, limit=1)
        if page.entries or page.next is None:
            break
        after = page.next  # it gives up after many entries of other kinds
    detail = page.entries[0].detail if page.entries else None
    latest = detail.event if detail is not None else None
    return latest.recovery if isinstance(latest, events.RecoveryKeyMade) else None


async def require_in_use(conn: AsyncConnection, log: AuditLog, key: RecoveryKey) -> None:
    """Return when `key` is the one of the latest ceremony in the log of the installation.

    A file that was swapped, or that a ceremony left which did not end well, seals nothing.

    Raises:
        ConfigurationError: it is another key. Before the first ceremony in the log any key passes.
        KeyProviderUnavailableError: the key provider is away.
    """
    if await latest_fingerprint(conn, log) not in (None, key.fingerprint):
        raise ConfigurationError(
            "recovery_key: the key in the file is not that of the latest ceremony in the log; "
            "hold the ceremony: 'consent-service keys ceremony --replace'"
        )
