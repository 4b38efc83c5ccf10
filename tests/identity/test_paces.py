"""What is counted in memory stays small, and what was no try is not counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent_service.identity import pace, starts
from consent_service.identity.pace import Pace
from consent_service.identity.starts import Starts
from tests.identity.desk import Desk

MINUTE = timedelta(minutes=1)


async def test_so_many_in_a_while_and_of_the_oldest_names_nothing_is_remembered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "_REMEMBERED", 2)
    now, few = desk.clock.now(), Pace(1, MINUTE)
    assert few.allows("a", now)
    assert not few.allows("a", now)
    assert few.allows("b", now)
    assert few.allows("c", now)
    assert few.allows("a", now)  # forgotten: two others came since
    assert few.allows("c", now + MINUTE)


async def test_a_login_that_ended_in_a_session_was_no_try(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starts, "_PLACES", 2)
    begun = Starts(desk.database, desk.clock, most=1, within=MINUTE)
    assert await begun.allows("one", "here", "")
    assert not await begun.allows("two", "here", "")
    begun.finished("nobody's")
    assert await begun.allows("three", "there", "")
    begun.finished("three")
    assert await begun.allows("four", "there", "")
    begun.finished("one")
    assert await begun.allows("two", "here", "")
    assert await begun.allows("five", "elsewhere", "")
    assert await begun.allows("six", "there", "")  # forgotten: two other places came since
    desk.clock.advance(MINUTE)
    assert await begun.allows("seven", "elsewhere", "")
