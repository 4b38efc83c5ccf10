"""Which messages go now: each is taken by one sender, for a while, before anything leaves.

A lease that ran out says what happened: taken and not begun, nobody sent anything, so it waits again; begun,
nobody can tell, so it is never sent again and the log says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.families.reading import weekdays_of
from consent_service.foundation.ids import TenantId, new_id
from consent_service.organisations.tables import staff
from consent_service.process.notices.entries import NoticeLog
from consent_service.process.notices.hours import NoticeRules, Wishes, leaves_at
from consent_service.process.notices.model import AT_ONCE, Notice
from consent_service.process.notices.rows import ended, found, move
from consent_service.process.notices.tables import notice_wishes, notices

LEASE: Final = timedelta(minutes=5)
"""Longer than handing one mail over ever takes."""
GIVE_UP_AFTER: Final = timedelta(days=2)
"""How long a message waits for a mail server that is away."""
_BATCH: Final = 200


class Parcel(msgspec.Struct, frozen=True):
    """Messages for one recipient that go in one mail."""

    claim: str
    notices: tuple[Notice, ...]
    wishes: Wishes

    @property
    def first(self) -> Notice:
        """Its oldest message."""
        return self.notices[0]


async def recover(conn: AsyncConnection, log: NoticeLog, tenant: TenantId, now: datetime) -> int:
    """Look after leases that ran out; of how many messages nobody can tell whether they left."""
    over = notices.c.leased_until <= now
    await move(conn, tenant, "put_back", "claimed", over, claim=None, leased_until=None)
    lost = await move(conn, tenant, "lose", "sending", over, **ended("lease", now))
    for one in lost:
        await log.about(conn, one, uncertain(one))
    return len(lost)


async def parcels_due(
    conn: AsyncConnection, tenant: TenantId, rules: NoticeRules, language: str, now: datetime
) -> tuple[Parcel, ...]:
    """What may leave now, a parcel for each mail; what may not yet is given the moment from which it may."""
    waiting = await found(conn, tenant, notices.c.state == "waiting", notices.c.due_at <= now, limit=_BATCH)
    ready: dict[str, list[Notice]] = {}
    wishes: dict[str, Wishes] = {}
    for one in waiting:
        if one.recipient not in wishes:
            wishes[one.recipient] = await wishes_of(conn, tenant, one.recipient, language)
        working = await _working_days(conn, one)
        moment = leaves_at(one, rules, wishes[one.recipient], working, now)
        if moment > now:
            await _postpone(conn, one, moment)
            continue
        alone = one.urgent or one.kind in AT_ONCE
        ready.setdefault(f"{one.recipient}:{one.notice if alone else ''}", []).append(one)
    return tuple(Parcel(new_id(), tuple(some), wishes[some[0].recipient]) for some in ready.values())


async def claim(conn: AsyncConnection, parcel: Parcel, now: datetime) -> Parcel | None:
    """Take a parcel for a while; what another sender took is not in it; None: nothing is left."""
    taken = await move(
        conn,
        parcel.first.tenant,
        "claim",
        "waiting",
        notices.c.notice.in_([one.notice for one in parcel.notices]),
        claim=parcel.claim,
        leased_until=now + LEASE,
    )
    if not taken:
        return None
    return msgspec.structs.replace(parcel, notices=tuple(sorted(taken, key=lambda one: one.notice)))


async def put_back(conn: AsyncConnection, parcel: Parcel, due_at: datetime) -> None:
    """Nothing of it left; it waits again."""
    mine = notices.c.claim == parcel.claim
    tenant = parcel.first.tenant
    await move(conn, tenant, "put_back", "claimed", mine, claim=None, leased_until=None, due_at=due_at)


async def give_up_old(conn: AsyncConnection, log: NoticeLog, tenant: TenantId, now: datetime) -> int:
    """While the mail server is away: what has waited for days is given up, and told."""
    old = notices.c.due_at <= now - GIVE_UP_AFTER
    gone = await move(conn, tenant, "give_up", "waiting", old, **ended("gave_up", now))
    for one in gone:
        await log.not_sent(conn, one, "gave_up")
    return len(gone)


async def wishes_of(conn: AsyncConnection, tenant: TenantId, recipient: str, language: str) -> Wishes:
    """What this recipient said of messages; without a word: a digest, in the language of the service."""
    query = select(notice_wishes).where(
        notice_wishes.c.tenant == tenant, notice_wishes.c.recipient == recipient
    )
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return Wishes(language)
    return Wishes(row.language, row.digest, row.safe_from, row.safe_until)


def uncertain(notice: Notice) -> events.NoticeUncertain:
    """That nobody can tell whether it arrived."""
    return events.NoticeUncertain(
        notice.notice, notice.kind, notice.recipient, notice.relationship, notice.family
    )


async def _postpone(conn: AsyncConnection, notice: Notice, moment: datetime) -> None:
    await conn.execute(
        update(notices)
        .where(notices.c.tenant == notice.tenant, notices.c.notice == notice.notice)
        .where(notices.c.state == "waiting")
        .values(due_at=moment)
    )


async def _working_days(conn: AsyncConnection, notice: Notice) -> frozenset[int]:
    if notice.to_staff is None:
        return frozenset()
    query = select(staff.c.working_days).where(
        staff.c.tenant == notice.tenant, staff.c.staff == notice.to_staff
    )
    return weekdays_of((await conn.execute(query)).scalar_one_or_none() or 0)
