"""Epochs and the destructions they finish, as rows. What an epoch does, and in which order, is `epochs`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import ConflictError
from consent_service.foundation.ids import INSTALLATION
from consent_service.keyring.tables import key_backups, key_destructions, key_epochs, key_roots
from consent_service.keyring.wrapped_rows import tenants_with_keys

EpochState = Literal["open", "rewrapped", "verified", "backed_up", "destroyed"]
Stage = Literal["live_dead", "path_dead", "backup_dead"]
_BACKED_UP_WITHIN: Final = timedelta(days=2)
"""A backup is made every day where there is a recovery key, without which no epoch begins."""
STAGES: Final[tuple[Stage, ...]] = ("live_dead", "path_dead", "backup_dead")


class Epoch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A round that replaces what lies above destroyed keys; a row of `key_epochs`."""

    epoch: int
    state: EpochState
    reason: str
    everybody: bool
    from_generation: int
    to_generation: int
    probe: bytes
    backup: str | None = None
    keys: int | None = None
    begun_at: datetime
    ended_at: datetime | None = None


class StageCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many destructions have come so far and no further; `until` is when the last of them goes on."""

    stage: Stage
    count: int
    oldest: datetime
    until: date | None = None


async def newest_epochs(conn: AsyncConnection, *, limit: int) -> tuple[Epoch, ...]:
    """The latest epochs, newest first."""
    query = select(key_epochs).where(_ours()).order_by(key_epochs.c.epoch.desc()).limit(limit)
    return tuple(_epoch_from(row) for row in await conn.execute(query))


async def unfinished_epoch(conn: AsyncConnection) -> Epoch | None:
    """The epoch that was begun and has not ended."""
    query = select(key_epochs).where(_ours(), key_epochs.c.state != "destroyed").limit(1)
    row = (await conn.execute(query.order_by(key_epochs.c.epoch))).first()
    return None if row is None else _epoch_from(row)


async def next_generation(conn: AsyncConnection, living: Sequence[int]) -> int:
    """A number no root generation has or ever had here."""
    query = select(func.max(key_roots.c.generation)).where(key_roots.c.tenant == INSTALLATION)
    return max(*living, (await conn.execute(query)).scalar_one() or 0) + 1


async def add_epoch(conn: AsyncConnection, epoch: Epoch) -> None:
    """Write a new epoch down; what was destroyed until now and has none yet is finished by this one."""
    await conn.execute(insert(key_epochs).values(tenant=INSTALLATION, **msgspec.structs.asdict(epoch)))
    waiting = update(key_destructions).where(_waiting())
    await conn.execute(waiting.values(epoch=epoch.epoch))


async def replace_epoch(conn: AsyncConnection, before: Epoch, after: Epoch) -> None:
    """Write down how far the epoch is.

    Raises:
        ConflictError: it is no longer where it was.
    """
    done = await conn.execute(
        update(key_epochs)
        .where(_ours(), key_epochs.c.epoch == before.epoch, key_epochs.c.state == before.state)
        .values(**msgspec.structs.asdict(after))
    )
    if done.rowcount != 1:
        raise ConflictError("another process works on this epoch")


async def waiting_since(conn: AsyncConnection) -> datetime | None:
    """When the first thing was destroyed that no epoch finishes yet; None when there is none."""
    query = select(func.min(key_destructions.c.destroyed_at)).where(_waiting())
    first: datetime | None = (await conn.execute(query)).scalar_one()
    return first


async def can_promise(conn: AsyncConnection, *, now: datetime) -> bool:
    """Whether an epoch is to be expected in the coming night: keys are backed up, and none hangs."""
    here = key_backups.c
    fresh = select(here.backup).where(here.dropped_at.is_(None), here.made_at > now - _BACKED_UP_WITHIN)
    if (await conn.execute(fresh.limit(1))).first() is None:
        return False
    return await unfinished_epoch(conn) is None


async def renewed_tenants(conn: AsyncConnection, epoch: Epoch) -> frozenset[str]:
    """The tenants that get a new data key: those of the epoch's destructions, or everybody.

    Never the installation itself: it owns no relationship or person keys, and what is sealed under its
    data key (the secrets of login providers) must stay readable.
    """
    found = await tenants_with_keys(conn) if epoch.everybody else await bereft_tenants(conn, epoch)
    return frozenset(found) - {INSTALLATION}


async def bereft_tenants(conn: AsyncConnection, epoch: Epoch) -> frozenset[str]:
    """The tenants in which something was destroyed that this epoch finishes."""
    query = select(key_destructions.c.tenant).distinct().where(key_destructions.c.epoch == epoch.epoch)
    return frozenset((await conn.execute(query)).scalars())


async def untold_destructions(conn: AsyncConnection, epoch: int, *, limit: int) -> list[Row[Any]]:
    """Destructions of the epoch whose path is not yet noted as dead; locked."""
    query = select(key_destructions).where(
        key_destructions.c.epoch == epoch, key_destructions.c.path_dead_at.is_(None)
    )
    ordered = query.order_by(key_destructions.c.tenant, key_destructions.c.destruction).limit(limit)
    return list((await conn.execute(ordered.with_for_update())).all())


async def note_path_dead(conn: AsyncConnection, row: Row[Any], *, at: datetime, until: date) -> None:
    """The second stage of one destruction; key backups from before live until `until`."""
    await conn.execute(
        update(key_destructions)
        .where(key_destructions.c.tenant == row.tenant, key_destructions.c.destruction == row.destruction)
        .values(path_dead_at=at, backups_until=until)
    )


async def count_stages(conn: AsyncConnection) -> tuple[StageCount, ...]:
    """How far the destructions are, in the order of the stages; a stage nothing stands in is left out."""
    alive, in_backups = (
        key_destructions.c.path_dead_at.is_(None),
        key_destructions.c.backups_dead_at.is_(None),
    )
    where = (alive, ~alive & in_backups, ~alive & ~in_backups)
    counted = []
    for stage, condition in zip(STAGES, where, strict=True):
        query = select(
            func.count().label("number"),
            func.min(key_destructions.c.destroyed_at).label("oldest"),
            func.max(key_destructions.c.backups_until).label("until"),
        ).where(condition)
        row = (await conn.execute(query)).one()
        if row.oldest is not None:
            until = row.until if stage == "path_dead" else None
            counted.append(StageCount(stage, row.number, row.oldest, until))
    return tuple(counted)


def _ours() -> ColumnElement[bool]:
    return key_epochs.c.tenant == INSTALLATION


def _waiting() -> ColumnElement[bool]:
    return key_destructions.c.epoch.is_(None) & key_destructions.c.path_dead_at.is_(None)


def _epoch_from(row: Row[Any]) -> Epoch:
    values = {name: getattr(row, name) for name in Epoch.__struct_fields__}
    return Epoch(**values)
