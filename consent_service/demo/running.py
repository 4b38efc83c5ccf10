"""Starts the demo's two servers on this machine: the login provider and the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import msgspec

from consent_service.app import Services, build_services, create_app, open_installation, start_up
from consent_service.demo.provider import SCHOOL_CLAIM, Client, DemoProvider
from consent_service.demo.shelter import NOT_LINKED, OPERATOR, Shelter, people
from consent_service.demo.state import HOST, passphrase_of
from consent_service.foundation.clock import Clock
from consent_service.foundation.settings import Settings
from consent_service.identity.levels import DEMO_FACTOR_LEVEL
from consent_service.identity.model import SchoolStaff
from consent_service.identity.providers import NewProvider, Provider, ProviderRules
from consent_service.web.serving import free_port, serving

_PROVIDER: Final = "demo-"
_RULES: Final = ProviderRules(organisation_claims=(SCHOOL_CLAIM,), second_factor_acrs=(DEMO_FACTOR_LEVEL,))
_BESIDE_SERVICE: Final = 10
"""How far from the service the provider looks for a port, so that neither is in the other's way."""


class RunningDemo(msgspec.Struct, frozen=True):
    """Where the demo can be reached; the tasks end when a server does."""

    address: str
    login_address: str
    tasks: tuple[asyncio.Task[None], asyncio.Task[None]]


@asynccontextmanager
async def running(
    settings: Settings, shelter: Shelter, clock: Clock, *, provider_port: int | None = None
) -> AsyncIterator[RunningDemo]:
    """The provider and the service answer while the context lasts.

    Without a port of its own the provider takes one it had before, else the first free one.

    Raises:
        PortTakenError: something else listens on one of the ports.
        ConfigurationError: keys or database cannot be used.
    """
    services = build_services(open_installation(settings, passphrase_of(settings), clock=clock))
    try:
        await start_up(services)
        port = provider_port or await _choose_port(services, settings.port)
        registered = await _provider_on(services, shelter, port)
        provider = DemoProvider(
            issuer=registered.issuer,
            people=people(),
            clients=(_client(settings, registered),),
            clock=clock,
        )
        async with (
            serving(provider.app(), host=HOST, port=port) as login,
            serving(create_app(services, settings), host=HOST, port=settings.port) as service,
        ):
            yield RunningDemo(settings.public_origin, registered.issuer, (login, service))
    finally:
        await services.installation.database.close()


async def _choose_port(services: Services, service_port: int) -> int:
    """A port under which everybody is linked already, so that the login page keeps one button."""
    for known in await services.identity.providers():
        port = urlsplit(known.issuer).port
        if known.id.startswith(_PROVIDER) and port and free_port(HOST, port, besides=service_port) == port:
            return port
    return free_port(HOST, service_port + _BESIDE_SERVICE)


async def _provider_on(services: Services, shelter: Shelter, port: int) -> Provider:
    """The demo provider on this port, with everybody linked; registered when the port is new."""
    identifier = f"{_PROVIDER}{port}"
    for known in await services.identity.providers():
        if known.id == identifier:
            if known.rules != _RULES:
                await services.identity.login_providers.change(OPERATOR, identifier, _RULES)
            return msgspec.structs.replace(known, rules=_RULES)
    new = NewProvider(
        id=identifier,
        name=f"Demo (poort {port})",
        issuer=f"http://{HOST}:{port}",
        client_id="ruggensteun-demo",
        rules=_RULES,
    )
    registered = await services.identity.register_provider(OPERATOR, new)
    for login, actor in shelter.people.items():
        if login in NOT_LINKED:
            continue
        code = ""
        if isinstance(actor, SchoolStaff):
            code = (await services.organisations.school(actor.tenant, actor.school)).establishment_code
        await services.identity.link_staff(OPERATOR, identifier, login, actor, establishment=code)
    return registered


def _client(settings: Settings, registered: Provider) -> Client:
    origin = settings.public_origin
    return Client(
        client_id=registered.client_id,
        public_key=registered.public_key,
        redirect_uris=frozenset({f"{origin}/inloggen/{registered.id}/terug"}),
        after_logout=frozenset({f"{origin}/uitgelogd"}),
    )
