"""The report of a year: counted once, two weeks after the year is over, and the same for ever after.

Small numbers are withheld with everything from which they would follow, by the audit of `process.evaluation`
(decision 0058). A year is counted once: a second count, after somebody was erased, would show who that was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

import msgspec
from sqlalchemy import exc, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import ReportFixed
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock, local_date, local_midnight
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import TenantId
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.organisations.tables import tenants
from consent_service.process.evaluation.apart import choose_apart
from consent_service.process.evaluation.model import ALL, Cell, Leaf, Measure, cells_of, publishable_on
from consent_service.process.evaluation.withholding import NotPublishableError, Table, value_of
from consent_service.rights.accountability.tables import yearly_figures, yearly_reports
from consent_service.rights.accountability.yearly import Found, Source, Window

_NO_TEAM = "-"


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One category of a measure; without a `value` it is withheld."""

    category: str
    value: int | None


class MeasureFigures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measure with its whole; `whole` is None when it is withheld, or when a whole says nothing."""

    measure: str
    lines: tuple[Figure, ...]
    whole: int | None
    of_nobody: bool


class FixedReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of one year as they were fixed."""

    year: int
    fixed_at: datetime
    measures: tuple[MeasureFigures, ...]


async def read_report(
    conn: AsyncConnection, sources: tuple[Source, ...], tenant: TenantId, year: int
) -> FixedReport:
    """The numbers of a year as they were fixed.

    Raises:
        NotFoundError: that year is not fixed.
    """
    reports, figures = yearly_reports.c, yearly_figures.c
    about = select(yearly_reports).where(reports.tenant == tenant, reports.year == year)
    row = (await conn.execute(about)).first()
    if row is None:
        raise NotFoundError("year")
    each = select(yearly_figures).where(figures.tenant == tenant, figures.year == year)
    found = {(one.measure, one.category): one.value for one in await conn.execute(each)}
    return FixedReport(year, row.fixed_at, tuple(_measures(sources, found)))


def _measures(
    sources: tuple[Source, ...], found: Mapping[tuple[str, str], int | None]
) -> Iterator[MeasureFigures]:
    """In the order of the sources; a measure that came later has no numbers of then."""
    for source in sources:
        for name, one in source.measures.items():
            if all((name, category) in found for category in one.categories):
                lines = tuple(Figure(category, found[name, category]) for category in one.categories)
                whole = found.get((one.population, ALL))
                yield MeasureFigures(name, lines, whole, name in source.of_nobody)


class YearlyReports:
    """Which years are fixed, what they say, and fixing one."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        sources: tuple[Source, ...],
        choose: Callable[[Table], tuple[Cell, ...]] = choose_apart,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._sources = sources
        self._choose = choose

    async def years(self, actor: PrivacyCoordinator | Fg) -> tuple[int, ...]:
        """The years that are fixed, the newest first.

        Raises:
            NotAllowedError: no officer of this shelter.
        """
        require(actor, Action.VIEW_ACCOUNTABILITY, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await self._fixed(conn, actor.tenant)

    async def waiting(self, actor: PrivacyCoordinator | Fg) -> tuple[int, ...]:
        """The years since the shelter is here that are over for two weeks and are not fixed, newest first.

        Raises:
            NotAllowedError: no officer of this shelter.
        """
        require(actor, Action.VIEW_ACCOUNTABILITY, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await self._not_fixed(conn, actor.tenant)

    async def fix(self, actor: PrivacyCoordinator, year: int) -> None:
        """Count a year for good; small numbers, and those from which one follows, are withheld.

        Raises:
            NotAllowedError: no privacy coordinator: the FG supervises (AVG 38(6)).
            InputError: not over for two weeks, or nothing can be shown without giving something away.
            ConflictError: somebody else fixed it meanwhile.
        """
        require(actor, Action.FIX_REPORT, Circumstances(tenant=actor.tenant))
        if year not in await self.waiting(actor):
            raise InputError([Problem("year", "accountability.not_yet")])
        found = await self._counted(actor.tenant, year)
        try:
            chosen = await asyncio.to_thread(self._chosen, found, year)
        except NotPublishableError as nothing:
            raise InputError([Problem("year", "evaluation.not_publishable")]) from nothing
        try:
            await self._write(actor, year, chosen)
        except exc.IntegrityError as meanwhile:
            raise ConflictError("this year was fixed meanwhile") from meanwhile

    # --- parts -------------------------------------------------------------------------------

    @property
    def _of_people(self) -> dict[str, Measure]:
        """Measures of which small numbers are withheld."""
        return {
            name: one
            for source in self._sources
            for name, one in source.measures.items()
            if name not in source.of_nobody
        }

    async def _counted(self, tenant: TenantId, year: int) -> Found:
        since, until = local_midnight(date(year, 1, 1)), local_midnight(date(year + 1, 1, 1))
        found = Found()
        async with self._database.reading() as conn:
            for source in self._sources:
                found += await source.count(Window(conn, self._log, tenant, since, until))
        return found

    def _chosen(self, found: Found, year: int) -> dict[tuple[str, str], int | None]:
        """Every figure with its value, or without where that would give something away."""
        quarter, measures = f"{year}-Q1", self._of_people
        teams: dict[str, tuple[str, ...]] = {quarter: (_NO_TEAM,)}
        counts = {
            Leaf(quarter, name, _NO_TEAM, category): found[name, category]
            for name, one in measures.items()
            for category in one.categories
        }
        wanted = cells_of(str(year), teams, measures)
        table = Table(tuple(sorted(counts.items())), teams, (), (), wanted, measures)
        shown = frozenset(self._choose(table))
        values: dict[tuple[str, str], int | None] = {
            (cell.measure, cell.category): value_of(cell, counts, teams, measures) if cell in shown else None
            for cell in wanted
        }
        return values | {
            (name, category): found[name, category]
            for source in self._sources
            for name in source.of_nobody
            for category in source.measures[name].categories
        }

    async def _write(
        self,
        actor: PrivacyCoordinator,
        year: int,
        chosen: dict[tuple[str, str], int | None],
    ) -> None:
        shown = sum(value is not None for value in chosen.values())
        rows = [
            {"tenant": actor.tenant, "year": year, "measure": name, "category": category, "value": value}
            for (name, category), value in chosen.items()
        ]
        async with self._database.transaction() as conn:
            await conn.execute(
                insert(yearly_reports).values(
                    tenant=actor.tenant,
                    year=year,
                    fixed_at=self._clock.now(),
                    shown=shown,
                    withheld=len(chosen) - shown,
                )
            )
            await conn.execute(insert(yearly_figures), rows)
            event = ReportFixed(year, shown, len(chosen) - shown)
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)

    async def _fixed(self, conn: AsyncConnection, tenant: TenantId) -> tuple[int, ...]:
        table = yearly_reports.c
        query = select(table.year).where(table.tenant == tenant).order_by(table.year.desc())
        return tuple((await conn.execute(query)).scalars())

    async def _not_fixed(self, conn: AsyncConnection, tenant: TenantId) -> tuple[int, ...]:
        query = select(tenants.c.created_at).where(tenants.c.tenant == tenant)
        began = local_date((await conn.execute(query)).scalar_one()).year
        today, done = local_date(self._clock.now()), await self._fixed(conn, tenant)
        return tuple(
            year
            for year in range(today.year - 1, began - 1, -1)
            if year not in done and publishable_on(str(year)) <= today
        )
