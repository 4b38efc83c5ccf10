"""Find records that were put back to an older state together with their version and digest.

A row alone, or a row with its version, is refused at opening: it no longer fits the stored digest. Who
puts back the digest as well is found here: every act that changes records commits to the new digest in
its entry of the log. Whether the log itself is whole is `audit.verify`.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final, Literal

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.consent.model import CLOCKS_DIFFER
from consent_service.foundation.database import Database
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.foundation.ids import EntryId, RelationshipId, TenantId, TypeKey
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.service import KeyRing
from consent_service.organisations.tables import relationship_state
from consent_service.records.reading import read_records
from consent_service.records.sealing import digest_of
from consent_service.records.tables import record_digests, records

_PAGE: Final = 200


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """Records that are not what they should be.

    `changed`: the rows do not fit the stored digest. `rolled_back`: they do, and the log committed to
    another one since; or the log knows of records and there is no digest.
    """

    tenant: TenantId
    relationship: RelationshipId
    information_type: TypeKey
    fault: Literal["changed", "rolled_back"]


class Compared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many types of relationships fit, how many nobody can check any more, and which differ."""

    good: int = 0
    not_checkable: int = 0
    differences: tuple[Difference, ...] = ()

    def __add__(self, other: Compared) -> Compared:
        return Compared(
            self.good + other.good,
            self.not_checkable + other.not_checkable,
            self.differences + other.differences,
        )


class RecordCheck:
    """Compares records and digests with what the log committed to."""

    def __init__(self, *, database: Database, ring: KeyRing, log: AuditLog) -> None:
        self._database = database
        self._ring = ring
        self._log = log

    async def everything(self) -> Compared:
        """Every relationship of every shelter.

        Raises:
            UnavailableError: keys or database are away: nothing can be said.
        """
        state = relationship_state.c
        query = select(state.tenant, state.relationship).order_by(state.tenant, state.relationship)
        async with self._database.reading() as conn:
            places = (await conn.execute(query)).all()
        found = Compared()
        for row in places:
            found += await self.relationship(TenantId(row.tenant), RelationshipId(row.relationship))
        return found

    async def relationship(self, tenant: TenantId, relationship: RelationshipId) -> Compared:
        """One child at one school: rows, digests and log as they are at one moment."""
        async with self._database.reading() as conn:
            return await self.compare(conn, tenant, relationship)

    async def compare(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> Compared:
        """For one snapshot, or for who keeps writers away (`relationship_state`)."""
        stored = await _stored_digests(conn, tenant, relationship)
        committed = await self._committed(conn, tenant, relationship)
        written = await _types_written(conn, tenant, relationship)
        kinds = sorted({*stored, *committed, *written})
        try:
            key = await self._ring.relationship_key(conn, tenant, relationship)
        except KeyDestroyedError:
            return Compared(not_checkable=len(kinds))
        found = Compared()
        for kind in kinds:
            fault = await self._fault(conn, key, kind, stored.get(kind), committed.get(kind, ()))
            found += _counted(fault, tenant, relationship, kind)
        return found

    async def _fault(
        self,
        conn: AsyncConnection,
        key: WrappedRelationshipKey,
        kind: TypeKey,
        stored: bytes | None,
        committed: Collection[str],
    ) -> Literal["changed", "rolled_back", "unknown"] | None:
        """None when all three agree; `unknown` when the log says nothing that can still be read."""
        rows = await read_records(conn, TenantId(key.tenant), RelationshipId(key.owner), kind)
        if stored is None:
            return "rolled_back" if any(committed) else "changed" if rows else "unknown"
        if not hmac.compare_digest(stored, digest_of(self._ring, key, kind, rows)):
            return "changed"
        if stored.hex() in committed:
            return None
        return "rolled_back" if committed and all(committed) else "unknown"

    async def _committed(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> dict[TypeKey, set[str]]:
        """The newest digest of each type in the log; nothing where it was not committed to.

        Several where they were written within `CLOCKS_DIFFER`: two nodes may have numbered their entries
        in another order than they wrote.
        """
        wanted = TrailFilter(relationship=relationship)
        found: dict[TypeKey, set[str]] = {}
        newest: dict[TypeKey, datetime] = {}
        after: EntryId | None = None
        while True:
            page = await self._log.trail(conn, tenant, wanted, after=after, limit=_PAGE)
            for kind, digest, at in _commitments(page.entries):
                if newest.setdefault(kind, at) - at <= CLOCKS_DIFFER:
                    found.setdefault(kind, set()).add(digest)
            if page.next is None:
                return found
            after = page.next


def _commitments(entries: Iterable[TrailEntry]) -> Iterator[tuple[TypeKey, str, datetime]]:
    for entry in entries:
        event = None if entry.detail is None else entry.detail.event
        match event:
            case events.RecordShared() | events.RecordApproved() | events.RecordRetracted():
                yield TypeKey(event.information_type), event.digest, entry.at
            case events.RecordsReencrypted():
                for kind, digest in zip(event.types, event.digests, strict=True):
                    yield TypeKey(kind), digest, entry.at
            case _:
                continue


def _counted(
    fault: Literal["changed", "rolled_back", "unknown"] | None,
    tenant: TenantId,
    relationship: RelationshipId,
    kind: TypeKey,
) -> Compared:
    if fault is None:
        return Compared(good=1)
    if fault == "unknown":
        return Compared(not_checkable=1)
    return Compared(differences=(Difference(tenant, relationship, kind, fault),))


async def _stored_digests(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
) -> dict[TypeKey, bytes]:
    here = record_digests.c
    query = select(here.information_type, here.digest).where(
        here.tenant == tenant, here.relationship == relationship
    )
    return {TypeKey(row.information_type): row.digest for row in await conn.execute(query)}


async def _types_written(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
) -> frozenset[TypeKey]:
    query = select(records.c.information_type).where(
        records.c.tenant == tenant, records.c.relationship == relationship
    )
    return frozenset(map(TypeKey, (await conn.execute(query.distinct())).scalars()))
