"""Tests of `consent_service.audit.heads.known`: what was once known outside is never forgotten."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limited
from hypothesis import strategies as st

from consent_service.audit.heads.known import Claim, KnownHead, KnownHeads
from consent_service.foundation.errors import IntegrityError, UnavailableError

LOG = "audit.example.org/t/aa"
OTHER = "audit.example.org/t/bb"


def root(number: int) -> bytes:
    return bytes([number % 256]) * 32


@pytest.fixture
def heads(tmp_path: Path) -> KnownHeads:
    return KnownHeads(tmp_path / "state" / "heads.jsonl")


def test_nothing_is_known_and_nothing_refused_before_anything_was_remembered(heads: KnownHeads) -> None:
    assert heads.newest(LOG) is None
    assert heads.claims(LOG) == ()
    assert not heads.refuses(LOG, 0, root(0))


def test_a_file_counts_once_it_was_begun_as_long_as_it_is_there(tmp_path: Path) -> None:
    """What is written before, or into a new file in its place, does not say that nothing else was known."""
    heads = KnownHeads(tmp_path / "heads.jsonl", compact_at=300)
    assert not heads.is_begun()
    heads.remember(LOG, 1, root(1))
    assert not heads.is_begun()
    assert KnownHeads(heads.path, must_begin=False).is_begun()
    heads.begin()
    heads.begin()
    assert heads.path.read_bytes().count(b"begun") == 1
    for size in range(2, 20):
        heads.remember(LOG, size, root(size))  # the file is written anew on the way
    assert heads.path.stat().st_size < 1000
    assert heads.is_begun()
    assert KnownHeads(heads.path).is_begun()
    heads.path.unlink()
    assert not heads.is_begun()
    heads.claim(LOG, "w1.example")
    assert not heads.is_begun()


def test_a_log_that_is_smaller_or_has_another_root_than_known_is_refused(heads: KnownHeads) -> None:
    heads.remember(LOG, 100, root(1))

    for reader in (heads, KnownHeads(heads.path)):
        assert reader.newest(LOG) == KnownHead(LOG, 100, root(1))
        assert reader.refuses(LOG, 99, root(1))
        assert reader.refuses(LOG, 0, root(0))
        assert reader.refuses(LOG, 100, root(2))
        assert not reader.refuses(LOG, 100, root(1))
        assert not reader.refuses(LOG, 101, root(2))
        assert not reader.refuses(OTHER, 1, root(2))
    assert heads.path.stat().st_mode & 0o777 == 0o600


def test_an_older_head_changes_nothing_and_a_contradiction_is_named(heads: KnownHeads) -> None:
    heads.remember(LOG, 100, root(1))
    heads.remember(LOG, 40, root(7))
    heads.remember(LOG, 100, root(1))

    assert heads.newest(LOG) == KnownHead(LOG, 100, root(1))
    with pytest.raises(IntegrityError, match="same size"):
        heads.remember(LOG, 100, root(2))
    for size, bad in ((1, b"short"), (-1, root(1))):
        with pytest.raises(IntegrityError, match="no head"):
            heads.remember(LOG, size, bad)


def test_what_a_witness_says_stops_the_log_until_it_is_reached_or_dismissed(heads: KnownHeads) -> None:
    heads.remember(LOG, 100, root(1))
    heads.claim(LOG, "w2.example", 120)
    heads.claim(LOG, "w1.example", 110)
    heads.claim(LOG, "w1.example", 105)

    assert heads.claims(LOG) == (Claim(LOG, "w1.example", 110), Claim(LOG, "w2.example", 120))
    assert heads.claims(OTHER) == ()
    assert heads.refuses(LOG, 119, root(3))
    assert not heads.refuses(LOG, 120, root(3))

    assert heads.dismiss(LOG, "w2.example")
    assert not heads.dismiss(LOG, "w2.example")
    assert heads.refuses(LOG, 109, root(3))
    assert not KnownHeads(heads.path).refuses(LOG, 110, root(3))

    heads.remember(LOG, 111, root(3))
    assert heads.claims(LOG) == ()


def test_another_history_stops_the_log_at_any_size_until_it_is_dismissed(heads: KnownHeads) -> None:
    heads.claim(LOG, "w1.example", 10)
    heads.claim(LOG, "w1.example")
    heads.claim(LOG, "w1.example", 11)
    heads.claim(LOG, "w1.example")
    heads.remember(LOG, 100, root(1))

    assert heads.claims(LOG) == KnownHeads(heads.path).claims(LOG) == (Claim(LOG, "w1.example"),)
    assert heads.refuses(LOG, 1000, root(1))
    assert heads.dismiss(LOG, "w1.example")
    assert not heads.refuses(LOG, 1000, root(1))


def test_a_torn_last_line_is_dropped_and_swallows_nothing_after_it(heads: KnownHeads) -> None:
    heads.remember(LOG, 100, root(1))
    with heads.path.open("ab") as file:
        file.write(b'{"line":"head","origin":"' + LOG.encode())
    assert heads.newest(LOG) == KnownHeads(heads.path).newest(LOG) == KnownHead(LOG, 100, root(1))

    heads.remember(LOG, 101, root(2))

    assert KnownHeads(heads.path).newest(LOG) == KnownHead(LOG, 101, root(2))


def test_the_files_of_two_machines_may_be_joined_in_any_order(tmp_path: Path) -> None:
    one, two = KnownHeads(tmp_path / "one.jsonl"), KnownHeads(tmp_path / "two.jsonl")
    for heads, size in ((one, 10), (two, 12)):
        heads.remember(LOG, size, root(size))
        heads.claim(LOG, "w1.example", size + 10)
    joined = KnownHeads(tmp_path / "joined.jsonl")
    joined.path.write_bytes(two.path.read_bytes() + one.path.read_bytes())

    assert joined.newest(LOG) == KnownHead(LOG, 12, root(12))
    assert joined.claims(LOG) == (Claim(LOG, "w1.example", 22),)


@pytest.mark.parametrize(
    "line",
    [
        b"damaged",
        b'{"line":"head","origin":"x","size":-1,"root":"' + b"00" * 32 + b'"}',
        b'{"line":"head","origin":"x","size":1,"root":"00"}',
        b'{"line":"other"}',
        b'{"line":"head","origin":"audit.example.org/t/aa","size":100,"root":"' + b"09" * 32 + b'"}',
    ],
)
def test_a_line_that_cannot_be_read_or_contradicts_another_stops_everything(
    heads: KnownHeads, line: bytes
) -> None:
    heads.remember(LOG, 100, root(1))
    with heads.path.open("ab") as file:
        file.write(line + b"\n")

    for reader in (heads, heads, KnownHeads(heads.path)):
        with pytest.raises(IntegrityError, match="known heads"):
            reader.refuses(LOG, 200, root(1))
        with pytest.raises(IntegrityError, match="known heads"):
            reader.remember(LOG, 200, root(1))


def test_a_file_that_cannot_be_read_or_written_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    heads = KnownHeads(tmp_path / "a file" / "heads.jsonl")

    with pytest.raises(UnavailableError):
        heads.refuses(LOG, 1, root(1))
    with pytest.raises(UnavailableError):
        heads.remember(LOG, 1, root(1))


def test_the_file_is_written_anew_when_it_grows_and_every_reader_follows(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    heads, reader, writer = (KnownHeads(path, compact_at=1000) for _ in range(3))
    heads.claim(OTHER, "w1.example", 7)
    for size in range(1, 60):
        (heads if size % 3 else writer).remember(LOG, size, root(size))
        assert reader.newest(LOG) == KnownHead(LOG, size, root(size))
        assert reader.refuses(OTHER, 6, root(1))

    assert path.stat().st_size < 1500
    assert [one.name for one in tmp_path.iterdir()] == ["heads.jsonl"]


def test_a_file_with_as_many_logs_as_lines_is_not_written_anew_each_time(tmp_path: Path) -> None:
    heads = KnownHeads(tmp_path / "heads.jsonl", compact_at=100)
    for number in range(9):
        heads.remember(f"{LOG}{number}", 1, root(number))
    before = heads.path.stat().st_ino
    heads.remember(f"{LOG}9", 1, root(9))

    assert heads.path.stat().st_ino == before


def test_a_file_that_was_put_back_from_a_copy_is_read_anew(heads: KnownHeads) -> None:
    heads.remember(LOG, 1, root(1))
    copy = heads.path.read_bytes()
    heads.remember(LOG, 2, root(2))
    heads.path.write_bytes(copy)

    assert heads.newest(LOG) == KnownHead(LOG, 1, root(1))

    heads.path.unlink()
    assert heads.newest(LOG) is None
    heads.remember(LOG, 3, root(3))
    assert heads.newest(LOG) == KnownHead(LOG, 3, root(3))


def test_who_waited_for_a_file_that_was_replaced_writes_to_the_new_one(
    heads: KnownHeads, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads.remember(LOG, 1, root(1))
    answers = iter([False, False])
    in_place = KnownHeads._is_in_place
    monkeypatch.setattr(
        KnownHeads, "_is_in_place", lambda self, one: next(answers, None) is None and in_place(self, one)
    )
    heads.remember(LOG, 2, root(2))
    assert heads.newest(LOG) == KnownHead(LOG, 2, root(2))

    monkeypatch.setattr(KnownHeads, "_is_in_place", lambda _self, _one: False)
    with pytest.raises(UnavailableError):
        heads.remember(LOG, 3, root(3))


def test_a_file_that_is_gone_by_the_time_it_is_locked_is_not_in_place(heads: KnownHeads) -> None:
    heads.remember(LOG, 1, root(1))
    with heads.path.open("rb") as file:
        heads.path.unlink()
        assert not heads._is_in_place(file.fileno())


def _remember_many(path: Path, first: int) -> None:
    heads = KnownHeads(path, compact_at=500)
    for size in range(first, 120, 3):
        heads.remember(LOG, size, root(size))
        heads.remember(f"{LOG}/{first}", size, root(size))


def test_several_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_remember_many, [path] * 3, range(3)))

    heads = KnownHeads(path)
    assert heads.newest(LOG) == KnownHead(LOG, 119, root(119))
    assert [heads.newest(f"{LOG}/{first}") for first in range(3)] == [
        KnownHead(f"{LOG}/{first}", size, root(size)) for first, size in enumerate((117, 118, 119))
    ]


@limited(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([LOG, OTHER]), st.integers(0, 30)), max_size=25))
def test_the_largest_head_ever_remembered_is_known(
    tmp_path_factory: pytest.TempPathFactory, remembered: list[tuple[str, int]]
) -> None:
    path = tmp_path_factory.mktemp("heads") / "heads.jsonl"
    for origin, size in remembered:
        KnownHeads(path, compact_at=300).remember(origin, size, root(size))

    for origin in (LOG, OTHER):
        largest = max((size for of, size in remembered if of == origin), default=None)
        expected = None if largest is None else KnownHead(origin, largest, root(largest))
        assert KnownHeads(path).newest(origin) == expected
        assert all(KnownHeads(path).refuses(origin, size, root(size)) for size in range(largest or 0))
