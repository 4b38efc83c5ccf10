"""Rows of meetings as structs, with what is sealed opened for who may read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import FamilyId, PersonId, RecordId, RelationshipId, StaffId, TenantId
from consent_service.keyring.service import KeyRing
from consent_service.process.meetings.model import MINUTES, PLANNED, Agreement, Meeting, Remark
from consent_service.process.meetings.sealing import open_words
from consent_service.process.meetings.tables import (
    meeting_agreements,
    meeting_participants,
    meeting_remarks,
    meetings,
)


async def read_meeting(conn: AsyncConnection, tenant: TenantId, meeting: str) -> Meeting | None:
    """One meeting; None: no such meeting in this tenant."""
    found = await read_meetings(conn, tenant, meetings.c.meeting == meeting)
    return found[0] if found else None


async def read_meetings(
    conn: AsyncConnection, tenant: TenantId, *wanted: ColumnElement[bool]
) -> tuple[Meeting, ...]:
    """Meetings, newest first."""
    query = select(meetings).where(meetings.c.tenant == tenant, *wanted)
    rows = await conn.execute(query.order_by(meetings.c.proposed_at.desc(), meetings.c.meeting))
    return tuple(_meeting(row) for row in rows)


async def read_participants(
    conn: AsyncConnection, tenant: TenantId, meeting: str
) -> tuple[tuple[PersonId, ...], tuple[StaffId, ...]]:
    """The guardians and the school contacts who take part."""
    found = meeting_participants.c
    query = select(found.who, found.kind).where(found.tenant == tenant, found.meeting == meeting)
    rows = (await conn.execute(query.order_by(found.who))).all()
    guardians = tuple(PersonId(row.who) for row in rows if row.kind == "guardian")
    return guardians, tuple(StaffId(row.who) for row in rows if row.kind == "contact")


async def read_agreements(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, about: Meeting
) -> tuple[Agreement, ...]:
    """What was agreed, in the order in which it was."""
    key = await ring.person_key(conn, tenant, about.child)
    table = meeting_agreements
    query = select(table).where(table.c.tenant == tenant, table.c.meeting == about.meeting)
    return tuple(
        Agreement(
            row.agreement,
            open_words(ring, key, row.agreement, row.sealed_words),
            row.owner,
            row.due_on,
            row.state,
            row.reason,
        )
        for row in await conn.execute(query.order_by(table.c.agreement))
    )


async def read_remarks(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, meeting: str, *, of: PersonId | None = None
) -> tuple[Remark, ...]:
    """Remarks in the order in which they were made; `of` one guardian only. An erased guardian's are gone."""
    table = meeting_remarks
    query = select(table).where(table.c.tenant == tenant, table.c.meeting == meeting)
    if of is not None:
        query = query.where(table.c.guardian == of)
    rows = (await conn.execute(query.order_by(table.c.remarked_at, table.c.remark))).all()
    keys = await ring.person_keys(conn, tenant, [row.guardian for row in rows])
    return tuple(
        Remark(
            PersonId(row.guardian),
            open_words(ring, keys[row.guardian], row.remark, row.sealed_words),
            row.for_school,
            row.remarked_at,
        )
        for row in rows
        if row.guardian in keys
    )


async def has_clash(
    conn: AsyncConnection, about: Meeting, starts_at: datetime, who: Collection[StaffId]
) -> bool:
    """Whether any of these is at another meeting then; one that is held together is no other."""
    length = timedelta(minutes=MINUTES)
    taking_part = select(meeting_participants.c.meeting).where(
        meeting_participants.c.tenant == about.tenant, meeting_participants.c.who.in_(sorted(who))
    )
    query = (
        select(meetings.c.meeting)
        .where(meetings.c.tenant == about.tenant, meetings.c.meeting != about.meeting)
        .where(meetings.c.together != about.together, meetings.c.state.in_(sorted(PLANNED)))
        .where(meetings.c.starts_at > starts_at - length, meetings.c.starts_at < starts_at + length)
        .where(or_(meetings.c.led_by.in_(sorted(who)), meetings.c.meeting.in_(taking_part)))
    )
    return (await conn.execute(query.limit(1))).first() is not None


async def meetings_of(conn: AsyncConnection, tenant: TenantId, who: str) -> Sequence[str]:
    """The meetings in which this person takes part."""
    found = meeting_participants.c
    query = select(found.meeting).where(found.tenant == tenant, found.who == who)
    return (await conn.execute(query)).scalars().all()


def _meeting(row: Row[Any]) -> Meeting:
    return Meeting(
        tenant=TenantId(row.tenant),
        meeting=row.meeting,
        relationship=RelationshipId(row.relationship),
        family=FamilyId(row.family),
        child=PersonId(row.child),
        state=row.state,
        proposed_by=StaffId(row.proposed_by),
        led_by=None if row.led_by is None else StaffId(row.led_by),
        starts_at=row.starts_at,
        sequence=row.sequence,
        uid=row.uid,
        together=row.together,
        record=None if row.record is None else RecordId(row.record),
        changed_at=row.changed_at,
        sealed=row.sealed_content,
    )
