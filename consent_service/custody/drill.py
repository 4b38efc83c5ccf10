"""A drill: put a key backup back in a scratch place, and see what could be read if this were for real.

Nothing of it stays: a private folder with a keystore and a database of its own, removed whatever happens.
Of what opens only the number is kept. Real restoring is `restoring`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
from sqlalchemy import Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.custody.backup_file import (
    TABLES,
    KeyBackup,
    KeyRows,
    OwnerName,
    PersonKeyRow,
    RelationshipKeyRow,
    read_rows,
)
from consent_service.custody.key_choice import AT_THAT_TIME, Choice, Unusable, choose
from consent_service.custody.restoring import count_opening as count_keys_opening
from consent_service.custody.restoring import destroyed_owners, unsealed_or_none, write_keys
from consent_service.families.identity_data import open_identity
from consent_service.families.tables import children, guardians
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database, metadata
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import INSTALLATION, TypeKey
from consent_service.foundation.migrating import require_current_schema
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import Operator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.model import WrappedPersonKey, WrappedRelationshipKey
from consent_service.keyring.recovery import fingerprint, public_half, scratch_ring
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.organisations.identity_data import open_name
from consent_service.organisations.service import require
from consent_service.organisations.tables import staff
from consent_service.records.model import SealedRecord
from consent_service.records.opening import count_opening
from consent_service.records.reading import record_from
from consent_service.records.tables import record_digests, records

_SCRATCH_TABLES: Final = tuple(TABLES.values())
_OwnedKey = WrappedRelationshipKey | WrappedPersonKey
_PERSONS: Final = ((children, "child"), (guardians, "guardian"), (staff, "staff"))


class Tally(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many should open, and how many did. `younger` than the backup: those are not expected to."""

    of: int = 0
    opened: int = 0
    younger: int = 0

    @property
    def failed(self) -> int:
        return self.of - self.opened

    def plus(self, of: int, opened: int) -> Tally:
        return Tally(self.of + of, self.opened + opened, self.younger)

    def plus_younger(self, how_many: int) -> Tally:
        return Tally(self.of, self.opened, self.younger + how_many)


class DrillReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What could be read with three sheets and this backup alone.

    `destroyed.of` keys were destroyed and something sealed under them is still there; `destroyed.opened`
    of these opened all the same, which must be none.
    """

    backup: str
    made_at: datetime
    keys: int
    records: Tally
    identities: Tally
    destroyed: Tally

    @property
    def opened(self) -> int:
        return self.records.opened + self.identities.opened

    @property
    def failed(self) -> int:
        """What should have opened and did not, and what should not have and did."""
        return self.records.failed + self.identities.failed + self.destroyed.opened

    @property
    def good(self) -> bool:
        return self.failed == 0


class _Sealed(msgspec.Struct, frozen=True):
    """What is sealed under one key in the data that is looked at."""

    name: OwnerName
    records: tuple[SealedRecord, ...] = ()
    digests: dict[TypeKey, bytes] = {}
    identities: tuple[tuple[str, bytes], ...] = ()

    @property
    def count(self) -> int:
        return len(self.records) + len(self.identities)


class KeyDrill:
    """Drills of one installation."""

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock, journal: StopJournal) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._journal = journal

    async def run(
        self, backup: KeyBackup, *, seed: Secret, actor: Operator, copy: Database | None = None
    ) -> DrillReport | Unusable:
        """Open what is in this installation's database, or in a restored `copy` of it, with the backup.

        Raises:
            NotAllowedError: not an operator.
            ConfigurationError: the copy has another schema than this version.
            IntegrityError: a row of the database or a line of the journal is damaged.
            UnavailableError: a database or the disk is away.
        """
        require(actor, Action.RECOVER_KEYS, Circumstances())
        outcome = await self._attempt(backup, seed, copy)
        async with self._database.transaction() as conn:
            event = _event(backup, outcome)
            await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(actor), subject=None)
        return outcome

    async def _attempt(
        self, backup: KeyBackup, seed: Secret, copy: Database | None
    ) -> DrillReport | Unusable:
        if fingerprint(public_half(seed)) != backup.header.recovery:
            return Unusable("other_sheets")
        data = copy or self._database
        await require_current_schema(data)
        async with data.reading() as conn:
            never = await destroyed_owners(conn, backup, self._journal.all())
            living = await read_rows(conn)
            with TemporaryDirectory(prefix="ruggensteun-drill-") as folder:
                ring = scratch_ring(Path(folder), self._clock)
                recovered = unsealed_or_none(ring, backup, seed)
                if recovered is None:
                    return Unusable("forged")
                chosen = choose(ring, backup, here=KeyRows(), never=never, recovered=recovered)
                if isinstance(chosen, Unusable):
                    return chosen
                async with _scratch(Path(folder), chosen) as scratch:
                    count = await count_keys_opening(scratch, ring)
                    keys = (await read_rows(scratch)).by_owner()
                looking = _Looking(backup, living, never, is_copy=copy is not None)
                async for sealed in _everything(conn):
                    looking.look(ring, keys.get(sealed.name), sealed)
        return DrillReport(
            backup.header.backup,
            backup.header.made_at,
            count,
            looking.records,
            looking.identities,
            looking.destroyed,
        )


class _Looking:
    """Tells for each key whether what is sealed under it should open, and tries."""

    def __init__(
        self, backup: KeyBackup, living: KeyRows, never: frozenset[OwnerName], *, is_copy: bool
    ) -> None:
        self.records, self.identities, self.destroyed = Tally(), Tally(), Tally()
        self._since = backup.header.made_at - AT_THAT_TIME
        self._living = {row.name: row for row in living.owned}
        self._never = never
        self._is_copy = is_copy

    def look(self, ring: KeyRing, key: _OwnedKey | None, sealed: _Sealed) -> None:
        """Count one key and what is sealed under it."""
        row = self._living.get(sealed.name)
        opened = 0 if key is None else _count(ring, key, sealed)
        if sealed.name in self._never or row is None or self._is_gone_since(row, key):
            self.destroyed = self.destroyed.plus(1, min(opened, 1))
        elif row.created_at > self._since and (key is None or key.version != row.version):
            self._note(sealed, None)
        else:
            self._note(sealed, opened)

    def _is_gone_since(self, row: RelationshipKeyRow | PersonKeyRow, key: _OwnedKey | None) -> bool:
        """A copy has keys that were destroyed after it was made: the backup has them no more."""
        return self._is_copy and key is None and row.created_at <= self._since

    def _note(self, sealed: _Sealed, opened: int | None) -> None:
        name = "records" if sealed.records else "identities"
        tally: Tally = getattr(self, name)
        noted = tally.plus_younger(sealed.count) if opened is None else tally.plus(sealed.count, opened)
        setattr(self, name, noted)


def _count(ring: KeyRing, key: _OwnedKey, sealed: _Sealed) -> int:
    if isinstance(key, WrappedRelationshipKey):
        return count_opening(ring, key, sealed.records, sealed.digests)
    return sum(_identity_opens(ring, key, kind, envelope) for kind, envelope in sealed.identities)


def _identity_opens(ring: KeyRing, key: WrappedPersonKey, kind: str, envelope: bytes) -> bool:
    try:
        if kind == "staff":
            open_name(ring, key, envelope)
        else:
            open_identity(ring, key, envelope)
    except IntegrityError:
        return False
    return True


async def _everything(conn: AsyncConnection) -> AsyncIterator[_Sealed]:
    """Everything a drill looks at, one key after the other, so that little of it is held at a time."""
    places = select(records.c.tenant, records.c.relationship).distinct()
    for place in (await conn.execute(places)).all():
        yield await _sealed_records(conn, place.tenant, place.relationship)
    for table, owner in _PERSONS:
        sealed = table.c.sealed_name if table is staff else table.c.sealed_identity
        query = select(table.c.tenant, table.c[owner].label("owner"), sealed.label("sealed"))
        for row in await conn.execute(query):
            yield _Sealed((row.tenant, "person", row.owner), identities=((owner, row.sealed),))


async def _sealed_records(conn: AsyncConnection, tenant: str, relationship: str) -> _Sealed:
    def here(table: Table) -> Select[Any]:
        return select(table).where(table.c.tenant == tenant, table.c.relationship == relationship)

    return _Sealed(
        (tenant, "relationship", relationship),
        records=tuple(record_from(row) for row in await conn.execute(here(records))),
        digests={
            TypeKey(row.information_type): row.digest for row in await conn.execute(here(record_digests))
        },
    )


@asynccontextmanager
async def _scratch(folder: Path, chosen: Choice) -> AsyncIterator[AsyncConnection]:
    """A database with nothing but the key tables, holding what was put back."""
    tables: list[Table] = list(_SCRATCH_TABLES)
    database = Database(f"sqlite+aiosqlite:///{folder / 'keys.sqlite'}")
    try:
        async with database.transaction() as conn:
            await conn.run_sync(metadata.create_all, tables=tables)
            await write_keys(conn, chosen)
        async with database.reading() as conn:
            yield conn
    finally:
        await database.close()


def _event(backup: KeyBackup, outcome: DrillReport | Unusable) -> events.RecoveryDrilled:
    header = backup.header
    if isinstance(outcome, Unusable):
        return events.RecoveryDrilled(header.backup, header.keys, 0, outcome.keys or header.keys)
    return events.RecoveryDrilled(header.backup, outcome.keys, outcome.opened, outcome.failed)
