"""The program in docs/API.md does what the page says, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from consent_service.foundation.clock import SystemClock
from consent_service.identity.client_scopes import Scope
from tests.identity import asking as a
from tests.identity.serving import free_port, served
from tests.shelter import OPERATOR
from tests.web.visiting import Site

PAGE = Path(__file__).resolve().parents[2] / "docs" / "API.md"


async def test_the_program_in_the_docs_reads_the_schools(site: Site, tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    world, port = site.world, free_port()
    clients = world.services.identity.machine_clients
    client = await clients.register(OPERATOR, a.new_client(world.tenant))
    key = tmp_path / "key.json"
    key.write_text(json.dumps(a.ec_key().as_dict(private=True)))
    clients.issuer = f"http://127.0.0.1:{port}"
    world.clock.advance(SystemClock().now() - world.clock.now())
    async with served(site.app, port) as origin:
        told = {"ORIGIN": origin, "CLIENT": client.id, "KEY": str(key)}
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program),
            env={**os.environ, **told},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await running.communicate()
    assert running.returncode == 0, err.decode()
    assert world.linde in out.decode()


def test_the_page_names_every_scope() -> None:
    assert all(f"`{scope}`" in PAGE.read_text() for scope in Scope)
