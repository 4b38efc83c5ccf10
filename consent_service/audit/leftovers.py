"""What the database holds beside the places of a log, or twice: for `reading`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import msgspec
from sqlalchemy import Column, ColumnElement, Select, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import after_cursor, read_cursor
from consent_service.audit.log_keys import LogKey
from consent_service.audit.stored import Leftovers
from consent_service.audit.tables import audit_checkpoints, audit_details, audit_entries, audit_sequence
from consent_service.foundation.ids import TenantId

STRETCH: Final = 50_000
"""Ids that one statement goes through: far below the time limit of a statement."""
_NAMED_LEFTOVERS: Final = 100


class Placed(msgspec.Struct, frozen=True):
    """How many places the logs of a tenant have; whole: all were read, and each entry is there."""

    places: int = 0
    is_whole: bool = True

    def after(self, places: int, *, is_whole: bool) -> Placed:
        """With those of one more log."""
        return Placed(self.places + places, self.is_whole and is_whole)


async def read_leftovers(
    conn: AsyncConnection, log: LogKey, size: int, placed: Placed | None, *, is_opened: bool
) -> Leftovers:
    """What a deletion or an insertion past the log leaves behind.

    What lies outside every log comes with the newest: with `placed`. Details are looked for if `is_opened`.
    """
    heads = audit_checkpoints.c
    beyond = select(heads.size).where(heads.tenant == log.tenant, heads.log == log.log, heads.size > size)
    found = tuple((await conn.execute(beyond.limit(_NAMED_LEFTOVERS))).scalars())
    if placed is None:
        return Leftovers(checkpoints_beyond=found)
    counting = select(func.count()).select_from(audit_entries).where(audit_entries.c.tenant == log.tenant)
    pending = (
        await conn.execute(counting.where(after_cursor(await read_cursor(conn, log.tenant))))
    ).scalar_one()
    repeated = await _repeated(conn, log)
    everyone = await count_entries(conn, log.tenant)
    is_complete = placed.is_whole and not repeated and placed.places + pending == everyone
    return Leftovers(
        not_sequenced=() if is_complete else await _not_sequenced(conn, log),
        repeated=repeated,
        details_without_entry=await _orphans(conn, log) if is_opened else (),
        checkpoints_beyond=found,
        pending=pending,
    )


async def count_entries(conn: AsyncConnection, tenant: TenantId) -> int:
    """How many entries of a tenant are kept."""
    if _is_unlimited(conn):
        counting = select(func.count()).select_from(audit_entries).where(audit_entries.c.tenant == tenant)
        return int((await conn.execute(counting)).scalar_one())
    found = 0
    async for _, _, count in id_ranges(conn, tenant, audit_entries.c.id):
        found += count
    return found


async def id_ranges(
    conn: AsyncConnection, tenant: TenantId, ids: Column[str], *more: ColumnElement[bool]
) -> AsyncIterator[tuple[str, str, int]]:
    """The ids of a table (`ids` follows the tenant in an index) in stretches that one statement goes through
    quickly, however long the log is: after the first id, up to and with the second, and how many there are.
    """
    after = ""
    while True:
        page = select(ids.label("id")).where(ids.table.c.tenant == tenant, ids > after, *more)
        stretch = page.order_by(ids).limit(STRETCH).subquery()
        query = select(func.max(stretch.c.id), func.count()).select_from(stretch)
        last, count = (await conn.execute(query)).one()
        if last is None:
            return
        yield after, last, count
        after = last


async def _repeated(conn: AsyncConnection, log: LogKey) -> tuple[str, ...]:
    """Entries with more than one place, in one log or in several."""
    if log.log == 1 and _is_unlimited(conn):
        return tuple((await conn.execute(repeated_in_first(log.tenant))).scalars())
    places, found = audit_sequence.c, list[str]()
    numbers = range(1, log.log + 1)  # named, the index over (tenant, log, entry) answers at once
    for number in numbers:
        own = (places.tenant == log.tenant) & places.log.in_(range(number, log.log + 1))
        async for after, last, _ in id_ranges(conn, log.tenant, places.entry, places.log == number):
            within = own & (places.entry > after) & (places.entry <= last)
            twice = select(places.entry).where(within).group_by(places.entry).having(func.count() > 1)
            found += (await conn.execute(twice.limit(_NAMED_LEFTOVERS))).scalars()
    return tuple(dict.fromkeys(found))[:_NAMED_LEFTOVERS]


def repeated_in_first(tenant: TenantId) -> Select[str]:
    """Entries with more than one place in the first log of a tenant, in one statement: along the index over
    (tenant, log, entry), where each is held against the one before it. Several logs would have to be sorted.

    Counting how many different ones there are is quicker and worth nothing: SQLite compares none of them
    where the index says that it holds each once.
    """
    places = audit_sequence.c
    query = select(places.entry).where(places.tenant == tenant, places.log == 1)
    return query.group_by(places.entry).having(func.count() > 1).limit(_NAMED_LEFTOVERS)


def _is_unlimited(conn: AsyncConnection) -> bool:
    """Whether a statement may take as long as it needs, as on SQLite: in one it goes through an index in half
    of the time that stretches take, or less.
    """
    return conn.dialect.name == "sqlite"


async def _not_sequenced(conn: AsyncConnection, log: LogKey) -> tuple[str, ...]:
    """Entries behind the cursor of the outbox without a place."""
    entries, places, found = audit_entries.c, audit_sequence.c, list[str]()
    numbers = range(1, log.log + 1)
    placed = select(places.seq).where(
        places.tenant == entries.tenant, places.log.in_(numbers), places.entry == entries.id
    )
    behind = not_(after_cursor(await read_cursor(conn, log.tenant)))
    query = select(entries.id).where(entries.tenant == log.tenant, behind, not_(placed.exists()))
    async for after, last, _ in id_ranges(conn, log.tenant, entries.id):
        page = query.where(entries.id > after, entries.id <= last)
        found += (await conn.execute(page.limit(_NAMED_LEFTOVERS))).scalars()
    return tuple(found[:_NAMED_LEFTOVERS])


async def _orphans(conn: AsyncConnection, log: LogKey) -> tuple[str, ...]:
    """Details of entries that do not exist."""
    entries, details, found = audit_entries.c, audit_details.c, list[str]()
    known = select(entries.id).where(entries.tenant == details.tenant, entries.id == details.entry)
    query = select(details.entry).where(details.tenant == log.tenant, not_(known.exists()))
    async for after, last, _ in id_ranges(conn, log.tenant, details.entry):
        page = query.where(details.entry > after, details.entry <= last)
        found += (await conn.execute(page.limit(_NAMED_LEFTOVERS))).scalars()
    return tuple(found[:_NAMED_LEFTOVERS])
