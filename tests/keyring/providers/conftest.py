"""A SoftHSM2 token for the whole run, and a transit server per test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import cannot_run
from tests.keyring.providers.places import MODULE, PIN, FilePlace, ServerPlace, TokenPlace, Ways
from tests.keyring.providers.transit_server import TransitServer

TOKEN = "ruggensteun-test"


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a fresh SoftHSM2's tokens, with one of them in it."""
    if shutil.which("softhsm2-util") is None or not MODULE.exists():
        cannot_run("tests of PKCS#11 need Debian's softhsm2")
    folder = tmp_path_factory.mktemp("softhsm")
    tokens = folder / "tokens"
    tokens.mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(settings))
        make_token(TOKEN)
        yield tokens


def make_token(label: str) -> None:
    pin = PIN.reveal().decode()
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "12345678"],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def token_place(softhsm: Path, tmp_path: Path) -> TokenPlace:
    return TokenPlace(softhsm, TOKEN, f"root{os.urandom(4).hex()}")


@pytest.fixture
def transit_server() -> Iterator[TransitServer]:
    server = TransitServer()
    yield server
    server.stop()


@pytest.fixture(params=["file", "pkcs11", "transit"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Ways:
    """Each kind of provider in turn."""
    if request.param == "file":
        return FilePlace(tmp_path)
    if request.param == "pkcs11":
        token: TokenPlace = request.getfixturevalue("token_place")
        return token
    return ServerPlace(request.getfixturevalue("transit_server"))
