"""Since when heads are known outside the database, and what to do where that file is gone.

The file begins while nothing was signed yet, or when a database is brought to this release from one that
kept no heads outside. After that its absence is a fault: whoever puts an older database back may have
removed it too. Nothing is signed then until an operator looked (`accept-heads`, `custody.log_heads`).
"""

from __future__ import annotations

import asyncio

from sqlalchemy import inspect, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, signed_checkpoint
from consent_service.audit.heads.kept import newest_signed
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.log_keys import LogKey, current_log, public_keys
from consent_service.audit.tables import audit_checkpoints, audit_cosignatures, audit_logs
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId
from consent_service.foundation.migrating import migrate


async def are_gone(conn: AsyncConnection, heads: KnownHeads) -> bool:
    """Whether heads were signed here and the file that must know of them was never begun, or is gone.

    Raises:
        IntegrityError, UnavailableError: the file cannot be read.
    """
    if heads.is_begun():
        return False
    signed = (await conn.execute(select(literal(1)).select_from(audit_checkpoints).limit(1))).first()
    return signed is not None and not heads.is_begun()  # another process may have begun it meanwhile


async def begin_unless_gone(conn: AsyncConnection, heads: KnownHeads) -> bool:
    """Begin the file where nothing was signed yet; False when it is gone.

    Raises:
        IntegrityError, UnavailableError: the file cannot be read or written.
    """
    gone = await are_gone(conn, heads)
    if not gone and not heads.is_begun():
        heads.begin()
    return not gone


async def newest_heads(conn: AsyncConnection) -> tuple[tuple[LogKey, Checkpoint], ...]:
    """The newest head of the newest log of every tenant, as far as anything was signed there.

    Raises:
        IntegrityError: one is not signed by its log.
    """
    found = []
    for tenant in sorted((await conn.execute(select(audit_logs.c.tenant).distinct())).scalars()):
        log = await current_log(conn, TenantId(tenant))
        signed = None if log is None else await newest_signed(conn, log)
        if log is not None and signed is not None:
            keys = await public_keys(conn, log)
            found.append((log, signed_checkpoint(read_note(signed[1]), origin=log.origin, keys=keys)))
    return tuple(found)


async def upgrade(database: Database, heads: KnownHeads) -> None:
    """Bring the database to the form of this release.

    One from a release that knew of no heads outside it has them written down now, once: its own form tells.

    Raises:
        ConfigurationError: it is newer than the code.
        IntegrityError: a head in it is not signed by its log, or not what is known outside.
        UnavailableError: the database is away, or the disk does not take the file.
    """
    async with database.reading() as conn:
        knew_of_none = await conn.run_sync(_knew_of_none)
    await migrate(database)
    if knew_of_none:
        async with database.reading() as conn:
            found = await newest_heads(conn)
        for _, head in found:
            await asyncio.to_thread(heads.remember, head.origin, head.size, head.root)
        await asyncio.to_thread(heads.begin)


def _knew_of_none(connection: Connection) -> bool:
    tables = inspect(connection)
    return tables.has_table(audit_checkpoints.name) and not tables.has_table(audit_cosignatures.name)
