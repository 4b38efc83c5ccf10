"""An operator and five custodians at one terminal."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from pypdf import PdfReader

from consent_service.foundation.settings import PREFIX
from tests.cli.conftest import Said, Shell

ENTER = ""
NUMBERED = re.compile(r"(\d+)\.\s+([a-z]+)")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
Line = str | Callable[[], str]


class People(io.TextIOBase):
    """Those at the keyboard: each line is what is typed next, or is made when it is."""

    def __init__(self, *lines: Line) -> None:
        self._lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]
        if not self._lines:
            return ""
        line = self._lines.pop(0)
        return (line if isinstance(line, str) else line()) + "\n"


class Room:
    """An installation with people at its terminal; remembers what was on the screen."""

    def __init__(
        self, shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.shell = shell
        self.screens: list[str] = []
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def seen(self) -> str:
        """What was shown since the last time somebody looked."""
        self.screens.append(ESCAPE.sub("", self._capsys.readouterr().out))
        return self.screens[-1]

    def type(self, *arguments: str, lines: tuple[Line, ...] = ()) -> Said:
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", People(*lines))
            patch.setattr(sys.stdout, "isatty", lambda: True)
            said = self.shell.type(*arguments)
        return Said(said.code, ESCAPE.sub("", said.out), said.err)

    @property
    def recovery_key(self) -> Path:
        return Path(self.shell.environ[f"{PREFIX}STATE_DIR"]) / "recovery.pub"

    @property
    def backups(self) -> Path:
        return Path(self.shell.environ[f"{PREFIX}STATE_DIR"]) / "key-backups"


def on_paper(folder: Path, number: int) -> str:
    """The words a custodian reads from the printed sheet."""
    (page,) = PdfReader(folder / f"herstelblad-{number}.pdf").pages
    found = dict(NUMBERED.findall(page.extract_text()))
    return " ".join(found[str(place)] for place in range(1, 34))


def printed_ceremony(room: Room, *extra: str, sheets: str = "sheets") -> tuple[Said, list[Path]]:
    """Sheets on paper, three typed back; also as files, for later."""
    folder = room.shell.folder / sheets
    lines: list[Line] = [ENTER, *(partial(on_paper, folder, number) for number in (5, 2, 4))]
    said = room.type("keys", "ceremony", "--sheets", str(folder), *extra, lines=tuple(lines))
    files = []
    for number in (1, 3, 5):
        files.append(folder / f"words-{number}")
        if folder.is_dir():
            files[-1].write_text(on_paper(folder, number))
    return said, files


def shares(files: list[Path]) -> list[str]:
    return [word for path in files for word in ("--shares", str(path))]
