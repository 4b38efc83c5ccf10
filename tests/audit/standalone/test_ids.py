"""However many entries a bundle has, one that stands there twice is found, in little memory."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.audit.bundle_check import check_bundle_file
from consent_service.audit.standalone import ids
from consent_service.audit.standalone.formats import Refused
from consent_service.audit.standalone.ids import Ids
from consent_service.audit.standalone.telling import answer
from consent_service.foundation.errors import IntegrityError
from tests.audit.standalone.forging import a_forge, zipped


def _id(number: int) -> str:
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _said(numbers: list[int]) -> str:
    found = Ids()
    try:
        for index, number in enumerate(numbers):
            found.add(_id(number), 1, index)
        found.finish()
    except Refused as refused:
        return refused.where
    finally:
        found.close()
    return "good"


@settings(max_examples=150)
@given(numbers=st.lists(st.integers(0, 60), max_size=40), held=st.integers(1, 9), block=st.integers(1, 5))
def test_it_finds_exactly_what_stands_there_twice(numbers: list[int], held: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "IDS_AT_ONCE", held)
        patch.setattr(ids, "IDS_IN_BLOCK", block)
        said = _said(numbers)
    again = {f"logs/1/{at}" for at, number in enumerate(numbers) if number in numbers[:at]}
    assert said in (again or {"good"})


def test_memory_does_not_grow_with_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "IDS_AT_ONCE", 1 << 10)
    monkeypatch.setattr(ids, "IDS_IN_BLOCK", 1 << 5)

    def most(count: int) -> int:
        tracemalloc.start()
        assert _said(list(range(count))) == "good"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - 36 * count  # the list of this test itself

    few, many = most(4 << 10), most(32 << 10)
    assert many < 2 * few


def test_a_replayed_entry_is_found_in_a_spilled_bundle_by_both_verifiers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids, "IDS_AT_ONCE", 64)
    path = tmp_path / "bundle.zip"
    path.write_bytes(zipped(a_forge().members().items()))
    assert answer([str(path)])[0] == 0
    assert check_bundle_file(path).ok
    forge = a_forge()
    first, second = forge.logs
    second.leaves.append(first.leaves[4])
    second.ids.append(first.ids[4])
    path.write_bytes(zipped(forge.members().items()))
    code, lines = answer([str(path)])
    assert (code, f"[leaf_repeated] logs/2/{len(second.leaves) - 1}" in lines[0]) == (1, True)
    with pytest.raises(IntegrityError):
        check_bundle_file(path)


@pytest.mark.parametrize("broken", ["write", "seek"])
def test_without_room_nothing_is_said_of_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    made: list[IO[bytes]] = []
    real = tempfile.TemporaryFile

    class Full:
        def __init__(self) -> None:
            self.file = real()
            made.append(self.file)

        def __getattr__(self, name: str) -> object:
            if name == broken:
                raise OSError("no space left on device")
            return getattr(self.file, name)

    monkeypatch.setattr(ids, "IDS_AT_ONCE", 64)
    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    path = tmp_path / "bundle.zip"
    path.write_bytes(zipped(a_forge().members().items()))
    code, lines = answer([str(path)])
    assert code == 2
    assert lines == ["Kan niet: er is geen plaats voor een tijdelijk bestand op deze computer [no_room]"]
    with pytest.raises(IntegrityError):
        check_bundle_file(path)
    assert all(one.closed for one in made)
