"""Figures over a period: fixed once by the privacy coordinator, and the same for everybody from then on.

A quarter is counted once, after it is over, and never again; half years and years add up what was counted.
So publishing once more with one more child gives no difference, in which that child would show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime

import msgspec
from sqlalchemy import exc, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.ids import TenantId
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.organisations.tables import tenants
from consent_service.process.evaluation.apart import choose_apart
from consent_service.process.evaluation.counting import count_quarter
from consent_service.process.evaluation.model import (
    Cell,
    Leaf,
    cells_of,
    day_after,
    periods_of,
    publishable_on,
    quarters_of,
)
from consent_service.process.evaluation.withholding import NotPublishableError, Table, value_of
from consent_service.process.tables_evaluation import (
    evaluation_counts,
    evaluation_figures,
    evaluation_publications,
)

Supervisor = PrivacyCoordinator | Fg


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure as it was published; without a `value` it is withheld."""

    cell: Cell
    value: int | None


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A period whose figures are fixed."""

    period: str
    published_at: datetime
    shown: int
    withheld: int


class EvaluationService:
    """Show what is fixed; fix a period that is over."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        choose: Callable[[Table], tuple[Cell, ...]] = choose_apart,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._choose = choose

    async def published(self, actor: Supervisor) -> tuple[Published, ...]:
        """The periods with figures, the newest first.

        Raises:
            NotAllowedError: no officer.
        """
        require(actor, Action.VIEW_EVALUATION, Circumstances(tenant=actor.tenant))
        table = evaluation_publications.c
        query = select(evaluation_publications).where(table.tenant == actor.tenant)
        async with self._database.reading() as conn:
            rows = (await conn.execute(query.order_by(table.period.desc()))).all()
        return tuple(Published(row.period, row.published_at, row.shown, row.withheld) for row in rows)

    async def figures(self, actor: Supervisor, period: str) -> tuple[Figure, ...]:
        """The figures of a period as they were published, in the order of a table; none before that.

        Raises:
            NotAllowedError: no officer.
            InputError: this is no period.
        """
        require(actor, Action.VIEW_EVALUATION, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            found = await _figures_of(conn, actor.tenant, (period,))
            teams = await _read_counts(conn, actor.tenant, quarters_of(period))
        return tuple(
            Figure(cell, found[cell]) for cell in cells_of(period, _teams_in(teams)) if cell in found
        )

    async def publishable(self, actor: Supervisor) -> tuple[str, ...]:
        """The periods of this year and the last that can be fixed now, since the shelter is here.

        Raises:
            NotAllowedError: no officer.
        """
        done = {one.period for one in await self.published(actor)}
        today = local_date(self._clock.now())
        query = select(tenants.c.created_at).where(tenants.c.tenant == actor.tenant)
        async with self._database.reading() as conn:
            began = local_date((await conn.execute(query)).scalar_one())
        return tuple(
            period
            for year in (today.year - 1, today.year)
            for period in periods_of(year)
            if period not in done and publishable_on(period) <= today and _quarters_done(period, done, began)
            if day_after(quarters_of(period)[-1]) > began
        )

    async def publish(self, actor: PrivacyCoordinator, period: str) -> None:
        """Fix the figures of a period; small ones, and those from which a small one follows, are withheld.

        Raises:
            NotAllowedError: no privacy coordinator: the FG supervises (AVG 38(6)).
            InputError: no period, not over for two weeks, its quarters are not fixed yet, or nothing can be
                shown of it without giving something away.
            ConflictError: somebody else fixed it, or another period of this year, meanwhile.
        """
        require(actor, Action.PUBLISH_EVALUATION, Circumstances(tenant=actor.tenant))
        quarters_of(period)
        if period not in await self.publishable(actor):
            raise InputError([Problem("period", "evaluation.not_yet")])
        try:
            table = await self._counted(actor.tenant, period)
            chosen = frozenset(await asyncio.to_thread(self._choose, table))
            await self._write(actor, period, table, chosen)
        except NotPublishableError as nothing:
            raise InputError([Problem("period", "evaluation.not_publishable")]) from nothing
        except exc.IntegrityError as meanwhile:
            raise ConflictError("these figures were fixed meanwhile") from meanwhile

    # --- parts -------------------------------------------------------------------------------

    async def _counted(self, tenant: TenantId, period: str) -> Table:
        """Count what was not counted yet, for good, and read what was shown of this year."""
        async with self._database.transaction() as conn:
            counts = await _read_counts(conn, tenant, quarters_of(period[:4]))
            for quarter in quarters_of(period):
                if not any(leaf.quarter == quarter for leaf in counts):
                    new = await count_quarter(conn, self._log, tenant, quarter)
                    await _write_counts(conn, tenant, new)
                    counts |= new
            return await _table(conn, tenant, period, counts)

    async def _write(
        self, actor: PrivacyCoordinator, period: str, table: Table, chosen: frozenset[Cell]
    ) -> None:
        counts = dict(table.counts)
        shown, withheld = len(chosen), len(table.wanted) - len(chosen)
        async with self._database.transaction() as conn:
            held = evaluation_counts.c
            mine = select(held.value).where(
                held.tenant == actor.tenant, held.quarter.in_(quarters_of(period[:4]))
            )
            await conn.execute(mine.with_for_update())
            current = await _table(conn, actor.tenant, period, counts)
            if (set(current.shown), set(current.withheld)) != (set(table.shown), set(table.withheld)):
                raise ConflictError("figures of this year were fixed meanwhile")
            await conn.execute(
                insert(evaluation_publications).values(
                    tenant=actor.tenant,
                    period=period,
                    published_at=self._clock.now(),
                    published_by=actor.staff,
                    shown=shown,
                    withheld=withheld,
                )
            )
            rows = [
                {
                    "tenant": actor.tenant,
                    **msgspec.structs.asdict(cell),
                    "value": value_of(cell, counts, table.teams) if cell in chosen else None,
                }
                for cell in table.wanted
            ]
            await conn.execute(insert(evaluation_figures), rows)
            event = events.FiguresPublished(period, shown, withheld)
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)


async def _table(conn: AsyncConnection, tenant: TenantId, period: str, counts: dict[Leaf, int]) -> Table:
    earlier = await _figures_of(conn, tenant, periods_of(int(period[:4])))
    teams = _teams_in(counts)
    return Table(
        counts=tuple(sorted(counts.items())),
        teams=teams,
        shown=tuple(sorted(cell for cell, value in earlier.items() if value is not None)),
        withheld=tuple(sorted(cell for cell, value in earlier.items() if value is None)),
        wanted=cells_of(period, teams),
    )


async def _read_counts(conn: AsyncConnection, tenant: TenantId, quarters: tuple[str, ...]) -> dict[Leaf, int]:
    table = evaluation_counts.c
    query = select(evaluation_counts).where(table.tenant == tenant, table.quarter.in_(quarters))
    return {
        Leaf(row.quarter, row.measure, row.team, row.category): row.value for row in await conn.execute(query)
    }


async def _write_counts(conn: AsyncConnection, tenant: TenantId, counts: dict[Leaf, int]) -> None:
    rows = [
        {"tenant": tenant, **msgspec.structs.asdict(leaf), "value": value} for leaf, value in counts.items()
    ]
    await conn.execute(insert(evaluation_counts), rows)


async def _figures_of(
    conn: AsyncConnection, tenant: TenantId, periods: tuple[str, ...]
) -> dict[Cell, int | None]:
    table = evaluation_figures.c
    query = select(evaluation_figures).where(table.tenant == tenant, table.period.in_(periods))
    return {
        Cell(row.period, row.measure, row.team, row.category): row.value for row in await conn.execute(query)
    }


def _teams_in(counts: dict[Leaf, int]) -> dict[str, tuple[str, ...]]:
    """The teams of each quarter that was counted."""
    found: dict[str, set[str]] = {}
    for leaf in counts:
        found.setdefault(leaf.quarter, set()).add(leaf.team)
    return {quarter: tuple(sorted(teams)) for quarter, teams in found.items()}


def _quarters_done(period: str, done: set[str], began: date) -> bool:
    """A half year and a year are made of quarters that are fixed already."""
    quarters = quarters_of(period)
    return quarters == (period,) or {one for one in quarters if day_after(one) > began} <= done
