"""Tell a detail that somebody removed from one whose key was destroyed.

Nothing in the service takes a detail away, or shuts one, but the end of a key, which names in the log what it
shut. Of that only leaves remain, and nobody can tell about whom those were.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.announced import Announcements, Place
from consent_service.audit.details import OpenedDetail, SealedDetail, open_details
from consent_service.audit.emptied import read_emptied
from consent_service.audit.encoding import Leaf, decode_leaf, hash_text, leaf_time
from consent_service.audit.hearing import judge_endings
from consent_service.audit.leftovers import id_ranges
from consent_service.audit.tables import audit_details, audit_entries
from consent_service.audit.verify import told_by
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_destructions, person_keys
from consent_service.keyring.view_keys import tag_under, view_key

ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
"""When the key of somebody is gone and nothing says that it was destroyed: no entry is newer."""
_PAGE: Final = 1000


class Unopened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry without a detail, or with one that is said to be sealed for a `person` who has no key."""

    leaf: Leaf
    person: str | None


class Removal:
    """Looks at one tenant's log; what it needs of the database it reads once, when first asked."""

    def __init__(self, ring: KeyRing, tenant: TenantId) -> None:
        self._ring = ring
        self.tenant = tenant
        self._unopened: tuple[Unopened, ...] | None = None
        self._destroyed: set[str] = set()

    async def newest_about(self, conn: AsyncConnection, person: PersonId) -> datetime | None:
        """When the newest entry was written that somebody removed and that may be about this person.

        That is also one that only officers see: nobody can tell any more about whom it was, unless erasures
        account for all that is gone.

        Raises:
            KeyProviderUnavailableError: the key provider is away.
        """
        key = (await self._ring.person_keys(conn, self.tenant, [person])).get(person)
        if key is None:
            return None if await self.is_destroyed(conn, person) else ALWAYS
        own, officer = view_key(self._ring, key), await self._officer_view(conn)
        found = [
            leaf_time(one.leaf)
            for one in await self._removed(conn)
            if _is_tagged(one.leaf, own) or (not one.leaf.type and _is_tagged(one.leaf, officer))
        ]
        return max(found, default=None)

    async def is_destroyed(self, conn: AsyncConnection, person: str | None) -> bool:
        """Whether it is noted that this person's key was destroyed."""
        if person is None or person in self._destroyed:
            return person is not None
        here = key_destructions.c
        noted = (here.tenant == self.tenant) & (here.kind == "person") & (here.owner == person)
        if (await conn.execute(select(here.destruction).where(noted).limit(1))).first() is None:
            return False
        self._destroyed.add(person)
        return True

    async def child_of(self, conn: AsyncConnection, relationship: str | None) -> str | None:
        """Whose relationship this was, where the end of its key is noted."""
        here = key_destructions.c
        noted = (here.tenant == self.tenant) & (here.kind == "relationship") & (here.owner == relationship)
        query = select(here.child).where(noted).order_by(here.destroyed_at).limit(1)
        child: str | None = (await conn.execute(query)).scalar_one_or_none()
        return child

    async def _removed(self, conn: AsyncConnection) -> tuple[Unopened, ...]:
        """Every entry that nothing can open and that the end of no key names, or accounts for otherwise."""
        if self._unopened is None:
            self._unopened = await self._unexcused(conn)
        return self._unopened

    async def _unexcused(self, conn: AsyncConnection) -> tuple[Unopened, ...]:
        announced = Announcements()
        removed: list[Unopened] = []
        unnamed: list[Unopened] = []
        async for page in _read_unopened(conn, self.tenant):
            named = await read_emptied(conn, self.tenant, [one.leaf.id for one in page])
            by = {one.leaf.id: named.get((one.leaf.id, "detail"), ()) for one in page}
            endings = [ending for some in by.values() for ending in some]
            await judge_endings(conn, self._ring, self.tenant, announced, endings)
            for one in page:
                shut = one.person is None or await self.is_destroyed(conn, one.person)
                if one.leaf.type or not shut:
                    removed.append(one)
                elif not announced.excuses(by[one.leaf.id], one.person or ""):
                    (removed if by[one.leaf.id] else unnamed).append(one)
        if unnamed and not await _is_accounted_for(conn, self._ring, self.tenant, unnamed):
            removed += unnamed
        return tuple(removed)

    async def _officer_view(self, conn: AsyncConnection) -> Secret:
        return view_key(self._ring, await self._ring.tenant_key(conn, self.tenant, "audit"))


async def _read_unopened(conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[list[Unopened]]:
    """Every entry of the tenant that nothing can open; what cannot be read at all, `verify` names."""
    entries, details, keys = audit_entries.c, audit_details.c, person_keys.c
    own_detail = and_(details.tenant == entries.tenant, details.entry == entries.id)
    own_key = and_(keys.tenant == details.tenant, keys.person == details.person)
    query = (
        select(entries.id, entries.leaf, details.person)
        .select_from(audit_entries)
        .join(audit_details, own_detail, isouter=True)
        .join(person_keys, own_key, isouter=True)
        .where(entries.tenant == tenant)
        .where(or_(details.entry.is_(None), and_(details.person.is_not(None), keys.person.is_(None))))
        .order_by(entries.id)
        .limit(_PAGE)
    )
    async for after, last, _ in id_ranges(conn, tenant, entries.id):
        begin = after
        while rows := (await conn.execute(query.where(entries.id > begin, entries.id <= last))).all():
            begin = rows[-1].id
            yield [Unopened(leaf, row.person) for row in rows if (leaf := _leaf(row.leaf)) is not None]


def _leaf(raw: bytes) -> Leaf | None:
    try:
        return decode_leaf(raw)
    except IntegrityError:
        return None


async def _is_accounted_for(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, unnamed: Sequence[Unopened]
) -> bool:
    """Whether ends of keys that an earlier release only counted, and erasures, account for all of these."""
    announced = Announcements()
    for one in unnamed:
        at = Place(0, 0, one.leaf.id)
        if one.person is None:
            announced.find_missing(at)
        else:
            announced.find_unreadable(one.person, at)
    entries, details = audit_entries.c, audit_details.c
    query = (
        select(entries.id, entries.leaf, details.sealed)
        .join(audit_details, and_(details.tenant == entries.tenant, details.entry == entries.id))
        .where(entries.tenant == tenant, details.person.is_(None))
        .order_by(entries.id)
        .limit(_PAGE)
    )
    after = ""
    while rows := (await conn.execute(query.where(entries.id > after))).all():
        after = rows[-1].id
        opened = await open_details(
            conn, ring, tenant, [SealedDetail(row.id, None, row.sealed) for row in rows]
        )
        for row in rows:
            one_opened = opened[row.id]
            told = told_by(tenant, row.leaf, one_opened) if isinstance(one_opened, OpenedDetail) else None
            if told is not None:
                announced.hear(told, Place(0, 0, row.id))
    return not announced.unaccounted()


def _is_tagged(leaf: Leaf, view: Secret) -> bool:
    return hash_text(tag_under(view, leaf.id)) == leaf.tag
