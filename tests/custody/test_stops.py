"""Replaying: in order, each to the package that knows it, and nothing is passed over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from consent_service.custody.stops import replay_stops
from consent_service.foundation.errors import DatabaseUnavailableError, IntegrityError
from consent_service.foundation.stop_journal import Stop, StopJournal

AT = datetime(2026, 9, 1, tzinfo=UTC)


def accepted(journal: StopJournal) -> tuple[Stop, Stop]:
    first = journal.accept("withdrawal", tenant="t", at=AT, subject={})
    return first, journal.accept("erasure", tenant="t", at=AT, subject={})


async def test_stops_are_carried_out_oldest_first_by_whoever_knows_them(stop_journal: StopJournal) -> None:
    first, second = accepted(stop_journal)
    done: list[tuple[str, str]] = []

    async def consent(stop: Stop) -> bool:
        if stop.kind == "withdrawal":
            done.append(("consent", stop.id))
        return stop.kind == "withdrawal"

    async def rest(stop: Stop) -> bool:
        done.append(("rest", stop.id))
        return True

    assert await replay_stops(stop_journal, [consent, rest]) == 2
    assert done == [("consent", first.id), ("rest", second.id)]
    assert stop_journal.pending() == ()
    assert await replay_stops(stop_journal, [consent, rest]) == 0


async def test_a_stop_nobody_knows_is_an_alarm_and_stays_pending(stop_journal: StopJournal) -> None:
    first, second = accepted(stop_journal)

    async def only_withdrawals(stop: Stop) -> bool:
        return stop.kind == "withdrawal"

    with pytest.raises(IntegrityError, match=second.id):
        await replay_stops(stop_journal, [only_withdrawals])
    assert [stop.id for stop in stop_journal.pending()] == [second.id]
    assert first.id != second.id


async def test_while_something_is_away_the_rest_stays_pending(stop_journal: StopJournal) -> None:
    accepted(stop_journal)

    async def away(stop: Stop) -> bool:
        raise DatabaseUnavailableError("the database did not answer")

    with pytest.raises(DatabaseUnavailableError):
        await replay_stops(stop_journal, [away])
    assert len(stop_journal.pending()) == 2
