"""Tag the names of children anew: under a fresh index key, or in as many bits as the shelter's size asks.

A tag tells those who steal the database little only while several children share it, and while its
key is not known. Children are done in small batches, each a transaction of its own; searching
(`families.looking`) finds everybody in between. The installation itself (`_`) has no children: its
index key tells apart where requests came from and is not replaced here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.families.reading import open_children
from consent_service.families.searching import (
    UNFINDABLE,
    Tag,
    count_findable,
    is_findable,
    tag_under,
)
from consent_service.families.tables import children
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import INSTALLATION, PersonId, TenantId, new_id
from consent_service.identity.model import Operator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.blind_index import bits_for
from consent_service.keyring.renewal import (
    begin_index_rotation,
    drop_index_keys_before,
    index_keys,
    lock_index_keys,
)
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_destructions
from consent_service.keyring.wrapped_rows import held_tenant_key
from consent_service.organisations.service import require

BATCH: Final = 200
"""How many children one transaction tags."""
SLACK: Final = 2
"""So many bits a tag may be off before it is made anew by itself: else every new child would tag all."""

Progress = Callable[[int, int], None]
"""Told after each batch: how many are done, of how many."""


class Reindexed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the names of a shelter are tagged now, and how many were tagged anew for it."""

    version: int
    bits: int
    persons: int
    dropped: int
    """How many earlier index keys are gone."""


class Reindexing:
    """Tags of names over time."""

    def __init__(self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock

    async def reindex(
        self,
        actor: Operator,
        tenant: TenantId,
        *,
        rotate: bool = False,
        progress: Progress = lambda _done, _all: None,
    ) -> Reindexed:
        """Tag everybody under the newest index key in the right number of bits; drop the earlier keys.

        The keys above a dropped one are replaced by the next epoch, as those above any destroyed key.

        `rotate` makes a fresh index key first, unless an earlier rotation was broken off: that one is
        finished. Broken off itself, it is taken up where it stopped.

        Raises:
            NotAllowedError: not an operator.
            NotFoundError: the installation itself is no shelter.
            KeyDestroyedError: there is no such shelter: it has no index key.
            UnavailableError: keys or database are away; what was done stays, everybody is still found.
        """
        require(actor, Action.REINDEX_NAMES, Circumstances(tenant=tenant))
        if tenant == INSTALLATION:
            raise NotFoundError("tenant")
        if rotate:
            async with self._database.transaction() as conn:
                await begin_index_rotation(conn, self._ring, tenant)
        return await self._finish(tenant, by(actor), progress)

    async def keep_up(self, tenant: TenantId) -> Reindexed | None:
        """Do by itself what is due: tags too long or too short by far, or a rotation broken off; else None.

        Raises:
            UnavailableError: keys or database are away; what was done stays, everybody is still found.
        """
        async with self._database.reading() as conn:
            right = bits_for(await count_findable(conn, tenant))
            far_off = (children.c.search_bits <= right - SLACK) | (children.c.search_bits >= right + SLACK)
            query = select(func.count()).where(is_findable(tenant), far_off)
            is_due = (await conn.execute(query)).scalar_one() or len(await index_keys(conn, tenant)) > 1
        return await self._finish(tenant, by(System()), lambda _done, _all: None) if is_due else None

    async def _finish(self, tenant: TenantId, who: By, progress: Progress) -> Reindexed:
        """Go through everybody until nobody is left under an earlier key; then drop those keys."""
        bits, everybody = await self._what_is_left(tenant)
        persons, ended = 0, None
        while ended is None:
            last: str | None = ""
            while last is not None:
                last, tagged = await self._tag_batch(tenant, bits, last)
                persons += tagged
                progress(persons, max(everybody, persons))
            ended = await self._drop_earlier_keys(tenant, bits, who)
        return Reindexed(ended.version, bits, persons, ended.dropped)

    async def _what_is_left(self, tenant: TenantId) -> tuple[int, int]:
        """In how many bits everybody is to be tagged, and how many are not yet."""
        async with self._database.reading() as conn:
            bits = bits_for(await count_findable(conn, tenant))
            newest = max(await index_keys(conn, tenant), default=0)
            query = select(func.count()).select_from(children).where(_is_other(tenant, newest, bits))
            return bits, (await conn.execute(query)).scalar_one()

    async def _tag_batch(self, tenant: TenantId, bits: int, after: str) -> tuple[str | None, int]:
        """Tag the next few anew: the last of them (None: there was nobody any more), and how many."""
        async with self._database.transaction() as conn:
            key = await held_tenant_key(conn, tenant, "index")
            query = (
                select(children)
                .where(_is_other(tenant, key.version, bits), children.c.child > after)
                .order_by(children.c.child)
                .limit(BATCH)
                .with_for_update()
            )
            rows = (await conn.execute(query)).all()
            opened = {one.child: one for one in await open_children(conn, self._ring, tenant, rows)}
            for row in rows:
                child = opened.get(PersonId(row.child))
                erased = Tag(UNFINDABLE, key.version, bits)
                tag = erased if child is None else tag_under(self._ring, key, bits, child.identity)
                here = (children.c.tenant == tenant) & (children.c.child == row.child)
                await conn.execute(update(children).where(here).values(**tag.columns()))
        return (rows[-1].child if rows else None), len(rows)

    async def _drop_earlier_keys(self, tenant: TenantId, bits: int, who: By) -> _Ended | None:
        """None when somebody was tagged under an earlier key meanwhile: there is more to do."""
        async with self._database.transaction() as conn:
            await lock_index_keys(conn, tenant)
            newest = max(await index_keys(conn, tenant))
            earlier = (children.c.tenant == tenant) & (children.c.search_version != newest)
            if (await conn.execute(select(children.c.child).where(earlier).limit(1))).first() is not None:
                return None
            dropped = await drop_index_keys_before(conn, tenant, newest)
            if dropped:
                event = events.IndexKeyRotated(newest, bits, await count_findable(conn, tenant))
                await self._log.append(conn, tenant=tenant, event=event, by=who, subject=None)
                await self._note_dropped(conn, tenant)
        return _Ended(newest, dropped)

    async def _note_dropped(self, conn: AsyncConnection, tenant: TenantId) -> None:
        """An old copy holds the earlier tags and key: until an epoch has ended, both can be read together."""
        await conn.execute(
            insert(key_destructions).values(
                tenant=tenant,
                destruction=new_id(),
                kind="index",
                owner=tenant,
                child=tenant,
                destroyed_at=self._clock.now(),
            )
        )


class _Ended(msgspec.Struct, frozen=True):
    """The only index key there is now, and how many earlier ones went."""

    version: int
    dropped: int


def _is_other(tenant: TenantId, version: int, bits: int) -> ColumnElement[bool]:
    """Tagged in another way than asked. Who was erased is only moved to the newest key."""
    at = children.c
    stale = (at.search_version != version) | ((at.search_bits != bits) & (at.search_tag != UNFINDABLE))
    return (at.tenant == tenant) & stale
