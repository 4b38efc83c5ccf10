"""`provider`: the OpenID Providers through which people log in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, get_args

import click

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.opening import run_with
from consent_service.cli.provider_changes import add_changes_to, read_rules
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.identity.presets import PRESETS, rules_with
from consent_service.identity.providers import Audience, NewProvider, Provider, problems_of
from consent_service.identity.service import LOGGED_OUT

_AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("provider", N_("Inlogdiensten (OpenID Connect)."))
    _add_provider(group)

    @group.order("list", N_("Toon de inlogdiensten."))
    def show(terminal: Terminal) -> None:
        async def work(services: Services) -> list[tuple[str, ...]]:
            found = await services.identity.providers()
            return [
                (one.id, one.name, one.issuer, one.audience, one.auth_method, terminal.text(_state_of(one)))
                for one in found
            ]

        headings = (
            N_("Kenmerk"),
            N_("Naam"),
            N_("Adres"),
            N_("Voor wie"),
            N_("Methode"),
            N_("Stand"),
        )
        terminal.table(headings, run_with(terminal, work))

    add_changes_to(group)


def _reading(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator: the options by which a provider is read."""
    options = (
        entry(
            "--preset",
            type=click.Choice(tuple(PRESETS)),
            default="generic",
            words=N_("Het soort dienst, waarvan de namen van claims en niveaus bekend zijn."),
        ),
        entry("--subject-claim", type=WORDS, words=N_("De claim waarmee medewerkers gekoppeld worden.")),
        entry("--acr-order", words=N_("Niveaus van zwak naar sterk, met komma's ertussen.")),
        entry("--minimum-acr", words=N_("Het laagste niveau dat binnenkomt.")),
        entry(
            "--rules",
            type=click.Path(exists=True, dir_okay=False),
            words=N_("TOML-bestand met regels die anders zijn, zie docs/LOGIN.md."),
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _add_provider(group: Orders) -> None:
    @group.order("add", N_("Neem een inlogdienst op; er wordt een sleutelpaar voor private_key_jwt gemaakt."))
    @entry(
        "--id", "provider_id", type=WORDS, required=True, words=N_("Kort kenmerk, bijvoorbeeld school-login.")
    )
    @entry("--name", type=WORDS, required=True, words=N_("De naam op de inlogpagina."))
    @entry("--issuer", type=WORDS, required=True, words=N_("Het adres van de inlogdienst."))
    @entry("--client-id", type=WORDS, required=True, words=N_("Het client-id dat de inlogdienst gaf."))
    @entry("--audience", type=click.Choice(_AUDIENCES), required=True, words=N_("Wie hiermee inloggen."))
    @_reading
    @entry(
        "--client-secret-file",
        type=click.Path(exists=True, dir_okay=False),
        words=N_("Alleen als de dienst geen private_key_jwt kent."),
    )
    @entry(
        "--secret-in",
        "credentials_in",
        type=click.Choice(("header", "form")),
        default="header",
        words=N_("Waar het client_secret heen gaat; form alleen als de dienst niets anders leest."),
    )
    def add(
        terminal: Terminal, provider_id: str, client_secret_file: str | None, **fields: str | None
    ) -> None:
        new = _new_provider(provider_id, client_secret_file, fields)
        loopback = not terminal.settings.is_production
        if problems := problems_of(new, loopback_allowed=loopback):
            raise InputError(problems)

        async def work(services: Services) -> Provider:
            try:
                return await services.identity.register_provider(operator(), new)
            except ConflictError as taken:
                raise InputError([Problem("id", "cli.provider_taken")]) from taken

        _tell(terminal, run_with(terminal, work))


def _tell(terminal: Terminal, provider: Provider) -> None:
    origin = terminal.settings.public_origin
    terminal.say(N_("{name} is opgenomen. Geef dit aan de inlogdienst:"), name=provider.name)
    terminal.show(f"redirect_uri  {origin}/inloggen/{provider.id}/terug")
    terminal.show(f"post_logout_redirect_uri  {origin}{LOGGED_OUT}")
    terminal.show(f"backchannel_logout_uri    {origin}/inloggen/{provider.id}/afgemeld")
    terminal.show(f"jwks_uri      {origin}/jwks.json")
    terminal.say(
        N_("De redirect_uri volgt public_origin ({origin}). Verandert dat, geef hem dan opnieuw door."),
        origin=origin,
    )
    if provider.public_key:
        terminal.show(f"jwk           {provider.public_key}")


def _state_of(provider: Provider) -> str:
    if provider.disabled:
        return N_("gesloten")
    return N_("volgende sleutel klaar") if provider.next_public_key else N_("open")


def _new_provider(
    provider_id: str, client_secret_file: str | None, fields: dict[str, str | None]
) -> NewProvider:
    preset = next(rules for name, rules in PRESETS.items() if name == fields["preset"])
    told: dict[str, object] = read_rules(fields["rules"]) if fields["rules"] else {}
    if fields["acr_order"] is not None:
        told["acr_order"] = [level.strip() for level in fields["acr_order"].split(",") if level.strip()]
    told |= {name: fields[name] for name in ("subject_claim", "minimum_acr") if fields[name] is not None}
    return NewProvider(
        id=provider_id,
        name=fields["name"] or "",
        issuer=fields["issuer"] or "",
        client_id=fields["client_id"] or "",
        audience=next(one for one in _AUDIENCES if one == fields["audience"]),
        client_secret=_read_secret(client_secret_file) if client_secret_file else "",
        credentials_in="form" if fields["credentials_in"] == "form" else "header",
        rules=rules_with(preset, told),
    )


def _read_secret(path: str) -> str:
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise CommandError(N_("Het bestand {path} kan niet gelezen worden."), path=path) from failure
    if not secret:
        raise CommandError(N_("Het bestand {path} is leeg."), path=path)
    return secret
