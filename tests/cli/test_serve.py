"""The service starts as a process, answers, and ends cleanly; a taken port is one sentence."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog

from consent_service.app.presence import nobody_serves
from consent_service.cli import serve
from consent_service.foundation.database import Database
from consent_service.foundation.settings import PREFIX, load_settings
from consent_service.web.serving import any_free_port, free_port
from tests.cli.conftest import Shell


def test_a_port_in_use_is_one_sentence(sqlite_shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sqlite_shell.environ[f"{PREFIX}PORT"] = str(port)

        said = sqlite_shell.type("serve")

    assert (said.code, said.err.strip()) == (
        2,
        f"Poort {port} op 127.0.0.1 is al in gebruik. Kies een andere met RUGGENSTEUN_PORT.",
    )


def test_the_next_free_port_is_found_past_those_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert free_port("127.0.0.1", port) > port


def test_the_service_answers_and_ends_at_a_signal(sqlite_shell: Shell, tmp_path: Path) -> None:
    port = any_free_port()
    sqlite_shell.environ[f"{PREFIX}PORT"] = str(port)
    process = subprocess.Popen(
        [sys.executable, "-m", "consent_service", "serve"],
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **sqlite_shell.environ},
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == f"De dienst draait op http://127.0.0.1:{port}"
        answer = httpx2.get(f"http://127.0.0.1:{port}/inloggen", trust_env=False, timeout=60)
        assert answer.status_code == 200
        assert asyncio.run(_served(sqlite_shell.environ[f"{PREFIX}DATABASE_URL"]))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert "De dienst is gestopt." in process.stdout.read()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def logging_restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("logging_restored")
def test_it_says_where_it_is_and_whether_somebody_stopped_it(
    sqlite_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def stopped_at_once() -> Iterator[asyncio.Event]:
        stop = asyncio.Event()
        stop.set()
        yield stop

    with monkeypatch.context() as patch:
        patch.setattr(serve, "stop_signals", stopped_at_once)
        said = sqlite_shell.must("serve")
    address = f"http://127.0.0.1:{sqlite_shell.environ[f'{PREFIX}PORT']}"
    assert said.splitlines() == [f"De dienst draait op {address}", "De dienst is gestopt."]

    @asynccontextmanager
    async def ending(*_app: Any, **_place: Any) -> AsyncIterator[asyncio.Task[None]]:
        yield asyncio.create_task(asyncio.sleep(0))

    monkeypatch.setattr(serve, "serving", ending)
    died = sqlite_shell.type("serve")
    assert (died.code, died.err.strip()) == (1, "De dienst is onverwacht gestopt.")


async def test_a_signal_is_heard_while_it_is_listened_for() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with serve.stop_signals() as stop:
            os.kill(os.getpid(), number)
            await stop.wait()


@pytest.mark.usefixtures("logging_restored")
def test_what_is_logged_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    serve.log_to_stderr(load_settings({}))
    structlog.get_logger().warning("late", minutes=15)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line).items() >= {"event": "late", "level": "warning", "minutes": 15}.items()


async def _served(url: str) -> bool:
    """As `keys restore` sees it."""
    async with nobody_serves(Database(url)) as nobody:
        return not nobody
