"""Replaying: in order, each to the package that knows it, nothing passed over, and listed when done."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert

from consent_service.custody.stops import (
    MissingStops,
    Replayer,
    forget_listed,
    listed_stops,
    replay_stops,
    stops_missing_in,
)
from consent_service.custody.tables import carried_out_stops
from consent_service.families.tables import families
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import DatabaseUnavailableError, IntegrityError
from consent_service.foundation.stop_journal import Stop, StopJournal
from tests.conftest import START
from tests.faults.failures import database_away


class Replays:
    """Replays over one journal and one database, and what they carried out."""

    def __init__(self, database: Database, journal: StopJournal, clock: MovableClock) -> None:
        self.database = database
        self.journal = journal
        self.clock = clock
        self.done: list[str] = []

    def accept(self, **subject: str) -> Stop:
        return self.journal.accept("withdrawal", tenant="t", at=START, subject=subject)

    async def carries_out(self, stop: Stop) -> bool:
        self.done.append(stop.id)
        return True

    async def run(self, *replayers: Replayer) -> int:
        wanted = replayers or (self.carries_out,)
        return await replay_stops(self.database, self.journal, self.clock, wanted)

    async def listed(self) -> frozenset[str]:
        async with self.database.reading() as conn:
            return await listed_stops(conn)


@pytest.fixture
def replays(database: Database, stop_journal: StopJournal, clock: MovableClock) -> Replays:
    return Replays(database, stop_journal, clock)


async def test_stops_are_carried_out_oldest_first_by_whoever_knows_them(replays: Replays) -> None:
    first = replays.accept()
    second = replays.journal.accept("erasure", tenant="t", at=START, subject={})
    done: list[tuple[str, str]] = []

    async def consent(stop: Stop) -> bool:
        if stop.kind == "withdrawal":
            done.append(("consent", stop.id))
        return stop.kind == "withdrawal"

    async def rest(stop: Stop) -> bool:
        done.append(("rest", stop.id))
        return True

    assert await replays.run(consent, rest) == 2
    assert done == [("consent", first.id), ("rest", second.id)]
    assert replays.journal.pending() == ()
    assert await replays.run(consent, rest) == 0
    assert await replays.listed() == {first.id, second.id}


async def test_a_stop_nobody_knows_is_an_alarm_stays_pending_and_is_not_listed(replays: Replays) -> None:
    first = replays.accept()
    second = replays.journal.accept("erasure", tenant="t", at=START, subject={})

    async def only_withdrawals(stop: Stop) -> bool:
        return stop.kind == "withdrawal"

    with pytest.raises(IntegrityError, match=second.id):
        await replays.run(only_withdrawals)
    assert [stop.id for stop in replays.journal.pending()] == [second.id]
    assert await replays.listed() == {first.id}


async def test_while_something_is_away_the_rest_stays_pending(replays: Replays) -> None:
    replays.accept()
    replays.accept()

    async def away(stop: Stop) -> bool:
        raise DatabaseUnavailableError("the database did not answer")

    with pytest.raises(DatabaseUnavailableError):
        await replays.run(away)
    assert len(replays.journal.pending()) == 2
    assert await replays.listed() == frozenset()


async def test_what_cannot_be_carried_out_counts_as_pending_also_where_it_was_marked_done(
    replays: Replays,
) -> None:
    damaged, late = replays.accept(), replays.accept()
    for stop in (damaged, late):
        replays.journal.mark_done(stop.id)
    failing: dict[str, Exception] = {
        damaged.id: IntegrityError("damaged"),
        late.id: DatabaseUnavailableError("the database did not answer"),
    }

    async def carries_out(stop: Stop) -> bool:
        if stop.id in failing:
            raise failing[stop.id]
        return True

    with pytest.raises(DatabaseUnavailableError):  # before what only somebody who looks can mend
        await replays.run(carries_out)
    assert replays.journal.pending() == (damaged, late)
    del failing[late.id]
    with pytest.raises(IntegrityError):
        await replays.run(carries_out)
    assert replays.journal.pending() == (damaged,)
    failing.clear()
    assert await replays.run(carries_out) == 1
    assert replays.journal.pending() == ()


async def test_without_a_database_nothing_is_carried_out_and_nothing_marked(replays: Replays) -> None:
    stop = replays.accept()
    async with database_away(replays.database, "gone"):
        with pytest.raises(DatabaseUnavailableError):
            await replays.run()
    assert (replays.done, replays.journal.pending()) == ([], (stop,))
    assert await replays.run() == 1


async def test_what_is_marked_done_in_the_journal_is_carried_out_on_a_database_that_does_not_list_it(
    replays: Replays,
) -> None:
    stop = replays.accept()
    replays.journal.mark_done(stop.id)
    size = replays.journal.path.stat().st_size
    assert await replays.run() == 1
    assert replays.done == [stop.id]
    assert replays.journal.path.stat().st_size == size  # it was marked already


async def test_what_is_listed_but_was_not_marked_is_only_marked(replays: Replays) -> None:
    """The process died between the two."""
    stop = replays.accept()
    async with replays.database.transaction() as conn:
        row = {"tenant": "t", "stop": stop.id, "noted_at": START}
        await conn.execute(insert(carried_out_stops).values(row))
    assert await replays.run() == 0
    assert (replays.done, replays.journal.pending()) == ([], ())


@pytest.mark.parametrize("what", ["family", "relationship", "guardian", "child", "code"])
async def test_a_stop_about_somebody_this_database_does_not_know_is_replayed_at_every_start(
    replays: Replays, what: str
) -> None:
    stop = replays.accept(**{what: "unknown"})
    assert [await replays.run() for _ in range(2)] == [1, 1]
    assert replays.done == [stop.id] * 2
    assert (await replays.listed(), replays.journal.pending()) == (frozenset(), ())


async def test_once_its_subject_is_there_a_stop_is_listed(replays: Replays) -> None:
    stop = replays.accept(family="f", keys="r:support_advice", method="page")
    other = replays.journal.accept("withdrawal", tenant="another", at=START, subject={"family": "f"})
    await replays.run()
    async with replays.database.transaction() as conn:
        await conn.execute(insert(families).values(tenant="t", family="f", created_at=START))
    assert await replays.run() == 2
    assert await replays.listed() == {stop.id}
    assert other.id != stop.id


async def test_two_workers_may_list_the_same_stop(replays: Replays) -> None:
    stop = replays.accept()

    async def slow(one: Stop) -> bool:
        await replays.run()  # another worker is faster
        return True

    assert await replays.run(slow) == 1
    assert await replays.listed() == {stop.id}


async def test_whoever_puts_older_rows_back_makes_every_stop_be_replayed(replays: Replays) -> None:
    stop = replays.accept()
    await replays.run()
    async with replays.database.transaction() as conn:
        await forget_listed(conn)
    assert await replays.run() == 1
    assert replays.done == [stop.id] * 2


async def missing_in(replays: Replays, journal: StopJournal) -> MissingStops:
    async with replays.database.reading() as conn:
        return await stops_missing_in(conn, journal)


async def test_another_nodes_journal_is_known_and_no_old_copy_of_ones_own(
    replays: Replays, clock: MovableClock, tmp_path: Path
) -> None:
    replays.journal.begin()
    elsewhere = StopJournal(tmp_path / "b" / "stops.jsonl")
    elsewhere.begin()
    other = Replays(replays.database, elsewhere, clock)
    replays.accept()
    await replays.run()
    assert await missing_in(replays, elsewhere) == MissingStops(0, frozenset(replays.journal.names()))
    await other.run()  # holds no stop yet: registered all the same
    assert await missing_in(replays, replays.journal) == MissingStops(0, frozenset(elsewhere.names()))
    assert len(await replays.listed()) == 1

    other.accept()
    await other.run()
    assert await missing_in(replays, replays.journal) == MissingStops(0, frozenset(elsewhere.names()))
    async with replays.database.transaction() as conn:
        await forget_listed(conn)
    assert await replays.listed() == frozenset()
    assert (await missing_in(replays, replays.journal)).others == frozenset(elsewhere.names())


async def test_joined_journals_are_replayed_together_and_then_nothing_is_missing(
    replays: Replays, clock: MovableClock, tmp_path: Path
) -> None:
    replays.journal.begin()
    elsewhere = StopJournal(tmp_path / "b" / "stops.jsonl")
    elsewhere.begin()
    here, there = replays.accept(), elsewhere.accept("erasure", tenant="t", at=START, subject={})
    await Replays(replays.database, elsewhere, clock).run()
    async with replays.database.transaction() as conn:
        await forget_listed(conn)

    replays.journal.path.write_bytes(replays.journal.path.read_bytes() + elsewhere.path.read_bytes())
    assert await replays.run() == 2
    assert await replays.listed() == {here.id, there.id}
    assert await missing_in(replays, replays.journal) == MissingStops(0, frozenset())


async def test_stops_of_this_very_journal_that_it_does_not_hold_are_counted(
    replays: Replays,
) -> None:
    replays.journal.begin()
    older = replays.journal.path.read_bytes()
    replays.accept()
    await replays.run()
    replays.journal.path.write_bytes(older)
    assert await missing_in(replays, StopJournal(replays.journal.path)) == MissingStops(1, frozenset())
