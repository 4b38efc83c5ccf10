"""Key backups as rows: which were ever begun, in which folder, and which of them were seen dropped.

A backup may lie where this process cannot look: on another node, in a folder that is not mounted. So that
one is gone is never concluded from not finding it, unless its own folder is here and does not have it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import INSTALLATION
from consent_service.keyring.tables import key_backups, key_destructions, key_epochs


class NotedBackup(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A backup that was begun and not yet seen dropped.

    `folder` is the id of the folder it lies in; every path that the epoch `after_epoch` or an earlier one
    closed is not in it, because that epoch had ended when its rows were read.
    """

    backup: str
    number: int
    folder: str
    after_epoch: int
    made_at: datetime


async def highest_number(conn: AsyncConnection) -> int:
    """The number of the last backup this database knows of; 0 when there was none."""
    query = select(func.max(key_backups.c.number)).where(key_backups.c.tenant == INSTALLATION)
    return (await conn.execute(query)).scalar_one() or 0


async def last_ended_epoch(conn: AsyncConnection) -> int:
    """The number of the last epoch that has ended; 0 when there was none."""
    ended = (key_epochs.c.tenant == INSTALLATION) & (key_epochs.c.state == "destroyed")
    return (await conn.execute(select(func.max(key_epochs.c.epoch)).where(ended))).scalar_one() or 0


async def note_begun(conn: AsyncConnection, backup: NotedBackup) -> None:
    """Write down that a backup is about to be written; before its file is."""
    values = msgspec.structs.asdict(backup)
    await conn.execute(insert(key_backups).values(tenant=INSTALLATION, **values))


async def backups_not_dropped(conn: AsyncConnection) -> tuple[NotedBackup, ...]:
    """The backups that may still be somewhere."""
    here = key_backups.c
    query = select(*(here[name] for name in NotedBackup.__struct_fields__))
    found = await conn.execute(query.where(here.tenant == INSTALLATION, here.dropped_at.is_(None)))
    return tuple(NotedBackup(**row._asdict()) for row in found)


async def note_dropped(conn: AsyncConnection, backups: Iterable[str], at: datetime) -> None:
    """These were seen to be gone from their own folder."""
    for backup in backups:
        this = (key_backups.c.tenant == INSTALLATION) & (key_backups.c.backup == backup)
        await conn.execute(update(key_backups).where(this).values(dropped_at=at))


async def waiting_for_backups(conn: AsyncConnection, today: date) -> list[Row[Any]]:
    """Destructions whose path is dead, and whose last backup should be gone by now."""
    here = key_destructions.c
    query = select(key_destructions).where(
        here.epoch.is_not(None),
        here.path_dead_at.is_not(None),
        here.backups_dead_at.is_(None),
        here.backups_until <= today,
    )
    return list((await conn.execute(query)).all())


async def note_backups_dead(conn: AsyncConnection, row: Row[Any], at: datetime) -> None:
    """The third stage of one destruction."""
    this = (key_destructions.c.tenant == row.tenant) & (key_destructions.c.destruction == row.destruction)
    await conn.execute(update(key_destructions).where(this).values(backups_dead_at=at))
