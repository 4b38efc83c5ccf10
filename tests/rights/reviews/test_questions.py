"""Ready questions: their days, what they need, and what is at night."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from consent_service.foundation.ids import PersonId, StaffId
from consent_service.rights.reviews.questions import (
    QUESTIONS,
    TYPES,
    Asked,
    days_of,
    is_outside_hours,
    problems_of,
)
from consent_service.web.officer.wording import EVENTS

TODAY = date(2026, 9, 18)


def codes(asked: Asked) -> list[tuple[str, str]]:
    return [(one.field, one.code) for one in problems_of(asked, TODAY)]


def test_last_month_and_last_week_count_back_from_today() -> None:
    assert days_of("month", TODAY, None, None) == (date(2026, 8, 18), TODAY)
    assert days_of("week", TODAY, date(2020, 1, 1), None) == (date(2026, 9, 11), TODAY)
    assert days_of("days", TODAY, date(2016, 9, 18), None) == (date(2016, 9, 18), TODAY)


def test_ten_years_is_a_question() -> None:
    assert codes(Asked("refusals", date(2016, 9, 18), TODAY)) == []


def test_everything_wrong_is_told_at_once() -> None:
    asked = Asked("who_saw", date(2027, 1, 2), date(2027, 1, 1))
    assert codes(asked) == [
        ("person", "form.missing"),
        ("from", "form.date_in_future"),
        ("until", "form.date_in_future"),
        ("until", "form.order_of_days"),
    ]
    assert codes(Asked("what_opened", TODAY, TODAY)) == [("staff", "form.choose")]
    assert codes(Asked("who_saw", TODAY, TODAY, PersonId("p"))) == []
    assert codes(Asked("what_opened", TODAY, TODAY, None, StaffId("s"))) == []


@pytest.mark.parametrize(
    "at, outside",
    [
        (datetime(2026, 9, 18, 4, 59, tzinfo=UTC), True),
        (datetime(2026, 9, 18, 5, 0, tzinfo=UTC), False),
        (datetime(2026, 9, 18, 16, 59, tzinfo=UTC), False),
        (datetime(2026, 9, 18, 17, 0, tzinfo=UTC), True),
        (datetime(2026, 1, 15, 6, 30, tzinfo=UTC), False),
        (datetime(2026, 9, 19, 10, 0, tzinfo=UTC), True),
        (datetime(2026, 9, 20, 10, 0, tzinfo=UTC), True),
    ],
    ids=["before seven", "seven", "before seven pm", "seven pm", "winter", "saturday", "sunday"],
)
def test_working_hours_are_those_of_the_netherlands(at: datetime, outside: bool) -> None:
    assert is_outside_hours(at) is outside


def test_every_question_is_answered_by_kinds_of_entries_that_exist() -> None:
    assert set(TYPES) == set(QUESTIONS)
    for kinds in TYPES.values():
        assert kinds
        assert kinds <= EVENTS.keys()
