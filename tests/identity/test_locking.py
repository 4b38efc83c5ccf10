"""A screen that is left alone: locked by the service, opened by the counsellor's PIN only."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from consent_service.audit import events
from consent_service.identity.handover import HandOverRefused, TakeBackRefused
from consent_service.identity.lent_rows import MAX_PIN_TRIES
from consent_service.identity.model import LoginRefused
from consent_service.identity.service import LoggedIn
from consent_service.identity.sessions import Opened, Unlocked
from tests.identity import factories as f
from tests.identity.desk import HAND_OVER, PIN, Desk

LOCK = timedelta(minutes=2)
LENT_LOCK = timedelta(minutes=10)


async def _is_locked(desk: Desk, token: str) -> bool:
    session = await desk.service.actor_for(token)
    assert session is not None
    return session.locked


async def _with_pin(desk: Desk) -> Opened:
    opened = await desk.logged_in()
    await desk.service.set_pin(opened.session, PIN)
    return opened


async def test_a_counsellors_screen_locks_after_two_minutes_without_use_and_not_before(desk: Desk) -> None:
    opened = await _with_pin(desk)
    for _ in range(3):  # somebody works
        desk.clock.advance(LOCK - timedelta(seconds=1))
        assert not await _is_locked(desk, opened.token)
    desk.clock.advance(LOCK)
    assert await _is_locked(desk, opened.token)
    desk.clock.advance(timedelta(seconds=1))
    assert await _is_locked(desk, opened.token)  # asking does not open it


async def test_a_tablet_with_a_parent_locks_after_ten_minutes_and_an_officer_never(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    desk.clock.advance(LENT_LOCK - timedelta(seconds=1))
    assert not await _is_locked(desk, handed.token)
    desk.clock.advance(LENT_LOCK)
    assert await _is_locked(desk, handed.token)
    officer = await desk.logged_in("pim")
    desk.clock.advance(timedelta(minutes=14))
    assert not await _is_locked(desk, officer.token)
    assert await desk.service.lock(officer.token, "/") is not None
    assert not await _is_locked(desk, officer.token)


async def test_the_pin_opens_it_where_it_was_under_a_new_token(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    locked = await desk.service.lock(handed.token, "/intake/a/vragen/b")
    assert locked is not None
    assert locked.locked
    await desk.service.keep_place(locked, "/intake/elsewhere")  # the first one counts
    await desk.service.keep_place(locked, "//evil.example")
    assert await desk.service.unlock(handed.token, "5937") == TakeBackRefused("pin_wrong", MAX_PIN_TRIES - 1)
    unlocked = await desk.service.unlock(handed.token, PIN)
    assert isinstance(unlocked, Unlocked)
    assert unlocked.place == "/intake/a/vragen/b"
    assert unlocked.opened.session.actor == f.GUARDIAN  # still the mother's
    assert not unlocked.opened.session.locked
    assert await desk.service.actor_for(handed.token) is None
    again = await desk.service.unlock(unlocked.opened.token, PIN)
    assert again == TakeBackRefused("no_session")  # it is not locked


async def test_an_address_of_another_site_is_no_place_to_go_on(desk: Desk) -> None:
    opened = await _with_pin(desk)
    await desk.service.lock(opened.token, "https://evil.example/")
    unlocked = await desk.service.unlock(opened.token, PIN)
    assert isinstance(unlocked, Unlocked)
    assert unlocked.place == "/"


async def test_a_locked_screen_hands_nothing_over_and_witnesses_nothing(desk: Desk) -> None:
    opened = await _with_pin(desk)
    await desk.service.lock(opened.token, "/")
    assert await desk.service.hand_over(opened.token, HAND_OVER) == HandOverRefused("no_session")
    assert await desk.service.take_back(opened.token, PIN) == TakeBackRefused("not_handed_over")
    unlocked = await desk.service.unlock(opened.token, PIN)
    assert isinstance(unlocked, Unlocked)
    handed = await desk.handed_over(unlocked.opened)
    await desk.service.lock(handed.token, "/intake")
    assert await desk.service.witness(handed.token, PIN) == TakeBackRefused("not_handed_over")
    back = await desk.service.take_back(handed.token, PIN)
    assert isinstance(back, Opened)
    assert not await _is_locked(desk, back.token)
    assert back.session.actor == f.COUNSELLOR


async def test_too_many_wrong_pins_end_it_whoever_had_it(desk: Desk) -> None:
    for lent in (False, True):
        opened = await _with_pin(desk)
        if lent:
            opened = await desk.handed_over(opened)
        await desk.service.lock(opened.token, "/")
        for left in range(MAX_PIN_TRIES - 1, 0, -1):
            assert await desk.service.unlock(opened.token, "5937") == TakeBackRefused("pin_wrong", left)
        assert await desk.service.unlock(opened.token, "5937") == TakeBackRefused("pin_exhausted")
        assert await desk.service.unlock(opened.token, PIN) == TakeBackRefused("no_session")
        assert (await desk.events())[-1] == events.SessionEnded("pin_exhausted")


async def test_two_who_open_it_at_once_are_one(desk: Desk) -> None:
    opened = await _with_pin(desk)
    await desk.service.lock(opened.token, "/")
    answers = await asyncio.gather(*(desk.service.unlock(opened.token, PIN) for _ in range(2)))
    assert sorted(type(one).__name__ for one in answers) == ["TakeBackRefused", "Unlocked"]
    assert TakeBackRefused("no_session") in answers


@pytest.mark.parametrize("lent, ends", [(False, timedelta(minutes=15)), (True, timedelta(minutes=60))])
async def test_a_locked_screen_ends_when_nobody_comes_back(desk: Desk, lent: bool, ends: timedelta) -> None:
    opened = await _with_pin(desk)
    if lent:
        opened = await desk.handed_over(opened)
    await desk.service.lock(opened.token, "/")
    desk.clock.advance(ends - timedelta(seconds=1))
    assert await _is_locked(desk, opened.token)
    assert await desk.service.forget_expired() == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.service.actor_for(opened.token) is None
    assert await desk.service.unlock(opened.token, PIN) == TakeBackRefused("no_session")
    assert await desk.service.lock(opened.token, "/") is None


async def test_a_login_begun_before_it_was_lent_or_locked_does_not_end_that(desk: Desk) -> None:
    opened = await _with_pin(desk)
    begun = [await desk.started() for _ in range(3)]
    addresses = [await desk.chosen(one, "noor") for one in begun]
    await desk.service.lock(opened.token, "/")
    too_old = LoginRefused("login_too_old")
    assert await desk.finished(addresses[0], begun[0].cookie, replaces=opened.token) == too_old
    unlocked = await desk.service.unlock(opened.token, PIN)
    assert isinstance(unlocked, Unlocked)
    lent = await desk.service.hand_over(unlocked.opened.token, HAND_OVER)
    assert isinstance(lent, Opened)
    assert await desk.finished(addresses[1], begun[1].cookie, replaces=lent.token) == too_old
    asked = await desk.started(max_age=0)
    address = await desk.chosen(asked, "noor")
    assert isinstance(await desk.finished(address, asked.cookie, replaces=lent.token), LoggedIn)
    assert isinstance(await desk.finished(addresses[2], begun[2].cookie, replaces=lent.token), LoggedIn)


async def test_a_screen_that_locked_a_moment_ago_is_not_lent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await _with_pin(desk)
    found = await desk.service.actor_for(opened.token)
    await desk.service.lock(opened.token, "/")

    async def as_it_was(_token: str) -> object:
        return found

    monkeypatch.setattr(desk.service._live, "actor_for", as_it_was)
    assert await desk.service.hand_over(opened.token, HAND_OVER) == HandOverRefused("no_session")
    monkeypatch.undo()
    assert await _is_locked(desk, opened.token)
