"""Where the demo lives: a folder of its own with database, keystore, passphrase and stop journal.

It is made in one go beside its place and then moved there, so that a demo is there whole or not at
all. Starting servers over it is `running`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from consent_service.app import Services, build_services, open_installation, start_up
from consent_service.audit.heads.beginning import upgrade as upgrade_database
from consent_service.audit.heads.known import KnownHeads
from consent_service.demo.families import Paper, write_families
from consent_service.demo.shelter import Shelter, furnish
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.settings import Settings
from consent_service.keyring.providers.file import create_keystore
from consent_service.keyring.secret import Secret

HOST: Final = "127.0.0.1"
_LOCK: Final = ".demo.lock"
_STATE: Final = "demo.json"
_UNLOCKS: Final = "passphrase"
_DATABASE: Final = "ruggensteun.sqlite"


class DemoState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the demo remembers of what it made; without families there is no paper."""

    shelter: Shelter
    paper: Paper | None


class RunningElsewhereError(ConfigurationError):
    """The demo of this user runs already, at `address` if it got that far.

    Two over one SQLite file is one too many.
    """

    code = "demo_running"

    def __init__(self, address: str = "") -> None:
        self.address = address
        super().__init__("demo: it runs already; stop the other one first")


def settings_of(folder: Path, base: Settings, *, port: int, database_url: str = "") -> Settings:
    """The settings with which the demo in `folder` runs; the rules are those of the installation."""
    return msgspec.structs.replace(
        base,
        environment="development",
        state_dir=folder,
        database_url=database_url or f"sqlite+aiosqlite:///{folder / _DATABASE}",
        keystore=folder / "keystore",
        key_provider="file",
        recovery_key=folder / "recovery.pub",
        key_backup_dir=folder / "key-backups",
        passphrase_file=folder / _UNLOCKS,
        host=HOST,
        port=port,
        public_origin=f"http://{HOST}:{port}",
    )


def read_state(folder: Path) -> DemoState | None:
    """What was made in `folder` before; None when there is nothing whole."""
    try:
        return msgspec.json.decode((folder / _STATE).read_bytes(), type=DemoState)
    except (OSError, msgspec.DecodeError):
        return None


async def make_if_missing(folder: Path, base: Settings, clock: Clock) -> DemoState:
    """The demo in `folder`; made whole first when it is not there."""
    known = read_state(folder)
    if known is not None:
        return known
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    workshop = Path(tempfile.mkdtemp(prefix=".demo-", dir=folder.parent))
    try:
        made = await make(workshop, settings_of(workshop, base, port=base.port), clock)
        _put_in_place(workshop, folder)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return made


def _put_in_place(made: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    made.rename(place)


async def make(folder: Path, settings: Settings, clock: Clock, *, families: bool = True) -> DemoState:
    """Keys, database, shelter and families in an empty folder."""
    passphrase = _new_passphrase(folder)
    create_keystore(settings.keystore, passphrase, development=True)
    await upgrade(settings)
    services = build_services(open_installation(settings, passphrase, clock=clock))
    try:
        await start_up(services)
        made = await _write(services, families=families)
    finally:
        await services.installation.database.close()
    _write_private(folder / _STATE, msgspec.json.encode(made))
    return made


async def upgrade(settings: Settings) -> None:
    """Bring the demo's database to the form of this release.

    Raises:
        ConfigurationError: it is newer than the code.
    """
    database = Database(settings.database_url, pool_size=1)
    try:
        await upgrade_database(database, KnownHeads(settings.known_heads))
    finally:
        await database.close()


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Only one demo at a time works in this folder.

    Raises:
        RunningElsewhereError: another one does.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder.parent / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            raise RunningElsewhereError(os.read(descriptor, 200).decode(errors="replace")) from taken
        os.truncate(descriptor, 0)
        yield
    finally:
        os.close(descriptor)


def note_address(folder: Path, address: str) -> None:
    """Leave word for whoever finds the folder held; the word goes with the next that holds it."""
    (folder.parent / _LOCK).write_text(address, encoding="utf-8")


def passphrase_of(settings: Settings) -> Secret:
    """The generated passphrase of the demo's keystore."""
    return Secret((settings.state_dir / _UNLOCKS).read_bytes().strip())


async def _write(services: Services, *, families: bool) -> DemoState:
    shelter = await furnish(services)
    return DemoState(shelter, await write_families(services, shelter) if families else None)


def _new_passphrase(folder: Path) -> Secret:
    passphrase = Secret(secrets.token_urlsafe(32).encode())
    _write_private(folder / _UNLOCKS, passphrase.reveal() + b"\n")
    return passphrase


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
