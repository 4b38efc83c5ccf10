"""Seal everything of a relationship anew under a fresh key, because the old one may be known.

One relationship is one transaction: either all of it stands under the new key, or nothing changed.
Opening and sealing happen inside `records.opening`; plaintext never comes here. The old key stays in
backups of keys, so its end is noted in `key_destructions`: the next epoch makes its path dead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.custody.checking import RecordCheck
from consent_service.families.model import Relationship
from consent_service.families.reading import read_relationship
from consent_service.families.tables import relationships
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, NotFoundError
from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey, new_id
from consent_service.identity.model import Operator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.renewal import Renewal, renew_relationship_key
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_destructions, relationship_keys
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.service import require
from consent_service.records.emergencies import open_items, replace_item, urgent_digest
from consent_service.records.model import SealedRecord
from consent_service.records.opening import reseal_records
from consent_service.records.reading import record_from
from consent_service.records.sealing import digest_of
from consent_service.records.tables import record_digests, records


class Reencrypted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relationship that stands under a fresh key now."""

    relationship: RelationshipId
    key_version: int
    records: int


class Skipped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relationship left as it is. `done`: it got its key since the moment asked for."""

    relationship: RelationshipId
    why: Literal["destroyed", "retired", "done"]


class UnreadableRelationshipError(IntegrityError):
    """Something of one relationship does not open, or differs from what was noted; nothing was changed."""

    def __init__(self, relationship: RelationshipId) -> None:
        self.relationship = relationship
        super().__init__(f"the records of relationship {relationship} do not open as they should")


class Reencryption:
    """A fresh key for what is sealed already."""

    def __init__(self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._check = RecordCheck(database=database, ring=ring, log=log)

    async def relationships(self, actor: Operator, tenant: TenantId) -> tuple[RelationshipId, ...]:
        """Every relationship of the shelter, in the order in which they are done.

        Raises:
            NotAllowedError: not an operator.
        """
        require(actor, Action.REENCRYPT_RECORDS, Circumstances(tenant=tenant))
        here = relationships.c
        query = select(here.relationship).where(here.tenant == tenant).order_by(here.relationship)
        async with self._database.reading() as conn:
            return tuple(map(RelationshipId, (await conn.execute(query)).scalars()))

    async def reencrypt(
        self,
        actor: Operator,
        tenant: TenantId,
        relationship: RelationshipId,
        *,
        since: datetime | None = None,
    ) -> Reencrypted | Skipped:
        """Seal everything of one relationship anew; one whose key was made at or after `since` is done.

        Raises:
            NotAllowedError: not an operator.
            NotFoundError: no such relationship in this shelter.
            UnreadableRelationshipError: something does not open; nothing was changed.
            UnavailableError: keys or database are away; nothing was changed.
        """
        require(actor, Action.REENCRYPT_RECORDS, Circumstances(tenant=tenant))
        async with self._database.reading() as conn:
            found = await read_relationship(conn, tenant, relationship)
        if found is None:
            raise NotFoundError("relationship")
        async with self._database.transaction() as conn:
            # 1. Writers and releases of this relationship wait from here on, or are refused and ask again.
            await raise_relationship(conn, tenant, relationship, self._clock.now())
            if since is not None and await _is_newer(conn, tenant, relationship, since):
                return Skipped(relationship, "done")
            try:
                return await self._anew(conn, actor, found)
            except IntegrityError as failure:
                raise UnreadableRelationshipError(relationship) from failure

    async def _anew(
        self, conn: AsyncConnection, actor: Operator, about: Relationship
    ) -> Reencrypted | Skipped:
        tenant, relationship = about.tenant, about.relationship
        # 2. What was put back to an older state, with its digest, must not get a new one in the log.
        compared = await self._check.compare(conn, tenant, relationship)
        if any(one.information_type for one in compared.differences):
            raise IntegrityError("records differ from what the log committed to")
        # 3. The fresh key takes the old one's row.
        renewal = await renew_relationship_key(conn, self._ring, self._clock, tenant, relationship)
        if not isinstance(renewal, Renewal):
            return Skipped(relationship, renewal)
        # 4. Everything under it, checked against the stored digests first.
        return await self._reseal(conn, actor, about, renewal)

    async def _reseal(
        self, conn: AsyncConnection, actor: Operator, about: Relationship, renewal: Renewal
    ) -> Reencrypted:
        sealed = await _sealed(conn, about)
        digests = await _digests(conn, about)
        anew = reseal_records(
            self._ring, old=renewal.old, fresh=renewal.fresh, sealed=sealed, digests=digests
        )
        for one in anew:
            await conn.execute(update(records).where(_at(about, one)).values(envelope=one.envelope))
        await self._reseal_urgent(conn, about, renewal)
        written = await self._write_digests(conn, about, renewal, anew, sorted(digests))
        await self._note_old_key(conn, about)
        event = events.RecordsReencrypted(
            about.relationship, renewal.fresh.version, len(anew), tuple(written), tuple(written.values())
        )
        # How many records there are, and of which types, is for the officer: some are kept from a guardian.
        await self._log.append(
            conn,
            tenant=about.tenant,
            event=event,
            by=by(actor),
            subject=about.child,
            tagged_for=OFFICER,
            relationship=about.relationship,
        )
        return Reencrypted(about.relationship, renewal.fresh.version, len(anew))

    async def _reseal_urgent(self, conn: AsyncConnection, about: Relationship, renewal: Renewal) -> None:
        """The item of a break-glass stands beside the records, each with a digest of its own."""
        for item, digest in await open_items(conn, about.tenant, about.relationship):
            kind = item.information_type
            (anew,) = reseal_records(
                self._ring, old=renewal.old, fresh=renewal.fresh, sealed=[item], digests={kind: digest}
            )
            await replace_item(conn, about.tenant, anew, urgent_digest(self._ring, renewal.fresh, anew))

    async def _write_digests(
        self,
        conn: AsyncConnection,
        about: Relationship,
        renewal: Renewal,
        anew: Sequence[SealedRecord],
        kinds: Sequence[TypeKey],
    ) -> dict[TypeKey, str]:
        """The digest of every type under the fresh key, also of those whose records are all gone."""
        written: dict[TypeKey, str] = {}
        for kind in kinds:
            mine = [one for one in anew if one.information_type == kind]
            digest = digest_of(self._ring, renewal.fresh, kind, mine)
            place = _of(record_digests, about) & (record_digests.c.information_type == kind)
            await conn.execute(update(record_digests).where(place).values(digest=digest))
            written[kind] = digest.hex()
        return written

    async def _note_old_key(self, conn: AsyncConnection, about: Relationship) -> None:
        """The old key is gone here, and in backups of keys until an epoch has ended and they expired."""
        await conn.execute(
            insert(key_destructions).values(
                tenant=about.tenant,
                destruction=new_id(),
                kind="old_version",
                owner=about.relationship,
                child=about.child,
                destroyed_at=self._clock.now(),
            )
        )


async def _is_newer(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, since: datetime
) -> bool:
    made = select(relationship_keys.c.created_at).where(
        relationship_keys.c.tenant == tenant, relationship_keys.c.relationship == relationship
    )
    found: datetime | None = (await conn.execute(made)).scalar_one_or_none()
    return found is not None and found >= since


async def _sealed(conn: AsyncConnection, about: Relationship) -> tuple[SealedRecord, ...]:
    query = select(records).where(_of(records, about)).order_by(records.c.record)
    return tuple(record_from(row) for row in await conn.execute(query))


async def _digests(conn: AsyncConnection, about: Relationship) -> dict[TypeKey, bytes]:
    stored = select(record_digests).where(_of(record_digests, about))
    return {TypeKey(row.information_type): row.digest for row in await conn.execute(stored)}


def _of(table: Table, about: Relationship) -> ColumnElement[bool]:
    return (table.c.tenant == about.tenant) & (table.c.relationship == about.relationship)


def _at(about: Relationship, one: SealedRecord) -> ColumnElement[bool]:
    return _of(records, about) & (records.c.record == one.record)
