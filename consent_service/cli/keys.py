"""`keys`: make a keystore, look at it, and check that it is the one the database was made with."""

from __future__ import annotations

from consent_service.app import Services
from consent_service.cli import keys_data
from consent_service.cli.entering import Orders, entry
from consent_service.cli.opening import make_private_folder, read_passphrase, run_with
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.i18n import N_
from consent_service.keyring.providers.file import create_keystore, unlock_keystore


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("keys", N_("De keystore maken, bekijken en nakijken."))
    development = entry(
        "--development", is_flag=True, words=N_("Alleen om te ontwikkelen; in productie wordt hij geweigerd.")
    )
    group.order("init", N_("Maak een keystore met een nieuwe hoofdsleutel."))(development(make))
    group.order("status", N_("Open de keystore en zeg wat erin zit."))(status)
    group.order("check", N_("Kijk na of de keystore bij de database hoort."))(check)
    keys_data.add_orders(group)


def make(terminal: Terminal, development: bool) -> None:
    settings = terminal.settings
    if settings.keystore.exists():
        raise CommandError(
            N_("De keystore {path} bestaat al en wordt niet overschreven."), path=settings.keystore
        )
    passphrase = read_passphrase(terminal, twice=True)
    make_private_folder(settings.keystore.parent)
    create_keystore(settings.keystore, passphrase, development=development)
    terminal.say(N_("De keystore {path} is gemaakt."), path=settings.keystore)
    terminal.say(N_("Bewaar de wachtzin apart van de keystore. Zonder een van beide zijn alle gegevens weg."))


def status(terminal: Terminal) -> None:
    keystore = unlock_keystore(terminal.settings.keystore, read_passphrase(terminal))
    terminal.say(N_("De keystore {path} gaat open."), path=terminal.settings.keystore)
    terminal.say(N_("Hoofdsleutel nummer {number}."), number=keystore.current_generation())
    if keystore.development:
        terminal.say(N_("Deze keystore is gemaakt om te ontwikkelen en wordt in productie geweigerd."))


def check(terminal: Terminal) -> None:
    async def work(services: Services) -> None:
        services.installation.ring.check_available()

    run_with(terminal, work)
    terminal.say(N_("De keystore hoort bij deze database."))
