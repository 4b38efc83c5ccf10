"""The service starts as a process, answers, and ends cleanly; a taken port is one sentence."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2

from consent_service.app.presence import nobody_serves
from consent_service.foundation.database import Database
from consent_service.foundation.settings import PREFIX
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
        answer = httpx2.get(f"http://127.0.0.1:{port}/inloggen", trust_env=False)
        assert answer.status_code == 200
        assert asyncio.run(_served(sqlite_shell.environ[f"{PREFIX}DATABASE_URL"]))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert "De dienst is gestopt." in process.stdout.read()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def _served(url: str) -> bool:
    """As `keys restore` sees it."""
    async with nobody_serves(Database(url)) as nobody:
        return not nobody
