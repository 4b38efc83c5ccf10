"""`operator`: who runs the installation, and logging in as one of them for the next half hour."""

from __future__ import annotations

import asyncio
import socket
from asyncio import sleep as pause
from typing import Final

from consent_service.app import Services
from consent_service.cli.admission import keep_secret, kept_secret, operator, secret_path
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.opening import make_private_folder, opened, run_with
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.i18n import N_
from consent_service.identity.operators import OPERATORS_PLACE, GrantAsked, Registered, Standing

ASKED_EVERY: Final = 2.0
"""Seconds between two looks whether the code was approved."""
_CODE: Final = entry(
    "--code", type=WORDS, required=True, words=N_("De code van de beheerder, zoals ops-1; geen naam.")
)
_HEADINGS: Final = (N_("Code"), N_("Inlogdienst"), N_("Sinds"), N_("Weg sinds"))


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("operator", N_("Beheerders: wie opdrachten mag geven."))
    _add_login(group)
    _add_people(group)


def _add_login(group: Orders) -> None:
    @group.order(
        "login",
        N_("Laat in een browser zien wie u bent; daarna mag u een half uur opdrachten geven."),
        admission="anybody",
    )
    @entry("--no-wait", is_flag=True, words=N_("Wacht niet tot de code is goedgekeurd."))
    def login(terminal: Terminal, no_wait: bool) -> int:
        return asyncio.run(_log_in(terminal, waits=not no_wait))

    @group.order("logout", N_("Geef vanaf nu geen opdrachten meer als beheerder."), admission="anybody")
    def logout(terminal: Terminal) -> None:
        secret = kept_secret(terminal) or ""
        secret_path(terminal).unlink(missing_ok=True)
        ended = run_with(terminal, lambda services: services.identity.operators.give_up(secret))
        terminal.say(N_("De toelating is beëindigd.") if ended else N_("Er was geen toelating."))


def _add_people(group: Orders) -> None:
    @group.order("add", N_("Neem een beheerder op, met de login waarmee die laat zien wie het is."))
    @_CODE
    @entry("--provider", type=WORDS, required=True, words=N_("De inlogdienst uit `provider list`."))
    @entry(
        "--subject", type=WORDS, required=True, words=N_("Het kenmerk waarmee die dienst de persoon kent.")
    )
    def add(terminal: Terminal, code: str, provider: str, subject: str) -> None:
        async def work(services: Services) -> None:
            try:
                await services.identity.operators.add(operator(), code, provider, subject)
            except NotFoundError as missing:
                raise InputError([Problem("provider", "cli.provider_unknown")]) from missing
            except ConflictError as taken:
                raise InputError([Problem("code", "cli.operator_taken")]) from taken

        run_with(terminal, work)
        terminal.say(N_("Beheerder {code} is opgenomen."), code=code)

    @group.order("end", N_("Deze beheerder is weg: wat die mocht, eindigt nu."))
    @_CODE
    def end(terminal: Terminal, code: str) -> None:
        async def work(services: Services) -> None:
            try:
                await services.identity.operators.end(operator(), code)
            except NotFoundError as missing:
                raise InputError([Problem("code", "cli.operator_unknown")]) from missing
            except ConflictError as last:
                raise InputError([Problem("code", "cli.operator_last")]) from last

        run_with(terminal, work)
        terminal.say(N_("Beheerder {code} mag vanaf nu niets meer."), code=code)

    @group.order("list", N_("Toon de beheerders."))
    def show(terminal: Terminal) -> None:
        found = run_with(terminal, lambda services: services.identity.operators.all())
        terminal.table(_HEADINGS, [_row(one) for one in found])


def _row(one: Registered) -> tuple[str, ...]:
    ended = one.ended_at.date().isoformat() if one.ended_at else ""
    return one.code, one.provider, one.added_at.date().isoformat(), ended


async def _log_in(terminal: Terminal, *, waits: bool) -> int:
    """1. the secret is kept before its code is shown  2. what to do  3. what came of it."""
    async with opened(terminal) as services:
        operators = services.identity.operators
        if not any(one.ended_at is None for one in await operators.all()):
            raise CommandError(
                N_("Er is nog geen beheerder. Neem er eerst een op: consent-service operator add")
            )
        asked = await operators.ask(socket.gethostname())
        _keep(terminal, asked)  # 1
        terminal.say(  # 2
            N_("Open {address} in een browser en typ daar deze code: {code}"),
            address=f"{terminal.settings.public_origin}{OPERATORS_PLACE}",
            code=asked.code,
        )
        if not waits:
            return 0
        terminal.say(N_("De code werkt tien minuten. Stoppen: Ctrl-C."))
        standing = await operators.standing(asked.secret)
        while standing.stand == "waiting":
            await pause(ASKED_EVERY)
            standing = await operators.standing(asked.secret)
    return _tell(terminal, standing)  # 3


def _keep(terminal: Terminal, asked: GrantAsked) -> None:
    make_private_folder(terminal.settings.state_dir)
    try:
        keep_secret(terminal, asked.secret)
    except OSError as failure:
        path = secret_path(terminal)
        raise CommandError(N_("Het bestand {path} kan niet geschreven worden."), path=path) from failure


def _tell(terminal: Terminal, standing: Standing) -> int:
    if standing.stand != "live" or standing.until is None:
        terminal.complain(terminal.text(N_("De code is niet goedgekeurd. Er is niemand toegelaten.")))
        return FAILED
    terminal.say(
        N_("U geeft opdrachten als {operator}, tot {moment}."),
        operator=standing.operator,
        moment=terminal.moment(standing.until),
    )
    return 0
