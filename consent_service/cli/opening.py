"""Opens the installation for one command: passphrase, keystore, database, services, and closes it again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import click
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from consent_service.app import Services, build_services, open_installation, start_up
from consent_service.cli.admission import admit
from consent_service.cli.configuration_words import FOREIGN
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.custody.recovery import latest_fingerprint
from consent_service.custody.recovery_key import grouped
from consent_service.foundation.database import Database
from consent_service.foundation.errors import UnavailableError
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import INSTALLATION
from consent_service.foundation.settings import KeyProviderKind, Settings
from consent_service.foundation.tracing import started
from consent_service.keyring.secret import Secret
from consent_service.keyring.tables import key_roots

CREDENTIAL: Final = "passphrase"
"""The name of the systemd credential (LoadCredential=passphrase:...)."""

_QUESTIONS: Final[Mapping[KeyProviderKind, str]] = {
    "file": N_("Wachtzin van de keystore"),
    "pkcs11": N_("Pincode van het token"),
    "transit": N_("Token van de transit-server"),
}

PASSPHRASE_READ_BY_OTHERS: Final = N_("Anderen op deze machine kunnen de wachtzin in {path} lezen.")

T = TypeVar("T")


def read_passphrase(terminal: Terminal, *, twice: bool = False) -> Secret:
    """The passphrase, PIN or token: from a file, a systemd credential or a prompt, never from a variable.

    Raises:
        CommandError: there is no file and nobody to ask.
    """
    path = terminal.settings.passphrase_file or _credential(terminal)
    if path is not None:
        try:
            return Secret(path.read_bytes().rstrip(b"\r\n"))
        except OSError as failure:
            raise CommandError(N_("De wachtzin in {path} kan niet gelezen worden."), path=path) from failure
    if not sys.stdin.isatty():
        raise CommandError(
            N_(
                "Er is geen wachtzin. Wijs een bestand aan met "
                "RUGGENSTEUN_PASSPHRASE_FILE, of start dit in een terminal."
            )
        )
    question = terminal.text(_QUESTIONS[terminal.settings.key_provider])
    again = terminal.text(N_("Nog een keer")) if twice else False
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=again, err=True)
    return Secret(answer.encode())


def remark_on_readers(terminal: Terminal, path: Path | None, sentence: str) -> tuple[str, ...]:
    """Say that others can read a secret file; a container's secrets all can be, so this refuses nothing."""
    if path is None or not path.is_file() or not path.stat().st_mode & 0o077:
        return ()
    return (terminal.text(sentence, path=path),)


def _credential(terminal: Terminal) -> Path | None:
    folder = terminal.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / CREDENTIAL if folder else None
    return path if path is not None and path.is_file() else None


def run_with(terminal: Terminal, work: Callable[[Services], Awaitable[T]]) -> T:
    """Open everything, do the work, put its log entries in order, close everything; one chain of acts.

    Raises:
        ConfigurationError: something is set up wrongly; the work was not begun.
        NotAdmittedError: the command asks for an operator who proved who it is; nor then.
    """

    async def doing() -> T:
        async with opened(terminal) as services:
            outcome = await work(services)
            await put_in_order(services)
            return outcome

    with started():
        return asyncio.run(doing())


@asynccontextmanager
async def opened(terminal: Terminal) -> AsyncIterator[Services]:
    """The services of the installation, started up (schema, protection, keys and stops hold), for who may.

    Raises:
        ConfigurationError: something is set up wrongly.
        NotAdmittedError: the command asks for an operator who proved who it is.
    """
    require_database_file(terminal.settings)
    services = build_services(open_installation(terminal.settings, read_passphrase(terminal)))
    try:
        await start_up(services)
        await admit(terminal, services)
        yield services
    finally:
        await services.installation.database.close()


async def keys_fit(terminal: Terminal, services: Services) -> bool:
    """Whether the database was made with these keys, and say so when it was not; nothing is changed."""
    async with services.installation.database.reading() as conn:
        fits = await services.installation.ring.rotation.fits(conn)
    if not fits:
        terminal.complain(terminal.text(FOREIGN))
    return fits


async def lost_recovery_key(services: Services) -> CommandError | None:
    """What to say when the file of the recovery key is gone and the log knows one; None otherwise."""
    path = services.installation.key_backups.recovery_key
    if path.exists():
        return None
    async with services.installation.database.reading() as conn:
        known = await latest_fingerprint(conn, services.log)
    if known is None:
        return None
    return CommandError(
        N_(
            "De herstelsleutel {path} is weg. Zet een kopie terug van het bestand met vingerafdruk "
            "{fingerprint}. Is die er niet, maak dan een nieuwe sleutel: "
            "consent-service keys ceremony --replace"
        ),
        path=path,
        fingerprint=grouped(known),
    )


async def knows_roots(settings: Settings) -> bool:
    """Whether the database that is set was made with keys already; False also when nobody can tell."""
    path = sqlite_path(settings.database_url)
    if path is not None and not path.is_file():
        return False
    database = Database(settings.database_url)
    try:
        async with database.reading() as conn:
            return (await conn.execute(select(key_roots.c.generation).limit(1))).first() is not None
    except (UnavailableError, SQLAlchemyError):  # away, or of before the first `db upgrade`
        return False
    finally:
        await database.close()


def warn_of_what_is_unsafe(terminal: Terminal) -> None:
    """A passphrase others can read; new root keys beside a database that was made with others."""
    for remark in remark_on_readers(terminal, terminal.settings.passphrase_file, PASSPHRASE_READ_BY_OTHERS):
        terminal.complain(remark)
    if asyncio.run(knows_roots(terminal.settings)):
        terminal.complain(
            terminal.text(
                N_(
                    "Deze database kent al andere hoofdsleutels. Zijn die verloren, doe dan nu met drie "
                    "bladen: consent-service keys restore --recover. Anders is dit niet de keystore van deze "
                    "database."
                )
            )
        )


async def put_in_order(services: Services) -> None:
    """Give new entries their place in the log; a serving process would do it too."""
    for tenant in (INSTALLATION, *(one.tenant for one in await services.organisations.tenants())):
        await services.sequencer.run_once(tenant)


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite address, None for another engine."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.drivername.startswith("sqlite") else None


def require_database_file(settings: Settings) -> None:
    """Opening a SQLite file that is not there would make an empty one.

    Raises:
        CommandError: it is not there.
    """
    path = sqlite_path(settings.database_url)
    if path is not None and not path.is_file():
        raise CommandError(N_("De database {path} is er niet. Doe: consent-service db upgrade"), path=path)


def make_private_folder(path: Path) -> None:
    """A folder only the service's user can look into.

    Raises:
        CommandError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(path)
    except OSError as failure:
        raise CommandError(N_("In de map {path} kan niet geschreven worden."), path=path) from failure
