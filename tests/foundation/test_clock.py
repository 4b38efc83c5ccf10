"""Tests of `consent_service.foundation.clock`: days begin at midnight in the Netherlands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from consent_service.foundation.clock import MovableClock, SystemClock, local_date, local_midnight


@pytest.mark.parametrize(
    "instant,day",
    [
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), date(2026, 3, 28)),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),  # the night summer time begins
        (datetime(2026, 7, 31, 21, 59, tzinfo=UTC), date(2026, 7, 31)),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), date(2026, 8, 1)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),  # winter time has begun
    ],
)
def test_the_day_changes_at_local_midnight_in_summer_and_winter(instant: datetime, day: date) -> None:
    assert local_date(instant) == day


def test_midnight_is_an_instant_of_its_own_day() -> None:
    for offset in range(366):
        day = date(2026, 1, 1) + timedelta(days=offset)
        assert local_date(local_midnight(day)) == day
        assert local_date(local_midnight(day) - timedelta(seconds=1)) == day - timedelta(days=1)


def test_a_movable_clock_stands_still_until_moved_and_speaks_utc() -> None:
    clock = MovableClock(datetime(2026, 9, 1, 10, 0, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == clock.now() == datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
    assert clock.now().tzinfo is UTC

    clock.advance(timedelta(days=1))
    assert clock.now() == datetime(2026, 9, 2, 8, 0, tzinfo=UTC)

    clock.set(datetime(2027, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_system_clock_speaks_utc() -> None:
    assert SystemClock().now().tzinfo is UTC
