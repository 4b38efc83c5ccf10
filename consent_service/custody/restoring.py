"""Putting keys back from a key backup: after a restore of data, or after the loss of the key provider.

While the provider lives, the rows of the backup are enough: today's roots open them. When it is lost,
the sealed section is opened with the recovery seed and wrapped by the provider that is configured now.
Nothing that was destroyed comes back: not what a destruction names, here, in the backup or in the stop
journal (`key_choice`). The stops themselves are replayed at the next start (`stops`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Table, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.custody.backup_file import (
    KeyBackup,
    KeyRows,
    OwnerName,
    TenantKeyRow,
    read_rows,
)
from consent_service.custody.circle import circle_of_stop
from consent_service.custody.key_choice import Choice, Unusable, choose
from consent_service.custody.stops import forget_listed
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import INSTALLATION
from consent_service.foundation.stop_journal import Stop, StopJournal
from consent_service.identity.model import Operator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.recovery import fingerprint, public_half, rewrap_sealed_keys
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import (
    key_destructions,
    key_epochs,
    key_roots,
    person_keys,
    relationship_keys,
    tenant_keys,
)
from consent_service.organisations.service import require

_BATCH = 500


class Restored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the database now; `dropped` and `lost` as in `key_choice.Choice`.

    `revived`: destroyed keys whose path had died and lives again, until the next epoch ends it.
    """

    backup: str
    keys: int
    dropped: int
    lost: int
    revived: int


class KeyRestoring:
    """Puts keys back into the database of this installation."""

    def __init__(
        self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock, journal: StopJournal
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._journal = journal

    async def restore(
        self, backup: KeyBackup, *, actor: Operator, seed: Secret | None = None
    ) -> Restored | Unusable:
        """Make the keys of the database those of the backup, wrapped by the provider of today.

        Give a `seed` only when the provider of the backup is lost. Nothing is changed unless all succeeds.

        1. unseal and wrap anew  2. what must not come back  3. choose a row that opens for each key
        4. write, and take back that a path is dead that lives again  5. open every key from where it
        stands now  6. log, commit  7. forget the roots before

        Raises:
            NotAllowedError: not an operator.
            ConfigurationError: the provider is not the one the database needs.
            IntegrityError: a row of the database or a line of the journal is damaged, or a key does not
                open where it was put.
            UnavailableError: the provider, the database or the journal is away.
        """
        require(actor, Action.RECOVER_KEYS, Circumstances())
        if seed is not None and fingerprint(public_half(seed)) != backup.header.recovery:
            return Unusable("other_sheets")
        async with self._database.exclusive("key-epoch"):
            async with self._database.long_transaction() as conn:
                await _keep_others_out(conn)
                here = await read_rows(conn)
                root = None if seed is None else self._make_root(here, backup.rows)
                recovered = () if seed is None else unsealed_or_none(self._ring, backup, seed)  # 1
                if recovered is None:
                    return Unusable("forged")
                never = await destroyed_owners(conn, backup, self._journal.all())  # 2
                ring = self._ring.remembering_nothing()  # what opened a minute ago proves nothing
                chosen = choose(ring, backup, here=here, never=never, recovered=recovered)  # 3
                if isinstance(chosen, Unusable):
                    return chosen
                done = await self._put_back(conn, backup, chosen, here=here, root=root)  # 4, 5
                await self._note(conn, done, actor)  # 6
            if root is not None:
                self._ring.rotation.destroy_generations_before(root)  # 7
        return done

    async def _put_back(
        self, conn: AsyncConnection, backup: KeyBackup, chosen: Choice, *, here: KeyRows, root: int | None
    ) -> Restored:
        await write_keys(conn, chosen)
        await forget_listed(conn)  # so that the next start looks at every stop again
        await self._settle_roots(conn, backup.rows, root)
        revived = await take_back_path_deaths(conn, here)
        keys = await count_opening(conn, self._ring)
        return Restored(backup.header.backup, keys, chosen.dropped, chosen.lost, revived)

    def _make_root(self, here: KeyRows, backup: KeyRows) -> int:
        """A generation of the new provider, with a number no root ever had in this installation."""
        ever = max((row.generation for row in (*here.roots, *backup.roots)), default=0)
        living = max(self._ring.rotation.generations())
        number = living if living > ever else ever + 1
        self._ring.rotation.make_generation(number)
        return number

    async def _settle_roots(self, conn: AsyncConnection, backup: KeyRows, root: int | None) -> None:
        """Every root that ever was is known, and marked when the provider no longer holds it."""
        known = set((await conn.execute(select(key_roots.c.generation))).scalars())
        missing = [msgspec.structs.asdict(row) for row in backup.roots if row.generation not in known]
        if missing:
            await conn.execute(insert(key_roots), missing)
        rotation = self._ring.rotation
        living = rotation.generations() if root is None else (root,)
        if root is not None:
            await _forget_unfinished_epochs(conn)
            await rotation.note_root(conn, root)
            await rotation.close(conn, root, fresh=frozenset())
        gone = key_roots.c.generation.not_in(living), key_roots.c.destroyed_at.is_(None)
        await conn.execute(update(key_roots).where(*gone).values(destroyed_at=self._clock.now()))
        if root is None:
            await rotation.recognise(conn)

    async def _note(self, conn: AsyncConnection, done: Restored, actor: Operator) -> None:
        event = events.KeysRestored(done.backup, done.keys, done.dropped + done.lost, done.revived)
        await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(actor), subject=None)


def unsealed(ring: KeyRing, backup: KeyBackup, seed: Secret) -> tuple[TenantKeyRow, ...]:
    """The tenant keys of the sealed section, wrapped by the provider of `ring`.

    Raises:
        IntegrityError: the section was sealed to another key or for another backup, or was changed.
        KeyProviderUnavailableError: the provider is away.
    """
    made = {row.name: row.created_at for row in backup.rows.tenants}
    found = rewrap_sealed_keys(ring, seed, backup.sealed, backup.sealing_info)
    return tuple(
        TenantKeyRow(
            tenant=key.tenant,
            purpose=key.purpose,
            version=key.version,
            root_generation=key.root_generation,
            wrapped=key.blob,
            created_at=made.get((key.tenant, key.purpose, key.version), backup.header.made_at),
        )
        for key in found
    )


def unsealed_or_none(ring: KeyRing, backup: KeyBackup, seed: Secret) -> tuple[TenantKeyRow, ...] | None:
    """As `unsealed`, None when the section is not what was sealed for this backup.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    try:
        return unsealed(ring, backup, seed)
    except IntegrityError:
        return None


async def destroyed_owners(
    conn: AsyncConnection, backup: KeyBackup, stops: Iterable[Stop]
) -> frozenset[OwnerName]:
    """Whose keys were destroyed, as the database, the backup and the stop journal know it."""
    here = key_destructions.c
    noted = select(here.tenant, here.kind, here.owner).where(here.kind.in_(("relationship", "person")))
    found: set[OwnerName] = {(row.tenant, row.kind, row.owner) for row in await conn.execute(noted)}
    found |= backup.rows.destroyed
    for stop in stops:
        if stop.kind == "key_destruction":
            found.add((stop.tenant, "relationship", stop.subject["relationship"]))
        elif stop.kind == "erasure":
            found.add((stop.tenant, "person", stop.subject.get("child", stop.subject.get("who", ""))))
            circle = await circle_of_stop(conn, stop)
            if circle is not None:
                found |= {(stop.tenant, "person", one) for one in circle.people}
                found |= {(stop.tenant, "relationship", one.relationship) for one in circle.relationships}
    return frozenset(found)


async def write_keys(conn: AsyncConnection, chosen: Choice) -> None:
    """The chosen rows in the place of all that stood there."""
    of_table: Sequence[tuple[Table, Sequence[msgspec.Struct]]] = (
        (tenant_keys, chosen.tenants),
        (relationship_keys, chosen.relationships),
        (person_keys, chosen.persons),
    )
    for table, rows in of_table:
        await conn.execute(delete(table))
        for start in range(0, len(rows), _BATCH):
            batch = [msgspec.structs.asdict(row) for row in rows[start : start + _BATCH]]
            await conn.execute(insert(table), batch)


async def take_back_path_deaths(conn: AsyncConnection, here: KeyRows) -> int:
    """How many destructions are back at their first stage: a data key above them came out of the backup.

    That key may have wrapped what was destroyed, so with it an old copy of the data opens. It may be when
    an epoch had replaced it here (`here`: the rows before the restore), or when it is as old as what was
    destroyed. The next epoch replaces it, and tells all stages anew.
    """
    revived = 0
    for row in await conn.execute(select(tenant_keys).where(tenant_keys.c.purpose == "data")):
        versions = {one.version for one in here.tenants if (one.tenant, one.purpose) == (row.tenant, "data")}
        if row.version in versions:
            continue
        told = [key_destructions.c.tenant == row.tenant, key_destructions.c.path_dead_at.is_not(None)]
        if row.version > max(versions, default=0):
            told.append(key_destructions.c.destroyed_at >= row.created_at)
        again = {"epoch": None, "path_dead_at": None, "backups_until": None, "backups_dead_at": None}
        revived += (await conn.execute(update(key_destructions).where(*told).values(again))).rowcount
    return revived


async def count_opening(conn: AsyncConnection, ring: KeyRing) -> int:
    """How many keys stand in the database, each unwrapped anew from its row.

    Raises:
        IntegrityError: one does not open.
        KeyDestroyedError: one is wrapped by a root that no longer exists.
    """
    rotation, rows = ring.remembering_nothing().rotation, await read_rows(conn)
    for key in (*(row.key for row in rows.tenants), *rows.by_owner().values()):
        rotation.require_opens(key)
    return rows.keys


async def _keep_others_out(conn: AsyncConnection) -> None:
    """Nobody makes or destroys a key meanwhile; on SQLite a write transaction is alone anyway."""
    if conn.dialect.name == "postgresql":
        await conn.execute(text("LOCK TABLE tenant_keys, relationship_keys, person_keys IN EXCLUSIVE MODE"))


async def _forget_unfinished_epochs(conn: AsyncConnection) -> None:
    """Their old root is lost with the provider; what they were to finish is finished by the next one."""
    unfinished = key_epochs.c.state != "destroyed"
    numbers = (await conn.execute(select(key_epochs.c.epoch).where(unfinished))).scalars().all()
    waiting = key_destructions.c.epoch.in_(numbers) & key_destructions.c.path_dead_at.is_(None)
    await conn.execute(update(key_destructions).where(waiting).values(epoch=None))
    await conn.execute(delete(key_epochs).where(unfinished))
