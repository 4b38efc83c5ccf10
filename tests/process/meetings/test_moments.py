"""A local moment: never past, never one the clock skips, and told when it comes twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.clock import AMSTERDAM
from consent_service.foundation.errors import InputError
from consent_service.process.meetings.moments import moment

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "day, clock_time, code",
    [
        (None, "14:00", "required"),
        (date(2026, 3, 2), "", "meeting_time"),
        (date(2026, 3, 2), "24:00", "meeting_time"),
        (date(2026, 3, 2), "9:00", "meeting_time"),
        (date(2026, 3, 1), "10:00", "meeting_past"),
        (date(2025, 3, 2), "10:00", "meeting_past"),
        (date(2026, 3, 29), "02:30", "meeting_time_skipped"),
        (date(2026, 10, 25), "02:30", "meeting_time_twice"),
        (date(2027, 3, 3), "10:00", "meeting_far"),
    ],
)
def test_what_is_no_moment_to_come_is_refused(day: date | None, clock_time: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        moment(day, clock_time, which="", now=NOW)
    assert [one.code for one in refused.value.problems] == [code]


def test_of_an_hour_that_comes_twice_either_can_be_meant() -> None:
    night = date(2026, 10, 25)
    assert moment(night, "02:30", which="first", now=NOW) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert moment(night, "02:30", which="second", now=NOW) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(st.dates(date(2026, 3, 2), date(2027, 2, 20)), st.times())
def test_a_moment_reads_back_as_what_was_entered(day: date, at: time) -> None:
    entered = f"{at:%H:%M}"
    if day == date(2026, 3, 29) and entered.startswith("02:"):
        with pytest.raises(InputError):
            moment(day, entered, which="first", now=NOW)
        return
    local = moment(day, entered, which="first", now=NOW).astimezone(AMSTERDAM)
    assert (local.date(), f"{local:%H:%M}") == (day, entered)
