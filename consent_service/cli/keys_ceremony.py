"""`keys ceremony`: the recovery key is made and handed out on five sheets, with the custodians there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.opening import lost_recovery_key, run_with
from consent_service.cli.recovery_words import (
    require_terminal,
    show_sheet,
    tell_problems,
    typed_sheets,
    wait_for,
)
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.custody.durable_files import in_git_tree
from consent_service.custody.recovery import Ceremony
from consent_service.custody.recovery_key import SHARES, THRESHOLD
from consent_service.custody.sheets import write_sheets
from consent_service.foundation.errors import ConflictError, UnavailableError
from consent_service.foundation.i18n import N_


def add_orders(group: Orders) -> None:
    """Add the ceremony to `keys`."""

    @group.order("ceremony", N_("Maak de herstelsleutel en verdeel hem over vijf bewaarders."))
    @entry(
        "--sheets",
        type=click.Path(file_okay=False, path_type=Path),
        words=N_("Zet de vijf bladen als PDF in deze map, om te printen, in plaats van op het scherm."),
    )
    @entry(
        "--replace",
        is_flag=True,
        words=N_("Er is al een herstelsleutel: nieuwe sleutelkopieën krijgen de nieuwe."),
    )
    def ceremony(terminal: Terminal, sheets: Path | None, replace: bool) -> int:
        return run_with(terminal, lambda services: _hold(terminal, services, sheets, replacing=replace))


async def _hold(terminal: Terminal, services: Services, folder: Path | None, *, replacing: bool) -> int:
    """1. the key pair  2. a sheet for each custodian  3. three are typed back, and it is in use."""
    require_terminal(N_("Een ceremonie houdt u in een terminal, met de bewaarders erbij."))
    if folder is not None and in_git_tree(folder):
        raise CommandError(N_("De map {path} ligt in een git-map. Kies een andere map."), path=folder)
    if not replacing and (lost := await lost_recovery_key(services)):
        raise lost
    held = _begin(services, replacing=replacing)  # 1
    printed = () if folder is None else await _print(services, held, folder)
    try:
        terminal.say(N_("De vingerafdruk van de nieuwe sleutel:"))
        terminal.show(held.key.shown_fingerprint)
        _hand_out(terminal, held, printed)  # 2
        accepted = await _read_back(terminal, services, held, replacing=replacing)  # 3
    except (click.Abort, CommandError, ConflictError, UnavailableError):
        _tell_unused(terminal, folder)
        raise
    if not accepted:
        _tell_unused(terminal, folder)
        return FAILED
    path = services.installation.key_backups.recovery_key
    terminal.say(N_("De herstelsleutel is in gebruik: {path}"), path=path)
    if folder is not None:
        terminal.say(N_("Wis nu de map {path}: daarin staan alle bladen bij elkaar."), path=folder)
    return 0


def _begin(services: Services, *, replacing: bool) -> Ceremony:
    try:
        return services.recovery_keys.begin(operator(), replacing=replacing)
    except ConflictError as there:
        raise CommandError(
            N_(
                "Er is al een herstelsleutel: {path}. Met --replace komt er een nieuwe; de oude bladen "
                "blijven nodig tot de laatste sleutelkopie van nu weg is."
            ),
            path=services.installation.key_backups.recovery_key,
        ) from there


async def _read_back(terminal: Terminal, services: Services, held: Ceremony, *, replacing: bool) -> bool:
    """A ceremony that was not read back is no ceremony."""
    sentence = N_(
        "Nu typen {threshold} van de {shares} bewaarders hun blad terug. Zonder dat telt de ceremonie niet."
    )
    terminal.say(sentence, threshold=THRESHOLD, shares=SHARES)
    typed = typed_sheets(terminal, sample=held.sheets[0])
    if typed is None:
        return False
    problems = await services.recovery_keys.accept(held, typed, actor=operator(), replacing=replacing)
    tell_problems(terminal, problems)
    return not problems


def _tell_unused(terminal: Terminal, folder: Path | None) -> None:
    sentence = N_("De sleutel is niet in gebruik genomen. Vernietig deze bladen.")
    if folder is not None:
        sentence = N_(
            "De sleutel is niet in gebruik genomen. Vernietig deze bladen, ook die in de map {path}."
        )
    terminal.complain(terminal.text(sentence, path=folder))


async def _print(services: Services, held: Ceremony, folder: Path) -> tuple[Path, ...]:
    try:
        return await asyncio.to_thread(
            write_sheets, folder, held.key, held.sheets, host=services.installation.log_host
        )
    except ConflictError as there:
        raise CommandError(N_("In de map {path} liggen al bladen."), path=folder) from there
    except UnavailableError as failure:
        raise CommandError(
            N_(
                "In de map {path} kunnen anderen kijken (doe: chmod 700 {path}), of er kan niet in "
                "geschreven worden."
            ),
            path=folder,
        ) from failure


def _hand_out(terminal: Terminal, held: Ceremony, printed: Sequence[Path]) -> None:
    for path in printed:
        terminal.show(f"  {path}")
    if printed:
        wait_for(terminal, N_("Print elk blad, geef het aan zijn bewaarder en druk op Enter."))
        return
    for number, words in enumerate(held.sheets, 1):
        show_sheet(terminal, number, words)
