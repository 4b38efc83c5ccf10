"""Attacks on logging in, against the certified provider: each is refused with its code."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from consent_service.audit import events
from consent_service.identity.model import LoginRefused, RefusalCode
from consent_service.identity.oidc import Callback
from tests.identity.attacks.conftest import LEVELS, SUBJECT, Stage
from tests.identity.attacks.proxy import Change, signed
from tests.identity.factories import CLIENT
from tests.shelter import LINDE, OPERATOR
from tests.web.visiting import COOKIE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def with_query(path: str, **changed: str | None) -> str:
    """A callback with other parameters; None leaves one out."""
    parts = urlsplit(path)
    query: dict[str, str | None] = {name: values[0] for name, values in parse_qs(parts.query).items()}
    kept = {name: value for name, value in {**query, **changed}.items() if value is not None}
    return f"{parts.path}?{urlencode(kept)}"


@pytest.mark.parametrize(
    "claims,header,code",
    [
        ({"aud": ["another", CLIENT], "azp": CLIENT}, {}, "audience_foreign"),
        ({"aud": "another", "azp": CLIENT}, {}, "audience_foreign"),
        ({"azp": "another"}, {}, "audience_foreign"),
        ({"exp": -60}, {}, "expired"),
        ({"iss": "https://evil.example"}, {}, "issuer_mismatch"),
        ({"nonce": None}, {}, "nonce_foreign"),
        ({"nonce": "of-another-login"}, {}, "nonce_foreign"),
        ({"represents": {"sub": "somebody"}}, {}, "represents_somebody"),
        ({}, {"alg": "none"}, "algorithm_not_allowed"),
        ({}, {"alg": "HS256"}, "algorithm_not_allowed"),
        ({}, {"alg": "RS256"}, "algorithm_not_allowed"),
        ({}, {"kid": "certified-1"}, "signature_invalid"),
        ({}, {"kid": "nobodys"}, "key_unknown"),
        ({"sub": "somebody-else"}, {}, "not_linked"),
    ],
    ids=str,
)
async def test_a_token_that_was_changed_is_refused(
    stage: Stage, claims: dict[str, Any], header: dict[str, str], code: RefusalCode
) -> None:
    if "exp" in claims:
        claims = {"exp": int(stage.world.clock.now().timestamp()) + claims["exp"]}
    stage.proxy.publish()  # so that nothing but this one change is wrong
    person = stage.person()
    stage.proxy.forge(header, **claims)
    if "sub" in claims:
        stage.proxy.answers["/me"] = lambda body: body.replace(b"begeleider-1", b"somebody-else")
    if header.get("kid") == "certified-1":
        header["kid"] = await _key_id(stage)
        stage.proxy.forge(header, **claims)
    await stage.is_refused(await person.logs_in(), code)
    stage.proxy.forge()
    stage.proxy.answers.pop("/me", None)
    assert (await person.logs_in()).status_code == 303
    assert await person.is_in()


async def test_a_key_that_is_not_in_the_set_is_nobodys(stage: Stage) -> None:
    person = stage.person()
    stage.proxy.forge()
    await stage.is_refused(await person.logs_in(), "key_unknown")


async def test_an_encrypted_token_and_junk_in_the_place_of_one_are_refused(stage: Stage) -> None:
    person = stage.person()
    for token in ("a.b.c.d.e", "junk", "", "..", signed({"sub": "x"})[:-1] + "\u00e9", "x" * 200_000):
        stage.proxy.answers["/token"] = _with_id_token(token)
        await stage.is_refused(await person.logs_in(), "token_malformed")


async def test_a_changed_verifier_is_refused_by_the_provider(stage: Stage) -> None:
    stage.proxy.change_form("/token", code_verifier="v" * 43)
    await stage.is_refused(await stage.person().logs_in(), "code_refused")


async def test_a_code_is_good_once_and_in_its_own_login_only(stage: Stage) -> None:
    person = stage.person()
    path = await person.comes_back(await person.begins())
    cookie = person.here.cookies["login-8080"]
    assert (await person.finishes(path)).status_code == 303
    answer = Callback.of((name, values[0]) for name, values in parse_qs(urlsplit(path).query).items())
    identity = stage.world.services.identity  # whoever copied answer and cookie is refused here, not there
    again = await identity.finish_login("certified", answer, cookie=cookie)
    assert again == LoginRefused("state_unknown")
    used = parse_qs(urlsplit(path).query)["code"][0]
    other = await person.comes_back(await person.begins())
    await stage.is_refused(await person.finishes(with_query(other, code=used)), "code_refused")


async def test_an_answer_is_taken_in_the_browser_that_asked(stage: Stage) -> None:
    mine, stranger, busy = stage.person(), stage.person(), stage.person()
    path = await mine.comes_back(await mine.begins())
    before = len(await stage.told())
    for answer in (await stranger.finishes(path), await stranger.finishes(with_query(path, state="x"))):
        assert answer.status_code == 403
        assert COOKIE not in answer.cookies
    assert len(await stage.told()) == before  # somebody without a cookie writes nothing
    await busy.begins()
    await stage.is_refused(await busy.finishes(path), "state_unknown")
    assert (await mine.finishes(path)).status_code == 303


async def test_an_answer_of_one_provider_is_none_of_another(stage: Stage) -> None:
    """Mix-up (RFC 9207): the browser began at `other`, which sends it on to `certified`."""
    for changed in ({}, {"iss": None}, {"iss": stage.proxies["other"].issuer}):
        person = stage.person()
        state = parse_qs(urlsplit(await person.begins("other")).query)["state"][0]
        ours = stage.person()
        path = await ours.comes_back(with_query_of(await ours.begins(), state=state))
        await stage.is_refused(await person.finishes(path), "state_unknown")
        moved = with_query(path.replace("/certified/", "/other/"), **changed)
        answer = await person.finishes(moved)
        assert answer.status_code == 403
        code = "code_refused" if changed.get("iss") else "issuer_mismatch"
        assert (await stage.told())[-1] == events.LoginRefused("other", code)


def with_query_of(address: str, **changed: str | None) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}{with_query(address, **changed)}"


async def test_a_lower_level_than_asked_is_refused_and_the_asked_one_is_not(stage: Stage) -> None:
    await stage.read_by(acr_order=LEVELS, minimum_acr="high", claims_request="id_token")
    person = stage.person()
    address = await person.begins()
    assert '"values":["high"]' in parse_qs(urlsplit(address).query)["claims"][0]
    answer = await person.finishes(await person.comes_back(address))
    assert answer.status_code == 403
    await stage.read_by(acr_order=LEVELS, minimum_acr="substantial")
    assert (await stage.person().logs_in()).status_code == 303
    stage.world.clock.advance(timedelta(seconds=61))  # its keys may be looked up again
    stage.proxy.publish()
    stage.proxy.forge(acr="low")
    await stage.is_refused(await stage.person().logs_in(), "level_too_low")


async def test_a_login_of_long_ago_is_refused_where_a_fresh_one_was_asked(stage: Stage) -> None:
    await stage.read_by(max_age=60, establishments=(LINDE.establishment_code,))
    identity = stage.world.services.identity
    await identity.unlink_staff(OPERATOR, stage.world.tenant, stage.world.counsellor.staff)
    at = LINDE.establishment_code
    await identity.link_staff(OPERATOR, "certified", SUBJECT, stage.world.contact, establishment=at)
    person = stage.person()
    assert (await person.logs_in()).status_code == 303
    stage.world.clock.advance(timedelta(minutes=3))  # to the provider no time has passed: it asks nothing
    address = await person.begins()  # a contact's screen never locks: what is asked is the rule's
    assert parse_qs(urlsplit(address).query)["max_age"] == ["60"]
    await stage.is_refused(await person.finishes(await person.comes_back(address)), "login_too_old")
    stage.proxy.publish()
    stage.proxy.forge(auth_time=None)
    await stage.is_refused(await stage.person().logs_in(), "login_too_old")


async def test_a_proof_while_logged_in_is_of_the_level_asked_and_of_now(stage: Stage) -> None:
    world = stage.world
    await world.services.identity.link_staff(OPERATOR, "certified", SUBJECT, world.officer)
    await stage.read_by(second_factor_acrs=("high",), claims_request="id_token")
    person, desk = stage.person(), f"/toezicht/{world.tenant}"
    assert (await person.logs_in()).status_code == 303
    assert (await person.here.get(desk, follow_redirects=False)).headers["location"] == "/tweede-stap"
    before = person.token
    asked = parse_qs(urlsplit(address := await person.proves("/tweede-stap")).query)
    assert (asked["max_age"], asked["acr_values"]) == (["0"], ["high"])
    assert (await person.finishes(await person.comes_back(address))).status_code == 403
    assert person.token == before
    await stage.read_by(second_factor_acrs=("substantial",))
    back = await person.finishes(await person.comes_back(await person.proves("/tweede-stap")))
    assert (back.status_code, back.headers["location"]) == (303, desk)
    assert person.token != before
    assert (await person.here.get(desk)).status_code == 200
    late = await person.comes_back(await person.proves("/opnieuw-inloggen"))
    world.clock.advance(timedelta(seconds=100))
    await stage.is_refused(await person.finishes(late), "login_too_old")
    assert await person.is_in()


async def test_a_tablet_that_was_lent_asks_the_provider_who_it_is_again(stage: Stage) -> None:
    person = stage.person()
    assert (await person.logs_in()).status_code == 303
    person.here.cookies.set("uitgeleend-8080", "ja")
    address = await person.begins()
    assert parse_qs(urlsplit(address).query)["max_age"] == ["0"]
    assert (await person.finishes(await person.comes_back(address))).status_code == 303
    stage.world.clock.advance(timedelta(seconds=61))
    person.here.cookies.set("uitgeleend-8080", "ja")
    deaf = with_query_of(await person.begins(), max_age=None)  # as if the provider asked nobody anything
    await stage.is_refused(await person.finishes(await person.comes_back(deaf)), "login_too_old")


async def test_user_info_of_somebody_else_is_refused_and_ones_own_completes_the_claims(stage: Stage) -> None:
    names = {"scopes": ("openid", "school"), "organisation_claims": ("nlEduPersonHomeOrganizationId",)}
    await stage.read_by(**names)
    assert (await stage.person().logs_in()).status_code == 303
    stage.proxy.answers["/me"] = lambda body: body.replace(b"begeleider-1", b"somebody-else")
    await stage.is_refused(await stage.person().logs_in(), "subject_differs")


async def test_a_planted_session_id_is_nobodys_before_and_after_logging_in(stage: Stage) -> None:
    person = stage.person()
    person.here.cookies.set(COOKIE, "planted-by-an-attacker", domain="127.0.0.1", path="/")
    assert not await person.is_in()
    assert (await person.logs_in()).status_code == 303
    assert person.token != "planted-by-an-attacker"
    assert await person.is_in()
    attacker = stage.person()
    attacker.here.cookies.set(COOKIE, "planted-by-an-attacker", domain="127.0.0.1", path="/")
    assert not await attacker.is_in()


async def test_a_key_that_is_rolled_over_is_found(stage: Stage) -> None:
    assert (await stage.person().logs_in()).status_code == 303
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as control:
        assert (await control.post(f"{stage.proxy.upstream}/test/rollover")).status_code == 204
    stage.world.clock.advance(timedelta(seconds=61))
    person = stage.person()
    assert (await person.logs_in()).status_code == 303
    assert await person.is_in()


@pytest.mark.parametrize("error", ["login_required", "temporarily_unavailable", "access_denied"])
async def test_every_refusal_of_the_provider_is_a_page_with_a_way_on(stage: Stage, error: str) -> None:
    person = stage.person()
    path = await person.comes_back(await person.begins())
    code, status = {
        "login_required": ("provider_error", 403),
        "temporarily_unavailable": ("provider_unavailable", 503),
        "access_denied": ("cancelled", 403),
    }[error]
    refused = await person.finishes(with_query(path, code=None, error=error))
    await stage.is_refused(refused, code, status)  # type: ignore[arg-type]
    assert "/inloggen/certified" in refused.text
    assert error not in refused.text


async def test_parameters_twice_or_without_end_are_a_page_and_leave_the_login_as_it_was(stage: Stage) -> None:
    person = stage.person()
    path = await person.comes_back(await person.begins())
    for worse in (
        f"{path}&state=x",
        f"{path}&code=x",
        with_query(path, code="c" * 5000),
        with_query(path, iss="i" * 301),
    ):
        await stage.is_refused(await person.finishes(worse), "answer_malformed", 400)
    assert (await person.finishes(path)).status_code == 303


def _with_id_token(token: str) -> Change:
    return lambda body: json.dumps({**json.loads(body), "id_token": token}).encode()


async def _key_id(stage: Stage) -> str:
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as control:
        keys = (await control.get(f"{stage.proxy.upstream}/jwks")).json()["keys"]
    return str(keys[0]["kid"])
