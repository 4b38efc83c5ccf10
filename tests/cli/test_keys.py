"""Root keys are made once, belong to one database, and are replaced by hand as well as at night."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from consent_service.custody.epochs import Epochs
from consent_service.custody.recovery_key import RecoveryKey, write_public_key
from consent_service.foundation.ids import new_id
from consent_service.foundation.settings import PREFIX
from consent_service.keyring import recovery
from consent_service.keyring.providers.file import FileKeystore, unlock_keystore
from consent_service.keyring.rotation import Rotation
from tests.cli.conftest import Shell, onboard
from tests.factories import PASSPHRASE


@pytest.fixture(autouse=True)
def nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process reads here while an epoch ends."""
    defaults = Epochs.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "last_readers", 0.0)


def hold_ceremony(shell: Shell) -> None:
    folder = Path(shell.environ[f"{PREFIX}STATE_DIR"])
    folder.mkdir(exist_ok=True)
    key = RecoveryKey(recovery.public_half(recovery.new_seed()), date(2026, 9, 1))
    write_public_key(folder / "recovery.pub", key, replacing=False)


def change(shell: Shell, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(shell.database())) as connection, connection:
        connection.execute(statement, values)


def note_destruction(shell: Shell, tenant: str) -> None:
    change(
        shell,
        "INSERT INTO key_destructions (tenant, destruction, kind, owner, child, destroyed_at) "
        "VALUES (?, ?, 'relationship', ?, ?, '2026-09-01 08:00:00')",
        *(tenant, new_id(), new_id(), new_id()),
    )


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
    assert "De sleutels horen bij deze database." in sqlite_shell.must("keys", "check")


def test_a_keystore_others_can_read_is_refused(sqlite_shell: Shell) -> None:
    path = Path(sqlite_shell.environ[f"{PREFIX}KEYSTORE"])
    path.chmod(0o644)

    assert f"chmod 600 {path}" in sqlite_shell.type("keys", "status").err


def test_status_says_what_is_missing_before_the_database_is_there(bare_shell: Shell) -> None:
    bare_shell.must("keys", "init", "--development")

    said = bare_shell.type("keys", "status")

    assert "Hoofdsleutel nummer 1." in said.out
    assert "db upgrade" in said.err


def test_without_a_recovery_key_nothing_is_replaced(sqlite_shell: Shell) -> None:
    note_destruction(sqlite_shell, onboard(sqlite_shell))

    said = sqlite_shell.type("keys", "rewrap")

    assert (said.code, "keys ceremony" in said.err) == (2, True)
    assert "Hoofdsleutel nummer 1." in sqlite_shell.must("keys", "status")
    assert "Er is nog geen herstelsleutel." in sqlite_shell.said[-1].out


def test_where_nothing_was_destroyed_there_is_nothing_to_do_unless_for_all(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    hold_ceremony(sqlite_shell)

    assert "niets te doen" in sqlite_shell.must("keys", "rewrap")
    assert "Sleutelronde 1 is klaar" in sqlite_shell.must("keys", "rewrap", "--all")
    assert "De sleutels horen bij deze database." in sqlite_shell.must("keys", "check")


def test_status_tells_how_far_destroyed_keys_are_gone(sqlite_shell: Shell) -> None:
    tenant = onboard(sqlite_shell)
    hold_ceremony(sqlite_shell)
    note_destruction(sqlite_shell, tenant)
    assert "Hier weg; wacht op een sleutelronde" in sqlite_shell.must("keys", "status")

    said = sqlite_shell.must("keys", "rewrap")

    for words in (
        "Sleutels opnieuw inpakken",
        "Nakijken",
        "Sleutelkopie maken",
        "Hoofdsleutel 1 is vernietigd",
    ):
        assert words in said
    status = sqlite_shell.must("keys", "status")
    for words in ("Hoofdsleutel nummer 2.", "klaar", "met de hand", "nog in oude sleutelkopieën", "0 uur"):
        assert words in status
    assert "Gone from old copies of the data" in sqlite_shell.must("keys", "status", "--language", "en")


def test_a_backup_that_cannot_be_written_stops_the_epoch_and_the_next_command_finishes_it(
    sqlite_shell: Shell,
) -> None:
    note_destruction(sqlite_shell, onboard(sqlite_shell))
    hold_ceremony(sqlite_shell)
    in_the_way = Path(sqlite_shell.environ[f"{PREFIX}STATE_DIR"]) / "key-backups"
    in_the_way.write_text("a file where the folder should be")

    said = sqlite_shell.type("keys", "rewrap")

    assert (said.code, "Er is niets verloren." in said.err) == (1, True)
    status = sqlite_shell.must("keys", "status")
    assert "nagekeken" in status
    assert "met sleutelkopieën kan niet gelezen worden" in status
    assert "Ook nog niet vernietigd: 1." in status
    assert "Sleutelronde 1 is begonnen en nog niet klaar." in status
    in_the_way.unlink()
    assert "die was afgebroken is afgemaakt" in sqlite_shell.must("keys", "rewrap")


def test_a_key_that_does_not_open_stops_the_epoch_before_anything_is_destroyed(sqlite_shell: Shell) -> None:
    tenant = onboard(sqlite_shell)
    note_destruction(sqlite_shell, tenant)
    hold_ceremony(sqlite_shell)
    change(
        sqlite_shell,
        "UPDATE tenant_keys SET wrapped = zeroblob(60) WHERE tenant = ? AND purpose = 'index'",
        tenant,
    )

    said = sqlite_shell.type("keys", "rewrap")

    assert (said.code, "niets vernietigd wat nog nodig is" in said.err) == (1, True)
    named = f"Sleutel index 1 van opvang {tenant} gaat niet open."
    assert named in said.err
    status = sqlite_shell.must("keys", "status")
    assert "Ook nog niet vernietigd: 1." in status
    assert named in status
    assert "keys destroy" not in status


def test_a_relationship_whose_key_does_not_open_is_named_with_the_way_out(sqlite_shell: Shell) -> None:
    tenant, relationship = onboard(sqlite_shell), new_id()
    note_destruction(sqlite_shell, tenant)
    hold_ceremony(sqlite_shell)
    change(
        sqlite_shell,
        "INSERT INTO relationship_keys (tenant, relationship, version, parent_version, wrapped, created_at) "
        "VALUES (?, ?, 1, 1, zeroblob(60), '2026-09-01 08:00:00')",
        *(tenant, relationship),
    )

    said = sqlite_shell.type("keys", "rewrap")

    for words in (f"relatie {relationship} van opvang {tenant}", "keys restore", "keys destroy"):
        assert words in said.err
        assert words in sqlite_shell.must("keys", "status")


def test_what_is_no_single_keys_fault_sends_the_operator_to_the_log(
    sqlite_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_destruction(sqlite_shell, onboard(sqlite_shell))
    hold_ceremony(sqlite_shell)
    monkeypatch.setattr(Rotation, "probe_opens", lambda *_: False)

    said = sqlite_shell.type("keys", "rewrap")

    assert (said.code, "audit verify" in said.err) == (1, True)


def test_an_older_root_without_an_epoch_is_told_to_be_strange(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    path = Path(sqlite_shell.environ[f"{PREFIX}KEYSTORE"])
    unlock_keystore(path, PASSPHRASE).create_generation(2)

    assert "Misschien is een oude kopie" in sqlite_shell.must("keys", "status")


def test_a_provider_that_keeps_what_it_should_destroy_is_told_to_the_operator(
    sqlite_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_destruction(sqlite_shell, onboard(sqlite_shell))
    hold_ceremony(sqlite_shell)
    with monkeypatch.context() as patch:
        patch.setattr(FileKeystore, "destroy_generation", lambda *_: None)

        said = sqlite_shell.type("keys", "rewrap")

    assert (said.code, "Vernietig die daar met de hand" in said.err) == (1, True)
    assert "afgebroken is afgemaakt" in sqlite_shell.must("keys", "rewrap")


def test_a_database_from_before_the_keys_were_replaced_is_not_opened(sqlite_shell: Shell) -> None:
    note_destruction(sqlite_shell, onboard(sqlite_shell))
    hold_ceremony(sqlite_shell)
    database, copy = sqlite_shell.database(), sqlite_shell.folder / "yesterday.sqlite"
    with closing(sqlite3.connect(database)) as here, closing(sqlite3.connect(copy)) as there:
        here.backup(there)
    sqlite_shell.must("keys", "rewrap")
    for beside in ("-wal", "-shm"):
        database.with_name(database.name + beside).unlink(missing_ok=True)
    shutil.copyfile(copy, database)

    said = sqlite_shell.type("keys", "check")

    assert (said.code, "Doe dan: consent-service keys restore" in said.err) == (2, True)


def test_a_damaged_recovery_key_is_named_as_such(sqlite_shell: Shell) -> None:
    hold_ceremony(sqlite_shell)
    path = Path(sqlite_shell.environ[f"{PREFIX}STATE_DIR"]) / "recovery.pub"
    assert "Herstelsleutel: " in sqlite_shell.must("keys", "status")
    path.chmod(0o600)
    path.write_text("nonsense")

    assert f"De herstelsleutel in {path} is beschadigd." in sqlite_shell.must("keys", "status")
