"""`serve`: the service in one process, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from consent_service.app import build_services, create_app, open_installation
from consent_service.cli.entering import Orders
from consent_service.cli.failing import FAILED
from consent_service.cli.opening import read_passphrase, require_database_file
from consent_service.cli.terminal import Terminal
from consent_service.foundation.i18n import N_
from consent_service.foundation.settings import Settings
from consent_service.keyring.secret import Secret
from consent_service.web.serving import require_free_port, serving


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    commands.order("serve", N_("Start de dienst; stopt met Ctrl-C."), admission="anybody")(serve)


def serve(terminal: Terminal) -> int:
    settings = terminal.settings
    require_database_file(settings)
    require_free_port(settings.host, settings.port)
    passphrase = read_passphrase(terminal)
    log_to_stderr(settings)
    return asyncio.run(_serve(terminal, settings, passphrase))


async def _serve(terminal: Terminal, settings: Settings, passphrase: Secret) -> int:
    services = build_services(open_installation(settings, passphrase))
    try:
        async with serving(create_app(services, settings), host=settings.host, port=settings.port) as server:
            terminal.say(N_("De dienst draait op {address}"), address=settings.public_origin)
            with stop_signals() as stop:
                await asyncio.wait(
                    {server, asyncio.ensure_future(stop.wait())}, return_when=asyncio.FIRST_COMPLETED
                )
    finally:
        await services.installation.database.close()
    if not stop.is_set():
        terminal.complain(terminal.text(N_("De dienst is onverwacht gestopt.")))
        return FAILED
    terminal.say(N_("De dienst is gestopt."))
    return 0


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that is set by Ctrl-C or by whoever ends this process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def log_to_stderr(settings: Settings) -> None:
    """One JSON line per event on the error stream; what is logged holds no personal data."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is then: it may be replaced
    )
