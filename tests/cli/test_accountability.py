"""`accountability`: each document as a file, as a coordinator decided; every mistake beside its option."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from consent_service.rights.accountability.model import ProcessingRegister
from tests.cli.conftest import Shell, add_staff, onboard


@pytest.fixture
def decided(sqlite_shell: Shell) -> tuple[str, ...]:
    onboard(sqlite_shell)
    coordinator = add_staff(sqlite_shell, "--kind", "privacy_coordinator", "--name", "Puk Privacy")
    return ("--coordinator", coordinator)


def test_each_document_is_written_for_its_owner_only(sqlite_shell: Shell, decided: tuple[str, ...]) -> None:
    for kind, form in (("register", "json"), ("dpia", "markdown"), ("annex", "pdf")):
        path = sqlite_shell.folder / f"{kind}.{form}"
        said = sqlite_shell.must("accountability", kind, *decided, "--form", form, "--output", str(path))
        assert f"Geschreven: {path}" in said
        assert path.stat().st_size > 1000
    register = (sqlite_shell.folder / "register.json").read_bytes()
    assert len(msgspec.json.decode(register, type=ProcessingRegister).activities) > 10


def test_what_was_typed_wrong_is_told_beside_it(sqlite_shell: Shell, decided: tuple[str, ...]) -> None:
    there = sqlite_shell.folder / "there"
    there.touch()
    for typed, told in (
        (("register", *decided, "--output", str(there)), "--output"),
        (("register", "--coordinator", "nobody", "--output", str(_new(sqlite_shell))), "--coordinator"),
        (("report", *decided, "--year", "2020", "--output", str(_new(sqlite_shell))), "--year"),
        (("report", *decided, "--year", "later", "--output", str(_new(sqlite_shell))), "--year"),
        (("register", *decided, "--form", "csv", "--output", str(_new(sqlite_shell))), "--form"),
        (("dpia", *decided, "--output", str(sqlite_shell.folder / "no" / "x")), "--output"),
    ):
        said = sqlite_shell.type("accountability", *typed)
        assert said.code == 2
        assert told in said.err
        assert not _new(sqlite_shell).exists()


def _new(shell: Shell) -> Path:
    return shell.folder / "new"
