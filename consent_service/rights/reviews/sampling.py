"""A random sample of the log for each officer every week: drawn by the log itself, judged entry by entry.

Both officers review: saying what one found decides nothing (AVG 39). How the draw goes is `drawing`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint, read_note, signed_checkpoint
from consent_service.audit.events import SampleDrawn
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.audit.log_keys import current_log, public_keys
from consent_service.audit.tree import head_signed_after
from consent_service.foundation.clock import Clock, local_date, local_midnight
from consent_service.foundation.database import Database
from consent_service.foundation.ids import EntryId, RecordId, StaffId, TenantId, new_id
from consent_service.identity.model import System, by
from consent_service.organisations.tables import staff
from consent_service.rights.reviews.drawing import Candidate, draw, seed_of, stratum_of, week_of
from consent_service.rights.reviews.tables import review_drawn, review_samples

_OFFICERS: Final = ("privacy_coordinator", "fg")
_CATCHES_UP: Final = 8
"""Weeks that are drawn afterwards where nothing ran meanwhile."""
_AT_ONCE: Final = 500


class _Week(msgspec.Struct, frozen=True):
    """The entries of a week that is over and the head that decides what is drawn of them."""

    week: date
    log: int
    head: Checkpoint
    candidates: tuple[Candidate, ...]


class SampleDrawing:
    """Draws what has not been drawn yet; a job does so, and so does who opens the page."""

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock, size: int) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._size = size

    async def draw_due(self, tenant: TenantId) -> int:
        """Draw every sample that is due, and log each; how many there were. Running it again does nothing.

        A week is drawn once a head was signed after it that covers all its entries. A week without entries
        has no sample.

        Raises:
            UnavailableError: the database or the key provider is away.
        """
        async with self._database.reading() as conn:
            due = await self._due(conn, tenant)
        if not due:
            return 0
        drawn, weeks = 0, dict[date, _Week | None]()
        for officer, week in due:
            async with self._database.transaction() as conn:
                if week not in weeks:
                    weeks[week] = await self._week(conn, tenant, week)
                found = weeks[week]
                if found is not None and found.candidates:
                    drawn += await self._draw(conn, tenant, officer, found)
        return drawn

    async def _due(self, conn: AsyncConnection, tenant: TenantId) -> list[tuple[StaffId, date]]:
        """The last week, and for who reviewed before also those since, of each officer who works here now."""
        last = week_of(local_date(self._clock.now())) - timedelta(days=7)
        people = select(staff.c.staff).where(
            staff.c.tenant == tenant, staff.c.kind.in_(_OFFICERS), staff.c.ended_at.is_(None)
        )
        officers = list((await conn.execute(people.order_by(staff.c.staff))).scalars())
        samples = review_samples.c
        known = select(samples.officer, samples.week).where(samples.tenant == tenant)
        drawn: dict[str, set[date]] = {}
        for row in await conn.execute(known):
            drawn.setdefault(row.officer, set()).add(row.week)
        due = []
        for officer in officers:
            mine = drawn.get(officer, {last})
            first = max(min(mine), last - timedelta(weeks=_CATCHES_UP - 1))
            weeks = [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
            due += [(StaffId(officer), week) for week in weeks if week not in drawn.get(officer, set())]
        return due

    async def _week(self, conn: AsyncConnection, tenant: TenantId, week: date) -> _Week | None:
        """None while no head shows the whole week."""
        ends = local_midnight(week + timedelta(days=7))
        log = await current_log(conn, tenant)
        if log is None or await head_signed_after(conn, log, ends, 0) is None:
            return None
        entries = await self._entries(conn, tenant, TrailFilter(since=local_midnight(week), until=ends))
        if any(one.seq is None for one in entries):
            return None
        last = max((one.seq for one in entries if one.log == log.log and one.seq is not None), default=-1)
        note = await head_signed_after(conn, log, ends, last)
        if note is None:
            return None
        head = signed_checkpoint(read_note(note), origin=log.origin, keys=await public_keys(conn, log))
        candidates = tuple(Candidate(one.id, stratum_of(one.type)) for one in entries)
        return _Week(week, log.log, head, candidates)

    async def _entries(
        self, conn: AsyncConnection, tenant: TenantId, wanted: TrailFilter
    ) -> list[TrailEntry]:
        found: list[TrailEntry] = []
        after: EntryId | None = None
        while True:
            page = await self._log.trail(conn, tenant, wanted, after=after, limit=_AT_ONCE)
            found += page.entries
            after = page.next
            if after is None:
                return found

    async def _draw(self, conn: AsyncConnection, tenant: TenantId, officer: StaffId, week: _Week) -> bool:
        """Whether it was drawn here: of two processes one does it."""
        drawn = draw(seed_of(week.head.root, officer, week.week), week.candidates, self._size)
        sample = RecordId(new_id())
        row = {"tenant": tenant} | _row(sample, officer, week, self._clock.now())
        if not await _is_first(conn, row):
            return False
        for place, one in enumerate(drawn):
            values = {"entry": one.entry, "place": place, "stratum": one.stratum}
            await conn.execute(insert(review_drawn).values(tenant=tenant, sample=sample, **values))
        event = SampleDrawn(
            sample=sample,
            officer=officer,
            week=week.week,
            log=week.log,
            size=week.head.size,
            root=week.head.root.hex(),
            entries=tuple(one.entry for one in drawn),
        )
        await self._log.append(conn, tenant=tenant, event=event, by=by(System()), subject=None)
        return True


def _row(sample: RecordId, officer: StaffId, week: _Week, now: datetime) -> dict[str, Any]:
    return {
        "sample": sample,
        "officer": officer,
        "week": week.week,
        "log": week.log,
        "size": week.head.size,
        "root": week.head.root.hex(),
        "drawn_at": now,
    }


async def _is_first(conn: AsyncConnection, row: dict[str, Any]) -> bool:
    if conn.dialect.name == "sqlite":
        done = await conn.execute(sqlite.insert(review_samples).values(row).on_conflict_do_nothing())
    else:
        done = await conn.execute(postgresql.insert(review_samples).values(row).on_conflict_do_nothing())
    return done.rowcount == 1


async def sample_row(conn: AsyncConnection, tenant: TenantId, sample: RecordId) -> Row[Any] | None:
    """One sample as it was drawn."""
    samples = review_samples.c
    query = select(review_samples).where(samples.tenant == tenant, samples.sample == sample)
    return (await conn.execute(query)).first()
