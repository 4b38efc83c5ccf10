"""The rows of runs and schedules. Who may write them, and what they mean, is `service`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import StaffId, TenantId, new_id
from consent_service.rights.retention.model import Done, Run, Schedule
from consent_service.rights.retention.tables import retention_runs, retention_schedules

SHOWN_RUNS: Final = 10

# --- runs ------------------------------------------------------------------------------------


async def read_runs(conn: AsyncConnection, tenant: TenantId) -> tuple[Run, ...]:
    """The last runs, the newest first."""
    here = retention_runs.c
    query = select(retention_runs).where(here.tenant == tenant)
    rows = await conn.execute(query.order_by(here.started_at.desc(), here.run.desc()).limit(SHOWN_RUNS))
    return tuple(_run(row) for row in rows)


async def open_run(conn: AsyncConnection, tenant: TenantId) -> Run | None:
    """The run that has not ended: asked for, under way, or broken off."""
    here = retention_runs.c
    query = select(retention_runs).where(here.tenant == tenant, here.ended_at.is_(None))
    row = (await conn.execute(query.order_by(here.started_at).limit(1))).first()
    return None if row is None else _run(row)


async def started_since(conn: AsyncConnection, tenant: TenantId, moment: datetime) -> bool:
    """Whether a run began at this moment or later."""
    here = retention_runs.c
    query = select(here.run).where(here.tenant == tenant, here.started_at >= moment)
    return (await conn.execute(query.limit(1))).first() is not None


async def begin_run(
    conn: AsyncConnection, tenant: TenantId, *, at: datetime, asked_by: StaffId | None, expected: int
) -> str:
    """A new run; its id."""
    run = new_id()
    done = msgspec.structs.asdict(Done())
    await conn.execute(
        insert(retention_runs).values(
            tenant=tenant, run=run, asked_by=asked_by, started_at=at, expected=expected, **done
        )
    )
    return run


async def add_done(conn: AsyncConnection, tenant: TenantId, run: str, more: Done) -> None:
    """Count what went, in the transaction that took it."""
    here = retention_runs.c
    counts = {name: here[name] + number for name, number in msgspec.structs.asdict(more).items() if number}
    if counts:
        await conn.execute(
            update(retention_runs).where(here.tenant == tenant, here.run == run).values(**counts)
        )


async def end_run(conn: AsyncConnection, tenant: TenantId, run: str, at: datetime) -> Run:
    """It has ended; as it stands now."""
    here = retention_runs.c
    ended = (
        update(retention_runs)
        .where(here.tenant == tenant, here.run == run)
        .values(ended_at=at)
        .returning(*retention_runs.c)
    )
    return _run((await conn.execute(ended)).one())


def _run(row: Row[Any]) -> Run:
    done = Done(**{name: getattr(row, name) for name in Done.__struct_fields__})
    asked_by = None if row.asked_by is None else StaffId(row.asked_by)
    return Run(row.run, asked_by, row.started_at, row.ended_at, row.expected, done)


# --- schedules -------------------------------------------------------------------------------


async def newest_schedule(conn: AsyncConnection, tenant: TenantId, periods: str) -> Schedule | None:
    """The newest schedule with exactly these periods."""
    here = retention_schedules.c
    query = select(retention_schedules).where(here.tenant == tenant, here.periods == periods)
    newest = query.order_by(here.proposed_at.desc(), here.schedule.desc()).limit(1)
    row = (await conn.execute(newest)).mappings().first()
    return None if row is None else Schedule(**{name: row[name] for name in Schedule.__struct_fields__})


async def write_schedule(conn: AsyncConnection, tenant: TenantId, one: Schedule) -> None:
    """A new schedule, which another coordinator still has to approve."""
    await conn.execute(insert(retention_schedules).values(tenant=tenant, **msgspec.structs.asdict(one)))


async def approve_schedule(
    conn: AsyncConnection, tenant: TenantId, schedule: str, *, by: StaffId, at: datetime
) -> bool:
    """Another coordinator stands behind it too; False when somebody did already."""
    here = retention_schedules.c
    approved = await conn.execute(
        update(retention_schedules)
        .where(here.tenant == tenant, here.schedule == schedule, here.approved_by.is_(None))
        .values(approved_by=by, approved_at=at)
    )
    return approved.rowcount == 1
