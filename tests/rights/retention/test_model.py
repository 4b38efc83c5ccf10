"""From which moment something is past its period: ends of months, leap years, school years, own days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.clock import local_date, local_midnight
from consent_service.information.model import (
    AfterDate,
    AfterGuidance,
    ForMonths,
    ForSchoolDays,
    ForSchoolYear,
    InformationType,
    Retention,
    UntilChanged,
)
from consent_service.records.model import expires
from consent_service.rights.retention.model import (
    Always,
    Done,
    NewHold,
    Own,
    Past,
    Period,
    RetentionPreview,
    WithFamily,
    check_hold,
    is_past,
    last_day_past,
    months_after,
    past_before,
    period_code,
    record_due,
)

MOMENTS = st.integers(0, 20 * 366 * 86400).map(
    lambda one: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=one)
)
DAYS = st.dates(min_value=date(2019, 1, 1), max_value=date(2040, 1, 1))


def kind(retention: Retention) -> InformationType:
    plain: Any = {
        "key": "x",
        "level": "O",
        "directions": ("s2c",),
        "purposes": ("support",),
        "retention": retention,
        "decided_by": "one_holder",
        "legal_basis": "consent",
        "secrecy_release": "permission",
        "fields": (),
    }
    return InformationType(**plain)


def at(*day: int) -> datetime:
    return local_midnight(date(*day)) + timedelta(hours=12)


@pytest.mark.parametrize(
    "retention, fields, written, last",
    [
        (ForSchoolYear(), {}, at(2027, 7, 31), (2027, 8, 1)),
        (ForSchoolYear(), {}, at(2027, 8, 1), (2028, 8, 1)),
        (ForMonths(3), {}, at(2026, 11, 30), (2027, 2, 28)),
        (ForMonths(3), {}, at(2027, 11, 30), (2028, 2, 29)),
        (ForMonths(6), {}, at(2028, 2, 29), (2028, 8, 29)),
        (ForMonths(12), {}, at(2028, 2, 29), (2029, 2, 28)),
        (ForSchoolDays(5), {}, at(2026, 9, 4), (2026, 9, 11)),
        (AfterDate("date", 1), {"date": "2027-01-31"}, at(2026, 9, 1), (2027, 2, 28)),
        (AfterDate("date", 1), {"date": "2020-01-31"}, at(2026, 9, 1), (2026, 10, 1)),
        (AfterDate("date", 1), {}, at(2026, 9, 1), (2026, 10, 1)),
    ],
)
def test_a_period_ends_at_the_beginning_of_a_day(
    retention: Retention, fields: dict[str, str], written: datetime, last: tuple[int, int, int]
) -> None:
    assert expires(kind(retention), fields, written) == local_midnight(date(*last))


@pytest.mark.parametrize("retention", [AfterGuidance(6), UntilChanged()])
def test_what_ends_with_guidance_has_no_day_of_its_own(retention: Retention) -> None:
    assert expires(kind(retention), {}, at(2026, 9, 1)) is None


def test_what_has_no_day_goes_so_long_after_guidance_or_at_its_end() -> None:
    ended = at(2027, 8, 31)
    assert record_due(kind(AfterGuidance(6)), None, ended) == local_midnight(date(2028, 2, 29))
    assert record_due(kind(AfterGuidance(0)), None, ended) == ended
    assert record_due(kind(UntilChanged()), None, ended) == ended
    assert record_due(None, None, ended) == ended, "a type that is in no catalogue any more"
    assert record_due(kind(AfterGuidance(6)), None, None) is None
    assert record_due(kind(ForMonths(3)), at(2026, 12, 1), ended) == at(2026, 12, 1)


@given(moment=MOMENTS, now=MOMENTS, months=st.integers(1, 60))
def test_the_cut_and_the_period_of_one_moment_agree(moment: datetime, now: datetime, months: int) -> None:
    period = Own(months=months)
    assert is_past(period, moment, now) == (moment < past_before(period, now))
    assert is_past(period, moment, now) == (months_after(moment, months) <= now)


@given(moment=MOMENTS, now=MOMENTS, days=st.integers(1, 90))
def test_days_are_counted_exactly(moment: datetime, now: datetime, days: int) -> None:
    period = Own(days=days)
    assert is_past(period, moment, now) == (now - moment > timedelta(days=days))


@given(today=DAYS, months=st.integers(0, 60))
def test_the_last_day_that_is_past_is_the_last(today: date, months: int) -> None:
    last = last_day_past(today, months)
    noon = local_midnight(today) + timedelta(hours=12)
    assert months_after(local_midnight(last), months) <= noon
    assert months_after(local_midnight(last + timedelta(days=1)), months) > noon


@given(moment=MOMENTS, months=st.integers(0, 60))
def test_nothing_goes_too_early(moment: datetime, months: int) -> None:
    """At least all whole months but the days by which a month is shorter, and never on an earlier day."""
    assert months_after(moment, months) >= local_midnight(local_date(moment)) + timedelta(
        days=months * 30 - 3
    )


def test_the_end_of_february() -> None:
    assert last_day_past(date(2027, 2, 28), 12) == date(2026, 2, 28)
    assert last_day_past(date(2027, 2, 28), 6) == date(2026, 8, 31)
    assert last_day_past(date(2029, 2, 28), 12) == date(2028, 2, 29)
    assert last_day_past(date(2029, 2, 27), 12) == date(2028, 2, 27)


@pytest.mark.parametrize(
    "review_on, problems",
    [
        (date(2026, 9, 1), ["retention.review_past"]),
        (date(2026, 9, 2), []),
        (date(2027, 9, 1), []),
        (date(2027, 9, 2), ["retention.review_far"]),
    ],
)
def test_somebody_looks_again_within_a_year(review_on: date, problems: list[str]) -> None:
    found = check_hold(NewHold("x", "claim", review_on), date(2026, 9, 1))
    assert [one.code for one in found] == problems


def test_what_is_done_adds_up() -> None:
    one = Done(records=1, rows=2, failed=3)
    assert one.plus(Done(families=4)) == Done(records=1, rows=2, families=4, failed=3)
    assert one.total == 3
    preview = RetentionPreview({}, Past(1, 5), Past(2), Past(3), {"tasks": Past(4, 9)})
    assert preview.going == 10


def test_every_period_has_another_name() -> None:
    periods: list[Period] = [Own(months=1), Own(days=1), WithFamily(60), WithFamily(61), Always()]
    assert len({period_code(one) for one in periods}) == len(periods)
    assert msgspec.json.decode(msgspec.json.encode(Own(months=1)), type=Own) == Own(months=1)
