"""The client against a provider that lies; real HTTP on loopback."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from litestar import Response

from consent_service.foundation.clock import MovableClock
from consent_service.foundation.tracing import tracing
from consent_service.identity.claims import Identified
from consent_service.identity.model import LoginRefused, RefusalCode
from consent_service.identity.oidc import Callback, LoginSecret, OpenIdConnect
from consent_service.identity.presets import PRESETS
from consent_service.identity.provider_http import SmallAnswers
from consent_service.identity.providers import ProviderRules
from consent_service.identity.secrets import ProviderSecrets
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
        (Callback(error="server_error"), "provider_unavailable"),
        (Callback(error="temporarily_unavailable"), "provider_unavailable"),
        (Callback(error="login_required"), "provider_error"),
        (Callback(error="invalid_scope"), "provider_error"),
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
    assert (hostile.fetched.count("/jwks"), len(hostile.fetched)) == (1, 8)
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
        {"authorization_endpoint": "https://login.\u65e5\u672c.example/authorize"},
        {"authorization_endpoint": "https://login.example/authorize?a=\u65e5"},
        {"authorization_endpoint": "https://log'in.example/a"},
        {"end_session_endpoint": "https://*.example/a"},
        {"end_session_endpoint": "https://a,b.example/"},
        {"end_session_endpoint": "https://a;b.example/"},
        {"userinfo_endpoint": "https://a b.example/"},
        {"userinfo_endpoint": "https://a.example:port/"},
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


async def test_what_a_provider_publishes_and_we_cannot_use_is_no_way_in_or_out(
    client: OpenIdConnect, hostile: HostileProvider, clock: MovableClock
) -> None:
    provider = make_provider(hostile.issuer)
    assert await client.logout_address(provider, return_to="/") is None  # it names no such place
    gone = make_provider("http://127.0.0.1:1")
    assert await client.logout_address(gone, return_to="/") is None

    hostile.unreadable = [{"kty": "RSA", "n": "short"}, {"kty": "unheard-of"}, {"kid": "bare"}]
    assert isinstance(await identified(client, hostile), Identified)
    hostile.statuses["/.well-known/openid-configuration"] = 404
    clock.advance(timedelta(hours=24))
    assert await identified(client, hostile) == LoginRefused("provider_unavailable")


async def test_a_provider_with_a_shared_secret_gets_it_and_no_signature(
    client: OpenIdConnect, hostile: HostileProvider
) -> None:
    provider = make_provider(hostile.issuer, auth_method="client_secret")
    kept = ProviderSecrets("shared secret", b"p" * 32)
    found = await client.identify(provider, kept, Callback(code="code"), SECRET, max_age=None)
    assert isinstance(found, Identified)
    assert (found.subject, repr(found)) == ("begeleider-1", "Identified(...)")
    assert "client_assertion" not in hostile.forms[0]


async def test_an_answer_that_cannot_be_cut_off_is_not_read() -> None:
    class Whole(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, stream=httpx2.SyncByteStream(), request=request)

    limited = SmallAnswers()
    limited._inner = Whole()
    with pytest.raises(httpx2.ReadError, match="not a stream"):
        await limited.handle_async_request(httpx2.Request("GET", "http://127.0.0.1:1/"))
    await limited.aclose()


@pytest.mark.parametrize("claim", ["represents", "legalSubjectID", "acting_nin"])
async def test_that_somebody_acts_for_another_is_seen_also_where_only_user_info_says_so(
    client: OpenIdConnect, hostile: HostileProvider, claim: str
) -> None:
    digid = PRESETS["digid"]
    hostile.claims = {"sub": "pseudonym-1", "acr": digid.acr_order[-1]}
    hostile.userinfo = {"sub": "pseudonym-1", claim: "somebody else"}
    rules: dict[str, Any] = {"refused_claims": digid.refused_claims, "refuse_citizen_numbers": True}
    assert await identified(client, hostile, **rules) == LoginRefused("represents_somebody")
    hostile.userinfo = {"sub": "pseudonym-1"}
    assert isinstance(await identified(client, hostile, **rules), Identified)
    hostile.fetched.clear()
    assert isinstance(await identified(client, hostile, refused_claims=()), Identified)
    assert "/userinfo" not in hostile.fetched


@pytest.mark.parametrize(
    "of_token,of_userinfo,subject",
    [
        ({"email": "a@s.nl"}, {"email": "me@free.nl", "email_verified": True}, None),
        ({"email": "a@s.nl"}, {"email_verified": True}, None),
        ({"email_verified": True}, {"email": "me@free.nl"}, None),
        ({"email": "a@s.nl"}, {"email": "a@s.nl", "email_verified": True}, "a@s.nl"),
        ({"email": "a@s.nl", "email_verified": True}, {"email": "b@s.nl"}, "a@s.nl"),
        ({}, {"email": "a@s.nl", "email_verified": True}, "a@s.nl"),
    ],
    ids=str,
)
async def test_no_address_is_vouched_for_by_another(
    client: OpenIdConnect,
    hostile: HostileProvider,
    of_token: dict[str, Any],
    of_userinfo: dict[str, Any],
    subject: str | None,
) -> None:
    hostile.claims = {"sub": "s", **of_token}
    hostile.userinfo = {"sub": "s", **of_userinfo}
    found = await identified(client, hostile, subject_claim="email", ask_userinfo=True)
    assert getattr(found, "subject", None) == subject


@pytest.mark.parametrize("where", ["token", "userinfo"])
async def test_an_answer_that_drips_without_end_is_given_up(
    client: OpenIdConnect, hostile: HostileProvider, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Drips(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(0)
                yield b""

    honest = httpx2.AsyncHTTPTransport.handle_async_request

    async def answer(self: httpx2.AsyncHTTPTransport, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == f"/{where}":
            return httpx2.Response(200, stream=Drips())
        return await honest(self, request)

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", answer)
    monkeypatch.setattr("consent_service.identity.provider_http.TOTAL_SECONDS", 0.5)
    assert await identified(client, hostile) == LoginRefused("provider_unavailable")


@pytest.mark.parametrize("expires_at", [[], {}, 1e308])
async def test_a_token_answer_with_a_strange_end_is_a_refusal(
    client: OpenIdConnect, hostile: HostileProvider, expires_at: object
) -> None:
    hostile.token_answer = as_json({"id_token": "x", "expires_at": expires_at, "token_type": "Bearer"})
    assert isinstance(await identified(client, hostile), LoginRefused)


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


@pytest.mark.parametrize("subject", [7, None, "x" * 256])
async def test_a_subject_that_is_no_name_links_nobody(
    client: OpenIdConnect, hostile: HostileProvider, subject: object
) -> None:
    hostile.claims, hostile.userinfo = {"eckid": subject}, {"sub": "begeleider-1"}
    assert await identified(client, hostile, subject_claim="eckid") == LoginRefused("subject_missing")


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


async def test_every_request_to_the_provider_carries_the_trace_context_of_the_login(
    client: OpenIdConnect, hostile: HostileProvider
) -> None:
    headers = [(b"traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-00"), (b"tracestate", b"rojo=1")]
    with tracing(headers) as trace:
        assert isinstance(await identified(client, hostile), Identified)
    assert set(hostile.fetched) == {
        "/.well-known/openid-configuration",
        "/token",
        "/jwks",
        "/userinfo",
    }
    assert set(hostile.traced) == {(f"00-{trace.id}-{trace.span}-01", "rojo=1")}


def test_state_nonce_and_verifier_are_long_and_say_nothing_of_each_other() -> None:
    one, other = LoginSecret.fresh(), LoginSecret.fresh()
    derived = {getattr(s, name) for s in (one, other) for name in ("state", "nonce", "verifier", "cookie")}
    assert len(derived) == 8
    assert {len(value) for value in derived} == {43}  # 256 bits
    assert one.cookie not in repr(one)
