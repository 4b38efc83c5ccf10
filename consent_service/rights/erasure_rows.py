"""The rows of erasures and of what they are about. Who may write them, and what they mean, is `erasure`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.custody.epoch_rows import can_promise
from consent_service.custody.model import DestroyedKey, DestructionReport, Doomed, report_of
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.tables import key_destructions
from consent_service.rights.erasure_model import OPEN, STEPS, Erasure, ErasureStep, Gone
from consent_service.rights.tables import erasure_keys, erasure_targets, erasures

_COUNTS = {
    "persons": "persons",
    "keys": "keys",
    "details": "details",
    "found_by": "index",
    "rows": "rows",
    "unnamed": "unnamed",
}
"""Columns of what is gone, and the field of `Gone` that each holds."""


async def read_erasures(conn: AsyncConnection, tenant: TenantId) -> tuple[Erasure, ...]:
    """Every erasure of the shelter, newest first."""
    here = erasures.c
    query = select(erasures).where(here.tenant == tenant).order_by(here.asked_at.desc(), here.erasure.desc())
    return tuple(_erasure(row) for row in (await conn.execute(query)).mappings())


async def read_erasure(
    conn: AsyncConnection, tenant: TenantId, erasure: str, *, lock: bool = True
) -> Erasure:
    """One erasure of the shelter; its row is locked until the transaction ends where the engine has locks.

    `lock`: False for who only looks.

    Raises:
        NotFoundError: this shelter has none with this id.
    """
    found = await find_erasure(conn, tenant, erasure, lock=lock)
    if found is None:
        raise NotFoundError("erasure")
    return found


async def find_erasure(
    conn: AsyncConnection, tenant: TenantId, erasure: str, *, lock: bool = True
) -> Erasure | None:
    """As `read_erasure`; None when there is none."""
    query = select(erasures).where(erasures.c.tenant == tenant, erasures.c.erasure == erasure)
    row = (await conn.execute(query.with_for_update() if lock else query)).mappings().first()
    return None if row is None else _erasure(row)


async def is_asked(conn: AsyncConnection, tenant: TenantId, subject: str) -> bool:
    """Whether forgetting this one is asked for already and not decided yet."""
    here = erasures.c
    query = select(here.erasure).where(
        here.tenant == tenant, here.subject == subject, here.state.in_(("running", *OPEN))
    )
    return (await conn.execute(query.limit(1))).first() is not None


async def write_erasure(conn: AsyncConnection, tenant: TenantId, one: Erasure) -> None:
    """A new erasure."""
    values = {name: getattr(one, name) for name in one.__struct_fields__ if name != "gone"}
    await conn.execute(insert(erasures).values(tenant=tenant, **values))


async def change_erasure(
    conn: AsyncConnection, tenant: TenantId, one: Erasure, step: ErasureStep, **values: Any
) -> None:
    """Take a step that can be taken from where it is; whoever calls it looked, with the row locked."""
    here = (erasures.c.tenant == tenant) & (erasures.c.erasure == one.erasure)
    await conn.execute(update(erasures).where(here).values(state=STEPS[one.state, step], **values))


async def count_gone(conn: AsyncConnection, tenant: TenantId, erasure: str, more: Gone) -> None:
    """Add to what is gone so far, in the transaction that takes it away."""
    here = (erasures.c.tenant == tenant) & (erasures.c.erasure == erasure)
    counts = {
        column: erasures.c[column] + getattr(more, field)
        for column, field in _COUNTS.items()
        if getattr(more, field)
    }
    if counts:
        await conn.execute(update(erasures).where(here).values(counts))


async def write_targets(
    conn: AsyncConnection, tenant: TenantId, erasure: str, targets: Mapping[str, str]
) -> None:
    """Whom and what the erasure is about, from now until it ends."""
    rows = [{"tenant": tenant, "erasure": erasure, "id": one, "kind": kind} for one, kind in targets.items()]
    await conn.execute(insert(erasure_targets), rows)


async def write_ends(conn: AsyncConnection, tenant: TenantId, erasure: str, owners: Collection[str]) -> None:
    """Which ends of keys it rests on, also those of before: how dead they are is told of the erasure."""
    here = key_destructions.c
    query = select(here.destruction).where(here.tenant == tenant, here.owner.in_(sorted(owners)))
    ends = (await conn.execute(query)).scalars().all()
    if ends:
        rows = [{"tenant": tenant, "erasure": erasure, "destruction": one} for one in ends]
        await conn.execute(insert(erasure_keys), rows)


async def read_stages(
    conn: AsyncConnection, tenant: TenantId, erasure: str, *, now: datetime
) -> DestructionReport | None:
    """How dead the keys are that ended with it; None before it began."""
    here, own = key_destructions.c, erasure_keys.c
    both = (here.tenant == own.tenant) & (here.destruction == own.destruction)
    query = select(key_destructions).join(erasure_keys, both)
    rows = await conn.execute(query.where(own.tenant == tenant, own.erasure == erasure))
    keys = [
        DestroyedKey(row.destroyed_at, row.path_dead_at, row.backups_until, row.backups_dead_at)
        for row in rows
    ]
    return report_of(Doomed("child", erasure), keys, now=now, promised=await can_promise(conn, now=now))


async def read_targets(conn: AsyncConnection, tenant: TenantId, erasure: str) -> frozenset[str]:
    """The pseudonyms that are to be found nowhere any more."""
    here = erasure_targets.c
    query = select(here.id).where(here.tenant == tenant, here.erasure == erasure)
    return frozenset((await conn.execute(query)).scalars())


async def forget_targets(conn: AsyncConnection, tenant: TenantId, erasure: str) -> None:
    """Nothing says any more whom it was about."""
    here = erasure_targets.c
    await conn.execute(delete(erasure_targets).where(here.tenant == tenant, here.erasure == erasure))


async def superseded(
    conn: AsyncConnection, tenant: TenantId, targets: frozenset[str], *, at: datetime
) -> tuple[str, ...]:
    """Drop what else was asked about these people; the ids of those erasures."""
    here = erasures.c
    dropped = await conn.execute(
        update(erasures)
        .where(here.tenant == tenant, here.subject.in_(sorted(targets)), here.state.in_(OPEN))
        .values(state="dropped", subject=None, ended_at=at)
        .returning(here.erasure)
    )
    return tuple(sorted(dropped.scalars()))


def _erasure(row: RowMapping) -> Erasure:
    plain = {name: row[name] for name in Erasure.__struct_fields__ if name != "gone"}
    gone = {field: row[column] for column, field in _COUNTS.items()}
    return msgspec.structs.replace(Erasure(**plain), gone=Gone(**gone))
