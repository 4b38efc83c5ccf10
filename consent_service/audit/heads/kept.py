"""What others signed about heads of the log, as it is kept: cosignatures and time stamps.

Whoever has the database can put rows there too. So a row counts only when its size is that of a head that
stands here and what it holds verifies for that head, with the key that is trusted outside the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Column, Select, Table, and_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, Note, read_note, read_signature_line
from consent_service.audit.cosignature import Cosigner, cosigner_key_id, verify_cosignature
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.timestamps import Stamped, verify_stamp
from consent_service.audit.heads.witness import Cosigned
from consent_service.audit.log_keys import LogKey, current_log
from consent_service.audit.merkle import EMPTY_ROOT
from consent_service.audit.metrics import COSIGNATURE_LIMIT as COSIGNATURE_LIMIT
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_cosignatures,
    audit_logs,
    audit_timestamps,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.certificates import Authorities

UNFIT_TOLD: Final = 20
"""So many rows that vouch for nothing are named; more say nothing new."""
_PAGE: Final = 100


class Vouched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to which size somebody vouched for the log, and when."""

    size: int
    at: datetime


class Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The largest head that somebody vouched for, and the sizes of rows above it that vouch for nothing.

    Those were not written by this service: of `unfit` there are at most 20, the largest first.
    """

    newest: Vouched | None
    unfit: tuple[int, ...] = ()


class OtherKeyError(IntegrityError):
    """Not by the key that is trusted now: perhaps by one that the same witness had before."""


async def keep_cosignature(conn: AsyncConnection, log: LogKey, size: int, name: str, given: Cosigned) -> None:
    """Keep what the witness `name` signed under the head of `size`; of two the first one stays."""
    await _insert_once(
        conn,
        audit_cosignatures,
        {
            "tenant": log.tenant,
            "log": log.log,
            "size": size,
            "witness": name,
            "line": given.line,
            "at": given.at,
        },
    )


async def keep_stamp(conn: AsyncConnection, log: LogKey, size: int, given: Stamped) -> None:
    """Keep a time stamp over the head of `size`; of two the first one stays."""
    await _insert_once(
        conn,
        audit_timestamps,
        {"tenant": log.tenant, "log": log.log, "size": size, "token": given.token, "at": given.at},
    )


async def judge_cosignatures(conn: AsyncConnection, log: LogKey, cosigner: Cosigner) -> Judged:
    """The largest head of this log that a witness cosigned, by the rows kept under its name.

    A row by another key of the same name does not count and is not unfit: witnesses change keys.
    """
    kept = audit_cosignatures
    rows = _with_heads(kept, log, kept.c.line).where(kept.c.witness == cosigner.name)
    return await _judge(conn, kept, rows, lambda note, line: _cosigned_at(note, line, cosigner))


async def judge_stamps(conn: AsyncConnection, log: LogKey, authorities: Authorities) -> Judged:
    """The largest head of this log that has a time stamp by an authority that is trusted."""
    kept = audit_timestamps
    rows = _with_heads(kept, log, kept.c.token)
    return await _judge(conn, kept, rows, lambda note, token: verify_stamp(note, token, authorities))


async def cosigned_by(
    conn: AsyncConnection, log: LogKey, cosigners: Sequence[Cosigner]
) -> dict[str, Vouched]:
    """The largest head each of these witnesses cosigned of this log, by its name."""
    judged = {one.name: await judge_cosignatures(conn, log, one) for one in cosigners}
    return {name: one.newest for name, one in judged.items() if one.newest is not None}


async def newest_signed(conn: AsyncConnection, log: LogKey) -> tuple[Checkpoint, bytes] | None:
    """The newest head of this log as it was signed: what it says, and its note."""
    heads = audit_checkpoints.c
    query = (
        select(heads.size, heads.root, heads.note)
        .where(heads.tenant == log.tenant, heads.log == log.log)
        .order_by(heads.size.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).first()
    return None if row is None else (Checkpoint(log.origin, row.size, row.root), row.note)


async def stopped_logs(conn: AsyncConnection, heads: KnownHeads) -> tuple[LogKey, ...]:
    """The newest log of every tenant where nothing more is signed: it is behind what is known outside.

    Raises:
        IntegrityError, UnavailableError: the file of known heads cannot be read.
    """
    tenants = (await conn.execute(select(audit_logs.c.tenant).distinct())).scalars().all()
    found = []
    for tenant in sorted(tenants):
        log = await current_log(conn, TenantId(tenant))
        signed = None if log is None else await newest_signed(conn, log)
        size, root = (0, EMPTY_ROOT) if signed is None else (signed[0].size, signed[0].root)
        if log is not None and heads.refuses(log.origin, size, root):
            found.append(log)
    return tuple(found)


async def cosignature_age(
    conn: AsyncConnection, tenant: TenantId, cosigners: Sequence[Cosigner], now: datetime
) -> timedelta | None:
    """How long the oldest head has waited that none of these witnesses vouched for; None when none waits.

    A cosignature of a later head vouches for every one before it.
    """
    log = await current_log(conn, tenant)
    if log is None:
        return None
    vouched = await cosigned_by(conn, log, cosigners)
    cosigned = max((one.size for one in vouched.values()), default=0)
    heads = audit_checkpoints.c
    query = (
        select(heads.at)
        .where(heads.tenant == tenant, heads.log == log.log, heads.size > cosigned)
        .order_by(heads.size)
        .limit(1)
    )
    since = (await conn.execute(query)).scalar_one_or_none()
    return None if since is None else now - since


def _with_heads(kept: Table, log: LogKey, given: Column[bytes]) -> Select[*tuple[Any, ...]]:
    """Rows of a log from the largest size down, each with the note of that size where there is one."""
    heads, own = audit_checkpoints, kept.c
    same = and_(heads.c.tenant == own.tenant, heads.c.log == own.log, heads.c.size == own.size)
    return (
        select(own.size, given.label("given"), heads.c.note)
        .select_from(kept.outerjoin(heads, same))
        .where(own.tenant == log.tenant, own.log == log.log)
        .order_by(own.size.desc())
        .limit(_PAGE)
    )


async def _judge(
    conn: AsyncConnection,
    kept: Table,
    rows: Select[*tuple[Any, ...]],
    vouches: Callable[[bytes, bytes], datetime],
) -> Judged:
    """Down to the first row that holds; `vouches` tells when, of a note and what is kept under it."""
    unfit: list[int] = []
    page = (await conn.execute(rows)).all()
    while page:
        for row in page:
            try:
                return Judged(Vouched(row.size, _vouched_at(row, vouches)), tuple(unfit))
            except OtherKeyError:
                continue
            except IntegrityError:
                unfit = [*unfit, row.size][:UNFIT_TOLD]
        page = (await conn.execute(rows.where(kept.c.size < page[-1].size))).all()
    return Judged(None, tuple(unfit))


def _vouched_at(row: Row[*tuple[Any, ...]], vouches: Callable[[bytes, bytes], datetime]) -> datetime:
    if row.note is None or read_note(row.note).checkpoint.size != row.size:
        raise IntegrityError("no head of this size stands here")
    return vouches(row.note, row.given)


def _cosigned_at(note: bytes, line: bytes, cosigner: Cosigner) -> datetime:
    """When this line cosigned the note.

    Raises:
        OtherKeyError: it names another key.
        IntegrityError: it is no signature line, or not over this note.
    """
    signature, head = read_signature_line(line), read_note(note)
    if (signature.name, signature.key_id) != (cosigner.name, cosigner_key_id(cosigner.name, cosigner.public)):
        raise OtherKeyError("another key")
    at = verify_cosignature(Note(head.checkpoint, head.body, (signature,), head.extensions), cosigner)
    if at is None:
        raise IntegrityError("this witness did not cosign the head")
    return at


async def _insert_once(conn: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
    await conn.execute(dialect.insert(table).values(**values).on_conflict_do_nothing())
