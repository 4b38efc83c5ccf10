"""Key backups: made after every epoch and on demand, and dropped again after a few days.

A data backup may live long, because it opens only with keys of today. A key backup must not: whoever
holds one from before a destruction and three sheets, or the key provider of that day, still holds the
path to what was destroyed. What stands in the file is `backup_file`; putting one back is `restoring`.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.custody.backup_file import (
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
from consent_service.custody.durable_files import private_folder, write_durably
from consent_service.custody.recovery_key import RecoveryKey, read_public_key
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.ids import INSTALLATION, PersonId, RelationshipId, TenantId, new_id
from consent_service.identity.model import System, by
from consent_service.keyring.recovery import backup_mac, seal_tenant_keys
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_destructions


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
        """Return when backups can be sealed.

        Raises:
            ConfigurationError: there is no recovery public key yet: run `keys ceremony`.
        """
        read_public_key(self._recovery_key)

    async def make(self, who: By | None = None) -> BackupMade:
        """Write every key of this moment to a new file, and read it back.

        Raises:
            ConfigurationError: there is no recovery public key yet.
            IntegrityError: a key does not open, or the disk gives back something else than was written.
            UnavailableError: the disk, the database or the key provider is away; no file is left behind.
        """
        recovery = read_public_key(self._recovery_key)
        now = self._clock.now()  # before the rows are read: what is younger may be missing
        async with self._database.reading() as conn:
            await begin_snapshot(conn)
            rows = await read_rows(conn)
        made, content = self._sealed(rows, recovery, now)
        await asyncio.to_thread(_write_and_read_back, made.path, content)
        event = events.KeysBackedUp(made.backup, made.keys, recovery.fingerprint)
        async with self._database.transaction() as conn:
            await self._log.append(
                conn, tenant=INSTALLATION, event=event, by=who or by(System()), subject=None
            )
        return made

    def expires_on(self, made: datetime) -> date:
        """The day (in the Netherlands) on which a backup made then is dropped."""
        return local_date(made) + timedelta(days=self._days)

    async def expire(self) -> int:
        """Drop the backups whose day has come; how many. What was destroyed before the rest is now gone.

        Raises:
            UnavailableError: the folder or the database is away; what was dropped stays dropped.
        """
        today = local_date(self._clock.now())
        dropped = await asyncio.to_thread(self._drop, today)
        left = await asyncio.to_thread(found_backups, self._folder)
        oldest = min((backup.made_at for backup in left), default=None)
        async with self._database.transaction() as conn:
            for row in await _waiting(conn, today):
                if oldest is None or oldest >= row.path_dead_at:
                    await self._note_expired(conn, row)
        return dropped

    def _sealed(self, rows: KeyRows, recovery: RecoveryKey, now: datetime) -> tuple[BackupMade, bytes]:
        backup = new_id()
        encoded = encode_rows(rows)
        info = sealing_info(backup, now, recovery.fingerprint, section(encoded).sha256)
        wrapped = [row.key for row in rows.tenants]
        sealed = seal_tenant_keys(self._ring, wrapped, public=recovery.public, info=info)
        header = Header(
            backup=backup,
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
        return BackupMade(backup, rows.keys, now, self._folder / file_name(backup, now)), content

    def _drop(self, today: date) -> int:
        due = [one for one in found_backups(self._folder) if self.expires_on(one.made_at) <= today]
        try:
            for backup in due:
                backup.path.unlink(missing_ok=True)
        except OSError as failure:
            raise UnavailableError("a key backup cannot be dropped") from failure
        return len(due)

    async def _note_expired(self, conn: AsyncConnection, row: Row[tuple[object, ...]]) -> None:
        """The third stage of one destruction; told to the child's trail while the child has a key."""
        await conn.execute(
            update(key_destructions)
            .where(key_destructions.c.tenant == row.tenant, key_destructions.c.destruction == row.destruction)
            .values(backups_dead_at=self._clock.now())
        )
        child = PersonId(row.child)
        known = await self._ring.person_keys(conn, TenantId(row.tenant), [child])
        of_relationship = row.kind == "relationship" and child in known
        await self._log.append(
            conn,
            tenant=TenantId(row.tenant),
            event=events.KeyBackupsExpired(row.kind, row.owner),
            by=by(System()),
            subject=child if child in known else None,
            relationship=RelationshipId(row.owner) if of_relationship else None,
        )


def _write_and_read_back(path: Path, content: bytes) -> None:
    private_folder(path.parent)
    write_durably(path, content, mode=0o600)
    try:
        back = path.read_bytes()
    except OSError as failure:
        raise UnavailableError("a key backup cannot be read back") from failure
    if back != content:
        path.unlink(missing_ok=True)
        raise IntegrityError("a key backup does not read back as it was written")
    parse(back)


async def _waiting(conn: AsyncConnection, today: date) -> list[Row[tuple[object, ...]]]:
    """Destructions whose path is dead, and whose last backup should be gone by now."""
    query = select(key_destructions).where(
        and_(
            key_destructions.c.path_dead_at.is_not(None),
            key_destructions.c.backups_dead_at.is_(None),
            key_destructions.c.backups_until <= today,
        )
    )
    return list((await conn.execute(query)).all())
