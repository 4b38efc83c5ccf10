"""Lets old entries go: from a number on a log keeps its entries, below it only hashes (C2SP tlog-tiles).

The order of the entries, the tiles and the heads stay, so a receipt of then still proves what it proved. An
entry of the log says from which number on entries are kept, and only what it names can be removed. What says
why there is a log, which key signs it, or what was let go, always stays: later heads rest on it. What names
what the end of a key shut stays as long as any of that does, in whatever log. How long entries must be kept,
and who decides, is `rights.pruning`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.encoding import decode_leaf, milliseconds
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_details,
    audit_emptied,
    audit_entries,
    audit_index,
    audit_logs,
    audit_prunings,
    audit_sequence,
)
from consent_service.foundation.ids import EntryId, TenantId

BATCH: Final = 500
"""Entries per transaction: far below the time limit of a transaction, however long a log is."""
BUNDLE: Final = 256
"""Entries of one bundle: a bundle is kept whole or not at all."""
_STAYING: Final = frozenset({"log.key_rotated.v1", "log.reopened.v1", "log.pruned.v1"})
"""As the trigger of `audit_entries` has it (`tables.PRUNED`)."""


async def logs_of(conn: AsyncConnection, tenant: TenantId) -> tuple[int, ...]:
    """The numbers of the logs this tenant has had, oldest first."""
    query = select(audit_logs.c.log).where(audit_logs.c.tenant == tenant).distinct()
    return tuple(sorted((await conn.execute(query)).scalars()))


async def kept_from(conn: AsyncConnection, tenant: TenantId, log: int) -> int:
    """From which number on a log keeps its entries; 0 when it was never pruned."""
    here = audit_prunings.c
    query = select(func.coalesce(func.max(here.minimum), 0)).where(here.tenant == tenant, here.log == log)
    return int((await conn.execute(query)).scalar_one())


async def prunable_to(
    conn: AsyncConnection, tenant: TenantId, log: int, *, before: datetime, at_most: int | None = None
) -> int:
    """The number from which on entries must be kept, when those written before a moment may go.

    Never more than what a head signs, never more than `at_most`, and whole bundles only; at least what was
    pruned already.
    """
    kept = await kept_from(conn, tenant, log)
    here = audit_sequence.c
    own = (here.tenant == tenant) & (here.log == log)
    first = select(here.seq).where(own, here.seq >= kept, here.entry >= _id_at(before)).order_by(here.seq)
    found = (await conn.execute(first.limit(1))).scalar_one_or_none()
    signed = select(func.coalesce(func.max(audit_checkpoints.c.size), 0)).where(
        audit_checkpoints.c.tenant == tenant, audit_checkpoints.c.log == log
    )
    limits = [int((await conn.execute(signed)).scalar_one())]
    limits += [limit for limit in (found, at_most) if limit is not None]
    return max(kept, min(limits) // BUNDLE * BUNDLE)


async def note_pruned(
    conn: AsyncConnection, tenant: TenantId, log: int, minimum: int, *, entry: EntryId, now: datetime
) -> None:
    """From now on what stands below `minimum` may go; `entry` is the entry of the log that says so."""
    values = {"tenant": tenant, "log": log, "minimum": minimum, "entry": entry, "at": now}
    await conn.execute(insert(audit_prunings).values(values))


async def prune_batch(
    conn: AsyncConnection, tenant: TenantId, log: int, *, after: int, minimum: int, limit: int = BATCH
) -> tuple[int, int]:
    """Remove what may go from number `after` on, below `minimum`; the number to go on from, and how many.

    What is gone already is passed over, so a killed pruning is simply done again from 0. An entry that names
    what the end of a key shut goes with the last of that, or with the next pruning after it.

    Raises:
        IntegrityError: one of them cannot be read: somebody must look before it goes.
    """
    here = audit_sequence.c
    end = min(after + limit, minimum)
    own_leaf = and_(audit_entries.c.tenant == here.tenant, audit_entries.c.id == here.entry)
    query = (
        select(here.entry, audit_entries.c.leaf)
        .join(audit_entries, own_leaf)
        .where(here.tenant == tenant, here.log == log, here.seq >= after, here.seq < end)
    )
    found = (await conn.execute(query)).all()
    old = [row.entry for row in found if decode_leaf(row.leaf).type not in _STAYING]
    naming = await _naming_more(conn, tenant, old)
    entries = [entry for entry in old if entry not in naming]
    for table, column in (
        (audit_index, audit_index.c.entry),
        (audit_details, audit_details.c.entry),
        (audit_entries, audit_entries.c.id),
    ):
        gone = await conn.execute(delete(table).where(table.c.tenant == tenant, column.in_(entries)))
    named = audit_emptied.c
    await conn.execute(delete(audit_emptied).where(named.tenant == tenant, named.ending.in_(entries)))
    return end, gone.rowcount


async def _naming_more(conn: AsyncConnection, tenant: TenantId, entries: list[str]) -> frozenset[str]:
    """Which of these name something of an entry that is kept, of whichever log, and is none of these."""
    named = audit_emptied.c
    query = (
        select(named.ending)
        .distinct()
        .join(audit_entries, and_(audit_entries.c.tenant == named.tenant, audit_entries.c.id == named.entry))
        .where(named.tenant == tenant, named.ending.in_(entries), named.entry.not_in(entries))
    )
    return frozenset((await conn.execute(query)).scalars())


def _id_at(moment: datetime) -> str:
    """What every id (UUIDv7) made at or after this moment is at least, as text."""
    digits = f"{milliseconds(moment):012x}"
    return f"{digits[:8]}-{digits[8:]}"
