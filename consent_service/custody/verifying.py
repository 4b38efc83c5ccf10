"""Look whether every key opens from where it stands now, and is the one its records were sealed under.

Nothing is remembered from one batch to the next: each key is unwrapped anew by the provider. What does not
open is named, and the looking goes on; whether that stops something is `epochs`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.database import Database
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.foundation.ids import TypeKey
from consent_service.keyring.damage import DamagedKeyError, damage_of
from consent_service.keyring.model import AnyKey, WrappedRelationshipKey
from consent_service.keyring.service import KeyRing
from consent_service.keyring.wrapped_rows import (
    PERSONS,
    RELATIONSHIPS,
    owned_keys_after,
    tenant_keys_in_use,
)
from consent_service.records.model import SealedRecord
from consent_service.records.reading import record_from
from consent_service.records.sealing import digest_of
from consent_service.records.tables import record_digests, records

BATCH: Final = 250
"""Rows per transaction: far below the time limit of a statement, and no request waits long."""


class Verification:
    """Looks at the keys of tenants, and in those `with_records` at digests too."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        with_records: Collection[str],
        counted: Callable[[int], None],
    ) -> None:
        self._database = database
        self._ring = ring
        self._with_records = with_records
        self._counted = counted

    async def damaged(self, tenant: str) -> AsyncIterator[DamagedKeyError]:
        """What does not open. A tenant key that does not hides what hangs on it: that is not looked at.

        Raises:
            UnavailableError: the provider or the database is away.
        """
        async with self._database.reading() as conn:
            keys = await tenant_keys_in_use(conn, tenant)
        found = list(_that_do_not_open(self._ring, keys))
        self._counted(len(keys))
        for one in found:
            yield one
        if not found:
            for walk in (self._relationships, self._persons):
                try:
                    async for one in walk(tenant):
                        yield one
                except DamagedKeyError as orphan:  # its row names a tenant key that is not there
                    yield orphan

    async def _persons(self, tenant: str) -> AsyncIterator[DamagedKeyError]:
        after = ""
        while True:
            async with self._database.reading() as conn:
                keys = await owned_keys_after(conn, PERSONS, tenant, after, limit=BATCH)
            if not keys:
                return
            for one in _that_do_not_open(self._ring, keys):
                yield one
            self._counted(len(keys))
            after = keys[-1].owner

    async def _relationships(self, tenant: str) -> AsyncIterator[DamagedKeyError]:
        after = ""
        look = tenant in self._with_records
        while True:
            async with self._database.reading() as conn:
                keys = await owned_keys_after(conn, RELATIONSHIPS, tenant, after, limit=BATCH)
                digests = await _read_digests(conn, tenant, keys) if look else []
                sealed = await _read_sealed(conn, tenant, keys) if look else {}
            if not keys:
                return
            found = list(_that_do_not_open(self._ring, keys))
            opening = [key for key in keys if key.owner not in {one.owner for one in found}]
            for one in (*found, *_that_do_not_fit(self._ring, opening, digests, sealed)):
                yield one
            self._counted(len(keys))
            after = keys[-1].owner


def _that_do_not_open(ring: KeyRing, keys: Sequence[AnyKey]) -> Iterator[DamagedKeyError]:
    fresh = ring.remembering_nothing()
    for key in keys:
        try:
            fresh.rotation.require_opens(key)
        except DamagedKeyError as damaged:
            yield damaged
        except KeyDestroyedError:  # it names a root that does not live
            yield damage_of(key)


async def _read_digests(
    conn: AsyncConnection, tenant: str, keys: Sequence[WrappedRelationshipKey]
) -> list[Row[Any]]:
    query = select(record_digests).where(
        record_digests.c.tenant == tenant, record_digests.c.relationship.in_([key.owner for key in keys])
    )
    return list((await conn.execute(query)).all())


async def _read_sealed(
    conn: AsyncConnection, tenant: str, keys: Sequence[WrappedRelationshipKey]
) -> Mapping[tuple[str, str], list[SealedRecord]]:
    query = select(records).where(
        records.c.tenant == tenant, records.c.relationship.in_([key.owner for key in keys])
    )
    found: defaultdict[tuple[str, str], list[SealedRecord]] = defaultdict(list)
    for row in await conn.execute(query):
        found[row.relationship, row.information_type].append(record_from(row))
    return found


def _that_do_not_fit(
    ring: KeyRing,
    keys: Sequence[WrappedRelationshipKey],
    digests: Sequence[Row[Any]],
    sealed: Mapping[tuple[str, str], list[SealedRecord]],
) -> Iterator[DamagedKeyError]:
    """Relationships whose key opens, of which a digest of records is another one."""
    fresh = ring.remembering_nothing()
    by_owner = {key.owner: key for key in keys}
    wrong: dict[str, None] = {}
    for row in digests:
        key, kind = by_owner.get(row.relationship), TypeKey(row.information_type)
        if key is not None and digest_of(fresh, key, kind, sealed.get((key.owner, kind), [])) != row.digest:
            wrong[key.owner] = None
    for owner in wrong:
        yield DamagedKeyError(by_owner[owner].tenant, "records", owner)
