"""While serving, stops are listed soon after they were carried out, and after an outage compared anew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from consent_service.app import jobs
from consent_service.app.jobs import run_chores
from consent_service.custody.stops import forget_listed, listed_stops
from consent_service.foundation.errors import DatabaseUnavailableError
from tests.scenarios.stories import told_family
from tests.shelter import World

Between = Callable[[], Awaitable[None]]


async def chores(world: World, monkeypatch: pytest.MonkeyPatch, *between: Between) -> None:
    """Rounds of chores without waiting; before each something happens."""
    waiting = list(between)

    async def next_round(stop: asyncio.Event, _seconds: float) -> bool:
        if not waiting:
            return True
        await waiting.pop(0)()
        return False

    monkeypatch.setattr(jobs, "_stopped", next_round)
    await run_chores(world.services, asyncio.Event())


async def listed(world: World) -> int:
    async with world.services.installation.database.reading() as conn:
        return len(await listed_stops(conn))


async def test_what_was_carried_out_is_listed_and_what_was_only_journalled_is_carried_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)
    services = world.services
    assert await listed(world) == 0

    async def ended() -> None:
        await services.families.end_relationship(world.counsellor, told.relationship, "changed_school")

    async def journalled() -> None:
        subject = {"family": told.view.family, "guardian": told.mother.guardian, "method": "page"}
        services.installation.journal.accept(
            "withdrawal", tenant=world.tenant, at=world.clock.now(), subject=subject
        )

    await chores(world, monkeypatch, ended, journalled)
    assert await listed(world) == 2
    assert services.installation.journal.pending() == ()


async def test_nothing_is_compared_while_no_stop_is_added_and_everything_after_an_outage(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)
    seen: list[int] = []

    async def look() -> None:
        seen.append(await listed(world))

    async def forget() -> None:
        """As if the database that answers were a copy that missed the last acts."""
        async with world.services.installation.database.transaction() as conn:
            await forget_listed(conn)
        await look()

    async def withdrawn() -> None:
        await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)

    async def away() -> None:
        patch.setattr(world.services.installation.database, "transaction", refuse)

    def refuse() -> None:
        raise DatabaseUnavailableError("the database did not answer")

    async def back() -> None:
        patch.undo()

    with monkeypatch.context() as patch:
        await chores(world, monkeypatch, withdrawn, look, forget, look, away, back, look)
    assert seen == [1, 0, 0, 1]
