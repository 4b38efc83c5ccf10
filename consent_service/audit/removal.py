"""Tell a detail that somebody removed from one whose key was destroyed.

Nothing in the service takes a detail away while its key lives; without the key the detail may go. What
remains then is the leaf, and its tag was made with the key of whom the entry is shown to, or with the
tenant's audit key: while that one lives, so should the detail.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.encoding import Leaf, decode_leaf, hash_text, leaf_time
from consent_service.audit.tables import audit_details, audit_entries
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_destructions, person_keys
from consent_service.keyring.view_keys import tag_under, view_key
from consent_service.keyring.wrapped_rows import PERSONS, owned_keys_after

ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
"""When the key of somebody is gone and nothing says that it was destroyed: no entry is newer."""
_BATCH: Final = 500


class Unopened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry without a detail, or with one sealed for a `person` who has no key."""

    leaf: Leaf
    person: str | None


class Removal:
    """Looks at one tenant's log; what it needs of the database it reads once, when first asked."""

    def __init__(self, ring: KeyRing, tenant: TenantId) -> None:
        self._ring = ring
        self._tenant = tenant
        self._views: tuple[Secret, ...] | None = None
        self._unopened: tuple[Unopened, ...] | None = None

    async def is_removed(self, conn: AsyncConnection, one: Unopened) -> bool:
        """Whether a key that made the entry lives, so that somebody took its detail away.

        Raises:
            KeyProviderUnavailableError: the provider is away.
        """
        if one.leaf.type:  # about nobody, so it was sealed under the tenant's audit key
            return True
        if await self._is_destroyed(conn, one.person):
            return False
        if self._views is None:
            self._views = tuple([view async for view in self._living_views(conn)])
        return any(_is_tagged(one.leaf, view) for view in self._views)

    async def newest_about(self, conn: AsyncConnection, person: PersonId) -> datetime | None:
        """When the newest entry was written that somebody removed and that may be about this person.

        That is also one that only officers see: nobody can tell any more about whom it was.

        Raises:
            KeyProviderUnavailableError: the provider is away.
        """
        key = (await self._ring.person_keys(conn, self._tenant, [person])).get(person)
        if key is None:
            return None if await self._is_destroyed(conn, person) else ALWAYS
        own, officer = view_key(self._ring, key), await self._officer_view(conn)
        found: list[datetime] = []
        for one in await self._all_unopened(conn):
            hidden = not one.leaf.type and _is_tagged(one.leaf, officer)
            if _is_tagged(one.leaf, own) or (hidden and not await self._is_destroyed(conn, one.person)):
                found.append(leaf_time(one.leaf))
        return max(found, default=None)

    async def _all_unopened(self, conn: AsyncConnection) -> tuple[Unopened, ...]:
        if self._unopened is None:
            self._unopened = await _read_unopened(conn, self._tenant)
        return self._unopened

    async def _living_views(self, conn: AsyncConnection) -> AsyncIterator[Secret]:
        yield await self._officer_view(conn)
        after: str | None = ""
        while after is not None:
            keys = await owned_keys_after(conn, PERSONS, self._tenant, after, limit=_BATCH)
            for key in keys:
                yield view_key(self._ring, key)
            after = keys[-1].owner if keys else None

    async def _officer_view(self, conn: AsyncConnection) -> Secret:
        return view_key(self._ring, await self._ring.tenant_key(conn, self._tenant, "audit"))

    async def _is_destroyed(self, conn: AsyncConnection, person: str | None) -> bool:
        """Whether it is noted that this person's key was destroyed."""
        here = key_destructions.c
        noted = (here.tenant == self._tenant) & (here.kind == "person") & (here.owner == person)
        query = select(here.destruction).where(noted).limit(1)
        return person is not None and (await conn.execute(query)).first() is not None


async def _read_unopened(conn: AsyncConnection, tenant: TenantId) -> tuple[Unopened, ...]:
    """Every entry of the tenant that nothing can open; what cannot be read at all, `verify` names."""
    entries, details, keys = audit_entries.c, audit_details.c, person_keys.c
    own_detail = and_(details.tenant == entries.tenant, details.entry == entries.id)
    own_key = and_(keys.tenant == details.tenant, keys.person == details.person)
    query = (
        select(entries.leaf, details.person)
        .select_from(audit_entries)
        .join(audit_details, own_detail, isouter=True)
        .join(person_keys, own_key, isouter=True)
        .where(entries.tenant == tenant)
        .where(or_(details.entry.is_(None), and_(details.person.is_not(None), keys.person.is_(None))))
    )
    found = []
    for row in await conn.execute(query):
        try:
            found.append(Unopened(decode_leaf(row.leaf), row.person))
        except IntegrityError:
            continue
    return tuple(found)


def _is_tagged(leaf: Leaf, view: Secret) -> bool:
    return hash_text(tag_under(view, leaf.id)) == leaf.tag
