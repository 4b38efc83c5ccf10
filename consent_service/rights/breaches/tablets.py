"""What a tablet that was lost could reach: the sessions of whoever worked there, lent or not.

The log tells when a counsellor logged in and when a session ended, but not on which device; so of several
sessions at once every one may have been on this tablet. What cannot be ruled out counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailFilter
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import INSTALLATION, TenantId
from consent_service.identity.tables import sessions, staff_devices
from consent_service.rights.breaches.model import Question, period_of

_LOOK_BACK: Final = timedelta(days=2)
"""Longer than any session lasts: one that was open when the period began started after this."""
_TYPES: Final = frozenset(
    str(one.__struct_config__.tag)
    for one in (
        events.LoginSucceeded,
        events.Logout,
        events.SessionEnded,
        events.HandoverStarted,
        events.HandoverEnded,
    )
)


class Reach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many sessions were open in the period; the families the tablet was lent for; and whether somebody
    could act as the counsellor (`own`), so that every family of that counsellor was within reach."""

    sessions: int = 0
    lent: frozenset[str] = frozenset()
    own: bool = False


class KnownDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device, who worked at it, and the last day somebody did."""

    device: str
    staff: frozenset[str]
    last_seen_on: date


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when to when; with a family it was lent then."""

    begin: datetime
    end: datetime
    family: str | None = None


class TabletReader:
    """Sessions of members of staff in a period."""

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    async def reach(self, tenant: TenantId, member: str, asked: Question) -> Reach:
        """What the sessions of this member of staff could reach in the period."""
        since, last = period_of(asked)
        until = min(last, self._clock.now() + timedelta(seconds=1))
        async with self._database.reading() as conn:
            wanted = TrailFilter(actor=member, types=_TYPES, since=since - _LOOK_BACK, until=until)
            told = await self._spans(conn, tenant, wanted, until)
            live = await self._live(conn, member, until)
        return reach_of((since, until), told, live)

    async def _spans(
        self, conn: AsyncConnection, tenant: TenantId, wanted: TrailFilter, until: datetime
    ) -> list[Span]:
        """The sessions and hand-overs the log tells of; what did not end goes on to the end."""
        found: list[tuple[datetime, events.Event]] = []
        after, more = None, True
        while more:
            page = await self._log.trail(conn, tenant, wanted, after=after, limit=200)
            found += [(one.at, one.detail.event) for one in page.entries if one.detail is not None]
            after, more = page.next, page.next is not None
        return spans_of(reversed(found), until)

    async def _live(self, conn: AsyncConnection, member: str, until: datetime) -> list[Span]:
        """Sessions that have not ended: as the counsellor, or lent for one family."""
        mine = or_(sessions.c.acts_as.contains(member, autoescape=True), sessions.c.handed_by == member)
        query = select(sessions).where(sessions.c.tenant == INSTALLATION, mine, sessions.c.created_at < until)
        return [
            Span(row.created_at, min(row.expires_at, until), row.family) for row in await conn.execute(query)
        ]


async def known_devices(conn: AsyncConnection, tenant: TenantId) -> tuple[KnownDevice, ...]:
    """Every device of a shelter, the one used last first."""
    who, last = dict[str, set[str]](), dict[str, date]()
    for row in await conn.execute(select(staff_devices).where(staff_devices.c.tenant == tenant)):
        who.setdefault(row.device, set()).add(row.staff)
        last[row.device] = max(last.get(row.device, row.last_seen_on), row.last_seen_on)
    found = (KnownDevice(device, frozenset(who[device]), day) for device, day in last.items())
    return tuple(sorted(found, key=lambda one: one.last_seen_on, reverse=True))


async def members_of(conn: AsyncConnection, tenant: TenantId, device: str | None) -> frozenset[str]:
    """Who worked at this device; nobody where none was named."""
    if device is None:
        return frozenset()
    known = staff_devices.c
    query = select(known.staff).where(known.tenant == tenant, known.device == device)
    return frozenset((await conn.execute(query)).scalars())


def spans_of(told: Iterable[tuple[datetime, events.Event]], until: datetime) -> list[Span]:
    """Begins and ends put together, oldest first; an end closes the eldest that is open. Pure."""
    open_, lent, done = list[datetime](), list[tuple[datetime, str]](), list[Span]()
    for at, event in told:
        match event:
            case events.LoginSucceeded():
                open_.append(at)
            case events.HandoverStarted(family=family):
                lent.append((at, family))
            case events.HandoverEnded(family=family):
                begun = next((one for one in lent if one[1] == family), None)
                if begun is not None:
                    lent.remove(begun)
                    done.append(Span(begun[0], at, family))
            case events.Logout() | events.SessionEnded() if open_:
                done.append(Span(open_.pop(0), at))
            case _:
                continue
    return [*done, *(Span(one, until) for one in open_), *(Span(at, until, one) for at, one in lent)]


def reach_of(period: tuple[datetime, datetime], told: list[Span], live: list[Span]) -> Reach:
    """What could be reached in the period. Pure.

    A moment at which fewer sessions were lent than were open is one at which somebody could act as the
    counsellor. A session that lives has its login in the log as well: the larger number counts.
    """
    since, until = period
    within = [one for one in told if one.begin < until and one.end > since]
    alive = [one for one in live if one.begin < until and one.end > since]
    lent = frozenset(one.family for one in (*within, *alive) if one.family is not None)
    own = [one for one in within if one.family is None]
    moments = sorted({since, *(at for one in (*within, *alive) for at in (one.begin, one.end))})
    return Reach(
        sessions=max(len(own), len(alive), len([one for one in within if one.family])),
        lent=lent,
        own=any(
            _open_at(at, own, alive) > sum(_covers(one, at) for one in within if one.family is not None)
            for at in moments
            if since <= at < until
        ),
    )


def _open_at(at: datetime, told: list[Span], live: list[Span]) -> int:
    return max(sum(_covers(one, at) for one in told), sum(_covers(one, at) for one in live))


def _covers(span: Span, at: datetime) -> bool:
    return span.begin <= at < span.end
