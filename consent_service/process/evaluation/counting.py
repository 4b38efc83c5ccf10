"""Counts what happened in one quarter, from the log and from who was at school when. Reads no content.

Each child or meeting falls in exactly one category of a measure, and belongs to the team of the counsellor
with whom its family began. What was erased is not counted: a quarter is counted once, soon after it is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.families.tables import children, relationship_contacts, relationships
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import EntryId, TenantId
from consent_service.organisations.tables import assignments, staff
from consent_service.process.evaluation.model import MEASURES, NO_TEAM, Leaf, bounds

MEETINGS: Final = frozenset({"meeting.stepped.v1", "meeting_agreement.stepped.v1"})
HELD: Final = "hold"
FOLLOWED_UP: Final = frozenset({"follow_up", "close", "finish", "give_up"})
"""Acts with a driegesprek, or with an agreement made there, that say that somebody looked at it since."""
_BOTH_WAYS: Final = frozenset({"information.released.v1", "record.shared.v1"})
_DAYS: Final = ((3, "days_3"), (7, "days_7"), (14, "days_14"))
_EXPECTED: Final = timedelta(days=14)
_PAGE: Final = 200


class Child(msgspec.Struct, frozen=True):
    """When a child came, to which team, and when the school and the shelter first reached each other."""

    team: str
    registered: datetime
    first_contact: datetime | None
    contact_listed: datetime | None


async def count_quarter(
    conn: AsyncConnection, log: AuditLog, tenant: TenantId, quarter: str
) -> dict[Leaf, int]:
    """Every count of a quarter, also those that are nought, for every team there is."""
    since, until = bounds(quarter)
    teams = await _teams_of_families(conn, tenant)
    told = await _entries(conn, log, tenant, _BOTH_WAYS, since, until + _EXPECTED)
    ways = [way for entry in told for way in _ways(entry)]
    found: Counter[tuple[str, str, str]] = Counter()
    for child in await _registered(conn, tenant, teams, ways, (since, until)):
        found["first_contact", child.team, _band(child)] += 1
        found["contacts_known", child.team, _known(child)] += 1
    for team, category in await _two_way(conn, tenant, teams, ways, (since, until)):
        found["two_way", team, category] += 1
    meetings = await _entries(conn, log, tenant, MEETINGS, since, until + _EXPECTED)
    for team, category in await _meetings(conn, tenant, teams, meetings, until):
        found["meetings", team, category] += 1
    known = await _teams(conn, tenant) | {team for _, team, _ in found}
    return {
        Leaf(quarter, name, team, category): found[name, team, category]
        for name, one in MEASURES.items()
        for team in sorted(known)
        for category in one.categories
    }


class Way(msgspec.Struct, frozen=True):
    """That something went to the school, or came from it."""

    relationship: str
    to_school: bool
    at: datetime


async def _registered(
    conn: AsyncConnection,
    tenant: TenantId,
    teams: Mapping[str, str],
    ways: Iterable[Way],
    within: tuple[datetime, datetime],
) -> list[Child]:
    first = _earliest((one.relationship, one.at) for one in ways)
    places = select(relationships.c.relationship, relationships.c.child).where(
        relationships.c.tenant == tenant
    )
    rows = (await conn.execute(places)).all()
    at_schools = {row.relationship: row.child for row in rows}
    reached = _earliest((at_schools[place], at) for place, at in first.items() if place in at_schools)
    lists = select(relationship_contacts.c.relationship, relationship_contacts.c.starts_at).where(
        relationship_contacts.c.tenant == tenant, relationship_contacts.c.deputy_for.is_(None)
    )
    listed = _earliest(
        (at_schools[row.relationship], row.starts_at)
        for row in await conn.execute(lists)
        if row.relationship in at_schools
    )
    query = select(children.c.child, children.c.family, children.c.created_at).where(
        children.c.tenant == tenant, children.c.created_at >= within[0], children.c.created_at < within[1]
    )
    return [
        Child(teams.get(row.family, NO_TEAM), row.created_at, reached.get(row.child), listed.get(row.child))
        for row in await conn.execute(query)
    ]


async def _two_way(
    conn: AsyncConnection,
    tenant: TenantId,
    teams: Mapping[str, str],
    ways: Iterable[Way],
    within: tuple[datetime, datetime],
) -> list[tuple[str, str]]:
    """Per child at a school in the quarter: which of both sides wrote or was read."""
    since, until = within
    query = select(relationships.c.relationship, relationships.c.family, relationships.c.ended_at).where(
        relationships.c.tenant == tenant, relationships.c.started_at < until
    )
    used = {(one.relationship, one.to_school) for one in ways if since <= one.at < until}
    return [
        (
            teams.get(row.family, NO_TEAM),
            _direction((row.relationship, True) in used, (row.relationship, False) in used),
        )
        for row in await conn.execute(query)
        if row.ended_at is None or row.ended_at >= since
    ]


async def _meetings(
    conn: AsyncConnection,
    tenant: TenantId,
    teams: Mapping[str, str],
    entries: Iterable[TrailEntry],
    until: datetime,
) -> list[tuple[str, str]]:
    """Per meeting held in the quarter: whether what was agreed was looked at since."""
    query = select(relationships.c.relationship, relationships.c.family).where(
        relationships.c.tenant == tenant
    )
    family = {row.relationship: row.family for row in await conn.execute(query)}
    held: dict[str, str] = {}
    followed: set[str] = set()
    for entry in entries:
        event: Any = None if entry.detail is None else entry.detail.event
        if event is None:
            continue
        if event.act == HELD and entry.at < until:
            held[event.meeting] = event.relationship
        elif event.act in FOLLOWED_UP:
            followed.add(event.meeting)
    return [
        (
            teams.get(family.get(place, ""), NO_TEAM),
            "followed_up" if meeting in followed else "not_followed_up",
        )
        for meeting, place in held.items()
    ]


async def _entries(
    conn: AsyncConnection,
    log: AuditLog,
    tenant: TenantId,
    types: frozenset[str],
    since: datetime,
    until: datetime,
) -> list[TrailEntry]:
    found: list[TrailEntry] = []
    after: EntryId | None = None
    while True:
        wanted = TrailFilter(types=types, since=since, until=until)
        page = await log.trail(conn, tenant, wanted, after=after, limit=_PAGE)
        found += page.entries
        after = page.next
        if after is None:
            return found


async def _teams_of_families(conn: AsyncConnection, tenant: TenantId) -> dict[str, str]:
    """The team of whoever was with a family first."""
    query = (
        select(assignments.c.family, staff.c.team)
        .join(staff, (staff.c.tenant == assignments.c.tenant) & (staff.c.staff == assignments.c.staff))
        .where(assignments.c.tenant == tenant)
        .order_by(assignments.c.starts_at.desc(), assignments.c.assignment.desc())
    )
    return {row.family: row.team or NO_TEAM for row in await conn.execute(query)}


async def _teams(conn: AsyncConnection, tenant: TenantId) -> frozenset[str]:
    """Every team that a counsellor is in, or none."""
    query = select(staff.c.team).where(staff.c.tenant == tenant, staff.c.kind == "counsellor").distinct()
    return frozenset(team or NO_TEAM for team in (await conn.execute(query)).scalars())


def _ways(entry: TrailEntry) -> Iterable[Way]:
    match None if entry.detail is None else entry.detail.event:
        case events.InformationReleased(purpose="access"):
            return  # somebody got the own data (AVG 15): nothing went from one to the other
        case events.InformationReleased(relationship=place, reader_kind=reader):
            yield Way(place, reader == "school", entry.at)
        case events.RecordShared(relationship=place, direction="c2s"):
            yield Way(place, to_school=False, at=entry.at)
        case _:
            return


def _earliest(moments: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for about, at in moments:
        found[about] = min(at, found.get(about, at))
    return found


def _band(child: Child) -> str:
    if child.first_contact is None:
        return "later"
    days = (local_date(child.first_contact) - local_date(child.registered)).days
    return next((name for most, name in _DAYS if days <= most), "later")


def _known(child: Child) -> str:
    soon = child.contact_listed is not None and child.contact_listed < child.registered + _EXPECTED
    return "known" if soon else "unknown"


def _direction(to_school: bool, from_school: bool) -> str:
    if to_school and from_school:
        return "both"
    if to_school:
        return "to_school"
    return "from_school" if from_school else "none"
