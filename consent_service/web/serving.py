"""Runs an ASGI application inside this process: its lifespan, a port, requests, a clean end.

Granian's embedded server listens; the lifespan runs here, so that what is wrong at start-up is an
ordinary exception to whoever starts. One process: more of them is a matter of starting more.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from consent_service.foundation.errors import ConfigurationError

_PATIENCE_SECONDS = 10.0


class PortTakenError(ConfigurationError):
    """Something else listens on this port."""

    code = "port_taken"

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(f"port: {port} on {host} is in use; choose another with the setting `port`")


@asynccontextmanager
async def serving(app: Litestar, *, host: str, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """The application answers on `host` and `port` while the context lasts; yields the server's task.

    Raises:
        PortTakenError: something else listens there; nothing was started.
        ConsentServiceError: whatever the application's own start-up raises.
    """
    require_free_port(host, port)
    logging.getLogger("_granian").setLevel(logging.ERROR)
    async with _living(app):
        server = Server(app, address=host, port=port, interface=Interfaces.ASGINL, log_enabled=False)
        task = asyncio.create_task(server.serve())
        try:
            await _wait_until_it_answers(task, host, port)
            yield task
        finally:
            server.interrupt_signal = True
            server.main_loop_interrupt.set()
            await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)


@asynccontextmanager
async def _living(app: Litestar) -> AsyncIterator[None]:
    """The application's lifespan in a task of its own: its task groups would wrap every exception."""
    started, ending = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await ending.wait()

    life = asyncio.create_task(live())
    starting = asyncio.create_task(started.wait())
    await asyncio.wait({life, starting}, return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    if not started.is_set():
        raise _sole(life.exception())
    try:
        yield
    finally:
        ending.set()
        await life


def _sole(error: BaseException | None) -> BaseException:
    """The one exception inside groups of one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error or RuntimeError("the application ended while it started")


def require_free_port(host: str, port: int) -> None:
    """Go on only when nothing listens there.

    Raises:
        PortTakenError: something does, or the address is not this machine's.
    """
    try:
        with _bound(host, port):
            pass
    except OSError as taken:
        raise PortTakenError(host, port) from taken


def free_port(host: str, wanted: int, *, besides: int = 0) -> int:
    """`wanted`, or the next port on which nothing listens; never `besides`.

    Raises:
        PortTakenError: none of the next hundred is free.
    """
    for port in range(wanted, min(wanted + 100, 65536)):
        if port != besides:
            try:
                require_free_port(host, port)
            except PortTakenError:
                continue
            return port
    raise PortTakenError(host, wanted)


def any_free_port(host: str = "127.0.0.1") -> int:
    """A port the operating system has free now."""
    with _bound(host, 0) as bound:
        port: int = bound.getsockname()[1]
        return port


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


async def _wait_until_it_answers(task: asyncio.Task[None], host: str, port: int) -> None:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only to connect to
    while not task.done():
        try:
            _, writer = await asyncio.open_connection(reachable, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise PortTakenError(host, port)
