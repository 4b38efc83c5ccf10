"""Starts the certified npm `oidc-provider` for a test; installs it when that was not done yet."""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.conftest import cannot_run
from tests.identity.serving import answers

FOLDER = Path(__file__).resolve().parent.parent / "oidc_provider"


def installed_node() -> str:
    """The path of node, with the provider installed beside the test; skips where that cannot be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        cannot_run("the certified OpenID Provider needs Node.js 20 and npm, which are not on this machine")
    with (FOLDER / "package.json").open() as lock:  # several test processes install once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
            _install(npm)
    return node


def _install(npm: str) -> None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        shutil.rmtree(FOLDER / "node_modules", ignore_errors=True)
        cannot_run(f"npm could not install the certified OpenID Provider: {done.stderr.strip()[-300:]}")


@asynccontextmanager
async def certified_provider(node: str, port: int, options: dict[str, object]) -> AsyncIterator[str]:
    """The provider on loopback, with one client and one person; yields its issuer."""
    settings = json.dumps({"port": port, **options})
    process = await asyncio.create_subprocess_exec(
        node, "server.mjs", settings, cwd=FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await answers(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
