"""Quiet hours, digests, working days and safe hours, also in the nights in which the clock jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.clock import AMSTERDAM
from consent_service.foundation.ids import PersonId, StaffId, TenantId
from consent_service.process.notices.hours import NoticeRules, Wishes, leaves_at
from consent_service.process.notices.model import KINDS, Notice, NoticeKind

RULES, WISHES = NoticeRules(), Wishes("nl")
AT_ONCE_KIND: NoticeKind = "meeting_moved"


def a_notice(kind: NoticeKind, created_at: datetime, *, urgent: bool = False, to: str = "staff") -> Notice:
    return Notice(
        notice="n",
        kind=kind,
        tenant=TenantId("t"),
        to_staff=StaffId("s") if to == "staff" else None,
        to_person=None if to == "staff" else PersonId("p"),
        relationship=None,
        family=None,
        about=None,
        urgent=urgent,
        state="waiting",
        tries=0,
        created_at=created_at,
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC)


@pytest.mark.parametrize(
    "kind,now,leaves",
    [
        ("meeting_moved", "2026-09-07 19:59", "2026-09-07 19:59"),
        ("meeting_moved", "2026-09-07 20:00", "2026-09-08 07:00"),
        ("meeting_moved", "2026-09-07 06:59", "2026-09-07 07:00"),
        ("task_due", "2026-09-07 07:30", "2026-09-07 08:00"),
        ("task_due", "2026-09-07 08:01", "2026-09-08 08:00"),
        # the clock goes forward on 28 March 2027 at 02:00, and back on 25 October 2026 at 03:00
        ("meeting_moved", "2027-03-27 23:30", "2027-03-28 07:00"),
        ("meeting_moved", "2027-03-28 03:30", "2027-03-28 07:00"),
        ("meeting_moved", "2026-10-24 23:30", "2026-10-25 07:00"),
        ("meeting_moved", "2026-10-25 02:30", "2026-10-25 07:00"),
        ("task_due", "2027-03-27 21:00", "2027-03-28 08:00"),
        ("task_due", "2026-10-24 21:00", "2026-10-25 08:00"),
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall(kind: NoticeKind, now: str, leaves: str) -> None:
    moment = local(now)
    assert leaves_at(a_notice(kind, moment), RULES, WISHES, (), moment) == local(leaves)


@pytest.mark.parametrize("night,hours", [("2027-03-27 20:00", 10), ("2026-10-24 20:00", 12)])
def test_a_quiet_night_is_an_hour_shorter_or_longer_when_the_clock_jumps(night: str, hours: int) -> None:
    moment = local(night)
    leaves = leaves_at(a_notice(AT_ONCE_KIND, moment), RULES, WISHES, (), moment)
    assert leaves - moment == timedelta(hours=hours)


@pytest.mark.parametrize("until", [2, 3])
def test_quiet_until_an_hour_that_the_night_does_not_have_ends(until: int) -> None:
    rules = NoticeRules(20, until, 8)
    for night in ("2027-03-28 01:50", "2026-10-25 01:50"):
        moment = local(night)
        leaves = leaves_at(a_notice(AT_ONCE_KIND, moment), rules, WISHES, (), moment)
        assert timedelta() < leaves - moment <= timedelta(hours=3)


def test_urgent_ignores_quiet_hours_digests_and_days_off_but_never_safe_hours() -> None:
    moment = local("2026-09-07 23:00")
    urgent = a_notice("care_signal", moment, urgent=True)
    assert leaves_at(urgent, RULES, WISHES, (3,), moment) == moment
    hers = Wishes("nl", safe_from=10 * 60, safe_until=12 * 60)
    assert leaves_at(urgent, RULES, hers, (), moment) == local("2026-09-08 10:00")


def test_hours_a_guardian_called_safe_win_over_quiet_hours() -> None:
    hers = Wishes("nl", safe_from=22 * 60, safe_until=60)
    moment = local("2026-09-07 12:00")
    assert leaves_at(a_notice(AT_ONCE_KIND, moment), RULES, hers, (), moment) == local("2026-09-07 22:00")
    digest = a_notice("task_due", moment, to="person")
    assert leaves_at(digest, RULES, hers, (), moment) == local("2026-09-08 22:00")


def test_who_wants_no_digest_waits_for_none_and_no_quiet_hours_can_be_set() -> None:
    moment = local("2026-09-07 23:00")
    one = a_notice("task_due", moment)
    never = NoticeRules(20, 20, 8)
    assert leaves_at(one, never, Wishes("nl", digest=False), (), moment) == moment


@given(
    now=st.datetimes(datetime(2026, 3, 1), datetime(2027, 11, 30)),  # noqa: DTZ001 - made aware below
    kind=st.sampled_from(KINDS),
    rules=st.builds(NoticeRules, *[st.integers(0, 23)] * 3),
    working=st.frozensets(st.integers(0, 6)),
)
def test_nothing_waits_for_ever_and_nothing_but_the_urgent_leaves_in_quiet_hours(
    now: datetime, kind: NoticeKind, rules: NoticeRules, working: frozenset[int]
) -> None:
    moment = now.replace(tzinfo=UTC)
    leaves = leaves_at(a_notice(kind, moment), rules, WISHES, working, moment)
    assert moment <= leaves <= moment + timedelta(days=15)  # a digest in quiet hours, one working day a week
    on_the_wall = leaves.astimezone(AMSTERDAM)
    assert not working or on_the_wall.weekday() in working
    start, end = rules.quiet_from, rules.quiet_until
    assert start == end or (on_the_wall.hour - start) % 24 >= (end - start) % 24
