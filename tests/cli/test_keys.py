"""A keystore is made once, opens with its passphrase, and belongs to one database."""

from __future__ import annotations

from pathlib import Path

from consent_service.foundation.settings import PREFIX
from tests.cli.conftest import Shell, onboard


def test_an_existing_keystore_is_never_overwritten(bare_shell: Shell) -> None:
    bare_shell.must("keys", "init", "--development")
    before = (bare_shell.folder / "keystore.json").read_bytes()

    said = bare_shell.type("keys", "init")

    assert said.code == 2
    assert "wordt niet overschreven" in said.err
    assert (bare_shell.folder / "keystore.json").read_bytes() == before


def test_a_short_passphrase_makes_no_keystore(bare_shell: Shell) -> None:
    (bare_shell.folder / "passphrase").write_text("kort")

    said = bare_shell.type("keys", "init")

    assert said.code == 2
    assert "De wachtzin is korter dan 12 tekens." in said.err
    assert not (bare_shell.folder / "keystore.json").exists()


def test_a_keystore_inside_a_git_tree_is_refused(bare_shell: Shell) -> None:
    checkout = bare_shell.folder / "checkout"
    (checkout / ".git").mkdir(parents=True)
    bare_shell.environ[f"{PREFIX}KEYSTORE"] = str(checkout / "keystore")

    assert "git-map" in bare_shell.type("keys", "init").err
    assert not (checkout / "keystore").exists()


def test_a_development_keystore_is_refused_in_production(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    sqlite_shell.environ[f"{PREFIX}ENVIRONMENT"] = "production"
    sqlite_shell.environ[f"{PREFIX}PUBLIC_ORIGIN"] = "https://ruggensteun.example"

    said = sqlite_shell.type("tenant", "list")

    assert (said.code, "mag niet in productie" in said.err) == (2, True)


def test_status_and_check_say_what_is_there(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)

    assert "Hoofdsleutel nummer 1." in sqlite_shell.must("keys", "status")
    assert "hoort bij deze database" in sqlite_shell.must("keys", "check")


def test_a_keystore_others_can_read_is_refused(sqlite_shell: Shell) -> None:
    path = Path(sqlite_shell.environ[f"{PREFIX}KEYSTORE"])
    path.chmod(0o644)

    assert f"chmod 600 {path}" in sqlite_shell.type("keys", "status").err
