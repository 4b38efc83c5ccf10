"""A confirmation holds until the grace after the next school term: never less than that, and never longer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from consent_service.families.attesting import (
    NO_TERMS,
    SchoolTerms,
    is_asked,
    is_attested,
    lapses_at,
    next_term,
)
from consent_service.foundation.clock import local_date, local_midnight

DUTCH = SchoolTerms(("08-01", "02-01"), 42)
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 40 * 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))
DAYS = st.dates(date(2021, 1, 1), date(2021, 12, 31)).map(lambda day: f"{day:%m-%d}")
TERMS = st.builds(
    SchoolTerms, st.lists(DAYS, min_size=1, max_size=4, unique=True).map(tuple), st.integers(1, 60)
)
MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    "confirmed, term",
    [
        (datetime(2026, 9, 1, 8, tzinfo=UTC), date(2027, 2, 1)),
        (datetime(2027, 1, 31, 22, 59, tzinfo=UTC), date(2027, 2, 1)),
        (datetime(2027, 1, 31, 23, 0, tzinfo=UTC), date(2027, 8, 1)),  # in the Netherlands the term has begun
        (datetime(2027, 12, 31, 12, tzinfo=UTC), date(2028, 2, 1)),
    ],
)
def test_the_next_term_is_the_first_that_begins_on_a_later_day(confirmed: datetime, term: date) -> None:
    assert next_term(DUTCH, confirmed) == term
    assert lapses_at(DUTCH, confirmed) == local_midnight(term + timedelta(days=42))


@given(terms=TERMS, confirmed=MOMENTS)
def test_it_holds_up_to_the_lapse_and_not_a_moment_longer(terms: SchoolTerms, confirmed: datetime) -> None:
    ends_at = lapses_at(terms, confirmed)
    assert ends_at is not None
    assert confirmed < ends_at == local_midnight(local_date(ends_at))
    assert is_attested(terms, confirmed, ends_at - MICROSECOND)
    assert not is_attested(terms, confirmed, ends_at)
    assert not is_asked(terms, confirmed, confirmed)
    assert is_asked(terms, confirmed, ends_at)


@given(terms=TERMS, confirmed=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=800)))
def test_who_confirms_later_never_lapses_earlier(
    terms: SchoolTerms, confirmed: datetime, later: timedelta
) -> None:
    first, second = lapses_at(terms, confirmed), lapses_at(terms, confirmed + later)
    assert first is not None
    assert second is not None
    assert first <= second


@given(terms=TERMS, confirmed=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=800)))
def test_who_confirms_when_asked_is_asked_no_more_that_day(
    terms: SchoolTerms, confirmed: datetime, later: timedelta
) -> None:
    now = confirmed + later
    assert not is_asked(terms, now, now)
    if not is_attested(terms, confirmed, now):
        assert is_asked(terms, confirmed, now)


@given(confirmed=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=8000)))
def test_without_terms_nobody_is_asked_and_nobody_lapses(confirmed: datetime, later: timedelta) -> None:
    assert lapses_at(NO_TERMS, confirmed) is None
    assert is_attested(NO_TERMS, confirmed, confirmed + later)
    assert not is_asked(NO_TERMS, confirmed, confirmed + later)
