"""Takes away what the log says about people who are erased: details, attachments, who can find them.

The leaves, their order, the tiles and the heads stay, so every proof still holds. What is taken away was
shut by the end of a key, which named it (`emptied`), so that `verify` can tell it from what somebody took
away; what nothing named, because an earlier release ended that key, is counted. Rows of the index are excused
by the noted destruction of whose they were. Who is erased, and why, is `rights`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.emptied import read_emptied
from consent_service.audit.encoding import Detail
from consent_service.audit.log import index_keys_of
from consent_service.audit.tables import audit_details, audit_index
from consent_service.foundation.ids import TenantId
from consent_service.keyring.tables import key_destructions, person_keys, relationship_keys

BATCH: Final = 500
"""Rows per transaction: far below the time limit of a transaction, however much the log says of somebody."""
IndexRow = tuple[str, str, bool]
"""Kind, key, and whether the entry carries the tag of this person."""


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one batch took away: sealed details, attachments of other details, rows of the index.

    `unnamed` of the details were named by the end of no key.
    """

    details: int = 0
    attachments: int = 0
    index: int = 0
    unnamed: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was left to take away."""
        return not (self.details or self.attachments or self.index)


async def forget_batch(
    conn: AsyncConnection, tenant: TenantId, erased: Collection[str], *, limit: int = BATCH
) -> Taken:
    """Take away the next details and attachments sealed for `erased`, and the next index rows that name them.

    `erased` holds persons and relationships whose keys are destroyed. Give the same batch again until it
    `is_nothing`: a killed one is simply given again.
    """
    wanted = sorted(erased)
    details, unnamed = await _drop_details(conn, tenant, wanted, limit)
    attachments = await _detach(conn, tenant, wanted, limit)
    return Taken(details, attachments, await _unindex(conn, tenant, wanted, limit), unnamed)


async def destroyed_among(conn: AsyncConnection, tenant: TenantId, owners: Iterable[str]) -> frozenset[str]:
    """Those of these persons and relationships whose key is noted as destroyed, and is gone indeed."""
    here, wanted = key_destructions.c, sorted(set(owners))
    query = select(here.owner).where(
        here.tenant == tenant, here.owner.in_(wanted), here.kind.in_(("person", "relationship"))
    )
    noted = frozenset((await conn.execute(query)).scalars())
    if not noted:
        return noted
    persons = select(person_keys.c.person).where(person_keys.c.tenant == tenant)
    places = select(relationship_keys.c.relationship).where(relationship_keys.c.tenant == tenant)
    living = persons.where(person_keys.c.person.in_(noted)).union_all(
        places.where(relationship_keys.c.relationship.in_(noted))
    )
    return noted.difference((await conn.execute(living)).scalars())


def is_indexed(detail: Detail, found: Collection[IndexRow], destroyed: Collection[str]) -> bool:
    """Whether the index finds an entry by what its detail says and nothing else, but for whom is erased."""
    expected = set(index_keys_of(detail))
    missing = expected.difference(found)
    return expected.issuperset(found) and all(key in destroyed for _, key, _ in missing)


async def _drop_details(
    conn: AsyncConnection, tenant: TenantId, erased: list[str], limit: int
) -> tuple[int, int]:
    """How many went, and how many of them nothing had named."""
    here = audit_details.c
    chosen = select(here.entry).where(here.tenant == tenant, here.person.in_(erased)).limit(limit)
    entries = (await conn.execute(chosen)).scalars().all()
    named = await read_emptied(conn, tenant, entries)
    gone = await conn.execute(delete(audit_details).where(here.tenant == tenant, here.entry.in_(entries)))
    return gone.rowcount, sum((entry, "detail") not in named for entry in entries)


async def _detach(conn: AsyncConnection, tenant: TenantId, erased: list[str], limit: int) -> int:
    here = audit_details.c
    chosen = select(here.entry).where(here.tenant == tenant, here.attached_for.in_(erased)).limit(limit)
    entries = (await conn.execute(chosen)).scalars().all()
    own = (here.tenant == tenant) & here.entry.in_(entries)
    done = await conn.execute(update(audit_details).where(own).values(attached=None, attached_for=None))
    return done.rowcount


async def _unindex(conn: AsyncConnection, tenant: TenantId, erased: list[str], limit: int) -> int:
    here = audit_index.c
    place = (here.kind, here.key, here.entry)
    chosen = select(*place).where(here.tenant == tenant, here.key.in_(erased)).limit(limit)
    rows = [tuple(row) for row in await conn.execute(chosen)]
    if not rows:
        return 0
    gone = await conn.execute(delete(audit_index).where(here.tenant == tenant, tuple_(*place).in_(rows)))
    return gone.rowcount
