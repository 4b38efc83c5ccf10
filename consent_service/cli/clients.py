"""`client`: other systems of a shelter that ask through the API. See docs/API.md."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from consent_service.app import Services
from consent_service.cli.admission import operator
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.i18n import N_
from consent_service.identity.client_keys import LONGEST_SET
from consent_service.identity.client_rows import Client
from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import NewClient

T = TypeVar("T")
_WHICH = N_("Het client_id uit `client list`.")
_KEY_FILE = N_("Bestand met de publieke sleutel van het systeem, als JWK of JWK-set.")


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("client", N_("Andere systemen van een opvang, die de API vragen."))
    _add_client(group)
    _add_list(group)
    _add_rotate(group)
    _add_end(group)


def _add_client(group: Orders) -> None:
    @group.order("add", N_("Laat een systeem de API vragen; het bewijst zich met zijn eigen sleutel."))
    @TENANT
    @entry(
        "--name",
        type=WORDS,
        required=True,
        words=N_("Een codenaam, bijvoorbeeld log-auditor; nooit de naam van een mens."),
    )
    @entry("--key", type=click.Path(exists=True, dir_okay=False), required=True, words=_KEY_FILE)
    @entry(
        "--scope",
        "scopes",
        type=click.Choice(tuple(scope.value for scope in Scope)),
        multiple=True,
        required=True,
        words=N_("Waarvoor; vaker te noemen."),
    )
    def add(terminal: Terminal, tenant: str | None, name: str, key: str, scopes: tuple[str, ...]) -> None:
        key_set = _read(key)
        asked = frozenset(scope for scope in Scope if scope in scopes)

        async def work(services: Services) -> Client:
            shelter = await find_tenant(services, tenant)
            new = NewClient(shelter.tenant, name, key_set, asked)
            try:
                return await services.identity.machine_clients.register(operator(), new)
            except ConflictError as taken:
                raise InputError([Problem("name", "cli.client_taken")]) from taken

        made = run_with(terminal, work)
        origin = terminal.settings.public_origin
        terminal.say(N_("{name} is opgenomen. Geef dit aan wie het systeem beheert:"), name=made.name)
        terminal.show(f"client_id      {made.id}")
        terminal.show(f"token_endpoint {origin}/v1/token")
        terminal.show(f"audience       {origin}")
        terminal.show(f"scope          {' '.join(scope for scope in Scope if scope in made.scopes)}")
        for one in made.keys:
            terminal.show(f"kid            {one.kid} ({one.algorithm})")


def _add_list(group: Orders) -> None:
    @group.order("list", N_("Toon de systemen van een opvang."))
    @TENANT
    def show(terminal: Terminal, tenant: str | None) -> None:
        async def work(services: Services) -> tuple[Client, ...]:
            shelter = await find_tenant(services, tenant)
            return await services.identity.machine_clients.clients(operator(), shelter.tenant)

        headings = (N_("Kenmerk"), N_("Waarvoor"), N_("Sleutels"), N_("Sinds"), N_("Tot"))
        terminal.table(headings, [_row(terminal, one) for one in run_with(terminal, work)])


def _row(terminal: Terminal, client: Client) -> tuple[str, ...]:
    return (
        client.id,
        " ".join(scope for scope in Scope if scope in client.scopes),
        " ".join(key.kid for key in client.keys),
        terminal.moment(client.created_at),
        "" if client.ended_at is None else terminal.moment(client.ended_at),
    )


def _add_rotate(group: Orders) -> None:
    @group.order("rotate", N_("Neem de volgende sleutel van een systeem op, of haal de vorige weg."))
    @entry("--id", "identifier", type=WORDS, required=True, words=_WHICH)
    @entry("--key", type=click.Path(exists=True, dir_okay=False), words=_KEY_FILE)
    @entry(
        "--drop", type=WORDS, words=N_("De kid van een sleutel die niet meer mag; zijn tokens eindigen nu.")
    )
    def rotate(terminal: Terminal, identifier: str, key: str | None, drop: str | None) -> None:
        if (key is None) == (drop is None):
            raise InputError([Problem("key", "cli.client_rotate")])

        async def work(services: Services) -> str:
            clients = services.identity.machine_clients
            if drop is not None:
                await clients.drop_key(operator(), identifier, drop)
                return drop
            return (await clients.add_key(operator(), identifier, _read(key or ""))).kid

        kid = run_with(terminal, _for_known(work))
        if drop is not None:
            terminal.say(N_("De sleutel {kid} geldt niet meer."), kid=kid)
        else:
            terminal.say(N_("De sleutel {kid} geldt ook. Haal de vorige weg met --drop."), kid=kid)


def _add_end(group: Orders) -> None:
    @group.order("end", N_("Koppel een systeem los; al zijn tokens eindigen nu."))
    @entry("--id", "identifier", type=WORDS, required=True, words=_WHICH)
    def end(terminal: Terminal, identifier: str) -> None:
        async def work(services: Services) -> None:
            await services.identity.machine_clients.end(operator(), identifier)

        run_with(terminal, _for_known(work))
        terminal.say(N_("{name} is losgekoppeld."), name=identifier)


def _read(path: str) -> str:
    """A file of text that is not endless.

    Raises:
        InputError: it is something else.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(LONGEST_SET + 1)
    except (OSError, ValueError) as failure:
        raise InputError([Problem("key", "identity.client_key_form")]) from failure


def _for_known(work: Callable[[Services], Awaitable[T]]) -> Callable[[Services], Awaitable[T]]:
    async def told(services: Services) -> T:
        try:
            return await work(services)
        except NotFoundError as unknown:
            raise InputError([Problem("id", "cli.client_unknown")]) from unknown
        except ConflictError as other:
            raise InputError([Problem("key", "cli.client_key")]) from other

    return told
