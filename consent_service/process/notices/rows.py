"""Reading and moving rows of the outbox: each move asks the state table; who is second moves nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, StaffId, TenantId
from consent_service.process.notices.model import Notice
from consent_service.process.notices.states import NOTICE
from consent_service.process.notices.tables import notices


def notice_from(row: Row[Any]) -> Notice:
    """A row of the outbox as a value."""
    return Notice(
        notice=row.notice,
        kind=row.kind,
        tenant=TenantId(row.tenant),
        to_staff=None if row.to_staff is None else StaffId(row.to_staff),
        to_person=None if row.to_person is None else PersonId(row.to_person),
        relationship=None if row.relationship is None else RelationshipId(row.relationship),
        family=None if row.family is None else FamilyId(row.family),
        about=row.about,
        urgent=row.urgent,
        state=row.state,
        tries=row.tries,
        created_at=row.created_at,
        read_at=row.read_at,
        mail=row.mail,
        address=row.address,
    )


async def move(
    conn: AsyncConnection,
    tenant: TenantId,
    act: str,
    frm: str,
    *where: ColumnElement[bool],
    **values: Any,
) -> tuple[Notice, ...]:
    """Do `act` with every message in state `frm` that fits; which ones that were.

    Raises:
        ConflictError: the state table does not name this act in this state.
    """
    done = await conn.execute(
        update(notices)
        .where(notices.c.tenant == tenant, notices.c.state == frm, *where)
        .values(state=NOTICE.after(frm, act), **values)
        .returning(*notices.c)
    )
    return tuple(notice_from(row) for row in done)


async def found(
    conn: AsyncConnection,
    tenant: TenantId,
    *where: ColumnElement[bool],
    limit: int = 200,
    newest: bool = False,
) -> tuple[Notice, ...]:
    """The oldest messages that fit, or the newest; either way oldest first."""
    query = select(notices).where(notices.c.tenant == tenant, *where).limit(limit)
    order = (notices.c.created_at, notices.c.notice)
    rows = list(await conn.execute(query.order_by(*(one.desc() if newest else one for one in order))))
    return tuple(notice_from(row) for row in (reversed(rows) if newest else rows))


def ended(reason: str | None, now: datetime) -> dict[str, Any]:
    """What is kept of a message that is not on its way any more."""
    return {"reason": reason, "ended_at": now, "claim": None, "leased_until": None}
