"""How often somebody may do what costs much, and that nobody is remembered for longer than needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from consent_service.foundation.pacing import Pace, TooOftenError

MINUTE = timedelta(minutes=1)


class _Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 9, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def test_each_key_has_its_own_count_in_any_stretch_of_time() -> None:
    clock = _Clock()
    pace = Pace(clock, times=2, within=MINUTE)
    pace.count("a")
    clock.at += MINUTE / 2
    pace.count("a")
    with pytest.raises(TooOftenError):
        pace.count("a")
    pace.count("b")
    clock.at += MINUTE / 2
    pace.count("a")  # the first is a minute ago
    pace.give_back("a")
    pace.count("a")
    with pytest.raises(TooOftenError):
        pace.count("a")
    pace.give_back("b")
    pace.give_back("b")  # nothing is left to give back
    with pytest.raises(TooOftenError):
        pace.count("a")


def test_whoever_did_nothing_lately_is_forgotten() -> None:
    clock = _Clock()
    pace = Pace(clock, times=2, within=MINUTE)
    for key in range(1000):
        pace.count(key)
    clock.at += MINUTE
    pace.count("new")
    assert len(pace._done) == 1
