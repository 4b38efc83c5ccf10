"""`provider`: the OpenID Providers through which people log in."""

from __future__ import annotations

from pathlib import Path
from typing import Final, get_args

import click

from consent_service.app import Services
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.opening import OPERATOR, run_with
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.identity.providers import Audience, NewProvider, Provider, ProviderRules, problems_of

_AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("provider", N_("Inlogdiensten (OpenID Connect)."))

    @group.order("add", N_("Neem een inlogdienst op; er wordt een sleutelpaar voor private_key_jwt gemaakt."))
    @entry(
        "--id", "provider_id", type=WORDS, required=True, words=N_("Kort kenmerk, bijvoorbeeld school-login.")
    )
    @entry("--name", type=WORDS, required=True, words=N_("De naam op de inlogpagina."))
    @entry("--issuer", type=WORDS, required=True, words=N_("Het adres van de inlogdienst."))
    @entry("--client-id", type=WORDS, required=True, words=N_("Het client-id dat de inlogdienst gaf."))
    @entry("--audience", type=click.Choice(_AUDIENCES), required=True, words=N_("Wie hiermee inloggen."))
    @entry(
        "--subject-claim",
        type=WORDS,
        default="sub",
        words=N_("De claim waarmee medewerkers gekoppeld worden."),
    )
    @entry("--acr-order", default="", words=N_("Niveaus van zwak naar sterk, met komma's ertussen."))
    @entry("--minimum-acr", default="", words=N_("Het laagste niveau dat binnenkomt."))
    @entry(
        "--client-secret-file",
        type=click.Path(exists=True, dir_okay=False),
        words=N_("Alleen als de dienst geen private_key_jwt kent."),
    )
    def add(terminal: Terminal, provider_id: str, client_secret_file: str | None, **fields: str) -> None:
        new = _new_provider(provider_id, client_secret_file, fields)
        loopback = not terminal.settings.is_production
        if problems := problems_of(new, loopback_allowed=loopback):
            raise InputError(problems)

        async def work(services: Services) -> Provider:
            try:
                return await services.identity.register_provider(OPERATOR, new)
            except ConflictError as taken:
                raise InputError([Problem("id", "cli.provider_taken")]) from taken

        provider = run_with(terminal, work)
        origin = terminal.settings.public_origin
        terminal.say(N_("{name} is opgenomen. Geef dit aan de inlogdienst:"), name=provider.name)
        terminal.show(f"redirect_uri  {origin}/inloggen/{provider.id}/terug")
        terminal.say(
            N_("De redirect_uri volgt public_origin ({origin}). Verandert dat, geef hem dan opnieuw door."),
            origin=origin,
        )
        if provider.public_key:
            terminal.show(f"jwk           {provider.public_key}")

    @group.order("list", N_("Toon de inlogdiensten."))
    def show(terminal: Terminal) -> None:
        async def work(services: Services) -> list[tuple[str, ...]]:
            found = await services.identity.providers()
            return [(one.id, one.name, one.issuer, one.audience, one.auth_method) for one in found]

        headings = (N_("Kenmerk"), N_("Naam"), N_("Adres"), N_("Voor wie"), N_("Methode"))
        terminal.table(headings, run_with(terminal, work))


def _new_provider(provider_id: str, client_secret_file: str | None, fields: dict[str, str]) -> NewProvider:
    order = tuple(level.strip() for level in fields["acr_order"].split(",") if level.strip())
    return NewProvider(
        id=provider_id,
        name=fields["name"],
        issuer=fields["issuer"],
        client_id=fields["client_id"],
        audience=next(one for one in _AUDIENCES if one == fields["audience"]),
        client_secret=_read_secret(client_secret_file) if client_secret_file else "",
        rules=ProviderRules(
            subject_claim=fields["subject_claim"], acr_order=order, minimum_acr=fields["minimum_acr"]
        ),
    )


def _read_secret(path: str) -> str:
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise CommandError(N_("Het bestand {path} kan niet gelezen worden."), path=path) from failure
    if not secret:
        raise CommandError(N_("Het bestand {path} is leeg."), path=path)
    return secret
