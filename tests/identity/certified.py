"""Starts the certified npm `oidc-provider` for a test; installs it when that was not done yet."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.node_packages import node_with

FOLDER = Path(__file__).resolve().parent.parent / "oidc_provider"
_SAYS = "port "


def installed_node() -> str:
    """The path of node, with the provider installed beside the test; skips where that cannot be."""
    return node_with(FOLDER, "oidc-provider", "the certified OpenID Provider")


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
