"""Lending the tablet, where two people press at once or the rules say no."""

from __future__ import annotations

import asyncio

import pytest

from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.identity import lending, live, pins
from consent_service.identity.handover import HandOverRefused, TakeBackRefused
from consent_service.identity.sessions import Opened
from tests.identity import factories as f
from tests.identity.desk import HAND_OVER, PIN, Desk


async def test_a_simple_pin_and_one_set_by_a_guardian_are_refused(desk: Desk) -> None:
    staff = await desk.logged_in()
    with pytest.raises(InputError):
        await desk.service.set_pin(staff.session, "1234")
    handed = await desk.handed_over(staff)
    with pytest.raises(NotAllowedError):
        await desk.service.set_pin(handed.session, PIN)


async def test_two_hand_overs_at_once_are_one(desk: Desk) -> None:
    staff = await desk.logged_in()
    await desk.service.set_pin(staff.session, PIN)
    answers = await asyncio.gather(*(desk.service.hand_over(staff.token, HAND_OVER) for _ in range(2)))
    assert sorted(type(one).__name__ for one in answers) == ["HandOverRefused", "Opened"]
    assert HandOverRefused("no_session") in answers


async def test_a_hand_over_that_comes_just_after_another_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tapped twice: the second had read the session before the first lent it."""
    staff = await desk.logged_in()
    handed = await desk.handed_over(staff)

    async def as_it_was(_live: object, _token: str) -> object:
        return staff.session

    with monkeypatch.context() as patch:
        patch.setattr("consent_service.identity.live.LiveSessions.actor_for", as_it_was)
        assert await desk.service.hand_over(staff.token, HAND_OVER) == HandOverRefused("no_session")
    assert await desk.service.actor_for(handed.token) == handed.session


async def test_two_returns_at_once_are_one(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    answers = await asyncio.gather(*(desk.service.take_back(handed.token, PIN) for _ in range(2)))
    assert sorted(type(one).__name__ for one in answers) == ["Opened", "TakeBackRefused"]
    assert TakeBackRefused("no_session") in answers


async def test_a_return_that_comes_just_after_another_does_not_end_the_counsellors_session(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tapped twice: the second had read the session before the first gave it back."""
    handed = await desk.handed_over(await desk.logged_in())
    seen = await desk.service.actor_for(handed.token)
    back = await desk.service.take_back(handed.token, PIN)
    assert isinstance(back, Opened)

    async def as_it_was(_live: object, _token: str) -> object:
        return seen

    with monkeypatch.context() as patch:
        patch.setattr("consent_service.identity.live.LiveSessions.actor_for", as_it_was)
        assert await desk.service.take_back(handed.token, PIN) == TakeBackRefused("no_session")
    still = await desk.service.actor_for(back.token)
    assert still is not None
    assert still.actor == f.COUNSELLOR


async def test_a_return_while_the_pin_is_compared_wins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    compare = pins.fits

    async def fits(pin: str, stored: str | None) -> bool:
        monkeypatch.setattr(pins, "fits", compare)
        assert isinstance(await desk.service.take_back(handed.token, PIN), Opened)
        return await compare(pin, stored)

    monkeypatch.setattr(pins, "fits", fits)
    assert await desk.service.take_back(handed.token, PIN) == TakeBackRefused("no_session")


async def test_a_witness_is_the_counsellor_who_knows_the_pin_and_the_tablet_stays(desk: Desk) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    for left in (4, 3):
        assert await desk.service.witness(handed.token, "9999") == TakeBackRefused("pin_wrong", left)
    assert await desk.service.witness(handed.token, PIN) == f.COUNSELLOR
    assert await desk.service.witness(handed.token, "9999") == TakeBackRefused("pin_wrong", 4)
    session = await desk.service.actor_for(handed.token)
    assert session is not None
    assert session.actor == f.GUARDIAN
    assert await desk.service.witness("unknown", PIN) == TakeBackRefused("no_session")


async def test_without_a_pin_nothing_fits(desk: Desk) -> None:
    staff = await desk.logged_in()
    assert not await desk.service.has_pin(staff.session)
    assert await desk.service.hand_over(staff.token, HAND_OVER) == HandOverRefused("pin_missing")


async def test_a_session_that_is_gone_when_it_is_read_again_is_told(desk: Desk) -> None:
    async with desk.database.reading() as conn:
        with pytest.raises(NotFoundError):
            await lending._reread(conn, "gone")


async def test_a_process_remembers_so_many_sessions_and_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "REMEMBERED", 2)
    opened: list[Opened] = [await desk.logged_in() for _ in range(3)]
    for one in opened:
        assert await desk.service.actor_for(one.token) is not None
    remembered = desk.service._live._remembered
    assert len(remembered) == 2
    assert opened[0].session not in remembered.values()
