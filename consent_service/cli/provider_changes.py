"""`provider change`, `close`, `open`, `rotate-key`: what happens to a login provider after it was added."""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.opening import run_with
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.i18n import N_
from consent_service.identity.presets import rules_with
from consent_service.identity.providers import Provider


def add_changes_to(group: Orders) -> None:
    """Add the commands of this module to `provider`."""
    _add_change(group)
    _add_close_and_open(group)
    _add_rotate_key(group)


def _add_change(group: Orders) -> None:
    @group.order("change", N_("Lees een inlogdienst voortaan anders; zonder bestand: toon de regels."))
    @entry("--id", "provider_id", type=WORDS, required=True, words=_WHICH)
    @entry(
        "--rules",
        type=click.Path(exists=True, dir_okay=False),
        words=N_("TOML-bestand met regels die anders zijn, zie docs/LOGIN.md."),
    )
    def change(terminal: Terminal, provider_id: str, rules: str | None) -> None:
        told = read_rules(rules) if rules else {}

        async def work(services: Services) -> Provider:
            provider = await _known(services, provider_id)
            if told:
                fresh = rules_with(provider.rules, told)
                await services.identity.login_providers.change(operator(), provider_id, fresh)
            return await _known(services, provider_id)

        found = run_with(terminal, work)
        for name in found.rules.__struct_fields__:
            terminal.show(f"{name} = {getattr(found.rules, name)!r}")


def _add_close_and_open(group: Orders) -> None:
    @group.order("close", N_("Laat niemand meer inloggen met deze dienst; iedere sessie ervan eindigt nu."))
    @entry("--id", "provider_id", type=WORDS, required=True, words=_WHICH)
    def close(terminal: Terminal, provider_id: str) -> None:
        async def work(services: Services) -> int:
            return await services.identity.login_providers.set_open(operator(), provider_id, is_open=False)

        ended = run_with(terminal, _for_known(work))
        terminal.say(N_("{name} is gesloten. Beëindigde sessies: {count}."), name=provider_id, count=ended)

    @group.order("open", N_("Laat weer inloggen met deze dienst."))
    @entry("--id", "provider_id", type=WORDS, required=True, words=_WHICH)
    def open_again(terminal: Terminal, provider_id: str) -> None:
        async def work(services: Services) -> int:
            return await services.identity.login_providers.set_open(operator(), provider_id, is_open=True)

        run_with(terminal, _for_known(work))
        terminal.say(N_("{name} is open."), name=provider_id)


def _add_rotate_key(group: Orders) -> None:
    @group.order("rotate-key", N_("Maak onze volgende sleutel bij deze dienst, of ga die gebruiken."))
    @entry("--id", "provider_id", type=WORDS, required=True, words=_WHICH)
    @entry("--use", is_flag=True, words=N_("Gebruik de volgende sleutel nu de dienst hem kent."))
    def rotate_key(terminal: Terminal, provider_id: str, use: bool) -> None:
        async def work(services: Services) -> str:
            if use:
                await services.identity.login_providers.use_next_key(operator(), provider_id)
                return ""
            return await services.identity.login_providers.prepare_key(operator(), provider_id)

        public = run_with(terminal, _for_known(work))
        if use:
            terminal.say(N_("{name} krijgt voortaan onze nieuwe sleutel te zien."), name=provider_id)
            return
        terminal.say(N_("Deze sleutel staat nu ook in jwks.json. Geef hem aan de dienst, en daarna: --use."))
        terminal.show(f"jwk           {public}")


T = TypeVar("T")
_WHICH = N_("De inlogdienst uit `provider list`.")


def read_rules(path: str) -> dict[str, object]:
    """The rules in a TOML file.

    Raises:
        InputError: it is no TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise InputError([Problem("rules", "cli.rules_file")]) from failure


async def _known(services: Services, provider_id: str) -> Provider:
    found = [one for one in await services.identity.providers() if one.id == provider_id]
    if not found:
        raise InputError([Problem("id", "cli.provider_unknown")])
    return found[0]


def _for_known(work: Callable[[Services], Awaitable[T]]) -> Callable[[Services], Awaitable[T]]:
    async def told(services: Services) -> T:
        try:
            return await work(services)
        except NotFoundError as unknown:
            raise InputError([Problem("id", "cli.provider_unknown")]) from unknown
        except ConflictError as other:
            raise InputError([Problem("id", "cli.provider_key")]) from other

    return told
