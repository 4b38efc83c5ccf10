"""A process that serves is seen by others, also after the database started anew, and not before or after."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from consent_service.app import presence
from consent_service.app.presence import nobody_serves, present
from consent_service.foundation.database import Database
from consent_service.foundation.errors import DatabaseUnavailableError


async def _served(database: Database) -> bool:
    async with nobody_serves(database) as nobody:
        return not nobody


async def test_a_serving_process_is_seen_as_long_as_it_serves(database: Database) -> None:
    other = Database(database.engine.url.render_as_string(hide_password=False))
    assert not await _served(other)
    async with present(database), present(other):
        assert await _served(other)
    assert not await _served(other)
    await other.close()


async def test_who_wants_to_serve_waits_for_whoever_has_the_database_alone(database: Database) -> None:
    async def serve() -> None:
        async with present(database):
            pass

    async with nobody_serves(database) as nobody:
        assert nobody
        serving = asyncio.create_task(serve())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), 0.3)
    await serving


async def test_a_process_that_stops_while_it_waits_leaves_nothing(database: Database) -> None:
    async with nobody_serves(database):
        entering = asyncio.create_task(present(database).__aenter__())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(entering, 0.3)
    assert not await _served(database)


async def test_a_database_that_is_away_is_told_at_once(tmp_path: Path) -> None:
    away = Database(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'r.sqlite'}")
    with pytest.raises(DatabaseUnavailableError):
        async with present(away):
            pass
    await away.close()


async def test_a_lock_that_was_lost_is_taken_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "_SECONDS", 0.01)
    taken, real = [0], database.shared

    class Lost:
        def __init__(self, name: str) -> None:
            self._real = real(name)

        async def __aenter__(self) -> object:
            await self._real.__aenter__()
            taken[0] += 1
            if taken[0] == 2:
                await self._real.__aexit__(None, None, None)
                raise DatabaseUnavailableError("starting anew")
            return self._held

        async def _held(self) -> bool:
            return taken[0] > 2

        async def __aexit__(self, *wrong: object) -> None:
            await self._real.__aexit__(None, None, None)

    monkeypatch.setattr(database, "shared", Lost)
    async with present(database):
        while taken[0] < 3:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.01)
        assert await _served(database)
