"""How the log and the keys stand, for the desk of the officers: moments and counts, nothing about anybody."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import LogKey, current_log
from consent_service.audit.tables import audit_checkpoints, audit_cosignatures
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId
from consent_service.identity.model import Fg, PrivacyCoordinator
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.tables import key_backups, key_destructions
from consent_service.organisations.service import require

Officer = PrivacyCoordinator | Fg


class LogHealth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`size` entries stand below the newest signed head, which was made at `signed_at`.

    `witnesses`: how many others signed a head of this log, the newest of them `cosigned_size` entries.
    `pending`: how long the oldest entry waits for its place; None when none does.
    """

    size: int = 0
    signed_at: datetime | None = None
    witnesses: int = 0
    cosigned_size: int = 0
    cosigned_at: datetime | None = None
    pending: timedelta | None = None


class KeyHealth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far what was destroyed in this shelter is gone.

    `waiting` is not yet finished by an epoch, the oldest since `waiting_since`; `in_backups` opens with a
    backup of the keys still; `finished` opens with nothing. `backed_up_at`: the newest backup of the keys.
    """

    waiting: int = 0
    waiting_since: datetime | None = None
    in_backups: int = 0
    finished: int = 0
    backed_up_at: datetime | None = None


class DeskService:
    """What the desk shows beside the lists that have services of their own."""

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    async def log_health(self, actor: Officer) -> LogHealth:
        """The newest head, who signed along, and what waits.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            pending = await self._log.oldest_pending(conn, actor.tenant, self._clock.now())
            log = await current_log(conn, actor.tenant)
            return LogHealth(pending=pending) if log is None else await _health(conn, log, pending)

    async def key_health(self, actor: Officer) -> KeyHealth:
        """How far what was destroyed here is gone.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_DESTRUCTION, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await _keys(conn, actor.tenant)


async def _health(conn: AsyncConnection, log: LogKey, pending: timedelta | None) -> LogHealth:
    heads, signed = audit_checkpoints.c, audit_cosignatures.c
    newest = select(heads.size, heads.at).where(heads.tenant == log.tenant, heads.log == log.log)
    head = (await conn.execute(newest.order_by(heads.size.desc()).limit(1))).first()
    if head is None:
        return LogHealth(pending=pending)
    query = select(
        func.count(signed.witness.distinct()).label("witnesses"),
        func.max(signed.size).label("size"),
        func.max(signed.at).label("at"),
    ).where(signed.tenant == log.tenant, signed.log == log.log)
    along = (await conn.execute(query)).one()
    return LogHealth(head.size, head.at, along.witnesses, along.size or 0, along.at, pending)


async def _keys(conn: AsyncConnection, tenant: TenantId) -> KeyHealth:
    ended = key_destructions.c
    waiting, dead = ended.path_dead_at.is_(None), ended.backups_dead_at.is_not(None)
    counted = [
        (
            await conn.execute(
                select(func.count().label("number"), func.min(ended.destroyed_at).label("since")).where(
                    ended.tenant == tenant, which
                )
            )
        ).one()
        for which in (waiting, ~waiting & ~dead, dead)
    ]
    backups = key_backups.c
    newest = select(func.max(backups.made_at)).where(backups.dropped_at.is_(None))
    made: datetime | None = (await conn.execute(newest)).scalar_one()
    return KeyHealth(counted[0].number, counted[0].since, counted[1].number, counted[2].number, made)
