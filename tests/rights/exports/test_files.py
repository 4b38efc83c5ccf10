"""A file is there whole, on the disk and read back, or not at all."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from consent_service.foundation.errors import ConfigurationError, ConflictError, UnavailableError
from consent_service.rights.exports.files import ExportFile


def test_lines_are_read_back_before_the_file_has_its_name(tmp_path: Path) -> None:
    target = tmp_path / "ldv.jsonl"
    with ExportFile(target) as file:
        file.write(b"one")
        file.write(b"two")
        assert not target.exists()
        file.acknowledge()
        assert not target.exists()
        file.publish()
    assert target.read_bytes() == b"one\ntwo\n"
    assert (file.lines, file.digest) == (2, sha256(b"one\ntwo\n").hexdigest())
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_what_goes_wrong_leaves_nothing_behind(tmp_path: Path) -> None:
    def half() -> None:
        with ExportFile(tmp_path / "ldv.jsonl") as file:
            file.write(b"one")
            raise RuntimeError("planted")

    with pytest.raises(RuntimeError, match="planted"):
        half()
    assert list(tmp_path.iterdir()) == []


def test_no_other_file_is_replaced_also_when_it_appears_meanwhile(tmp_path: Path) -> None:
    target = tmp_path / "ldv.jsonl"
    target.write_text("another")
    with pytest.raises(ConflictError), ExportFile(target):
        pass
    target.unlink()

    def too_late() -> None:
        with ExportFile(target) as file:
            target.write_text("another")
            file.publish()

    with pytest.raises(ConflictError):
        too_late()
    assert [one.read_text() for one in tmp_path.iterdir()] == ["another"]


def test_a_folder_that_takes_no_files_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError), ExportFile(tmp_path / "nowhere" / "ldv.jsonl"):
        pass


def test_a_disk_that_gives_back_something_else_gives_no_file(tmp_path: Path) -> None:
    target = tmp_path / "ldv.jsonl"
    for planted in (b"oNe\n", b"one\ntwo\n", b""):

        def corrupted(found: bytes = planted) -> None:
            with ExportFile(target) as file:
                file.write(b"one")
                file._file.flush()
                file._temporary.write_bytes(found)
                file.acknowledge()

        with pytest.raises(UnavailableError, match="read back"):
            corrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_line_within_a_line_is_refused(tmp_path: Path) -> None:
    with ExportFile(tmp_path / "ldv.jsonl") as file, pytest.raises(ValueError, match="line end"):
        file.write(b"one\ntwo")


@pytest.mark.parametrize("place", ["write", "fsync", "link"])
def test_a_full_disk_is_an_outage_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    def through() -> None:
        with ExportFile(tmp_path / "ldv.jsonl") as file:
            if place == "write":
                file._file.close()
                file._file = _Full()  # type: ignore[assignment]
            file.write(b"one")
            if place == "fsync":
                monkeypatch.setattr(os, "fsync", full)
            file.acknowledge()
            monkeypatch.setattr(os, "link", full)
            file.publish()

    with pytest.raises(UnavailableError, match="does not take"):
        through()
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


class _Full:
    def write(self, _raw: bytes) -> int:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        return
