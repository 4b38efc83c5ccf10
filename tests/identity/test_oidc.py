"""The client against a provider that lies; real HTTP on loopback."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from litestar import Response

from consent_service.foundation.clock import MovableClock
from consent_service.identity.model import LoginRefused, RefusalCode
from consent_service.identity.oidc import Callback, Identified, LoginSecret, OpenIdConnect
from consent_service.identity.providers import ProviderRules
from tests.identity.factories import ORIGIN, make_provider, make_secrets, rsa_key
from tests.identity.hostile import HostileProvider, as_json, hostile_provider
from tests.identity.serving import query_of

SECRET = LoginSecret("a browser's cookie")


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
    *,
    callback: Callback | None = None,
    max_age: int | None = None,
    **rules: Any,
) -> Identified | LoginRefused:
    provider = make_provider(hostile.issuer, rules=ProviderRules(**rules))
    answer = callback or Callback(state=SECRET.state, code="code")
    return await client.identify(provider, make_secrets(), answer, SECRET, max_age=max_age)


@pytest.mark.parametrize(
    "claims,code",
    [
        ({"nonce": "replayed"}, "nonce_foreign"),
        ({"aud": "another", "azp": "ruggensteun"}, "audience_foreign"),
        ({"iss": "https://evil.example"}, "issuer_mismatch"),
        ({"exp": 1}, "expired"),
    ],
)
async def test_a_bad_token_over_the_wire_is_refused(
    client: OpenIdConnect, hostile: HostileProvider, claims: dict[str, Any], code: RefusalCode
) -> None:
    hostile.claims = claims
    assert await identified(client, hostile) == LoginRefused(code)


async def test_a_level_too_low_is_refused(client: OpenIdConnect, hostile: HostileProvider) -> None:
    hostile.claims = {"acr": "low"}
    refused = await identified(client, hostile, acr_order=("low", "high"), minimum_acr="high")
    assert refused == LoginRefused("level_too_low")


@pytest.mark.parametrize(
    "callback,code",
    [
        (Callback(code="code", iss="https://evil.example"), "issuer_mismatch"),
        (Callback(error="access_denied"), "cancelled"),
        (Callback(error="server_error"), "provider_error"),
        (Callback(), "provider_error"),
    ],
)
async def test_a_bad_answer_is_refused_before_the_code_is_used(
    client: OpenIdConnect, hostile: HostileProvider, callback: Callback, code: RefusalCode
) -> None:
    assert await identified(client, hostile, callback=callback) == LoginRefused(code)
    assert "/token" not in hostile.fetched


async def test_a_provider_that_promises_its_name_must_give_it(
    client: OpenIdConnect, hostile: HostileProvider
) -> None:
    hostile.metadata = {"authorization_response_iss_parameter_supported": True}
    assert await identified(client, hostile) == LoginRefused("issuer_mismatch")
    named = Callback(code="code", iss=hostile.issuer)
    assert isinstance(await identified(client, hostile, callback=named), Identified)


async def test_an_algorithm_we_did_not_pin_is_refused(
    client: OpenIdConnect, hostile: HostileProvider
) -> None:
    hostile.algorithm = "RS256"
    assert await identified(client, hostile, algorithms=("PS256",)) == LoginRefused("algorithm_not_allowed")


async def test_an_unknown_key_is_looked_up_once_and_not_again_for_a_minute(
    client: OpenIdConnect, hostile: HostileProvider, clock: MovableClock
) -> None:
    assert isinstance(await identified(client, hostile), Identified)
    hostile.signer = rsa_key("attacker")
    clock.advance(timedelta(seconds=61))
    for _ in range(3):
        assert await identified(client, hostile) == LoginRefused("key_unknown")
    assert hostile.fetched.count("/jwks") == 2


async def test_a_rolled_over_key_is_found(
    client: OpenIdConnect, hostile: HostileProvider, clock: MovableClock
) -> None:
    assert isinstance(await identified(client, hostile), Identified)
    clock.advance(timedelta(minutes=2))
    hostile.signer = rsa_key("next")
    hostile.published = [rsa_key("next")]
    assert isinstance(await identified(client, hostile), Identified)


async def test_discovery_and_keys_are_fetched_once_an_hour(
    client: OpenIdConnect, hostile: HostileProvider, clock: MovableClock
) -> None:
    for _ in range(3):
        assert isinstance(await identified(client, hostile), Identified)
    assert (hostile.fetched.count("/jwks"), len(hostile.fetched)) == (1, 5)
    clock.advance(timedelta(hours=1))
    assert isinstance(await identified(client, hostile), Identified)
    assert hostile.fetched.count("/.well-known/openid-configuration") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": 7},
    ],
)
async def test_discovery_that_points_elsewhere_is_not_believed(
    client: OpenIdConnect, hostile: HostileProvider, metadata: dict[str, Any]
) -> None:
    hostile.metadata = metadata
    assert await identified(client, hostile) == LoginRefused("provider_unavailable")
    assert "/token" not in hostile.fetched


@pytest.mark.parametrize(
    "answer,code",
    [
        (as_json({"error": "invalid_grant"}, 400), "code_refused"),
        (as_json({"access_token": "access", "token_type": "Bearer"}), "token_malformed"),
        (as_json({"id_token": 7, "access_token": "access"}), "token_malformed"),
        (as_json({"id_token": "nonsense", "access_token": "access"}), "token_malformed"),
        (as_json(["not", "an", "object"]), "provider_unavailable"),
        (as_json({}, 503), "provider_unavailable"),
        (as_json({}, 302, location="http://127.0.0.1:1/"), "token_malformed"),
        (as_json({"id_token": "x" * 300_000}), "provider_unavailable"),
        (Response(b"x", headers={"content-encoding": "gzip"}), "provider_unavailable"),
        (Response(b"\xff\xfe", media_type="text/html"), "provider_unavailable"),
    ],
)
async def test_a_strange_token_answer_is_a_refusal_and_never_a_crash(
    client: OpenIdConnect, hostile: HostileProvider, answer: Response[bytes], code: RefusalCode
) -> None:
    hostile.token_answer = answer
    assert await identified(client, hostile) == LoginRefused(code)


async def test_a_provider_that_is_away_is_a_refusal(clock: MovableClock, client: OpenIdConnect) -> None:
    gone = HostileProvider("http://127.0.0.1:1", clock)
    assert await identified(client, gone) == LoginRefused("provider_unavailable")
    refused = await client.authorization_address(make_provider(gone.issuer), SECRET, max_age=None)
    assert refused == LoginRefused("provider_unavailable")


async def test_plain_http_is_refused_outside_development(
    clock: MovableClock, hostile: HostileProvider
) -> None:
    strict = OpenIdConnect(clock, public_origin=ORIGIN, loopback_allowed=False)
    assert await identified(strict, hostile) == LoginRefused("provider_unavailable")
    assert hostile.fetched == []


async def test_user_info_about_somebody_else_is_refused(
    client: OpenIdConnect, hostile: HostileProvider
) -> None:
    hostile.userinfo = {"sub": "somebody-else", "eckid": "director"}
    rules: dict[str, Any] = {"ask_userinfo": True, "subject_claim": "eckid"}
    assert await identified(client, hostile, **rules) == LoginRefused("subject_differs")
    hostile.userinfo = {"sub": "begeleider-1", "eckid": "counsellor", "acr": "high"}
    found = await identified(client, hostile, **rules)
    assert isinstance(found, Identified)
    assert (found.subject, found.acr) == ("counsellor", "substantial")


@pytest.mark.parametrize("verified,expected", [(True, "m@traverse.example"), (False, None), ("true", None)])
async def test_an_email_address_counts_only_when_the_provider_verified_it(
    client: OpenIdConnect, hostile: HostileProvider, verified: object, expected: str | None
) -> None:
    hostile.claims = {"email": "M@Traverse.example", "email_verified": verified}
    found = await identified(client, hostile, subject_claim="email")
    if expected is None:
        assert found == LoginRefused("subject_missing")
    else:
        assert isinstance(found, Identified)
        assert found.subject == expected


async def test_the_client_proves_itself_with_a_short_lived_signature(
    client: OpenIdConnect, hostile: HostileProvider, clock: MovableClock
) -> None:
    await identified(client, hostile)
    await identified(client, hostile)
    first, second = (
        jwt.decode(form["client_assertion"], rsa_key("client"), algorithms=["PS256"]).claims
        for form in hostile.forms
    )
    assert first["iss"] == first["sub"] == "ruggensteun"
    assert first["aud"] == hostile.issuer
    assert first["exp"] - clock.now().timestamp() == 60
    assert first["jti"] != second["jti"]
    assert hostile.forms[0]["code_verifier"] == SECRET.verifier
    assert "client_secret" not in hostile.forms[0]


async def test_the_browser_is_sent_with_everything_that_binds_the_answer_to_it(
    client: OpenIdConnect, hostile: HostileProvider
) -> None:
    rules = ProviderRules(acr_order=("low", "high"), minimum_acr="high")
    address = await client.authorization_address(
        make_provider(hostile.issuer, rules=rules), SECRET, max_age=300
    )
    assert isinstance(address, str)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(SECRET.verifier.encode()).digest()).rstrip(b"=")
    assert query_of(address) == {
        "response_type": "code",
        "client_id": "ruggensteun",
        "redirect_uri": f"{ORIGIN}/inloggen/traverse/terug",
        "scope": "openid",
        "state": SECRET.state,
        "nonce": SECRET.nonce,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
        "max_age": "300",
        "acr_values": "high",
    }


def test_state_nonce_and_verifier_are_long_and_say_nothing_of_each_other() -> None:
    one, other = LoginSecret.fresh(), LoginSecret.fresh()
    derived = {getattr(s, name) for s in (one, other) for name in ("state", "nonce", "verifier", "cookie")}
    assert len(derived) == 8
    assert {len(value) for value in derived} == {43}  # 256 bits
    assert one.cookie not in repr(one)
