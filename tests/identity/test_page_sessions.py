"""Sessions of the own page: one person, ended when they must, never another's."""

from __future__ import annotations

from datetime import timedelta

from consent_service.audit import events
from consent_service.foundation.errors import DatabaseUnavailableError
from consent_service.foundation.ids import PersonId, new_id
from consent_service.identity.devices import new_device_mark
from consent_service.identity.handover import HandOver, HandOverRefused, TakeBackRefused
from consent_service.identity.model import ChildActor, GuardianActor
from consent_service.identity.page_sessions import (
    device_of_person,
    forget_devices,
    is_known_device,
    remember_device,
)
from consent_service.identity.permissions import Circumstances
from consent_service.identity.sessions import Opened
from tests.identity import factories as f
from tests.identity.desk import HAND_OVER, PIN, Desk


async def opened(desk: Desk, *, replaces: str | None = None) -> Opened:
    async with desk.database.transaction() as conn:
        return await desk.service.own_pages.open(conn, f.GUARDIAN, replaces=replaces)


async def test_a_session_is_of_one_person_and_of_no_staff(desk: Desk) -> None:
    own = await opened(desk)
    session = await desk.service.actor_for(own.token)
    assert session == own.session
    assert (session.own, session.actor, session.actors) == (f.GUARDIAN, f.GUARDIAN, ())
    assert session.acting_in(f.TRAVERSE) == f.GUARDIAN
    assert session.acting_in(f.ELSEWHERE) is None
    assert await desk.events() == [events.PageOpened(f.MOTHER)]
    assert await desk.service.provider_logout_address(session) is None


async def test_a_child_is_a_child(desk: Desk) -> None:
    child = ChildActor(f.TRAVERSE, f.MOTHER, f.FAMILY)
    async with desk.database.transaction() as conn:
        own = await desk.service.own_pages.open(conn, child, replaces=None)
    session = await desk.service.actor_for(own.token)
    assert session is not None
    assert session.own == child


async def test_it_ends_without_use_after_an_hour_and_by_hand(desk: Desk) -> None:
    idle, used, left = await opened(desk), await opened(desk), await opened(desk)
    assert await desk.service.log_out(left.token) is not None
    assert await desk.service.actor_for(left.token) is None
    for _ in range(5):
        desk.clock.advance(timedelta(minutes=10))
        assert await desk.service.actor_for(used.token) is not None
    assert await desk.service.actor_for(idle.token) is None
    desk.clock.advance(timedelta(minutes=10))
    assert await desk.service.actor_for(used.token) is None
    assert [type(e).__name__ for e in await desk.events()][3:] == ["Logout", "SessionEnded", "SessionEnded"]


async def test_a_counsellors_session_in_the_browser_ends(desk: Desk) -> None:
    staff = await desk.logged_in()
    own = await opened(desk, replaces=staff.token)
    assert own.token != staff.token
    assert await desk.service.actor_for(staff.token) is None
    assert events.SessionEnded("replaced") in await desk.events()
    planted = await opened(desk, replaces="planted")
    assert await desk.service.actor_for("planted") is None
    assert planted.token != "planted"


async def test_the_tablet_cannot_be_lent_from_or_taken_back_to_an_own_page(desk: Desk) -> None:
    own = await opened(desk)
    assert await desk.service.hand_over(own.token, HAND_OVER) == HandOverRefused("not_allowed")
    assert await desk.service.take_back(own.token, PIN) == TakeBackRefused("not_handed_over")


async def test_every_session_of_one_person_ends_and_nobody_elses(desk: Desk) -> None:
    mine, also_mine = await opened(desk), await opened(desk)
    staff = await desk.logged_in()
    other = GuardianActor(f.TRAVERSE, PersonId(new_id()), f.FAMILY)
    async with desk.database.transaction() as conn:
        await desk.ring.create_person_key(conn, f.TRAVERSE, other.guardian)
        theirs = await desk.service.own_pages.open(conn, other, replaces=None)
        assert await desk.service.own_pages.end_all(conn, f.TRAVERSE, f.MOTHER) == 2
    for token in (mine.token, also_mine.token):
        assert await desk.service.actor_for(token) is None
        assert await desk.service.actor_for_stop(token) is None
    for token in (staff.token, theirs.token):
        assert await desk.service.actor_for(token) is not None


async def test_a_child_that_holds_the_tablet_is_a_child(desk: Desk) -> None:
    staff = await desk.logged_in()
    await desk.service.set_pin(staff.session, PIN)
    facts = Circumstances(tenant=f.TRAVERSE, family=f.FAMILY, assigned=True)
    handed = await desk.service.hand_over(staff.token, HandOver(f.MOTHER, facts, is_child=True))
    assert isinstance(handed, Opened)
    assert handed.session.actor == ChildActor(f.TRAVERSE, f.MOTHER, f.FAMILY)
    back = await desk.service.take_back(handed.token, PIN)
    assert isinstance(back, Opened)
    assert back.session.handed_over is None


async def test_a_device_is_known_per_person_until_it_is_forgotten(desk: Desk) -> None:
    mark = new_device_mark()
    device = device_of_person(f.TRAVERSE, f.MOTHER, mark)
    other = device_of_person(f.TRAVERSE, PersonId("father"), mark)
    assert device is not None
    assert device != other
    assert device_of_person(f.TRAVERSE, f.MOTHER, "no mark of ours") is None
    async with desk.database.transaction() as conn:
        assert not await is_known_device(conn, f.TRAVERSE, f.MOTHER, device)
        for _ in range(2):
            await remember_device(conn, f.TRAVERSE, f.MOTHER, device, desk.clock)
        assert await is_known_device(conn, f.TRAVERSE, f.MOTHER, device)
        assert not await is_known_device(conn, f.ELSEWHERE, f.MOTHER, device)
        await forget_devices(conn, f.TRAVERSE, f.MOTHER)
        assert not await is_known_device(conn, f.TRAVERSE, f.MOTHER, device)


async def test_with_the_database_away_an_own_session_can_still_stop(desk: Desk) -> None:
    own = await opened(desk)
    assert await desk.service.actor_for(own.token) is not None
    desk.service._live._database = Unreachable()  # type: ignore[assignment]
    remembered = await desk.service.actor_for_stop(own.token)
    assert remembered is not None
    assert remembered.own == f.GUARDIAN
    desk.clock.advance(timedelta(minutes=15))
    assert await desk.service.actor_for_stop(own.token) is None


class Unreachable:
    """A database that cannot be reached."""

    def reading(self) -> object:
        raise DatabaseUnavailableError("away")


async def test_a_token_never_stands_in_a_log_line(desk: Desk) -> None:
    own = await opened(desk)
    assert own.token not in repr(own)
