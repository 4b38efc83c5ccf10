"""Looks once a day at every date of every family, and tells what is near or has come, once.

A mark and the entry that tells stand in one transaction, so that of two calendars at once one tells, and
after days without a calendar nothing is told twice or forgotten. Which dates, is `process.dates`; the
tasks that follow are made by `process.follower`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import OFFICER, AuditLog
from consent_service.consent.reading import read_decisions
from consent_service.families.reading import (
    read_assessments,
    read_authority,
    read_children,
    read_competence,
    read_contacts,
    read_markers,
    read_relationship,
    read_relationships,
)
from consent_service.families.tables import children, families, guardians
from consent_service.foundation.clock import local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConsentServiceError, UnavailableError
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.identity.model import System, by
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.process.dates import Dated, Due, Postponed, due, of_recall
from consent_service.process.recalls import RecallService
from consent_service.process.tables import calendar_marks
from consent_service.process.tables_emergencies import meldcodes

_DAY: Final = "day"


class Calendar:
    """Reminders, tenant by tenant."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        catalogue: Catalogue,
        recalls: RecallService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._catalogue = catalogue
        self._recalls = recalls

    async def run(self, tenant: TenantId, now: datetime) -> int:
        """Tell what is due and was not told yet; how much that was. Once a day: later runs cost one look.

        A family that cannot be read keeps no other waiting, and the day open.

        Raises:
            UnavailableError: the database, the log or the keys are away; the next run goes on.
            ConsentServiceError: what kept one of the families from being read.
        """
        today = f"{_DAY}:{local_date(now)}"
        async with self._database.reading() as conn:
            if await _told(conn, tenant, [today]):
                return 0
            running = await _families(conn, tenant)
        told, failures = 0, list[ConsentServiceError]()
        for family in running:
            try:
                told += await self._tell(tenant, await self._due_about(tenant, family, now), now)
            except UnavailableError:
                raise
            except ConsentServiceError as failure:
                failures.append(failure)
        told += await self._tell(tenant, await self._due_recalls(tenant, now), now)
        if failures:
            raise failures[0]
        async with self._database.transaction() as conn:
            await _mark(conn, tenant, today, now)
        return told

    async def _due_about(self, tenant: TenantId, family: FamilyId, now: datetime) -> list[Due]:
        """What has not been told yet about one family."""
        async with self._database.reading() as conn:
            dated = await read_dated(conn, self._ring, tenant, family)
            found = due(dated, self._catalogue, now)
            told = await _told(conn, tenant, [one.mark for one in found])
        return [one for one in found if one.mark not in told]

    async def _due_recalls(self, tenant: TenantId, now: datetime) -> list[Due]:
        """The recalls that no school answered in time."""
        found = []
        async with self._database.reading() as conn:
            for one in await self._recalls.overdue(conn, tenant, now):
                about = await read_relationship(conn, tenant, one.relationship)
                if about and about.child in await self._ring.person_keys(conn, tenant, [about.child]):
                    found.append(of_recall(one, about.child))
                    if one.long:
                        found.append(of_recall(one, about.child, long=True))
            told = await _told(conn, tenant, [one.mark for one in found])
        return [one for one in found if one.mark not in told]

    async def _tell(self, tenant: TenantId, found: Sequence[Due], now: datetime) -> int:
        """Mark and entry together; what another calendar told meanwhile is not told again."""
        if not found:
            return 0
        told = 0
        async with self._database.transaction() as conn:
            for one in found:
                if await _mark(conn, tenant, one.mark, now):
                    told += 1
                    await self._log.append(
                        conn,
                        tenant=tenant,
                        event=one.event,
                        by=by(System()),
                        subject=one.subject,
                        tagged_for=OFFICER if one.hidden else None,
                        relationship=one.event.relationship,
                    )
        return told


async def read_dated(conn: AsyncConnection, ring: KeyRing, tenant: TenantId, family: FamilyId) -> Dated:
    """Everything about a family that has a date, of those whose data still exists."""
    kids = await read_children(conn, ring, tenant, family=family)
    ids = [kid.child for kid in kids]
    since = await _since(conn, tenant, family)
    living = await ring.person_keys(conn, tenant, sorted(since))
    relationships = await read_relationships(conn, tenant, family=family)
    decisions = await read_decisions(conn, tenant, [one.relationship for one in relationships])
    return Dated(
        family=family,
        relationships=relationships,
        children=kids,
        guardians=tuple(p for p in since if p in living and p not in ids),
        since=since,
        decisions=tuple(row for row in decisions if row.person in living),
        authority=await read_authority(conn, tenant, persons=ids),
        assessments=await read_assessments(conn, tenant, family=family),
        markers=await read_markers(conn, tenant, family=family),
        competence=await read_competence(conn, tenant, children=ids),
        contacts=await read_contacts(conn, tenant, [one.relationship for one in relationships]),
        postponed=await _postponed(conn, tenant, family, living),
    )


async def _postponed(
    conn: AsyncConnection, tenant: TenantId, family: FamilyId, living: Iterable[str]
) -> tuple[Postponed, ...]:
    """What is not open to the parents yet, of children whose data still exists."""
    m = meldcodes.c
    query = select(m.meldcode, m.child, m.postponed_until).where(
        m.tenant == tenant,
        m.family == family,
        m.postponed_until.is_not(None),
        m.child.in_(sorted(living)),
    )
    return tuple(Postponed(row[0], PersonId(row[1]), row[2]) for row in await conn.execute(query))


async def _families(conn: AsyncConnection, tenant: TenantId) -> tuple[FamilyId, ...]:
    """Families whose guidance goes on, the one registered first first."""
    query = (
        select(families.c.family)
        .where(families.c.tenant == tenant, families.c.ended_at.is_(None))
        .order_by(families.c.created_at, families.c.family)
    )
    return tuple(FamilyId(found) for found in (await conn.execute(query)).scalars())


async def _since(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> dict[PersonId, date]:
    """The day on which each person of the family was registered."""
    found: dict[PersonId, date] = {}
    for table, person in ((guardians, guardians.c.guardian), (children, children.c.child)):
        query = select(person, table.c.created_at).where(table.c.tenant == tenant, table.c.family == family)
        for row in await conn.execute(query.order_by(table.c.created_at, person)):
            found[PersonId(row[0])] = local_date(row[1])
    return found


async def _told(conn: AsyncConnection, tenant: TenantId, marks: Iterable[str]) -> frozenset[str]:
    query = select(calendar_marks.c.mark).where(
        calendar_marks.c.tenant == tenant, calendar_marks.c.mark.in_(sorted(marks))
    )
    return frozenset((await conn.execute(query)).scalars())


async def _mark(conn: AsyncConnection, tenant: TenantId, mark: str, now: datetime) -> bool:
    """Whether this was the first time."""
    values = {"tenant": tenant, "mark": mark, "at": now}
    if conn.dialect.name == "sqlite":
        done = await conn.execute(sqlite.insert(calendar_marks).values(values).on_conflict_do_nothing())
    else:
        done = await conn.execute(postgresql.insert(calendar_marks).values(values).on_conflict_do_nothing())
    return done.rowcount == 1
