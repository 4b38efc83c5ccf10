"""`demo`: the service with invented families on this machine, or the scripted story about them."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from consent_service.cli.entering import Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.opening import make_private_folder
from consent_service.cli.serve import stop_signals
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.demo.running import RunningDemo, running
from consent_service.demo.shelter import CAST
from consent_service.demo.state import (
    HOST,
    DemoState,
    RunningElsewhereError,
    held,
    make_if_missing,
    note_address,
    settings_of,
    upgrade,
)
from consent_service.demo.story.telling import tell
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.web.serving import free_port


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""

    @commands.order(
        "demo", N_("Start de dienst met verzonnen gezinnen, of loop het verhaal door."), admission="anybody"
    )
    @entry("--script", is_flag=True, words=N_("Loop het hele verhaal door over HTTP en stop dan."))
    @entry("--postgresql", is_flag=True, words=N_("Het verhaal op PostgreSQL in plaats van SQLite."))
    @entry("--fresh", is_flag=True, words=N_("Begin opnieuw; wat er in de demo stond gaat weg."))
    def demo(terminal: Terminal, script: bool, postgresql: bool, fresh: bool) -> int:
        if postgresql and not script:
            raise InputError([Problem("postgresql", "cli.only_with_script")])
        if script:
            return tell(
                terminal.settings, on_postgresql=postgresql, translate=terminal.text, say=terminal.show
            )
        return _start(terminal, fresh=fresh)


def _start(terminal: Terminal, *, fresh: bool) -> int:
    folder = terminal.settings.state_dir / "demo"
    make_private_folder(folder.parent)
    try:
        with held(folder):
            if fresh:
                shutil.rmtree(folder, ignore_errors=True)
            return asyncio.run(_run(terminal, folder))
    except RunningElsewhereError as twice:
        if twice.address:
            raise CommandError(
                N_("De demo draait al op {address}. Gebruik die, of stop die eerst met Ctrl-C."),
                address=twice.address,
            ) from twice
        raise CommandError(N_("De demo draait al. Stop die eerst met Ctrl-C.")) from twice


async def _run(terminal: Terminal, folder: Path) -> int:
    clock = SystemClock()
    state = await make_if_missing(folder, terminal.settings, clock)
    port = free_port(HOST, terminal.settings.port)
    settings = settings_of(folder, terminal.settings, port=port)
    await upgrade(settings)
    async with running(settings, state.shelter, clock) as demo:
        note_address(folder, demo.address)
        _introduce(terminal, demo, state)
        with stop_signals() as stop:
            waiting = asyncio.ensure_future(stop.wait())
            await asyncio.wait({*demo.tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
    if not stop.is_set():
        terminal.complain(terminal.text(N_("De dienst is onverwacht gestopt.")))
        return FAILED
    terminal.say(N_("De demo is gestopt. Een volgende keer gaat hij verder waar u was."))
    return 0


def _introduce(terminal: Terminal, demo: RunningDemo, state: DemoState) -> None:
    terminal.say(N_("Alles hier is verzonnen. Open dit in een browser:"))
    terminal.show("")
    terminal.show(f"  {demo.address}")
    terminal.show("")
    terminal.say(N_("Inloggen is kiezen wie u bent:"))
    terminal.table(
        (N_("Naam"), N_("Wie dat is")), [(member.name, terminal.text(member.does)) for member in CAST]
    )
    terminal.show("")
    if state.paper is not None:
        terminal.say(
            N_("Intrekken zonder inloggen: {address}, met de code van {parent}: {code}"),
            address=f"{demo.address}/intrekken",
            parent=state.paper.parent,
            code=state.paper.code,
        )
    terminal.say(N_("Klaar (ready). Stoppen: Ctrl-C."))
