"""What bundles seldom are: very large, without view key or witnesses; and heads and tiles that lie."""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from consent_service.audit import bundle_check
from consent_service.audit.bundle_check import check_bundle_file
from consent_service.audit.merkle import CompactRange, root_of
from consent_service.audit.standalone import telling
from consent_service.audit.standalone.archive import CENTRAL, WIDE_BEGIN, Log, read_member
from consent_service.audit.standalone.checking import Tiles
from consent_service.foundation.errors import IntegrityError
from tests.audit.standalone.forging import Members, a_forge, zipped

FAR = 1 << 33


def _line(extra: bytes, begin: int = 0xFFFFFFFF) -> bytes:
    name = b"logs/1/checkpoint"
    head = CENTRAL.pack(b"PK\x01\x02", 45, 45, 0, 0, 0, 33, 7, 5, 5, len(name), len(extra), 0, 0, 0, 0, begin)
    return head + name + extra


def _both(files: Members, folder: Path) -> tuple[int, str, bool]:
    """What the outsiders' program answers, and whether the service takes the bundle for sound."""
    path = folder / "bundle.zip"
    path.write_bytes(zipped(files.items()))
    code, lines = telling.answer([str(path)])
    try:
        ok = check_bundle_file(path).ok
    except IntegrityError:
        ok = False
    return code, "\n".join(lines), ok


def test_a_member_beyond_4_gib_is_found_where_the_wide_field_says() -> None:
    member, end = read_member(_line(WIDE_BEGIN.pack(1, 8, FAR)), 0)
    assert (member.begin, end) == (FAR, CENTRAL.size + 17 + WIDE_BEGIN.size)
    for wrong in (WIDE_BEGIN.pack(2, 8, FAR), WIDE_BEGIN.pack(1, 9, FAR)):
        with pytest.raises(ValueError, match="not a stored member"):
            read_member(_line(wrong), 0)
    with pytest.raises(struct.error):
        read_member(_line(b""), 0)


def test_nothing_may_stand_between_the_last_member_and_the_directory(tmp_path: Path) -> None:
    good = zipped(a_forge(extra=2).members().items())
    at = struct.unpack_from("<I", good, len(good) - 6)[0]
    hiding = good[:at] + b"hidden" + good[at:-6] + struct.pack("<IH", at + 6, 0)
    (tmp_path / "bundle.zip").write_bytes(hiding)
    code, lines = telling.answer([str(tmp_path / "bundle.zip")])
    assert (code, "[zip_malformed]" in lines[0]) == (1, True)


def test_without_view_key_person_or_witness_the_rest_is_proved(tmp_path: Path) -> None:
    files = a_forge(extra=2).members()
    nobody = {**files, "bundle.json": files["bundle.json"].replace(b'"person":"', b'"person":"x', 1)}
    del files["view-key.txt"]
    assert _both(files, tmp_path)[::2] == (0, True)
    assert _both(nobody, tmp_path)[::2] == (1, False)
    forge = a_forge(extra=2)
    said = forge.members()["bundle.json"]
    person = said.partition(b'"person":"')[2].partition(b'"')[0]
    assert _both({**forge.members(), "bundle.json": said.replace(person, b"")}, tmp_path)[::2] == (0, True)
    forge.cosign = lambda note: note  # type: ignore[method-assign]
    code, told, ok = _both(forge.members(), tmp_path)
    assert (code, told.count("geen getuige tekende dit logboek"), ok) == (0, 2, True)


def test_a_short_hash_tile_and_a_head_beyond_the_log_are_refused(tmp_path: Path) -> None:
    forge = a_forge(extra=2)
    first, files = forge.logs[0], forge.members()
    tile = next(name for name in files if name.startswith("logs/1/tile/0/"))
    code, said, ok = _both({**files, tile: files[tile][:-32]}, tmp_path)
    assert (code, "[tile_differs]" in said, ok) == (1, True, False)
    beyond = first.note(99, root=root_of(first.hashes()))
    code, said, ok = _both({**files, "logs/1/checkpoints/99": beyond}, tmp_path)
    assert (code, "[head_differs]" in said, ok) == (1, True, False)


def test_levels_that_are_just_full_have_no_unfinished_tile() -> None:
    """At 65,536 entries: by hand, since a log of that size is slow to forge."""
    hashes = [bytes([at % 256]) * 32 for at in range(256)]
    stored = {"logs/1/tile/1/000": b"".join(hashes), "logs/1/tile/2/000.p/1": root_of_tile(hashes)}

    class Shelf:
        def read(self, name: str) -> bytes:
            return stored[name]

    log = Log(1, "audit.example.org/t/1", 65_536, 0, ())
    look: Any = object.__new__(bundle_check._Look)
    look._archive = Shelf()
    look._check_unfinished(log)
    tiles = Tiles(Shelf(), log)  # type: ignore[arg-type]
    tiles._above = [[], [root_of_tile(hashes)]]
    tiles.finish()
    stored["logs/1/tile/2/000.p/1"] = b"x" * 32
    with pytest.raises(IntegrityError):
        look._check_unfinished(log)


def root_of_tile(hashes: list[bytes]) -> bytes:
    """The root over hashes that are themselves roots."""
    return CompactRange().extend(tuple(hashes)).root()


def test_a_terminal_sees_how_far_it_is_and_a_reader_may_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, sink = tmp_path / "bundle.zip", (tmp_path / "sink").open("w")
    path.write_bytes(zipped(a_forge(extra=2).members().items()))

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    class Gone(io.StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            return sink.fileno()

    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    assert telling.main([str(path)]) == 0
    assert "8/8" in shown.getvalue()
    monkeypatch.setattr(sys, "stdout", Gone())
    assert telling.main([str(path)]) == 0
    sink.close()
    assert telling.answer(["--nonsense"])[0] == 2
