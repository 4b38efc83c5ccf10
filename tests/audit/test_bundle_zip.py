"""The writer of a bundle's file: byte for byte what the standard library writes, without going back."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from consent_service.audit.bundle_zip import StoredZip
from consent_service.audit.standalone.archive import WIDE_BEGIN, Archive


class _Pipe:
    """Takes bytes at the end and nothing else."""

    def __init__(self) -> None:
        self.taken = b""

    def write(self, content: bytes, /) -> None:
        self.taken += content


def _reference(members: list[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system, member.external_attr = 3, 0o644 << 16
            archive.writestr(member, content)
    return target.getvalue()


@pytest.mark.parametrize("count", [0, 1, 300, 65_535])
def test_it_writes_what_the_standard_library_writes(count: int) -> None:
    members = [(f"x/{at}", b"%d" % at * (at % 7)) for at in range(count)]
    target = io.BytesIO()
    with StoredZip(target) as archive:
        for name, content in members:
            archive.add(name, content)
    assert target.getvalue() == _reference(members)


def test_very_many_and_far_members_are_read_by_others_and_by_our_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bundle.zip"
    with path.open("wb") as file, StoredZip(file) as archive:
        archive.add("README.nl.txt", b"x")
        for at in range(65_600):
            archive.add(f"x/{at}", b"")
    with zipfile.ZipFile(path) as read:
        assert len(read.namelist()) == 65_601
    pipe = _Pipe()
    begins = iter([0, 1 << 32])
    with StoredZip(pipe) as archive:
        for name in ("README.nl.txt", "far"):  # as if 4 GiB stood in between
            archive._at = next(begins)
            archive.add(name, b"x")
    assert WIDE_BEGIN.pack(1, 8, 1 << 32) in pipe.taken
    assert b"PK\x06\x06" in pipe.taken
    read_all = Archive(path)
    assert len(read_all.names) == 65_601
    read_all.close()


def test_what_was_broken_off_has_no_directory() -> None:
    pipe = _Pipe()

    def broken_off() -> None:
        with StoredZip(pipe) as archive:
            archive.add("README.nl.txt", b"x")
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        broken_off()
    assert not zipfile.is_zipfile(io.BytesIO(pipe.taken))
