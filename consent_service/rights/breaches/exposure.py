"""Who could have seen what, answered from the log: ids, types and counts, never content.

`certain` is what the log tells was shown; the rest is what somebody could have opened. A period may be ten
years: the log is read page by page, each in a read of its own, and only numbers and ids are kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Select, func, or_, select

from consent_service.audit.encoding import Detail
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.families.tables import relationship_contacts
from consent_service.foundation.clock import Clock, local_midnight
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import RelationshipId, TenantId
from consent_service.keyring.tables import key_destructions
from consent_service.organisations.tables import assignments, staff
from consent_service.records.tables import records
from consent_service.rights.breaches.families import (
    Belonging,
    Safety,
    begun_before,
    belonging,
    safety_by_family,
    worst,
)
from consent_service.rights.breaches.model import Question, period_of
from consent_service.rights.breaches.seeing import SHOWN_TYPES, Sight, named_in, sight_of
from consent_service.rights.breaches.tablets import Reach, TabletReader, members_of

_PAGE: Final = 500
_DAY: Final = timedelta(days=1)


class Person(msgspec.Struct):
    """Somebody it may be about."""

    family: str
    child: bool
    certain: bool = False
    times: int = 0


class Exposure(msgspec.Struct):
    """What came of a question, while it is being answered."""

    belonging: Belonging
    people: dict[str, Person] = {}
    types: set[str] = set()
    seen: int = 0
    records: int = 0
    erased: int = 0
    sessions: int = 0
    safety: Safety = Safety()

    @property
    def families(self) -> frozenset[str]:
        return frozenset(one.family for one in self.people.values())

    def add_family(self, family: str, *, certain: bool = False) -> None:
        """Everybody of a family."""
        young, old = self.belonging.by_family.get(family, ([], []))
        for person in young:
            self._add(person, family, child=True, certain=certain)
        for person in old:
            self._add(person, family, child=False, certain=certain)

    def add_child(self, child: str, family: str, *, certain: bool) -> None:
        """One child, and the guardians, of whom something is told with it."""
        self._add(child, family, child=True, certain=certain)
        for person in self.belonging.by_family.get(family, ([], []))[1]:
            self._add(person, family, child=False, certain=certain)

    def add_sight(self, sight: Sight, *, certain: bool = True) -> bool:
        """What one entry tells; whether it is about anybody who is known here still."""
        child, family = self.belonging.places.get(sight.relationship or "", (None, None))
        if child is None and sight.person in self.belonging.children:
            child, family = sight.person, self.belonging.children[sight.person]
        family = family or self.belonging.family_of(sight.person)
        if family is None and sight.family in self.belonging.by_family:
            family = sight.family
        if family is None:
            return False
        if child is not None:
            self.add_child(child, family, certain=certain)
        else:
            self.add_family(family, certain=certain)
        self.types.update(sight.types)
        self.records += sight.records
        self.seen += 1
        return True

    def _add(self, person: str, family: str, *, child: bool, certain: bool) -> None:
        one = self.people.setdefault(person, Person(family, child))
        one.certain = one.certain or certain
        one.times += certain


class ExposureReader:
    """Answers one question at a time."""

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._tablets = TabletReader(database=database, log=log, clock=clock)

    async def answer(self, tenant: TenantId, asked: Question) -> Exposure:
        """Whom it may be about.

        Raises:
            NotFoundError: no such entry, or nobody by that id works or worked here.
        """
        async with self._database.reading() as conn:
            found = Exposure(await belonging(conn, tenant))
        match asked.kind:
            case "actor":
                await self._of_actor(tenant, asked, found)
            case "tablet":
                await self._of_tablet(tenant, asked, found)
            case "backup":
                await self._of_backup(tenant, asked, found)
            case "entry":
                await self._of_entry(tenant, asked, found)
            case "period":
                await self._shown(tenant, _filter(asked), found)
        async with self._database.reading() as conn:
            known = await safety_by_family(conn, tenant, found.families)
        found.safety = worst(known.values())
        return found

    # --- questions ---------------------------------------------------------------------------

    async def _of_actor(self, tenant: TenantId, asked: Question, found: Exposure) -> None:
        """What this person was shown in the period, and which families were within reach."""
        await self._require_staff(tenant, str(asked.actor))
        await self._shown(tenant, _filter(asked, str(asked.actor)), found)
        await self._within_reach(tenant, str(asked.actor), asked, found)

    async def _of_tablet(self, tenant: TenantId, asked: Question, found: Exposure) -> None:
        """What the sessions of whoever worked there reached, and what was shown in them."""
        async with self._database.reading() as conn:
            members = set(await members_of(conn, tenant, asked.device))
        if asked.actor is not None:
            await self._require_staff(tenant, asked.actor)
            members |= {str(asked.actor)}
        for member in sorted(members):
            reach: Reach = await self._tablets.reach(tenant, member, asked)
            found.sessions += reach.sessions
            for family in reach.lent:
                found.add_family(family)
            if reach.own:
                await self._within_reach(tenant, member, asked, found)
            await self._shown(tenant, _filter(asked, member), found)

    async def _of_backup(self, tenant: TenantId, asked: Question, found: Exposure) -> None:
        """Everybody who was in the data at the end of that day, with what was written by then."""
        moment, kept = local_midnight((asked.since or date.max) + _DAY), records.c
        async with self._database.reading() as conn:
            for family in await begun_before(conn, tenant, moment):
                found.add_family(family)
            query = (
                select(kept.information_type, func.count().label("number"))
                .where(kept.tenant == tenant, kept.written_at < moment)
                .group_by(kept.information_type)
            )
            for row in await conn.execute(query):
                found.types.add(row.information_type)
                found.records += row.number
            if asked.keys != "none":
                dead = _readable_still(tenant, asked, moment)
                found.erased = (await conn.execute(dead)).scalar_one()

    async def _of_entry(self, tenant: TenantId, asked: Question, found: Exposure) -> None:
        """Whom one entry is about, and where it is about a child at a school: all that was shown there."""
        async with self._database.reading() as conn:
            page = await self._log.trail(conn, tenant, TrailFilter(entry=asked.entry), limit=1)
        detail = page.entries[0].detail if page.entries else None
        if detail is None:
            raise NotFoundError("entry")
        about = named_in(detail)
        if about.relationship is not None:
            place = TrailFilter(relationship=RelationshipId(about.relationship), types=SHOWN_TYPES)
            await self._shown(tenant, place, found)
        if not found.people:
            found.add_sight(about, certain=sight_of(detail) is not None)

    # --- parts -------------------------------------------------------------------------------

    async def _shown(self, tenant: TenantId, wanted: TrailFilter, found: Exposure) -> None:
        async for detail in self._details(tenant, wanted):
            sight = sight_of(detail)
            if sight is not None:
                found.add_sight(sight)

    async def _within_reach(self, tenant: TenantId, member: str, asked: Question, found: Exposure) -> None:
        """The families a counsellor was with, and the children on whose list a contact stood."""
        since, until = period_of(asked)
        a, c = assignments.c, relationship_contacts.c
        with_family = select(a.family).where(
            a.tenant == tenant,
            a.staff == member,
            a.starts_at < until,
            or_(a.ends_at.is_(None), a.ends_at > since),
        )
        on_list = select(c.relationship).where(
            c.tenant == tenant,
            c.staff == member,
            c.starts_at < until,
            or_(c.ends_at.is_(None), c.ends_at > since),
        )
        async with self._database.reading() as conn:
            for family in (await conn.execute(with_family)).scalars():
                found.add_family(family)
            for place in (await conn.execute(on_list)).scalars():
                child, family = found.belonging.places[place]
                found.add_child(child, family, certain=False)

    async def _require_staff(self, tenant: TenantId, member: str) -> None:
        query = select(staff.c.staff).where(staff.c.tenant == tenant, staff.c.staff == member)
        async with self._database.reading() as conn:
            if (await conn.execute(query)).first() is None:
                raise NotFoundError("staff")

    async def _details(self, tenant: TenantId, wanted: TrailFilter) -> AsyncIterator[Detail]:
        async for entry in pages(self._database, self._log, tenant, wanted):
            if entry.detail is not None:
                yield entry.detail


async def pages(
    database: Database, log: AuditLog, tenant: TenantId, wanted: TrailFilter
) -> AsyncIterator[TrailEntry]:
    """Every entry that fits, newest first; each page is a read of its own, so that nothing waits for it."""
    after, more = None, True
    while more:
        async with database.reading() as conn:
            page = await log.trail(conn, tenant, wanted, after=after, limit=_PAGE)
        for one in page.entries:
            yield one
        after, more = page.next, page.next is not None


def _readable_still(tenant: TenantId, asked: Question, moment: datetime) -> Select[Any]:
    """How many people of whom nothing is known any more are in the backup, and open with what leaked.

    A copy of the keys of a later day than their path died opens nothing of them (docs/KEYS.md). Where
    nobody knows which keys leaked, everybody who was erased after the backup counts.
    """
    gone = key_destructions.c
    query = select(func.count(gone.owner.distinct())).where(
        gone.tenant == tenant, gone.kind == "person", gone.destroyed_at >= moment
    )
    if asked.keys == "leaked" and asked.until is not None:
        opens = or_(gone.path_dead_at.is_(None), gone.path_dead_at >= local_midnight(asked.until))
        query = query.where(opens)
    return query


def _filter(asked: Question, actor: str | None = None) -> TrailFilter:
    since, until = period_of(asked)
    return TrailFilter(actor=actor, types=SHOWN_TYPES, since=since, until=until)
