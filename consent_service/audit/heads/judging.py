"""Looks at every cosignature and time stamp that is kept, for `verify`: what nobody signed is named.

A row must be about a head that stands here and must have the form of what it says it is. By whom it is can
only be told with a key from outside the database: of witnesses and authorities that are configured it must
verify, of a witness that is not, or had another key then, it need not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Column, LargeBinary, Table, and_, cast, literal, select, tuple_
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, Note, read_note, read_signature_line
from consent_service.audit.cosignature import (
    Cosigner,
    cosignature_time,
    cosigner_key_id,
    verify_cosignature,
)
from consent_service.audit.heads.timestamps import verify_imprint, verify_stamp
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_cosignatures,
    audit_logs,
    audit_timestamps,
)
from consent_service.audit.verify import BadEntry, What
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.certificates import Authorities

NAMED_LIMIT: Final = 100
"""Rows of a kind that are named; more say nothing new."""
_PAGE: Final = 500
_Row = Row[*tuple[Any, ...]]


class Vouchers(msgspec.Struct, frozen=True):
    """Whom this installation trusts to vouch for heads, as its settings say."""

    cosigners: tuple[Cosigner, ...] = ()
    authorities: Authorities | None = None


async def judge_kept(
    conn: AsyncConnection, tenant: TenantId, vouchers: Vouchers, *, after: tuple[int, int] = (0, -1)
) -> tuple[BadEntry, ...]:
    """What is kept of the heads of a tenant `after` one (log, size), and is no cosignature or stamp of it."""
    trusted = {one.name: one for one in vouchers.cosigners}
    lines, tokens = audit_cosignatures, audit_timestamps
    return (
        *await _unfit(
            conn,
            tenant,
            (lines, lines.c.line, lines.c.witness),
            after,
            ("cosignature_unfit", lambda row: _require_cosignature(row, trusted)),
        ),
        *await _unfit(
            conn,
            tenant,
            (tokens, tokens.c.token, None),
            after,
            ("stamp_unfit", lambda row: _require_stamp(row, vouchers.authorities)),
        ),
    )


async def place_of(conn: AsyncConnection, tenant: TenantId, pinned: Checkpoint | None) -> tuple[int, int]:
    """The log and size of a pinned head, so that only what was kept after it is looked at."""
    if pinned is None:
        return 0, -1
    own = audit_logs.c
    query = select(own.log).where(own.tenant == tenant, own.origin == pinned.origin)
    log: int | None = (await conn.execute(query.limit(1))).scalar_one_or_none()
    return (0, -1) if log is None else (log, pinned.size)


async def _unfit(
    conn: AsyncConnection,
    tenant: TenantId,
    kept: tuple[Table, Column[bytes], Column[str] | None],
    after: tuple[int, int],
    judge: tuple[What, Callable[[_Row], None]],
) -> list[BadEntry]:
    (table, given, name), (what, require), heads = kept, judge, audit_checkpoints.c
    own, who = table.c, literal("") if name is None else name
    same = and_(heads.tenant == own.tenant, heads.log == own.log, heads.size == own.size)
    place = tuple_(own.log, own.size, who)
    query = (
        select(  # read as bytes, whatever SQLite keeps there
            own.log,
            own.size,
            who.label("who"),
            cast(given, LargeBinary).label("given"),
            cast(heads.note, LargeBinary).label("note"),
        )
        .select_from(table.outerjoin(audit_checkpoints, same))
        .where(own.tenant == tenant)
        .order_by(own.log, own.size, who)
        .limit(_PAGE)
    )
    begun = tuple_(own.log, own.size) > tuple_(literal(after[0]), literal(after[1]))
    found: list[BadEntry] = []
    rows = (await conn.execute(query.where(begun))).all()
    while rows and len(found) < NAMED_LIMIT:
        for row in rows:
            try:
                require(row)
            except IntegrityError:
                found.append(BadEntry(what, max(row.size - 1, 0), log=row.log))
        last = tuple_(*(literal(one) for one in rows[-1][:3]))
        rows = (await conn.execute(query.where(begun, place > last))).all()
    return found[:NAMED_LIMIT]


def _head_of(row: _Row) -> Note:
    """Raises IntegrityError where no head of this size stands here."""
    if row.note is None:
        raise IntegrityError("no head of this size stands here")
    note = read_note(row.note)
    if note.checkpoint.size != row.size:
        raise IntegrityError("the head is of another size")
    return note


def _require_cosignature(row: _Row, trusted: Mapping[str, Cosigner]) -> None:
    head, line = _head_of(row), read_signature_line(row.given)
    cosignature_time(line)  # which says whether it has the form of one
    if line.name != row.who:
        raise IntegrityError("kept under another name")
    known = trusted.get(line.name)
    if known is None or line.key_id != cosigner_key_id(known.name, known.public):
        return
    if verify_cosignature(Note(head.checkpoint, head.body, (line,), head.extensions), known) is None:
        raise IntegrityError("this witness did not cosign the head")


def _require_stamp(row: _Row, authorities: Authorities | None) -> None:
    _head_of(row)
    verify_imprint(row.note, row.given)
    if authorities is not None:
        verify_stamp(row.note, row.given, authorities)
