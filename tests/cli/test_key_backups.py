"""What an operator is told of key backups: where they may not lie, and which is the newest."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from consent_service.custody.backup_file import file_name, found_backups
from consent_service.custody.recovery_key import RecoveryKey, write_public_key
from consent_service.foundation.ids import new_id
from consent_service.foundation.settings import load_settings
from consent_service.keyring.recovery import new_seed, public_half
from tests.cli.conftest import Shell, onboard


@pytest.fixture
def backups(sqlite_shell: Shell) -> Path:
    """The folder for key backups of an installation with a shelter and a recovery key."""
    onboard(sqlite_shell)
    settings = load_settings(sqlite_shell.environ)
    key = RecoveryKey(public_half(new_seed()), date(2026, 1, 1))
    write_public_key(settings.recovery_key, key, replacing=False)
    return settings.key_backup_dir


def test_a_backup_is_logged_as_the_operators_and_may_be_made_again(
    sqlite_shell: Shell, backups: Path
) -> None:
    for _ in range(2):
        assert "6 sleutels staan in" in sqlite_shell.must("keys", "backup")
    assert [one.number for one in found_backups(backups)] == [1, 2]


def test_a_folder_in_a_git_tree_is_named_and_nothing_is_written(sqlite_shell: Shell, backups: Path) -> None:
    (backups.parent / ".git").mkdir()
    for command in ("backup", "rewrap"):
        said = sqlite_shell.type("keys", command)
        assert said.code != 0
        assert f"De map {backups} voor sleutelkopieën ligt in een git-map" in said.err
    assert not backups.exists()


def test_a_file_system_without_hard_links_is_named(
    sqlite_shell: Shell, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_old: Path, _new: Path) -> None:
        raise PermissionError(1, "not here")

    monkeypatch.setattr(os, "link", refuse)
    said = sqlite_shell.type("keys", "backup")
    assert said.code != 0
    assert f"De map {backups} ligt op een bestandssysteem zonder harde koppelingen" in said.err


def rename_all(folder: Path, made: Callable[[int], datetime]) -> None:
    for one in found_backups(folder):
        one.path.rename(folder / file_name(one.number, one.backup, made(one.number)))


def test_backups_from_the_future_are_put_back_only_when_named(sqlite_shell: Shell, backups: Path) -> None:
    sqlite_shell.must("keys", "backup")
    rename_all(backups, lambda _number: datetime.now(UTC) + timedelta(days=2))
    said = sqlite_shell.type("keys", "restore", "--yes")
    assert (said.code, "zijn van later dan nu" in said.err) == (2, True)
    (wrong,) = found_backups(backups)
    assert "staan er weer" in sqlite_shell.must("keys", "restore", "--backup", str(wrong.path), "--yes")


def test_the_newest_is_the_one_with_the_highest_number(sqlite_shell: Shell, backups: Path) -> None:
    for _ in range(2):
        sqlite_shell.must("keys", "backup")
    rename_all(backups, lambda number: datetime.now(UTC) - timedelta(days=number))
    *_, newest = found_backups(backups)
    (backups / f".{file_name(9, new_id(), datetime.now(UTC))}.0123456789abcdef").touch()
    assert f"Sleutelkopie {newest.backup}" in sqlite_shell.must("keys", "restore", "--yes")


def test_without_a_backup_there_is_nothing_to_put_back(sqlite_shell: Shell, backups: Path) -> None:
    said = sqlite_shell.type("keys", "restore", "--yes")
    assert (said.code, f"In {backups} is geen sleutelkopie." in said.err) == (2, True)
