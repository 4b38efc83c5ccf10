"""Logging out on both sides against the certified provider, and logout tokens that were tampered with."""

from __future__ import annotations

from typing import Any

import pytest

from consent_service.audit import events
from consent_service.identity.backchannel import EVENT
from consent_service.identity.handover import HandOver
from consent_service.identity.permissions import Circumstances
from consent_service.identity.sessions import Opened
from tests.identity.attacks.conftest import ORIGIN, Stage, path_of
from tests.identity.attacks.proxy import claims_of, signed
from tests.web.visiting import COOKIE, PIN

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_logging_out_here_logs_out_there_and_comes_back(stage: Stage) -> None:
    person = stage.person()
    await person.logs_in()
    address = await person.logs_out_here()
    assert not await person.is_in()
    assert address.startswith(f"{stage.proxy.issuer}/session/end?")
    back = await person.logs_out_there(address)
    assert back == f"{ORIGIN}/uitgelogd"
    home = await person.here.get(path_of(back), follow_redirects=False)
    assert home.headers["location"] == "/inloggen?gedaan=uitgelogd"


async def test_logging_out_there_ends_the_session_here_and_its_token_works_once(stage: Stage) -> None:
    person, colleague = stage.person(), stage.person()
    await person.logs_in()
    await colleague.logs_in()
    await person.logs_out_there(f"{stage.proxy.issuer}/session/end")
    assert (await person.is_in(), await colleague.is_in()) == (False, True)
    (token,) = stage.proxy.logout_tokens
    await person.logs_in()
    assert await stage.call(token) == 400
    assert await person.is_in()
    assert (await stage.told())[-1] == events.LogoutRefused("certified", "replayed")


async def test_a_lent_tablet_ends_too_when_the_counsellor_logs_out_there(stage: Stage) -> None:
    person = stage.person()
    await person.logs_in()
    view = await stage.world.family()
    identity = stage.world.services.identity
    session = await identity.actor_for(person.token)
    assert session is not None
    await identity.set_pin(session, PIN)
    facts = Circumstances(tenant=stage.world.tenant, family=view.family, assigned=True)
    lent = await identity.hand_over(person.token, HandOver(view.guardians[0].guardian, facts))
    assert isinstance(lent, Opened)
    person.here.cookies.set(COOKIE, lent.token, domain="127.0.0.1", path="/")
    assert (await person.here.get("/intake/mijn-keuzes")).status_code == 200
    await person.logs_out_there(f"{stage.proxy.issuer}/session/end")
    assert (await person.here.get("/intake/mijn-keuzes")).status_code == 401


@pytest.mark.parametrize(
    "changed,header,code",
    [
        ({"nonce": "n" * 43}, {}, "nonce_present"),
        ({"aud": "another"}, {}, "audience_foreign"),
        ({"iss": "https://evil.example"}, {}, "issuer_mismatch"),
        ({"events": None}, {}, "events_missing"),
        ({"iat": -600}, {}, "expired"),
        ({"sub": None, "sid": None}, {}, "subject_missing"),
        ({}, {"alg": "none"}, ""),
        ({}, {"alg": "HS256"}, ""),
        ({}, {"typ": "at+jwt"}, ""),
        ({}, {"kid": "nobodys"}, ""),
    ],
    ids=str,
)
async def test_a_logout_token_that_was_changed_ends_nothing(
    stage: Stage, changed: dict[str, Any], header: dict[str, str], code: str
) -> None:
    stage.proxy.publish()
    person = stage.person()
    await person.logs_in()
    now = int(stage.world.clock.now().timestamp())
    there = claims_of(stage.proxy.id_tokens[-1])
    good = {name: there[name] for name in ("iss", "aud", "sub", "sid")}
    good |= {"iat": now, "exp": now + 120, "jti": "made-up", "events": {EVENT: {}}}
    if "iat" in changed:
        changed = {"iat": now + changed["iat"]}
    before = len(await stage.told())
    assert await stage.call(signed({**good, **changed}, **{"typ": "logout+jwt", **header})) == 400
    assert await person.is_in()
    told = [events.LogoutRefused("certified", code)] if code else []
    assert (await stage.told())[before:] == told
    assert await stage.call(signed(good, typ="logout+jwt")) == 200  # that one change was the cause
    assert not await person.is_in()


async def test_an_id_token_or_junk_in_the_place_of_a_logout_token_ends_nothing(stage: Stage) -> None:
    person = stage.person()
    await person.logs_in()
    for token in (stage.proxy.id_tokens[-1], "", "junk", "a.b.c.d.e", "x" * 100_000):
        assert await stage.call(token) == 400
    path = "/inloggen/certified/afgemeld"
    for sent in (
        {"data": {"logout_token": ["a", "b"]}},
        {"json": {"logout_token": "a"}},
        {"content": b"\xff\x00", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {},
    ):
        assert (await stage.site.client.post(path, **sent)).status_code == 400
    assert await person.is_in()
