"""The demo from the command line: what it says, and how it ends. What is in it is tested in `tests/demo`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from consent_service.cli import demo as demo_module
from consent_service.demo.families import Paper
from consent_service.demo.running import RunningDemo
from consent_service.demo.shelter import CAST, Shelter
from consent_service.demo.state import DemoState, RunningElsewhereError, held, note_address
from consent_service.foundation.ids import TenantId
from tests.cli.conftest import Shell

ADDRESS = "http://127.0.0.1:8111"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A demo without servers: they end at once. Gives the folders that were asked for."""
    asked: list[Path] = []
    state = DemoState(Shelter(TenantId("t"), {}, {}), Paper("Samira", "1234-5678"))

    async def make_if_missing(folder: Path, *_rest: Any) -> DemoState:
        asked.append(folder)
        return state

    async def upgrade(_settings: Any) -> None:
        return

    @asynccontextmanager
    async def running(*_given: Any) -> AsyncIterator[RunningDemo]:
        async def ended() -> None:
            return

        yield RunningDemo(ADDRESS, ADDRESS, (asyncio.create_task(ended()), asyncio.create_task(ended())))

    for name, instead in (("make_if_missing", make_if_missing), ("upgrade", upgrade), ("running", running)):
        monkeypatch.setattr(demo_module, name, instead)
    return asked


@contextmanager
def stopped_at_once() -> Iterator[asyncio.Event]:
    stop = asyncio.Event()
    stop.set()
    yield stop


def test_it_says_who_to_be_and_what_is_on_paper_and_goes_on_where_one_was(
    bare_shell: Shell, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "stop_signals", stopped_at_once)
    kept = bare_shell.folder / "state" / "demo" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()

    said = bare_shell.must("demo")
    for words in (ADDRESS, f"{ADDRESS}/intrekken", "Samira: 1234-5678", *(one.name for one in CAST)):
        assert words in said
    assert kept.exists()
    bare_shell.must("demo", "--fresh")
    assert not kept.exists()
    assert made == [kept.parent] * 2


def test_a_server_that_ends_by_itself_is_told(bare_shell: Shell, made: list[Path]) -> None:
    said = bare_shell.type("demo")
    assert (said.code, said.err.strip()) == (1, "De dienst is onverwacht gestopt.")


@pytest.mark.parametrize("address", [ADDRESS, ""])
def test_a_second_one_is_told_of_the_first(bare_shell: Shell, made: list[Path], address: str) -> None:
    folder = bare_shell.folder / "state" / "demo"
    with held(folder):
        note_address(folder, address)
        with pytest.raises(RunningElsewhereError), held(folder):
            raise AssertionError
        said = bare_shell.type("demo")
    assert said.code == 2
    assert said.err.startswith("De demo draait al")
    assert address in said.err
    assert made == []


def test_the_story_is_told_on_the_engine_that_was_asked_for(
    bare_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def tell(_settings: Any, *, on_postgresql: bool, **_words: Any) -> int:
        told.append(on_postgresql)
        return 0

    monkeypatch.setattr(demo_module, "tell", tell)
    bare_shell.must("demo", "--script")
    bare_shell.must("demo", "--script", "--postgresql")
    assert told == [False, True]
