"""A whole installation over each kind of provider: made, served, rotated, and refused in one sentence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from consent_service.custody.epochs import Epochs
from consent_service.custody.recovery_key import RecoveryKey, write_public_key
from consent_service.keyring import recovery
from tests.cli.conftest import Shell, bare_shell, onboard
from tests.keyring.providers.places import FilePlace, ServerPlace, TokenPlace, Ways

__all__ = ["bare_shell"]


@pytest.fixture
def shell(bare_shell: Shell, place: Ways) -> Shell:
    """Settings and secret for one kind of provider, in which there are no keys yet."""
    given = {"DATABASE_URL": f"sqlite+aiosqlite:///{bare_shell.folder / 'r.sqlite'}"} | _settings(place)
    bare_shell.environ |= {f"RUGGENSTEUN_{name}": value for name, value in given.items()}
    _say(bare_shell, place.secret.reveal())
    return bare_shell


def _settings(place: Ways) -> dict[str, str]:
    match place:
        case TokenPlace(place=at):
            where = {"PKCS11_MODULE": str(at.module), "PKCS11_TOKEN": at.token}
            return {"KEY_PROVIDER": "pkcs11", "KEY_NAME": at.name} | where
        case ServerPlace(place=at):
            return {"KEY_PROVIDER": "transit", "TRANSIT_URL": at.url}
        case FilePlace(path=path):
            return {"KEYSTORE": str(path)}
        case _:
            raise AssertionError(place)


def _say(shell: Shell, secret: bytes) -> None:
    Path(shell.environ["RUGGENSTEUN_PASSPHRASE_FILE"]).write_bytes(secret + b"\n")


def _made(shell: Shell) -> None:
    shell.must("keys", "init")
    shell.must("db", "upgrade")
    onboard(shell)


def test_an_installation_is_made_and_its_keys_are_replaced(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = Epochs.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "last_readers", 0.0)  # no other process reads here while an epoch ends
    _made(shell)
    key = RecoveryKey(recovery.public_half(recovery.new_seed()), date(2026, 9, 1))
    state = Path(shell.environ["RUGGENSTEUN_STATE_DIR"])
    state.mkdir(exist_ok=True)
    write_public_key(state / "recovery.pub", key, replacing=False)

    said = shell.must("keys", "rewrap", "--all")

    assert "Hoofdsleutel 1 is vernietigd; geprobeerd, en hij opent niets meer." in said
    assert "Hoofdsleutel nummer 2." in shell.must("keys", "status")
    assert "De sleutels horen bij deze database." in shell.must("keys", "check")
    assert "Opvang Zuid" in shell.must("tenant", "list")


def test_a_wrong_secret_is_one_sentence(shell: Shell, place: Ways) -> None:
    _made(shell)
    _say(shell, b"not the secret of this")

    said = shell.type("tenant", "list")

    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "not the secret" not in said.err


def test_keys_of_another_installation_are_refused(shell: Shell, place: Ways) -> None:
    _made(shell)
    changed = "KEYSTORE" if isinstance(place, FilePlace) else "KEY_NAME"
    other = (
        str(shell.folder / "other.json") if isinstance(place, FilePlace) else f"other{shell.folder.name[-8:]}"
    )
    shell.environ[f"RUGGENSTEUN_{changed}"] = other.replace("_", "-").strip("-")
    assert "is er niet" in shell.type("tenant", "list").err
    shell.must("keys", "init")

    said = shell.type("tenant", "list")

    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "Deze database is met" in said.err


def test_a_provider_in_trouble_is_one_sentence_and_nothing_is_lost(shell: Shell, place: Ways) -> None:
    _made(shell)
    for trouble in place.troubles.values():
        with trouble():
            said = shell.type("tenant", "list")
        assert said.code in {1, 2}
        assert len(said.err.splitlines()) == 1
        assert said.out == ""
    assert "Opvang Zuid" in shell.must("tenant", "list")
