"""What providers publish, when they are slow, away or strange; and what of it the pages may trust."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from litestar import Response

from consent_service.foundation.clock import MovableClock
from consent_service.identity.claims import Identified
from consent_service.identity.id_token import unverified_header, verify_id_token, verify_userinfo
from consent_service.identity.model import LoginRefused
from consent_service.identity.oidc import LONGEST, Callback, LoginSecret, OpenIdConnect
from consent_service.identity.provider_http import AwayError
from consent_service.identity.providers import ProviderRules
from consent_service.identity.published import Published
from consent_service.identity.secrets import ProviderSecrets
from tests.identity.factories import (
    CLIENT,
    ISSUER,
    ORIGIN,
    make_expected,
    make_provider,
    make_secrets,
    make_token,
    rsa_key,
)
from tests.identity.hostile import HostileProvider, hostile_provider
from tests.identity.serving import query_of

SECRET = LoginSecret("a browser's cookie")
GONE = "http://127.0.0.1:1"
START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
async def hostile(clock: MovableClock) -> AsyncIterator[HostileProvider]:
    async with hostile_provider(clock, SECRET.nonce) as provider:
        yield provider


@pytest.fixture
def client(clock: MovableClock) -> OpenIdConnect:
    return OpenIdConnect(clock, public_origin=ORIGIN, loopback_allowed=True)


async def identified(
    client: OpenIdConnect,
    hostile: HostileProvider,
    secrets: ProviderSecrets | None = None,
    auth_method: str = "private_key_jwt",
    **rules: Any,
) -> Identified | LoginRefused:
    provider = make_provider(hostile.issuer, rules=ProviderRules(**rules), auth_method=auth_method)
    callback = Callback(state=SECRET.state, code="code")
    return await client.identify(provider, secrets or make_secrets(), callback, SECRET, max_age=None)


async def test_where_forms_may_lead_is_what_discovery_says_and_who_is_away_keeps_nobody_waiting(
    clock: MovableClock, hostile: HostileProvider
) -> None:
    hostile.metadata = {
        "authorization_endpoint": "https://login.example/authorize?tenant=1",
        "end_session_endpoint": "https://bye.example:444/end",
    }
    published = Published(clock, loopback_allowed=True)
    assert published.origins([hostile.issuer]) == frozenset()
    await published.learn([hostile.issuer, GONE])
    assert published.origins([GONE]) == frozenset()
    assert published.origins([hostile.issuer]) == {
        hostile.issuer,
        "https://login.example",
        "https://bye.example:444",
    }
    fetched = len(hostile.fetched)
    await published.learn([hostile.issuer, GONE])  # known, and away a moment ago
    assert len(hostile.fetched) == fetched


async def test_a_provider_that_is_slow_is_not_waited_for(
    clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_args: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("consent_service.identity.published.fetch", never)
    monkeypatch.setattr("consent_service.identity.published.LEARNING_SECONDS", 0.01)
    published = Published(clock, loopback_allowed=True)
    await published.learn([ISSUER])
    assert published.origins([ISSUER]) == frozenset()
    monkeypatch.setattr("consent_service.identity.published.LEARNING_SECONDS", None)
    await published.learn([ISSUER])  # it would wait without end


async def test_many_who_ask_at_once_are_one_fetch_and_a_failure_is_remembered_for_a_minute(
    clock: MovableClock, hostile: HostileProvider
) -> None:
    discovery = "/.well-known/openid-configuration"
    published = Published(clock, loopback_allowed=True)
    hostile.statuses[discovery] = 500
    answers = await asyncio.gather(
        *(published.metadata(hostile.issuer) for _ in range(20)), return_exceptions=True
    )
    assert {type(one) for one in answers} == {AwayError}
    with pytest.raises(AwayError):
        await published.metadata(hostile.issuer)
    assert hostile.fetched == [discovery]
    hostile.statuses.clear()
    clock.advance(timedelta(seconds=60))
    known = await asyncio.gather(*(published.metadata(hostile.issuer) for _ in range(20)))
    assert len(set(known)) == 1
    await asyncio.gather(*(published.keys(known[0]) for _ in range(20)))
    assert hostile.fetched == [discovery, discovery, "/jwks"]


async def test_a_key_we_have_waits_for_nobody_who_asks_for_one_we_do_not_have(
    clock: MovableClock, hostile: HostileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published(clock, loopback_allowed=True)
    metadata = await published.metadata(hostile.issuer)
    keys = await published.keys(metadata)
    clock.advance(timedelta(seconds=61))
    answered = asyncio.Event()

    async def slow(*_args: object) -> None:
        await answered.wait()
        raise AwayError

    monkeypatch.setattr("consent_service.identity.published.fetch", slow)
    junk = [asyncio.create_task(published.keys(metadata, again=True)) for _ in range(8)]
    await asyncio.sleep(0)
    assert await published.keys(metadata) == keys
    junk[0].cancel()  # who leaves stops nothing for the others
    answered.set()
    left = await asyncio.gather(*junk, return_exceptions=True)
    assert {type(one) for one in left[1:]} == {AwayError}
    with pytest.raises(AwayError):
        await published.keys(metadata, again=True)
    assert await published.keys(metadata) == keys


@pytest.mark.parametrize("operations,usable", [(["encrypt"], False), ("verify", False), (["verify"], True)])
async def test_a_key_that_is_not_for_verifying_verifies_nothing(
    clock: MovableClock, hostile: HostileProvider, operations: object, usable: bool
) -> None:
    hostile.published = []
    hostile.unreadable = [{**rsa_key().as_dict(private=False), "key_ops": operations}]  # type: ignore[dict-item]
    published = Published(clock, loopback_allowed=True)
    keys = await published.keys(await published.metadata(hostile.issuer))
    assert bool(keys) is usable


async def test_metadata_is_used_for_a_day_while_it_cannot_be_fetched_and_then_no_more(
    client: OpenIdConnect, hostile: HostileProvider, clock: MovableClock
) -> None:
    assert isinstance(await identified(client, hostile), Identified)
    hostile.metadata = {"issuer": "https://evil.example"}
    clock.advance(timedelta(hours=23))
    assert isinstance(await identified(client, hostile), Identified)
    clock.advance(timedelta(hours=1))
    assert await identified(client, hostile) == LoginRefused("provider_unavailable")


@pytest.mark.parametrize("where", ["metadata", "userinfo", "tokens"])
async def test_json_nested_without_end_is_no_answer(
    client: OpenIdConnect, hostile: HostileProvider, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = Response(b'{"a":' + b"[" * 100_000, media_type="application/json", status_code=200)
    path = {"metadata": "/.well-known/openid-configuration", "userinfo": "/userinfo", "tokens": "/token"}
    honest = hostile.answer
    monkeypatch.setattr(
        hostile, "answer", lambda asked, nonce: deep if asked == path[where] else honest(asked, nonce)
    )
    assert await identified(client, hostile, ask_userinfo=True) == LoginRefused("provider_unavailable")


def info(**changed: Any) -> dict[str, Any]:
    good = {"iss": ISSUER, "aud": CLIENT, "sub": "begeleider-1", "uid": "noor"}
    return {name: value for name, value in (good | changed).items() if value is not None}


@pytest.mark.parametrize(
    "token,code",
    [
        (make_token(info(), typ="JWT"), None),
        (make_token(info(aud=[CLIENT])), None),
        (make_token(info(iss="https://evil.example")), "issuer_mismatch"),
        (make_token(info(aud=["another", CLIENT])), "audience_foreign"),
        (make_token(info(aud=None)), "audience_foreign"),
        (make_token(info(nonce="an ID token")), "token_malformed"),
        (make_token(info(events={})), "token_malformed"),
        (make_token(info(), typ="logout+jwt"), "token_malformed"),
        (make_token(info(), rsa_key("attacker")), "signature_invalid"),
        ("junk", "signature_invalid"),
    ],
)
def test_signed_user_info_is_of_this_provider_for_us_and_no_token_of_another_kind(
    token: str, code: str | None
) -> None:
    found = verify_userinfo(
        token, rsa_key(), issuer=ISSUER, client_id=CLIENT, algorithms=("PS256",), now=START
    )
    assert (found.code if isinstance(found, LoginRefused) else None) == code


@pytest.mark.parametrize(
    "token,code",
    [
        (lambda issuer: make_token(info(iss=issuer)), None),
        (lambda issuer: make_token(info(iss=issuer, sub="somebody-else")), "subject_differs"),
        (lambda issuer: make_token(info(iss=issuer), algorithm="RS256"), "algorithm_not_allowed"),
        (lambda issuer: make_token(info(iss=issuer), rsa_key("attacker")), "key_unknown"),
        (lambda _: "a.b.c.d.e", "token_malformed"),
    ],
    ids=["good", "other", "algorithm", "key", "encrypted"],
)
async def test_signed_user_info_over_the_wire(
    client: OpenIdConnect,
    hostile: HostileProvider,
    monkeypatch: pytest.MonkeyPatch,
    token: Any,
    code: str | None,
) -> None:
    honest, body = hostile.answer, token(hostile.issuer).encode()
    told = Response(body, media_type="application/jwt", status_code=200)
    monkeypatch.setattr(
        hostile, "answer", lambda path, nonce: told if path == "/userinfo" else honest(path, nonce)
    )
    found = await identified(client, hostile, subject_claim="uid", algorithms=("PS256",))
    assert (found.code if isinstance(found, LoginRefused) else None) == code


@pytest.mark.parametrize("method", ["client_secret", "client_secret_post"])
async def test_a_client_secret_goes_in_the_header_or_in_the_form_and_never_in_both(
    client: OpenIdConnect, hostile: HostileProvider, method: str
) -> None:
    secrets = ProviderSecrets("a secret of the tests", b"p" * 32)
    assert isinstance(await identified(client, hostile, secrets, method), Identified)
    (form,) = hostile.forms
    assert ("client_secret" in form) == (method == "client_secret_post")
    assert "client_assertion" not in form


async def test_claims_are_asked_for_by_name(client: OpenIdConnect, hostile: HostileProvider) -> None:
    rules = ProviderRules(claims_request="userinfo", organisation_claims=("home",))
    address = await client.authorization_address(
        make_provider(hostile.issuer, rules=rules), SECRET, max_age=None
    )
    assert isinstance(address, str)
    assert query_of(address)["claims"] == '{"userinfo":{"home":null}}'


async def test_a_session_id_that_was_not_signed_is_not_kept(
    client: OpenIdConnect, hostile: HostileProvider
) -> None:
    hostile.userinfo = {"sub": "begeleider-1", "uid": "noor", "sid": "planted"}
    found = await identified(client, hostile, subject_claim="uid")
    assert isinstance(found, Identified)
    assert (found.subject, found.sid) == ("noor", "")


# --- whatever is sent ------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from([*LONGEST, "x"]), st.text(max_size=400)), max_size=6))
def test_any_query_is_an_answer_or_malformed(pairs: list[tuple[str, str]]) -> None:
    callback = Callback.of(pairs)
    known = [name for name, _ in pairs if name in LONGEST]
    too_long = any(len(value) > LONGEST.get(name, 400) for name, value in pairs)
    assert callback.malformed == (too_long or len(known) != len(set(known)))


@given(st.binary(max_size=300))
def test_any_signed_bytes_are_a_token_or_refused(payload: bytes) -> None:
    token = jws.serialize_compact({"alg": "PS256"}, payload, rsa_key(), algorithms=["PS256"])
    for key in (rsa_key(), rsa_key("attacker")):
        found = verify_id_token(token, key, make_expected(), now=MovableClock(START).now(), access_token="")
        assert isinstance(found, LoginRefused)


HEADERS = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5c", "cty"])
ANYTHING = st.none() | st.booleans() | st.integers() | st.text(max_size=9)


@given(st.dictionaries(HEADERS, ANYTHING | st.lists(ANYTHING, max_size=2)))
def test_any_header_is_read_or_refused(header: dict[str, Any]) -> None:
    token = ".".join(_base64url(part) for part in (msgspec.json.encode(header), b"{}", b"signature"))
    found = unverified_header(token)
    assert found is None or isinstance(found.alg, str)
    refused = verify_id_token(
        token, rsa_key(), make_expected(), now=MovableClock(START).now(), access_token=""
    )
    assert refused == LoginRefused("signature_invalid")


@pytest.mark.parametrize("header", [{"crit": ["x"], "x": 1}, {"crit": None}, {"crit": ["b64"], "b64": False}])
def test_an_extension_that_must_be_understood_is_not(header: dict[str, Any]) -> None:
    parts = (msgspec.json.encode({"alg": "PS256", **header}), b'{"sub":"s"}', b"signature")
    token = ".".join(_base64url(part) for part in parts)
    assert unverified_header(token) is None
    refused = verify_id_token(
        token, rsa_key(), make_expected(), now=MovableClock(START).now(), access_token=""
    )
    assert refused == LoginRefused("signature_invalid")


@pytest.mark.parametrize("deep", [b'{"a":' + b"[" * 15_000, b'{"alg":' * 5_000])
def test_a_token_nested_without_end_is_refused(deep: bytes) -> None:
    assert unverified_header(f"{_base64url(deep)}.e30.x") is None
    token = jws.serialize_compact({"alg": "PS256"}, deep, rsa_key(), algorithms=["PS256"])
    refused = verify_id_token(
        token, rsa_key(), make_expected(), now=MovableClock(START).now(), access_token=""
    )
    assert refused == LoginRefused("signature_invalid")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
