"""Starts the certified npm `oidc-provider` for a test; installs it when that was not done yet."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import cannot_run

FOLDER = Path(__file__).resolve().parent.parent / "oidc_provider"
_SAYS = "port "


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


@contextmanager
def certified_provider(node: str, options: dict[str, object]) -> Iterator[str]:
    """The provider on a free port of loopback, with one client; yields the address where it listens.

    However long it takes to start: it is waited for until it says its port, or ends.
    """
    process = subprocess.Popen(
        [node, "server.mjs", json.dumps(options)],
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            said = next((line for line in process.stdout if line.startswith(_SAYS)), "")
            assert said, "the certified OpenID Provider ended before it listened"
            yield f"http://127.0.0.1:{int(said.removeprefix(_SAYS))}"
        finally:
            process.terminate()
