"""When a message may leave: quiet hours, digests, working days, and hours somebody called safe. Pure.

Hours are those of the clock on the wall in the Netherlands, also in the nights in which it jumps; instants
are compared in UTC, so that no message waits for an hour that a night does not have.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from consent_service.foundation.clock import AMSTERDAM, local_date
from consent_service.process.notices.model import AT_ONCE, Notice

_STEP: Final = timedelta(minutes=15)
_LONGEST: Final = timedelta(days=15)
_DAY_MINUTES: Final = 24 * 60


class NoticeRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When this installation sends: whole hours, 0 to 23. From and until the same: never quiet."""

    quiet_from: int = 20
    quiet_until: int = 7
    digest_at: int = 8


class Wishes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the recipient said of messages. Safe hours are minutes after midnight, from and until."""

    language: str
    digest: bool = True
    safe_from: int | None = None
    safe_until: int | None = None


def leaves_at(
    notice: Notice, rules: NoticeRules, wishes: Wishes, working: Collection[int], now: datetime
) -> datetime:
    """The first moment, from `now` on, at which this message may leave.

    Args:
        working: the days the recipient works, Monday is 0; none: every day, or not known.
    """
    moment = now
    if _waits_for_digest(notice, wishes):
        moment = max(now, _digest_after(notice.created_at, rules, working))
    last = now + _LONGEST
    while not _may_leave(notice, rules, wishes, working, moment) and moment < last:
        moment = _next_quarter(moment)
    return moment


def _waits_for_digest(notice: Notice, wishes: Wishes) -> bool:
    return wishes.digest and not notice.urgent and notice.kind not in AT_ONCE


def _may_leave(
    notice: Notice, rules: NoticeRules, wishes: Wishes, working: Collection[int], at: datetime
) -> bool:
    local = at.astimezone(AMSTERDAM)
    minute = local.hour * 60 + local.minute
    if wishes.safe_from is not None and wishes.safe_until is not None:
        if not _between(minute, wishes.safe_from, wishes.safe_until):
            return False
    elif not notice.urgent and _is_quiet(minute, rules):
        return False
    return notice.urgent or not working or local.weekday() in working


def _is_quiet(minute: int, rules: NoticeRules) -> bool:
    start, end = rules.quiet_from * 60, rules.quiet_until * 60
    return start != end and _between(minute, start, end)


def _between(minute: int, start: int, end: int) -> bool:
    """Within a stretch of the day that may go over midnight; its end is not part of it."""
    return (minute - start) % _DAY_MINUTES < ((end - start) % _DAY_MINUTES or _DAY_MINUTES)


def _digest_after(created_at: datetime, rules: NoticeRules, working: Collection[int]) -> datetime:
    """The first hour of the digest on a working day since the message was put ready."""
    day = local_date(created_at)
    moments = [_digest_on(day + timedelta(days=number), rules) for number in range(9)]
    return next(
        moment
        for moment in moments
        if moment >= created_at and (not working or moment.astimezone(AMSTERDAM).weekday() in working)
    )


def _digest_on(day: date, rules: NoticeRules) -> datetime:
    return datetime(day.year, day.month, day.day, rules.digest_at, tzinfo=AMSTERDAM).astimezone(UTC)


def _next_quarter(at: datetime) -> datetime:
    """Quarters of an hour are the same everywhere here, whatever the clock on the wall does."""
    into = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at - into + _STEP
