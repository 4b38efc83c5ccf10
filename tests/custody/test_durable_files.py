"""A file is there whole or not at all, for those who may see it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from consent_service.custody.durable_files import in_git_tree, private_folder, write_durably
from consent_service.foundation.errors import ConfigurationError, ConflictError, UnavailableError


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_has_its_content_and_mode_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        write_durably(tmp_path / "file", b"content", mode=mode)
    finally:
        os.umask(before)
    assert (tmp_path / "file").read_bytes() == b"content"
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_a_file_is_replaced_only_when_that_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_durably(path, b"one", mode=0o600)
    with pytest.raises(ConflictError):
        write_durably(path, b"two", mode=0o600)
    assert path.read_bytes() == b"one"
    write_durably(path, b"two", mode=0o600, replacing=True)
    assert path.read_bytes() == b"two"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_leaves_nothing_and_the_old_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_durably(path, b"one", mode=0o600)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnavailableError):
        write_durably(path, b"two", mode=0o600, replacing=True)
    assert path.read_bytes() == b"one"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_private_folder_is_made_and_an_open_one_refused(tmp_path: Path) -> None:
    private_folder(tmp_path / "deep" / "er")
    assert (tmp_path / "deep" / "er").stat().st_mode & 0o777 == 0o700
    (tmp_path / "deep" / "er").chmod(0o750)
    with pytest.raises(UnavailableError, match="others"):
        private_folder(tmp_path / "deep" / "er")
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="cannot be made"):
        private_folder(tmp_path / "file" / "inside")


def test_a_git_tree_is_seen_from_deep_inside_and_by_itself(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)
    assert in_git_tree(checkout)
    assert in_git_tree(checkout / "not" / "yet")
    assert not in_git_tree(tmp_path / "elsewhere")


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_hard_links_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(_old: Path, _new: Path) -> None:
        raise OSError(code, "not here")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(ConfigurationError, match="hard links, such as exFAT; choose another folder"):
        write_durably(tmp_path / "file", b"content", mode=0o600)
    assert list(tmp_path.iterdir()) == []


def test_another_failure_to_link_is_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_old: Path, _new: Path) -> None:
        raise OSError(errno.EIO, "input or output error")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(UnavailableError):
        write_durably(tmp_path / "file", b"content", mode=0o600)
