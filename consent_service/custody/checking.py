"""Find records that were put back to an older state together with their version and digest.

A row alone, or a row with its version, is refused at opening: it no longer fits the stored digest. Who
puts back the digest as well is found here: every act that changes records commits to the new digest in
its entry of the log. Those are found by whose key seals them, not through the log's index; where content
of the log was taken away although its key lives, the newest state can no longer be told. Whether the log
itself is whole is `audit.verify`.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Literal

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.audit.removal import Removal
from consent_service.consent.model import CLOCKS_DIFFER
from consent_service.families.model import Relationship
from consent_service.families.reading import read_relationship
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, KeyDestroyedError
from consent_service.foundation.ids import EntryId, RelationshipId, TenantId, TypeKey
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.service import KeyRing
from consent_service.organisations.tables import relationship_state
from consent_service.records.reading import read_records
from consent_service.records.sealing import digest_of
from consent_service.records.tables import record_digests, records

_PAGE: Final = 200
Fault = Literal["changed", "rolled_back", "removed"]


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """Records that are not what they should be.

    `changed`: the rows do not fit the stored digest. `rolled_back`: they do, and the log committed to
    another one since; or the log knows of records and there is no digest. `removed`: they may fit the
    newest commitment or not, because content of the log is gone that is newer than what can still be read;
    without a type when nothing can be said of which.
    """

    tenant: TenantId
    relationship: RelationshipId
    information_type: TypeKey | Literal[""]
    fault: Fault


class Compared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many types of relationships fit, and which differ.

    `destroyed` ones nobody can check any more. Of `unknown` ones the log says nothing: they were written
    before it committed to digests.
    """

    good: int = 0
    destroyed: int = 0
    differences: tuple[Difference, ...] = ()
    unknown: int = 0

    def __add__(self, other: Compared) -> Compared:
        return Compared(
            self.good + other.good,
            self.destroyed + other.destroyed,
            self.differences + other.differences,
            self.unknown + other.unknown,
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
        removals: dict[str, Removal] = {}
        for row in places:
            removal = removals.setdefault(row.tenant, Removal(self._ring, TenantId(row.tenant)))
            async with self._database.reading() as conn:
                found += await self._compare(
                    conn, removal, TenantId(row.tenant), RelationshipId(row.relationship)
                )
        return found

    async def relationship(self, tenant: TenantId, relationship: RelationshipId) -> Compared:
        """One child at one school: rows, digests and log as they are at one moment."""
        async with self._database.reading() as conn:
            return await self.compare(conn, tenant, relationship)

    async def compare(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> Compared:
        """For one snapshot, or for who keeps writers away (`relationship_state`)."""
        return await self._compare(conn, Removal(self._ring, tenant), tenant, relationship)

    async def _compare(
        self, conn: AsyncConnection, removal: Removal, tenant: TenantId, relationship: RelationshipId
    ) -> Compared:
        about = await read_relationship(conn, tenant, relationship)
        if about is None:
            raise IntegrityError(f"relationship {relationship} has a state and is not there")
        committed, damaged = await self._committed(conn, about)
        stored = await _stored_digests(conn, tenant, relationship)
        written = await _types_written(conn, tenant, relationship)
        kinds = sorted({*stored, *committed, *written})
        try:
            key = await self._ring.relationship_key(conn, tenant, relationship)
        except KeyDestroyedError:
            return Compared(destroyed=len(kinds))
        gone = await removal.newest_about(conn, about.child)
        removed = max((at for at in (gone, damaged) if at is not None), default=None)
        found = Compared()
        for kind in kinds:
            newest = committed.get(kind, _NOTHING)
            fault = await self._fault(conn, key, kind, stored.get(kind), newest)
            if fault in (None, "unknown") and _hides_newer(removed, newest):
                fault = "removed"
            found += _counted(fault, tenant, relationship, kind)
        if removed is not None and not any(one.fault == "removed" for one in found.differences):
            found += _counted("removed", tenant, relationship, "")
        return found

    async def _fault(
        self,
        conn: AsyncConnection,
        key: WrappedRelationshipKey,
        kind: TypeKey,
        stored: bytes | None,
        committed: _Commitment,
    ) -> Fault | Literal["unknown"] | None:
        """None when all three agree; `unknown` when the log says nothing that can still be read."""
        digests = committed.digests
        rows = await read_records(conn, TenantId(key.tenant), RelationshipId(key.owner), kind)
        if stored is None:
            return "rolled_back" if any(digests) else "changed" if rows else "unknown"
        if not hmac.compare_digest(stored, digest_of(self._ring, key, kind, rows)):
            return "changed"
        if stored.hex() in digests:
            return None
        return "rolled_back" if digests and all(digests) else "unknown"

    async def _committed(
        self, conn: AsyncConnection, about: Relationship
    ) -> tuple[dict[TypeKey, _Commitment], datetime | None]:
        """What the log committed to last for each type; and when an entry was written that is damaged."""
        found: dict[TypeKey, _Commitment] = {}
        damaged: datetime | None = None
        wanted = TrailFilter(sealed_for=about.child)
        after: EntryId | None = None
        while True:
            page = await self._log.trail(conn, about.tenant, wanted, after=after, limit=_PAGE)
            here = [
                one for one in page.entries if one.detail and one.detail.relationship == about.relationship
            ]
            for kind, digest, at in _commitments(here):
                found[kind] = found.get(kind, _Commitment(at)).with_earlier(digest, at)
            bad = [one.at for one in page.entries if one.state == "damaged"]
            damaged = max((damaged, *bad) if damaged else bad, default=damaged)
            if page.next is None:
                return found, damaged
            after = page.next


class _Commitment(msgspec.Struct, frozen=True):
    """The newest digests of a type in the log, and when the newest was written.

    Several where they were written within `CLOCKS_DIFFER`: two nodes may have numbered their entries in
    another order than they wrote.
    """

    at: datetime | None
    digests: frozenset[str] = frozenset()

    def with_earlier(self, digest: str, at: datetime) -> _Commitment:
        if self.at is None or self.at - at > CLOCKS_DIFFER:
            return self
        return _Commitment(self.at, self.digests | {digest})


_NOTHING: Final = _Commitment(None)


def _hides_newer(removed: datetime | None, committed: _Commitment) -> bool:
    """Whether what was removed from the log may be newer than what it still says."""
    return removed is not None and (committed.at is None or removed >= committed.at - CLOCKS_DIFFER)


def _commitments(entries: Iterable[TrailEntry]) -> Iterator[tuple[TypeKey, str, datetime]]:
    for entry in entries:
        event = None if entry.detail is None else entry.detail.event
        match event:
            case (
                events.RecordShared()
                | events.RecordApproved()
                | events.RecordRetracted()
                | events.RecordExpired()
            ):
                yield TypeKey(event.information_type), event.digest, entry.at
            case events.RecordsReencrypted():
                for kind, digest in zip(event.types, event.digests, strict=True):
                    yield TypeKey(kind), digest, entry.at
            case _:
                continue


def _counted(
    fault: Fault | Literal["unknown"] | None,
    tenant: TenantId,
    relationship: RelationshipId,
    kind: TypeKey | Literal[""],
) -> Compared:
    if fault is None:
        return Compared(good=1)
    if fault == "unknown":
        return Compared(unknown=1)
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
