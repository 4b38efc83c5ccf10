"""Asking a school to remove something: the row and its entry; and what it read or was asked before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import OFFICER, AuditLog, TrailFilter
from consent_service.families.model import Relationship
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.ids import TypeKey, new_id
from consent_service.identity.model import System, by
from consent_service.process.recalls_model import RecallCause, RecallNotice, state_of
from consent_service.process.tables import erasure_notices, recalls

_RECEIVED: Final = frozenset({"information.released.v1", "call.made.v1"})
_MOST_READINGS: Final = 500
BY_SERVICE: Final = by(System())


async def last_read(
    conn: AsyncConnection, log: AuditLog, about: Relationship, before: datetime
) -> dict[TypeKey, datetime]:
    """When somebody at the school last read each type or was told it by phone (S48).

    What was read and replaced since counts too. A card that a counsellor opened is no reading by the school:
    what was told of it is the call's own entry.
    """
    wanted = TrailFilter(relationship=about.relationship, types=_RECEIVED, until=before)
    page = await log.trail(conn, about.tenant, wanted, limit=_MOST_READINGS)
    found: dict[TypeKey, datetime] = {}
    for entry in page.entries:
        event = None if entry.detail is None else entry.detail.event
        for kind in _received(event):
            found.setdefault(kind, entry.at)
    return found


def _received(event: events.Event | None) -> tuple[TypeKey, ...]:
    """The types that reached the school by this."""
    match event:
        case events.InformationReleased(reader_kind="school", role=role, records=read) if role != "phone":
            return tuple(one.information_type for one in read)
        case events.CallMade(types=told):
            return told
        case _:
            return ()


async def last_asked(conn: AsyncConnection, about: Relationship) -> dict[TypeKey, datetime]:
    """When the school was last asked to remove each type."""
    query = (
        select(recalls.c.information_type, recalls.c.issued_at)
        .where(recalls.c.tenant == about.tenant, recalls.c.relationship == about.relationship)
        .order_by(recalls.c.issued_at)
    )
    return {TypeKey(row.information_type): row.issued_at for row in await conn.execute(query)}


async def issue(
    conn: AsyncConnection,
    log: AuditLog,
    clock: Clock,
    about: Relationship,
    kind: TypeKey,
    *,
    cause: RecallCause,
    records: int,
    received_on: date,
    who: By = BY_SERVICE,
    case: str | None = None,
) -> str:
    """Ask, and say so in the log under the officer's tag; the id of the recall."""
    recall = new_id()
    await conn.execute(
        insert(recalls).values(
            tenant=about.tenant,
            recall=recall,
            relationship=about.relationship,
            school=about.school,
            information_type=kind,
            records=records,
            received_on=received_on,
            issued_at=clock.now(),
            cause=cause,
            case=case,
        )
    )
    event = _event(about, recall, kind, cause, records)
    await log.append(
        conn,
        tenant=about.tenant,
        event=event,
        by=who,
        subject=await log.living(conn, about.tenant, about.child),
        tagged_for=OFFICER,
        relationship=about.relationship,
    )
    return recall


def _event(
    about: Relationship, recall: str, kind: TypeKey, cause: RecallCause, records: int
) -> events.RecallIssued | events.RecallAsked:
    if cause == "unsafe":
        return events.RecallIssued(about.relationship, recall, kind, records)
    return events.RecallAsked(about.relationship, recall, kind, cause, records)


async def tell_of_erasure(
    conn: AsyncConnection,
    log: AuditLog,
    clock: Clock,
    places: Collection[Relationship],
    only: Collection[TypeKey] | None = None,
    *,
    erasure: str,
) -> int:
    """Tell each school what it read of somebody who is erased now (AVG 19), naming nobody; how many notices.

    Part of the erasure's own transaction, before the keys go: afterwards nobody knows what was read.

    Args:
        only: of an erased guardian the types that are about that guardian; None: every type.
    """
    told = 0
    for about in places:
        for kind, at in sorted((await last_read(conn, log, about, clock.now())).items()):
            if only is None or kind in only:
                await _tell(conn, log, clock, about, kind, local_date(at), erasure=erasure)
                told += 1
    return told


async def _tell(
    conn: AsyncConnection,
    log: AuditLog,
    clock: Clock,
    about: Relationship,
    kind: TypeKey,
    received_on: date,
    *,
    erasure: str,
) -> None:
    recall = new_id()
    await conn.execute(
        insert(erasure_notices).values(
            tenant=about.tenant,
            recall=recall,
            school=about.school,
            information_type=kind,
            received_on=received_on,
            issued_at=clock.now(),
            erasure=erasure,
        )
    )
    event = events.ErasureNotified(about.school, recall, kind)
    await log.append(conn, tenant=about.tenant, event=event, by=BY_SERVICE, subject=None)


def notice_from(row: Row[Any]) -> RecallNotice:
    """A row of either table as a school sees it."""
    return RecallNotice(
        row.recall,
        row.recall[-6:].upper(),
        TypeKey(row.information_type),
        row.received_on,
        row.answer,
        from_file=getattr(row, "cause", "") == "copied_into_file",
        state=state_of(row.answer, row.reason),
    )
