"""Tests of `consent_service.foundation.stop_journal`: an accepted stop is never lost and never forged."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.clock import MovableClock
from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.stop_journal import Stop, StopJournal

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
SUBJECT = {"relationship": "r", "information_type": "support_advice"}


@pytest.fixture
def stop(stop_journal: StopJournal, clock: MovableClock) -> Stop:
    return stop_journal.accept("withdrawal", tenant="t", at=clock.now(), subject=SUBJECT)


def test_an_accepted_stop_survives_the_process_being_killed(tmp_path: Path) -> None:
    path = tmp_path / "stops.jsonl"
    program = textwrap.dedent(f"""
        import os, signal
        from datetime import UTC, datetime
        from pathlib import Path
        from consent_service.foundation.stop_journal import StopJournal
        journal = StopJournal(Path({str(path)!r}))
        journal.accept("objection", tenant="t", at=datetime.now(UTC), subject={{}})
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", program], check=False)

    assert done.returncode == -signal.SIGKILL
    assert [stop.kind for stop in StopJournal(path).pending()] == ["objection"]


def test_a_torn_last_line_is_dropped_and_swallows_nothing_after_it(
    stop_journal: StopJournal, stop: Stop, clock: MovableClock
) -> None:
    with stop_journal.path.open("ab") as file:
        file.write(b'{"line":"stop","id":"half a l')
    assert stop_journal.pending() == (stop,)

    second = stop_journal.accept("safety_flag", tenant="t", at=clock.now(), subject={})

    assert stop_journal.pending() == (stop, second)


def test_a_damaged_line_in_the_middle_is_refused_loudly(stop_journal: StopJournal, stop: Stop) -> None:
    stop_journal.path.write_bytes(b"damaged\n" + stop_journal.path.read_bytes())

    with pytest.raises(IntegrityError, match="line 1"):
        stop_journal.pending()


def test_a_stop_that_cannot_be_written_is_not_accepted(tmp_path: Path, clock: MovableClock) -> None:
    (tmp_path / "a file").touch()
    journal = StopJournal(tmp_path / "a file" / "stops.jsonl")

    with pytest.raises(UnavailableError):
        journal.accept("withdrawal", tenant="t", at=clock.now(), subject={})
    with pytest.raises(UnavailableError):
        journal.pending()


def _accept_many(path: Path) -> None:
    clock = MovableClock(AT)
    for _ in range(20):
        StopJournal(path).accept("withdrawal", tenant="t", at=clock.now(), subject={})


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "stops.jsonl"
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_accept_many, [path, path]))

    assert len(StopJournal(path).pending()) == 40


def test_a_stop_is_pending_until_it_is_done(stop_journal: StopJournal, stop: Stop) -> None:
    assert stop_journal.pending() == (stop,)

    stop_journal.mark_done(stop.id)
    stop_journal.mark_done(stop.id)

    assert stop_journal.pending() == ()


def test_nothing_is_pending_before_the_first_stop(stop_journal: StopJournal) -> None:
    assert stop_journal.pending() == ()


def test_only_the_owner_can_read_the_journal(stop_journal: StopJournal, stop: Stop) -> None:
    assert stop_journal.path.stat().st_mode & 0o777 == 0o600


@given(done=st.lists(st.booleans(), max_size=8), torn=st.integers(0, 30))
def test_whatever_is_torn_off_the_end_only_the_last_line_is_lost(
    tmp_path_factory: pytest.TempPathFactory, done: list[bool], torn: int
) -> None:
    journal = StopJournal(tmp_path_factory.mktemp("journal") / "stops.jsonl")
    clock = MovableClock(AT)
    open_stops = []
    for finish in done:
        stop = journal.accept("erasure", tenant="t", at=clock.now(), subject={})
        if finish:
            journal.mark_done(stop.id)
        else:
            open_stops.append(stop)
    journal.accept("withdrawal", tenant="t", at=clock.now(), subject=SUBJECT)
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[: len(content) - 1 - torn])

    assert list(journal.pending())[: len(open_stops)] == open_stops


def test_a_journal_that_was_begun_and_is_gone_is_no_journal_without_stops(stop_journal: StopJournal) -> None:
    assert stop_journal.begin()
    assert not stop_journal.begin()
    assert stop_journal.pending() == ()
    stop_journal.path.unlink()
    with pytest.raises(UnavailableError):
        stop_journal.pending()


def test_a_journal_has_one_name_that_its_copies_share(stop_journal: StopJournal, tmp_path: Path) -> None:
    assert stop_journal.names() == ()
    stop_journal.accept("withdrawal", tenant="t", at=AT, subject={})  # from before journals had names
    stop_journal.begin()
    (name,) = stop_journal.names()
    again = StopJournal(stop_journal.path)
    assert not again.begin()
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(stop_journal.path.read_bytes())
    assert again.names() == StopJournal(copy).names() == (name,)
    assert len(again.pending()) == 1


def test_a_stop_is_still_taken_while_the_journal_is_gone_and_nothing_is_released(
    stop_journal: StopJournal,
) -> None:
    stop_journal.begin()
    stop_journal.path.unlink()
    accepted = stop_journal.accept("withdrawal", tenant="t", at=datetime.now(UTC), subject={"code": "c"})
    with pytest.raises(UnavailableError):
        stop_journal.pending()
    assert StopJournal(stop_journal.path).pending() == (accepted,)


def test_a_stop_bears_on_its_own_tenant_and_relationship_and_one_of_the_installation_on_all(
    stop_journal: StopJournal,
) -> None:
    at = datetime.now(UTC)
    stop_journal.accept("withdrawal", tenant="a", at=at, subject={"family": "f"})
    stop_journal.accept("relationship_end", tenant="b", at=at, subject={"relationship": "r"})
    assert [len(stop_journal.concerning(tenant, "r")) for tenant in ("a", "b", "c")] == [1, 1, 0]
    assert stop_journal.concerning("b", "other") == ()
    of_family = {"relationship": "sibling", "family": "f"}
    stop_journal.accept("contact_removal", tenant="b", at=at, subject=of_family)
    assert len(stop_journal.concerning("b", "other")) == 1
    stop_journal.accept("withdrawal", tenant="_", at=at, subject={"code": "c"})
    assert len(stop_journal.concerning("c", "any")) == 1


def test_all_stops_are_kept_also_those_marked_done(stop_journal: StopJournal, stop: Stop) -> None:
    second = stop_journal.accept("objection", tenant="t", at=AT, subject={})
    stop_journal.mark_done(stop.id)

    assert stop_journal.all() == (stop, second)
    assert stop_journal.pending() == (second,)


def test_while_nothing_is_added_all_stops_are_the_very_same_tuple(
    stop_journal: StopJournal, stop: Stop
) -> None:
    before = stop_journal.all()
    assert stop_journal.all() is before

    stop_journal.mark_done(stop.id)

    assert stop_journal.all() == before
    assert stop_journal.all() is not before
