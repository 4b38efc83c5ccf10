"""An installation on each engine, and the command line over it as somebody types it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from consent_service.cli.entrance import run
from consent_service.web.serving import any_free_port
from tests.factories import PASSPHRASE, make_keystore

if TYPE_CHECKING:
    from tests.cli.room import Room


@dataclass
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Shell:
    """Types commands; keeps the environment of the installation."""

    capture: Callable[[], tuple[str, str]]
    environ: dict[str, str]
    folder: Path
    said: list[Said] = field(default_factory=list)

    def type(self, *arguments: str) -> Said:
        code = run(arguments, self.environ)
        out, err = self.capture()
        self.said.append(Said(code, out, err))
        return self.said[-1]

    def must(self, *arguments: str) -> str:
        """A command that succeeds; what it said."""
        said = self.type(*arguments)
        assert said.code == 0, said
        return said.out

    def database(self) -> Path:
        return Path(self.environ["RUGGENSTEUN_DATABASE_URL"].removeprefix("sqlite+aiosqlite:///"))


@pytest.fixture
def bare_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Settings and a passphrase file; no keystore and no database yet."""
    passphrase = tmp_path / "passphrase"
    passphrase.write_bytes(PASSPHRASE.reveal() + b"\n")
    passphrase.chmod(0o600)

    def capture() -> tuple[str, str]:
        captured = capsys.readouterr()
        return captured.out, captured.err

    environ = {
        "HOME": str(tmp_path),
        "LANG": "nl_NL.UTF-8",
        "RUGGENSTEUN_STATE_DIR": str(tmp_path / "state"),
        "RUGGENSTEUN_KEYSTORE": str(tmp_path / "keystore.json"),
        "RUGGENSTEUN_PASSPHRASE_FILE": str(passphrase),
        "RUGGENSTEUN_PORT": str(any_free_port()),
    }
    return Shell(capture, environ, tmp_path)


@pytest.fixture
def shell(bare_shell: Shell, database_url: str) -> Shell:
    """A migrated database on each engine, with a keystore."""
    make_keystore(bare_shell.folder)
    bare_shell.environ["RUGGENSTEUN_DATABASE_URL"] = database_url
    return bare_shell


@pytest.fixture
def sqlite_shell(bare_shell: Shell) -> Shell:
    """A keystore and a database made by the commands themselves, on SQLite."""
    make_keystore(bare_shell.folder)
    bare_shell.environ["RUGGENSTEUN_DATABASE_URL"] = f"sqlite+aiosqlite:///{bare_shell.folder / 'r.sqlite'}"
    bare_shell.must("db", "upgrade")
    return bare_shell


def onboard(shell: Shell) -> str:
    """A shelter; its id."""
    said = shell.must(
        "tenant",
        "add",
        "--name",
        "Opvang Zuid",
        "--neutral-name",
        "Hulporganisatie",
        "--phone",
        "0800-5550000",
    )
    return said.rsplit(" ", 1)[1].strip()


def add_school(shell: Shell, code: str = "12AB00") -> None:
    """A school of the only shelter."""
    shell.must(
        "school", "add", "--establishment-code", code, "--name", "De Linde",
        "--street", "Lindelaan 1", "--town", "Tilburg", "--phone", "013-5550101",
    )  # fmt: skip


def add_staff(shell: Shell, *arguments: str) -> str:
    """A member of staff; the id."""
    return shell.must("staff", "add", *arguments).rsplit(" ", 1)[1].strip()


@pytest.fixture
def room(sqlite_shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Room:
    """A terminal with people at it, over an installation on SQLite."""
    from tests.cli.room import Room

    return Room(sqlite_shell, capsys, monkeypatch)
