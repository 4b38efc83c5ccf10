"""A break-glass runs less than 24 hours, whatever its row says, and counts different persons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.ids import RecordId, StaffId, TypeKey
from consent_service.policy.emergencies import LASTS, Emergency

BEGAN = datetime(2026, 9, 1, 8, tzinfo=UTC)
AROUND = st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=3))


def emergency(ends_after: timedelta) -> Emergency:
    persons = frozenset({StaffId("a"), StaffId("b")})
    return Emergency(RecordId("x"), TypeKey("pickup"), persons, BEGAN, BEGAN + ends_after, hidden=False)


@given(ends_after=AROUND, asked_after=AROUND)
def test_it_runs_from_the_agreement_until_it_is_ended_and_never_longer_than_a_day(
    ends_after: timedelta, asked_after: timedelta
) -> None:
    one = emergency(ends_after)
    expected = timedelta(0) <= asked_after < min(ends_after, timedelta(hours=24))
    assert one.is_running(BEGAN + asked_after) == expected
    assert one.until <= BEGAN + LASTS


@given(ends_after=AROUND, sooner=AROUND, asked_after=AROUND)
def test_ending_it_sooner_never_lets_it_run_where_it_did_not(
    ends_after: timedelta, sooner: timedelta, asked_after: timedelta
) -> None:
    later = emergency(max(ends_after, sooner))
    earlier = msgspec.structs.replace(later, ends_at=BEGAN + min(ends_after, sooner))
    moment = BEGAN + asked_after
    assert later.is_running(moment) or not earlier.is_running(moment)


def test_at_the_last_moment_it_runs_and_a_second_later_it_does_not() -> None:
    one = emergency(LASTS)
    assert one.is_running(BEGAN + LASTS - timedelta(microseconds=1))
    assert not one.is_running(BEGAN + LASTS)
    assert not one.is_running(BEGAN + LASTS + timedelta(seconds=1))
