"""`db`: bring the database to the form of this release, and say which form it has."""

from __future__ import annotations

import asyncio
from typing import Final

from consent_service.audit.heads.beginning import upgrade as upgrade_database
from consent_service.audit.heads.known import KnownHeads
from consent_service.cli.entering import Orders
from consent_service.cli.failing import FAILED
from consent_service.cli.opening import make_private_folder, require_database_file, sqlite_path
from consent_service.cli.terminal import Terminal
from consent_service.foundation.database import Database
from consent_service.foundation.i18n import N_
from consent_service.foundation.migrating import SchemaState, schema_state
from consent_service.foundation.settings import Settings

STATES: Final[dict[SchemaState, str]] = {
    "empty": N_("De database is nog leeg. Doe: consent-service db upgrade"),
    "older": N_(
        "De database is ouder dan deze versie. Maak een reservekopie en doe: consent-service db upgrade"
    ),
    "current": N_("De database heeft de vorm van deze versie."),
    "newer": N_(
        "De database is nieuwer dan deze versie. Installeer de versie die hem maakte, of "
        "zet de reservekopie van voor de upgrade terug."
    ),
}


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("db", N_("De database bijwerken en bekijken."))
    group.order(
        "upgrade",
        N_("Geef de database de vorm van deze versie, in zijn geheel of niet."),
        admission="anybody",
    )(upgrade)
    group.order("status", N_("Zeg of de database de vorm van deze versie heeft."), admission="anybody")(
        status
    )


def upgrade(terminal: Terminal) -> None:
    path = sqlite_path(terminal.settings.database_url)
    if path is not None:
        make_private_folder(path.parent)
    asyncio.run(_upgrade(terminal.settings))
    terminal.say(STATES["current"])


def status(terminal: Terminal) -> int:
    require_database_file(terminal.settings)
    state = asyncio.run(read_state(terminal.settings))
    terminal.say(STATES[state])
    return 0 if state == "current" else FAILED


async def read_state(settings: Settings) -> SchemaState:
    """Which form the database has.

    Raises:
        DatabaseUnavailableError: it cannot be reached.
    """
    database = Database(settings.database_url, pool_size=1)
    try:
        return await schema_state(database)
    finally:
        await database.close()


async def _upgrade(settings: Settings) -> None:
    database = Database(settings.database_url, pool_size=1)
    try:
        await upgrade_database(database, KnownHeads(settings.known_heads))
    finally:
        await database.close()
