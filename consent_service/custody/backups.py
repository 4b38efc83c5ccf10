"""Key backups: made after every epoch and on demand, and dropped again after a few days.

A data backup may live long, because it opens only with keys of today. A key backup must not: whoever
holds one from before a destruction and three sheets, or the key provider of that day, still holds the
path to what was destroyed. What stands in the file is `backup_file`, where it lies `backup_folder`, what
the database knows of it `backup_rows`; putting one back is `restoring`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.custody.backup_file import (
    FoundBackup,
    Header,
    KeyRows,
    begin_snapshot,
    encode_rows,
    file_name,
    finish,
    found_backups,
    parse,
    read_rows,
    sealing_info,
    section,
    vouched_part,
    vouching_key,
)
from consent_service.custody.backup_folder import prepare_folder, read_folder_id, require_outside_git
from consent_service.custody.backup_rows import (
    NotedBackup,
    backups_not_dropped,
    highest_number,
    last_ended_epoch,
    note_backups_dead,
    note_begun,
    note_dropped,
    waiting_for_backups,
)
from consent_service.custody.durable_files import write_durably
from consent_service.custody.recovery import require_in_use
from consent_service.custody.recovery_key import RecoveryKey, read_public_key
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.flushing import flush_folder
from consent_service.foundation.ids import INSTALLATION, PersonId, RelationshipId, TenantId, new_id
from consent_service.identity.model import Operator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.recovery import backup_mac, seal_tenant_keys
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require

_SERVICE: Final = System()
_AnyBackup = NotedBackup | FoundBackup
_Backup = TypeVar("_Backup", NotedBackup, FoundBackup)


class BackupMade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key backup that stands on the disk and was read back."""

    backup: str
    keys: int
    made_at: datetime
    path: Path


class BackupRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the recovery public key is, where key backups go, and how many whole days they stay."""

    recovery_key: Path
    folder: Path
    days: int


class _Left(msgspec.Struct, frozen=True):
    """What lies in the folder after the due ones were dropped; `folder` is None where there is no folder."""

    folder: str | None
    backups: frozenset[str]
    dropped: int


class KeyBackups:
    """The folder of key backups."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        recovery_key: Path,
        folder: Path,
        days: int,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._recovery_key = recovery_key
        self._folder = folder
        self._days = days

    def require_ready(self) -> None:
        """Return when backups can be sealed and kept.

        Raises:
            ConfigurationError: there is no recovery public key yet: run `keys ceremony`; or the folder lies
                inside a git work tree.
        """
        read_public_key(self._recovery_key)
        require_outside_git(self._folder)

    async def make(self, actor: Operator | System = _SERVICE) -> BackupMade:
        """Write every key of this moment to a new file, and read it back.

        1. what there is  2. sealed  3. noted, so that it is never forgotten  4. written  5. logged

        Raises:
            NotAllowedError: not an operator.
            ConfigurationError: there is no recovery public key yet, or the folder cannot be used.
            IntegrityError: a key does not open, or the disk gives back something else than was written.
            UnavailableError: the disk, the database or the key provider is away; no file is left behind.
        """
        _require(actor)
        recovery = read_public_key(self._recovery_key)
        folder = await asyncio.to_thread(prepare_folder, self._folder)
        now = self._clock.now()  # before the rows are read: what is younger may be missing
        async with self._database.reading() as conn:  # 1
            await begin_snapshot(conn)
            noted = NotedBackup(
                backup=new_id(),
                number=await self._next_number(conn),
                folder=folder,
                after_epoch=await last_ended_epoch(conn),
                made_at=now,
            )
            rows = await read_rows(conn)
        made, content = self._sealed(rows, recovery, noted)  # 2
        async with self._database.transaction() as conn:  # 3
            await require_in_use(conn, self._log, recovery)
            await note_begun(conn, noted)
        await asyncio.to_thread(_write_and_read_back, made.path, content)  # 4
        event = events.KeysBackedUp(made.backup, made.keys, recovery.fingerprint)
        async with self._database.transaction() as conn:  # 5
            await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(actor), subject=None)
        return made

    def expires_on(self, made: datetime) -> date:
        """The day (in the Netherlands) on which a backup made then is dropped."""
        return local_date(made) + timedelta(days=self._days)

    async def expire(self, actor: Operator | System = _SERVICE) -> int:
        """Drop the backups whose day has come; how many.

        A destruction reaches its third stage when every backup that may hold its path was seen dropped, in
        whichever folder it was made, and nothing lies here that the database does not know.

        Raises:
            NotAllowedError: not an operator.
            IntegrityError: the folder cannot be told from another one.
            UnavailableError: the folder or the database is away; what was dropped stays dropped.
        """
        _require(actor)
        now = self._clock.now()
        async with self._database.reading() as conn:
            known = await backups_not_dropped(conn)
        left = await asyncio.to_thread(self._drop, known, now)
        due = self._due(known, known, now)
        gone = [one.backup for one in due if one.folder == left.folder and one.backup not in left.backups]
        async with self._database.transaction() as conn:
            await note_dropped(conn, gone, now)
            remaining = await backups_not_dropped(conn)
            if left.backups <= {one.backup for one in remaining}:
                oldest = min((one.after_epoch for one in remaining), default=None)
                for row in await waiting_for_backups(conn, local_date(now)):
                    if oldest is None or oldest >= row.epoch:
                        await self._note_expired(conn, row, actor)
        return left.dropped

    async def _next_number(self, conn: AsyncConnection) -> int:
        """Above every number known here; a database that was put back may be behind its folder."""
        found = await asyncio.to_thread(found_backups, self._folder)
        return max(await highest_number(conn), max((one.number for one in found), default=0)) + 1

    def _sealed(self, rows: KeyRows, recovery: RecoveryKey, noted: NotedBackup) -> tuple[BackupMade, bytes]:
        backup, now = noted.backup, noted.made_at
        encoded = encode_rows(rows)
        info = sealing_info(backup, now, recovery.fingerprint, section(encoded).sha256)
        wrapped = [row.key for row in rows.tenants]
        sealed = seal_tenant_keys(self._ring, wrapped, public=recovery.public, info=info)
        header = Header(
            backup=backup,
            number=noted.number,
            made_at=now,
            recovery=recovery.fingerprint,
            keys=rows.keys,
            rows=section(encoded),
            sealed=section(sealed),
        )
        vouched = vouched_part(header, encoded, sealed)
        vouching = vouching_key(rows)
        if vouching is None:
            raise IntegrityError("the installation has no audit key")
        content = finish(vouched, backup_mac(self._ring, vouching.key, vouched))
        path = self._folder / file_name(noted.number, backup, now)
        return BackupMade(backup, rows.keys, now, path), content

    def _due(self, some: Sequence[_Backup], known: Iterable[_AnyBackup], now: datetime) -> list[_Backup]:
        """Those whose day has come, and those a wrong clock made in the future, once a later one is due."""
        today = local_date(now)
        over = max((one.number for one in known if self.expires_on(one.made_at) <= today), default=0)
        return [
            one
            for one in some
            if self.expires_on(one.made_at) <= today or (one.made_at > now and one.number < over)
        ]

    def _drop(self, noted: Sequence[NotedBackup], now: datetime) -> _Left:
        folder = read_folder_id(self._folder)
        found = found_backups(self._folder)
        due = self._due(found, (*noted, *found), now)
        try:
            for backup in due:
                backup.path.unlink(missing_ok=True)
            if due:
                flush_folder(self._folder)
        except OSError as failure:
            raise UnavailableError("a key backup cannot be dropped") from failure
        left = found_backups(self._folder)
        return _Left(folder, frozenset(one.backup for one in left), len(due))

    async def _note_expired(self, conn: AsyncConnection, row: Row[Any], actor: Operator | System) -> None:
        """The third stage of one destruction; told to the child's trail while the child has a key."""
        await note_backups_dead(conn, row, self._clock.now())
        child = PersonId(row.child)
        known = await self._ring.person_keys(conn, TenantId(row.tenant), [child])
        of_relationship = row.kind == "relationship" and child in known
        await self._log.append(
            conn,
            tenant=TenantId(row.tenant),
            event=events.KeyBackupsExpired(row.kind, row.owner),
            by=by(actor),
            subject=child if child in known else None,
            relationship=RelationshipId(row.owner) if of_relationship else None,
        )


def _require(actor: Operator | System) -> None:
    """What the service does by itself asks nobody."""
    if not isinstance(actor, System):
        require(actor, Action.BACK_UP_KEYS, Circumstances())


def _write_and_read_back(path: Path, content: bytes) -> None:
    write_durably(path, content, mode=0o600)
    try:
        back = path.read_bytes()
    except OSError as failure:
        raise UnavailableError("a key backup cannot be read back") from failure
    if back != content:
        path.unlink(missing_ok=True)
        raise IntegrityError("a key backup does not read back as it was written")
    parse(back)
