"""npm packages that tests use: installed beside their lock, once, when that was not done yet."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

from tests.conftest import cannot_run


def node_with(folder: Path, package: str, what: str) -> str:
    """The path of node, with what `folder` locks installed; skips where that cannot be.

    Args:
        package: one of the packages, whose presence says that all are there.
        what: what needs them, for who reads why a test was skipped.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        cannot_run(f"{what} needs Node.js 20 and npm, which are not on this machine")
    with (folder / "package.json").open() as lock:  # several test processes install once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / package).is_dir():
            _install(npm, folder, what)
    return node


def _install(npm: str, folder: Path, what: str) -> None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
        cannot_run(f"npm could not install {what}: {done.stderr.strip()[-300:]}")
