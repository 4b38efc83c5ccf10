"""Time as an argument: services hold a `Clock`, rules get `now`.

Days begin at local midnight in the Netherlands; instants are kept in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, timezone-aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """A clock that stands still until it is moved; for tests, replay and the demo."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> None:
        self._at += by

    def set(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)


def strictly_after(now: datetime, newest: datetime | None) -> datetime:
    """`now`, or just after `newest` where this machine's clock is behind the one that wrote it.

    For acts written under a lock: what comes later in the ledger must also be later in time, or a stop
    taken by a node whose clock is behind would have no effect.
    """
    return now if newest is None or newest < now else newest + timedelta(microseconds=1)


def local_date(instant: datetime) -> date:
    """The calendar day in the Netherlands at `instant`."""
    return instant.astimezone(AMSTERDAM).date()


def local_midnight(day: date) -> datetime:
    """The instant (UTC) at which `day` begins in the Netherlands."""
    return datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).astimezone(UTC)
