"""Logging out at the provider ends the sessions here: once per token, also while the tablet is lent."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from joserfc import jws
from sqlalchemy import delete, func, select

from consent_service.audit import events
from consent_service.foundation.errors import KeyProviderUnavailableError, LogUnavailableError
from consent_service.identity.backchannel import EVENT, LogoutRefused
from consent_service.identity.model import LoginRefused
from consent_service.identity.pace import Pace
from consent_service.identity.provider_http import AwayError
from consent_service.identity.refusals import Refusals
from consent_service.identity.secrets import AtProvider
from consent_service.identity.service import LoggedIn
from consent_service.identity.sessions import Opened
from consent_service.identity.tables import logout_tokens_seen, sessions, staff_links
from tests.identity import factories as f
from tests.identity.desk import Desk


class There:
    """A person at the provider: logs in with the desk and remembers which session it gave."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def logged_in(self, who: str = "noor") -> tuple[Opened, str]:
        """A session here, and the id of the provider's own."""
        started = await self.desk.started()
        address = await self.desk.chosen(started, who)
        (grant,) = self.desk.provider._grants.values()
        outcome = await self.desk.finished(address, started.cookie)
        assert isinstance(outcome, LoggedIn), outcome
        return outcome.opened, grant.sid

    def token(self, **changed: Any) -> str:
        """A logout token of the demo provider; None leaves a claim out."""
        now = int(self.desk.clock.now().timestamp())
        good: dict[str, Any] = {
            "iss": self.desk.provider.issuer,
            "aud": f.CLIENT,
            "iat": now,
            "exp": now + 120,
            "jti": "jti-1",
            "sub": "noor",
            "events": {EVENT: {}},
        }
        claims = {name: value for name, value in (good | changed).items() if value is not None}
        header = {"alg": "PS256", "kid": self.desk.provider.key.kid, "typ": "logout+jwt"}
        body = msgspec.json.encode(claims)
        return jws.serialize_compact(header, body, self.desk.provider.key, algorithms=["PS256"])

    async def is_here(self, opened: Opened) -> bool:
        return await self.desk.service.actor_for(opened.token) is not None


@pytest.fixture
def there(desk: Desk) -> There:
    return There(desk)


async def test_of_two_processes_one_takes_a_token_and_the_other_finds_it_taken(there: There) -> None:
    opened, _ = await there.logged_in()
    token = there.token()
    answers = await asyncio.gather(*(there.desk.service.end_at_provider("demo", token) for _ in range(6)))
    assert sorted(map(str, answers)) == sorted(map(str, [1, *[LogoutRefused("replayed")] * 5]))
    assert not await there.is_here(opened)
    assert (await there.desk.events())[-1] == events.SessionEnded("provider_logout")
    assert (await there.desk.refusals()).count(events.LogoutRefused("demo", "replayed")) == 5


async def test_a_lent_tablet_ends_too_and_is_no_longer_with_the_mother(there: There) -> None:
    opened, sid = await there.logged_in()
    lent = await there.desk.handed_over(opened)
    assert await there.desk.service.end_at_provider("demo", there.token(sub=None, sid=sid)) == 1
    assert not await there.is_here(lent)
    assert (await there.desk.events())[-2:] == [
        events.HandoverEnded(f.FAMILY, "provider_logout"),
        events.SessionEnded("provider_logout"),
    ]


async def test_a_session_there_ends_that_one_and_a_person_all_of_hers(there: There) -> None:
    (first, sid), (second, _), (other, _) = (
        await there.logged_in(),
        await there.logged_in(),
        await there.logged_in("pim"),
    )
    service = there.desk.service
    assert await service.end_at_provider("demo", there.token(sid=sid, jti="1")) == 1
    assert [await there.is_here(one) for one in (first, second, other)] == [False, True, True]
    assert await service.end_at_provider("demo", there.token(sub=None, sid="unknown", jti="2")) == 0
    assert await service.end_at_provider("demo", there.token(sub="pim", sid=sid, jti="3")) == 0
    assert await service.end_at_provider("demo", there.token(jti="4")) == 1
    assert [await there.is_here(one) for one in (second, other)] == [False, True]


async def test_where_the_provider_gave_no_session_its_word_ends_all_of_the_person(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "consent_service.identity.secrets.ProviderSecrets.at_provider",
        lambda _self, _issuer, *, sub, sid: AtProvider(sub=sub, sid="" if sid != "told" else sid),
    )
    opened, _ = await there.logged_in()
    assert await there.desk.service.end_at_provider("demo", there.token(sid="told")) == 1
    assert not await there.is_here(opened)


async def test_what_anybody_can_send_leaves_no_word_in_the_log_and_what_the_provider_signed_does(
    there: There,
) -> None:
    opened, _ = await there.logged_in()
    before = len(await there.desk.refusals())
    service = there.desk.service
    signed = there.token()
    forged = f.make_token({"sub": "noor"}, f.rsa_key("attacker"))
    for junk in ("", "junk", "a.b.c", signed[:-4] + "AAAA", forged, signed + "x" * 70_000):
        assert isinstance(await service.end_at_provider("demo", junk), LogoutRefused)
    assert await service.end_at_provider("nowhere", signed) == LogoutRefused("provider_unknown")
    assert len(await there.desk.refusals()) == before
    assert await service.end_at_provider("demo", there.token(nonce="n")) == LogoutRefused("nonce_present")
    assert (await there.desk.refusals())[before:] == [events.LogoutRefused("demo", "nonce_present")]
    assert await there.is_here(opened)


async def test_the_database_keeps_digests_of_them_and_forgets_old_ones(there: There) -> None:
    _, sid = await there.logged_in()
    assert await there.desk.service.end_at_provider("demo", there.token(sub="nobody", sid=None)) == 0
    async with there.desk.database.reading() as conn:
        stored = str([tuple(row) for row in await conn.execute(select(sessions))])
        stored += str([tuple(row) for row in await conn.execute(select(logout_tokens_seen))])
    assert "noor" not in stored
    assert sid not in stored
    assert "jti-1" not in stored
    for minutes, left in ((9, 1), (2, 0)):
        there.desk.clock.advance(timedelta(minutes=minutes))
        await there.desk.service.forget_expired()
        async with there.desk.database.reading() as conn:
            count = select(func.count()).select_from(logout_tokens_seen)
            assert (await conn.execute(count)).scalar_one() == left


async def test_with_the_log_away_it_ends_all_the_same(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, _ = await there.logged_in()

    async def away(*_args: object, **_named: object) -> None:
        raise LogUnavailableError("away")

    with monkeypatch.context() as patched:
        patched.setattr(there.desk.service._live, "_log", type("Away", (), {"append": away})())
        assert await there.desk.service.end_at_provider("demo", there.token()) == 1
    assert not await there.is_here(opened)
    assert await there.desk.service.end_at_provider("demo", there.token()) == LogoutRefused("replayed")


async def test_with_the_keys_away_the_provider_is_told_to_come_again(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_args: object) -> None:
        raise KeyProviderUnavailableError("away")

    monkeypatch.setattr("consent_service.identity.provider_logout.provider_with_secrets", away)
    with pytest.raises(KeyProviderUnavailableError):
        await there.desk.service.end_at_provider("demo", there.token())


async def test_a_stop_is_not_taken_from_a_session_that_ended_there(there: There) -> None:
    opened, _ = await there.logged_in()
    assert await there.is_here(opened)
    await there.desk.service.end_at_provider("demo", there.token())
    assert there.desk.service._live._remembered == {}


async def test_one_place_calls_only_so_often_and_the_log_is_not_flooded(there: There) -> None:
    service = there.desk.service
    service._provider_logout._calls = Pace(5, timedelta(minutes=1))
    service._provider_logout._refusals = Refusals(
        there.desk.database, there.desk.log, there.desk.clock, most=2
    )
    opened, _ = await there.logged_in()
    assert await service.end_at_provider("demo", there.token(sub="nobody")) == 0
    answers = [await service.end_at_provider("nowhere", "x", place="1.2.3.4") for _ in range(6)]
    assert answers[-2:] == [LogoutRefused("provider_unknown"), LogoutRefused("too_many")]
    assert await service.end_at_provider("nowhere", "x", place="other") == LogoutRefused("provider_unknown")
    assert await service.end_at_provider("demo", "junk", place="1.2.3.4") == LogoutRefused("too_many")
    genuine = there.token(jti="2")
    assert await service.end_at_provider("demo", genuine, place="1.2.3.4") == 1
    assert not await there.is_here(opened)
    for _ in range(4):
        await service.end_at_provider("demo", there.token(sub="nobody"), place="provider")
    replayed = events.LogoutRefused("demo", "replayed")
    told = await there.desk.refusals()
    assert told.count(replayed) == 2
    assert told[-1] == events.LogoutRefused("demo", "too_many")


@pytest.mark.parametrize("by_session", [True, False])
async def test_a_login_that_ends_there_while_it_is_finished_opens_no_session(
    there: There, monkeypatch: pytest.MonkeyPatch, by_session: bool
) -> None:
    service = there.desk.service
    identify = service._oidc.identify

    async def logged_out_meanwhile(*args: Any, **named: Any) -> Any:
        found: Any = await identify(*args, **named)
        about = {"sub": None, "sid": found.sid} if by_session else {"sid": None}
        assert await service.end_at_provider("demo", there.token(**about)) == 0
        return found

    started = await there.desk.started()
    address = await there.desk.chosen(started, "noor")
    with monkeypatch.context() as patched:
        patched.setattr(service._oidc, "identify", logged_out_meanwhile)
        outcome = await there.desk.finished(address, started.cookie)
    assert outcome == LoginRefused("login_too_old")
    assert (await there.desk.refusals())[-1] == events.LoginRefused("demo", "login_too_old")
    other, _ = await there.logged_in("pim")
    assert await there.is_here(other)
    there.desk.clock.advance(timedelta(seconds=1))
    again, _ = await there.logged_in()
    assert await there.is_here(again)


async def test_a_session_that_belongs_to_nobody_any_more_is_none(there: There) -> None:
    opened, _ = await there.logged_in()
    async with there.desk.database.transaction() as conn:
        await conn.execute(delete(staff_links))
    assert await there.desk.service.end_at_provider("demo", there.token()) == 0
    assert not await there.is_here(opened)


async def test_a_provider_whose_keys_are_away_ends_nothing(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, _ = await there.logged_in()

    async def away(*_args: object, **_named: object) -> None:
        raise AwayError

    with monkeypatch.context() as patched:
        patched.setattr(there.desk.service._oidc.published, "keys", away)
        refused = await there.desk.service.end_at_provider("demo", there.token())
    assert refused == LogoutRefused("provider_unavailable")
    assert await there.is_here(opened)
