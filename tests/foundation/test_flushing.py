"""A folder is flushed by its own descriptor, which is closed whatever happens."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from consent_service.foundation.flushing import flush_folder


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_folder_itself_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_ino))
    flush_folder(tmp_path)
    assert flushed == [tmp_path.stat().st_ino]


def test_what_the_disk_refuses_is_raised_and_nothing_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.EIO, "input or output error")

    monkeypatch.setattr(os, "fsync", full)
    before = open_descriptors()
    with pytest.raises(OSError, match="input or output"):
        flush_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        flush_folder(tmp_path / "nowhere")
    assert open_descriptors() == before
