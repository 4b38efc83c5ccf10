"""Entries are kept five years; then a coordinator may let them go, and what was read on stays readable."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from consent_service.audit.events import LogPruned, LogViewed
from consent_service.audit.pruning import prune_batch
from consent_service.audit.tables import audit_entries
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import (
    DatabaseUnavailableError,
    InputError,
    LogUnavailableError,
    NotAllowedError,
)
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.process.tables import follower_cursors
from consent_service.rights import pruning
from consent_service.rights.pruning import Pruned, PruningOrder, years_before
from tests.audit.factories import SYSTEM
from tests.ledger import count, entries
from tests.scenarios.stories import told_family
from tests.shelter import OPERATOR, World

LONG = timedelta(days=6 * 366)


async def long_ago(world: World) -> int:
    """More than one bundle of entries of six years ago, all of them read by the followers."""
    await told_family(world)
    async with world.services.installation.database.transaction() as conn:
        for _ in range(300):
            await world.services.log.append(
                conn, tenant=world.tenant, event=LogViewed(), by=SYSTEM, subject=None
            )
    await world.settle()
    old = await of_tenant(world)
    world.clock.advance(LONG)
    return old


async def of_tenant(world: World) -> int:
    query = select(func.count()).where(audit_entries.c.tenant == world.tenant)
    async with world.services.installation.database.reading() as conn:
        return int((await conn.execute(query)).scalar_one())


def order(world: World, *, years: int = 5) -> PruningOrder:
    day = years_before(local_date(world.clock.now()), years)
    return PruningOrder(world.tenant, world.officer.staff, day)


async def test_old_entries_go_once_and_the_log_says_so_and_verifies(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await long_ago(world)
    prune, real = world.services.pruning.prune, prune_batch
    batches = 0

    async def killed(*args: object, **options: object) -> tuple[int, int]:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise DatabaseUnavailableError("the database did not answer")
        return await real(*args, **{**options, "limit": 100})  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(pruning, "prune_batch", killed)
        with pytest.raises(DatabaseUnavailableError):
            await prune(OPERATOR, order(world))
    assert await prune(OPERATOR, order(world)) == (Pruned(1, 256, 156),)
    assert await prune(OPERATOR, order(world)) == (Pruned(1, 256, 0),)
    (entry,) = await entries(world, "log.pruned.v1")
    assert entry.detail is not None
    assert entry.detail.event == LogPruned(1, 256, world.officer.staff)
    assert entry.detail.by.kind == "operator"
    assert await of_tenant(world) == old - 256 + 1
    await world.settle()
    report = await world.services.supervision.verify(world.officer)
    assert report.ok, report


async def test_what_nobody_followed_yet_and_what_is_young_stays(world: World) -> None:
    await long_ago(world)
    before = await count(world, audit_entries)
    young = order(world, years=4)
    with pytest.raises(InputError) as refused:
        await world.services.pruning.prune(OPERATOR, young)
    (problem,) = refused.value.problems
    assert problem.code == "pruning.too_young"
    assert date.fromisoformat(problem.params["day"]) == order(world).before
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(follower_cursors).values(next_seq=100))
    assert await world.services.pruning.prune(OPERATOR, order(world)) == (Pruned(1, 0, 0),)
    assert await count(world, audit_entries) == before


async def test_of_each_log_the_shelter_had_goes_what_every_follower_has_read(world: World) -> None:
    """Followers count on from one log to the next: what they read of the first is not read of the second."""
    await world.services.log_heads.rotate(OPERATOR, world.tenant, urgency="planned")
    first = await long_ago(world)
    world.clock.advance(-LONG)
    await world.services.log_heads.reopen(OPERATOR, world.tenant, why="restored")
    second = await long_ago(world) - first
    assert second > 256
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(follower_cursors).values(next_seq=first + 100))
    assert await world.services.pruning.prune(OPERATOR, order(world)) == (
        Pruned(1, 256, 255),  # the entry that tells of its second key stays
        Pruned(2, 0, 0),
    )
    await world.settle()
    assert await world.services.pruning.prune(OPERATOR, order(world)) == (
        Pruned(1, 256, 0),
        Pruned(2, 256, 255),  # its first entry says why there is a second log, and stays
    )
    await world.settle()
    report = await world.services.supervision.verify(world.officer)
    assert report.ok, report


async def test_only_what_a_coordinator_of_the_shelter_decided_and_only_by_an_operator(world: World) -> None:
    for who in (world.counsellor.staff, StaffId("nobody")):
        with pytest.raises(NotAllowedError):
            await world.services.pruning.prune(OPERATOR, PruningOrder(world.tenant, who, date(2020, 1, 1)))
    with pytest.raises(NotAllowedError):
        await world.services.pruning.prune(world.officer, order(world))  # type: ignore[arg-type]
    elsewhere = PruningOrder(TenantId("_"), world.officer.staff, date(2020, 1, 1))
    with pytest.raises(NotAllowedError):
        await world.services.pruning.prune(OPERATOR, elsewhere)


async def test_nothing_goes_when_the_log_does_not_take_the_entry_that_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await long_ago(world)
    before = await count(world, audit_entries)

    async def dropped(*_args: object, **_options: object) -> None:
        return None

    monkeypatch.setattr(world.services.log, "append", dropped)
    with pytest.raises(LogUnavailableError):
        await world.services.pruning.prune(OPERATOR, order(world))
    assert await count(world, audit_entries) == before


@pytest.mark.parametrize(
    "day, expected",
    [(date(2026, 9, 1), date(2021, 9, 1)), (date(2028, 2, 29), date(2023, 2, 28))],
)
def test_five_years_before_a_day_is_that_day(day: date, expected: date) -> None:
    assert years_before(day, 5) == expected
