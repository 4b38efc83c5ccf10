"""Real HTTP on loopback for tests: an ASGI application on a free port, and a small browser."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from consent_service.identity.oidc import Callback


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@asynccontextmanager
async def served(app: Litestar, port: int) -> AsyncIterator[str]:
    """The application at the yielded address, in this event loop."""
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    async with running(server, port) as address:
        yield address


@asynccontextmanager
async def running(server: Server, port: int) -> AsyncIterator[str]:
    task = asyncio.create_task(server.serve())
    try:
        await answers(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await task


async def answers(port: int) -> None:
    """Return when something listens on this port; fail after a minute."""
    for _ in range(3000):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise TimeoutError(f"nothing listens on port {port}")


async def followed(browser: httpx2.AsyncClient, address: str, *, until: str) -> str:
    """Follow redirects as a browser does, up to the first address that starts with `until`."""
    for _ in range(10):
        if address.startswith(until):
            return address
        answer = await browser.get(address)
        assert answer.is_redirect, (answer.status_code, answer.text[:500])
        address = urljoin(address, answer.headers["location"])
    raise AssertionError(f"never came to {until}")


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def callback_at(address: str, **changed: str) -> Callback:
    """The answer of the provider in `address`, with some parameters changed by an attacker."""
    query: Mapping[str, str] = query_of(address) | changed
    return Callback.of(query)
