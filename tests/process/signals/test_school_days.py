"""School days: holidays per region, weekends, days off by law, and years that nobody published."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from consent_service.foundation.errors import InputError
from consent_service.process.signals.school_days import (
    REGIONS,
    Region,
    gone_at,
    heard_by,
    is_school_day,
    last_day,
    school_day_from,
)


@pytest.mark.parametrize(
    "day, region, teaches",
    [
        (date(2026, 10, 12), "noord", False),
        (date(2026, 10, 12), "midden", True),
        (date(2026, 10, 19), "noord", True),
        (date(2026, 10, 19), "zuid", False),
        (date(2026, 12, 25), "midden", False),
        (date(2027, 1, 4), "zuid", True),
        (date(2027, 5, 6), "noord", False),
        (date(2026, 11, 22), "midden", False),
        (date(2025, 8, 25), "noord", True),
        (date(2025, 8, 25), "midden", False),
        (date(2026, 4, 3), "midden", True),
        (date(2026, 4, 6), "midden", False),
        (date(2026, 5, 4), "midden", True),
        (date(2026, 5, 5), "midden", False),
        (date(2027, 5, 3), "zuid", True),
        (date(2027, 5, 5), "zuid", False),
        (date(2027, 5, 17), "noord", False),
        (date(2027, 7, 23), "zuid", True),
        (date(2027, 7, 26), "zuid", False),
        (date(2027, 9, 3), "zuid", False),
        (date(2027, 9, 6), "zuid", True),
        (date(2028, 6, 5), "midden", False),
        (date(2028, 10, 16), "noord", False),
        (date(2028, 10, 16), "zuid", True),
        (date(2029, 5, 21), "midden", False),
    ],
)
def test_a_school_teaches_on_the_days_of_its_region(day: date, region: Region, teaches: bool) -> None:
    assert is_school_day(day, region) is teaches


@pytest.mark.parametrize("region", REGIONS)
def test_a_year_that_is_not_in_the_table_is_refused_and_never_guessed(region: Region) -> None:
    for day in (date(2025, 7, 31), date(2029, 10, 2)):
        with pytest.raises(InputError) as refused:
            is_school_day(day, region)
        assert [one.code for one in refused.value.problems] == ["school_days_missing"]
    with pytest.raises(InputError):
        school_day_from(last_day(region), region)


def test_what_is_sent_on_monday_night_is_heard_by_eight_on_tuesday() -> None:
    assert heard_by(datetime(2026, 11, 23, 22, tzinfo=UTC), "midden") == datetime(2026, 11, 24, 7, tzinfo=UTC)


def test_what_is_sent_before_the_bell_is_heard_that_morning_and_in_a_holiday_after_it() -> None:
    assert heard_by(datetime(2026, 11, 24, 6, tzinfo=UTC), "midden") == datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert heard_by(datetime(2026, 12, 19, 6, tzinfo=UTC), "zuid") == datetime(2027, 1, 4, 7, tzinfo=UTC)


def test_five_school_days_skip_weekend_and_holiday() -> None:
    sent = datetime(2026, 10, 15, 10, tzinfo=UTC)
    assert gone_at(sent, "midden", days=5) == datetime(2026, 10, 28, 23, tzinfo=UTC)
    assert gone_at(sent, "noord", days=5) == datetime(2026, 10, 23, 22, tzinfo=UTC)
