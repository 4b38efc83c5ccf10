"""Where one is logged in, what devices are called, and wrong PINs and passkeys at a tablet over a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, IntegrityError, LogUnavailableError, NotAllowedError
from consent_service.foundation.ids import PersonId
from consent_service.identity.given_names import open_given_name
from consent_service.identity.handover import PasskeyShown, TakeBackRefused
from consent_service.identity.passkeys import PasskeyAdded
from consent_service.identity.sessions import Opened, Unlocked
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing
from tests.identity import factories as f
from tests.identity.authenticator import Authenticator
from tests.identity.desk import OPERATOR, PIN, Desk, open_desk
from tests.identity.serving import running

MARK = "m" * 22


@pytest.fixture
async def desk(database: Database, keyring: KeyRing, clock: MovableClock) -> AsyncIterator[Desk]:
    """As `conftest.desk`, at an address that has passkeys."""
    desk = await open_desk(database, keyring, clock, origin="http://localhost:8080")
    async with running(desk.provider.server(desk.port), desk.port):
        yield desk
    await desk.browser.aclose()


async def with_passkey(desk: Desk, opened: Opened) -> Authenticator:
    passkey = Authenticator()
    asked = await desk.service.passkeys.begin_add(opened.session)
    assert isinstance(asked, str)
    added = await desk.service.passkeys.finish_add(opened.session, passkey.make(asked))
    assert isinstance(added, PasskeyAdded)
    return passkey


async def test_a_device_keeps_its_name_from_login_to_login_and_only_for_its_owner(desk: Desk) -> None:
    own = desk.service.own_sessions
    first, other = (await desk.logged_in()).session, (await desk.logged_in("sanne")).session
    (line,) = await own.listed(first)
    assert (line.name, line.browser, line.is_this, line.can_be_named) == ("", "", True, False)
    assert not await own.rename(first, first.id, "Te vroeg")
    await own.note_device(first, "no mark", "tablet/Firefox")
    assert not (await own.listed(first))[0].can_be_named
    for session in (first, other):
        await own.note_device(session, MARK, "tablet/Firefox")
    for name in ("", " ", "x" * 41):
        with pytest.raises(InputError):
            await own.rename(first, first.id, name)
    assert not await own.rename(other, first.id, "Van een ander")
    assert await own.rename(first, first.id, "  De   spreekkamer ")
    assert await own.rename(first, first.id, "Spreekkamer")
    desk.clock.advance(timedelta(minutes=1))
    later = (await desk.logged_in()).session
    await own.note_device(later, MARK, "tablet/Firefox")
    assert [(one.name, one.browser, one.is_this) for one in await own.listed(later)] == [
        ("Spreekkamer", "tablet/Firefox", True),
        ("Spreekkamer", "tablet/Firefox", False),
    ]
    assert [one.name for one in await own.listed(other)] == [""]
    await desk.service.unlink_staff(OPERATOR, f.COUNSELLOR.tenant, f.COUNSELLOR.staff)
    assert not await own.rename(first, first.id, "Te laat")


async def test_all_others_end_and_a_lent_tablet_is_told_to_be_back(desk: Desk) -> None:
    own = desk.service.own_sessions
    lent = await desk.handed_over(await desk.logged_in())
    stranger = await desk.logged_in("sanne")
    here = await desk.logged_in()
    assert await own.listed(lent.session) == ()
    assert await own.end_others(lent.session) == 0
    assert await own.end_others(here.session) == 1
    assert await desk.service.actor_for(lent.token) is None
    assert await desk.service.actor_for(stranger.token) is not None
    assert events.HandoverEnded(family=f.FAMILY, code="by_owner") in await desk.events()


async def test_a_name_that_is_no_text_is_not_shown(desk: Desk) -> None:
    owner = (f.COUNSELLOR.tenant, f.COUNSELLOR.staff)
    async with desk.database.reading() as conn:
        key = await desk.ring.person_key(conn, owner[0], PersonId(owner[1]))
        sealed = seal_for_person(desk.ring, key, purpose="given-name", record="x", plaintext=b"\xff")
        with pytest.raises(IntegrityError):
            await open_given_name(conn, desk.ring, owner, "x", sealed)


async def test_twenty_wrong_pins_a_day_and_no_more_however_often_one_logs_in(desk: Desk) -> None:
    """The right ones take nothing of it; a new PIN, chosen in the own session, begins anew."""
    for _ in range(4):
        handed = await desk.handed_over(await desk.logged_in())
        for _ in range(4):
            await desk.service.take_back(handed.token, "9999")
        assert isinstance(await desk.service.take_back(handed.token, PIN), Opened)
    handed = await desk.handed_over(await desk.logged_in())
    for _ in range(4):
        await desk.service.take_back(handed.token, "9999")
    assert await desk.service.take_back(handed.token, "9999") == TakeBackRefused("pin_exhausted")
    fresh = await desk.logged_in()
    handed = await desk.handed_over(fresh)
    assert await desk.service.take_back(handed.token, PIN) == TakeBackRefused("pin_wrong", 4)
    with pytest.raises(NotAllowedError):
        await desk.service.set_pin(handed.session, "5937")
    fresh = await desk.logged_in()
    await desk.service.set_pin(fresh.session, "5937")
    handed = await desk.handed_over(fresh)
    assert isinstance(await desk.service.take_back(handed.token, "5937"), Opened)


async def test_the_first_wrong_one_is_told_and_the_log_away_makes_none_free(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = await desk.handed_over(await desk.logged_in())
    for _ in range(3):
        await desk.service.take_back(handed.token, "9999")
    assert isinstance(await desk.service.witness(handed.token, PIN), type(f.COUNSELLOR))
    await desk.service.take_back(handed.token, "9999")
    told = [one for one in await desk.events() if isinstance(one, events.HandoverRefused)]
    assert told == [events.HandoverRefused("pin_wrong", f.FAMILY)] * 2

    async def away(*_given: object, **_named: object) -> None:
        raise LogUnavailableError("away")

    locked = await desk.logged_in()
    await desk.service.lock(locked.token, "/")
    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "append", away)
        assert await desk.service.unlock(locked.token, "9999") == TakeBackRefused("pin_wrong", 4)
    assert await desk.service.unlock(locked.token, "9999") == TakeBackRefused("pin_wrong", 3)
    assert isinstance(await desk.service.unlock(locked.token, PIN), Unlocked)


async def test_a_passkey_is_as_good_as_the_pin_and_its_tries_count_together(desk: Desk) -> None:
    service = desk.service
    opened = await desk.logged_in()
    passkey = await with_passkey(desk, opened)
    handed = await desk.handed_over(opened)
    wrong = PasskeyShown("{}")
    assert repr(wrong) == "PasskeyShown(...)"
    assert (await service.take_back(handed.token, wrong)) == TakeBackRefused("passkey_wrong", 4)
    assert (await service.take_back(handed.token, "9999")) == TakeBackRefused("pin_wrong", 3)
    asked = await service.passkeys.begin(handed.session, "witness")
    answer = PasskeyShown(passkey.show(asked))
    refused = await service.take_back(handed.token, answer)  # it was shown for something else
    assert refused == TakeBackRefused("passkey_wrong", 2)
    assert isinstance(refused, TakeBackRefused)
    assert refused.is_wrong
    asked = await service.passkeys.begin(handed.session, "witness")
    assert await service.witness(handed.token, PasskeyShown(passkey.show(asked))) == f.COUNSELLOR
    asked = await service.passkeys.begin(handed.session, "take_back")
    back = await service.take_back(handed.token, PasskeyShown(passkey.show(asked)))
    assert isinstance(back, Opened)
    locked = await service.lock(back.token, "/")
    assert locked is not None
    asked = await service.passkeys.begin(locked, "unlock")
    assert isinstance(await service.unlock(back.token, PasskeyShown(passkey.show(asked))), Unlocked)
    told = [one for one in await desk.events() if isinstance(one, events.HandoverRefused)]
    assert told == [events.HandoverRefused("passkey_wrong", f.FAMILY)]
