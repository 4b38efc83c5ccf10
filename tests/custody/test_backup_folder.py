"""The folder of key backups is private, outside git, and known again wherever it is mounted."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.custody import backup_folder
from consent_service.custody.backup_folder import (
    ID_FILE,
    prepare_folder,
    read_folder_id,
    require_outside_git,
)
from consent_service.foundation.errors import (
    ConfigurationError,
    ConflictError,
    IntegrityError,
    UnavailableError,
)
from consent_service.foundation.ids import is_id, new_id


def test_a_folder_keeps_its_id_also_under_another_name(tmp_path: Path) -> None:
    made = prepare_folder(tmp_path / "backups")
    assert is_id(made)
    assert prepare_folder(tmp_path / "backups") == made
    (tmp_path / "backups").rename(tmp_path / "elsewhere")
    assert read_folder_id(tmp_path / "elsewhere") == made
    assert prepare_folder(tmp_path / "backups") != made


def test_where_no_backup_was_made_there_is_no_id(tmp_path: Path) -> None:
    assert read_folder_id(tmp_path / "nowhere") is None
    assert read_folder_id(tmp_path) is None
    (tmp_path / "file").touch()
    assert read_folder_id(tmp_path / "file") is None


def test_an_id_that_is_none_is_damage_and_one_that_cannot_be_read_an_outage(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / ID_FILE).write_bytes(b"\xff?")
    with pytest.raises(IntegrityError, match="remove it"):
        prepare_folder(tmp_path)
    (tmp_path / ID_FILE).unlink()
    (tmp_path / ID_FILE).mkdir()
    with pytest.raises(UnavailableError):
        read_folder_id(tmp_path)


def test_of_two_that_prepare_it_at_once_both_get_the_id_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new_id()

    def taken(path: Path, _content: bytes, *, mode: int) -> None:
        path.write_text(first)
        raise ConflictError(f"{mode:o}")

    monkeypatch.setattr(backup_folder, "write_durably", taken)
    assert prepare_folder(tmp_path / "backups") == first


def test_a_git_tree_gets_no_backups_and_nothing_is_made_there(tmp_path: Path) -> None:
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    inside = tmp_path / "checkout" / "backups"
    with pytest.raises(ConfigurationError, match="key_backup_dir"):
        prepare_folder(inside)
    assert not inside.exists()
    require_outside_git(tmp_path / "backups")


def test_a_folder_others_look_into_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(UnavailableError, match="others"):
        prepare_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
