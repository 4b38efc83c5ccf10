"""The demo provider is as strict as a real one, and answers this machine only."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from joserfc import jwt

from consent_service.demo.provider import ASSERTION_TYPE, Client, DemoProvider
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.errors import ConfigurationError
from consent_service.identity.oidc import LoginSecret
from tests.identity.desk import PEOPLE, Desk
from tests.identity.factories import CLIENT, ORIGIN, public_key, rsa_key
from tests.identity.serving import free_port, query_of, running

ISSUER = "http://127.0.0.1:8081"
BACK = f"{ORIGIN}/inloggen/demo/terug"
SECRET = LoginSecret("cookie")


@pytest.fixture
def provider(clock: MovableClock) -> DemoProvider:
    client = Client(CLIENT, public_key(), frozenset({BACK}))
    return DemoProvider(issuer=ISSUER, people=PEOPLE, clients=(client,), clock=clock)


def asked(**changed: str) -> dict[str, str]:
    started = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": BACK,
        "scope": "openid",
        "state": SECRET.state,
        "nonce": SECRET.nonce,
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    return started | changed


def assertion(provider: DemoProvider, **changed: Any) -> str:
    now = int(provider.clock.now().timestamp())
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "one", "iat": now, "exp": now + 60}
    return jwt.encode({"alg": "PS256"}, claims | changed, rsa_key("client"), algorithms=["PS256"])


def form(provider: DemoProvider, **changed: str) -> dict[str, str]:
    fields = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion(provider)}
    return {"grant_type": "authorization_code", "code": "x", **fields, **changed}


def refusal(provider: DemoProvider, fields: dict[str, str]) -> str:
    with pytest.raises(Exception, match=r"^[a-z_]+$") as refused:
        provider.tokens(fields)
    return str(refused.value)


@pytest.mark.parametrize("issuer", ["http://0.0.0.0:8081", "https://login.example", "http://localhost:8081"])
def test_it_refuses_to_be_anywhere_but_on_loopback(clock: MovableClock, issuer: str) -> None:
    with pytest.raises(ConfigurationError):
        DemoProvider(issuer=issuer, people=PEOPLE, clients=(), clock=clock)


def test_it_refuses_to_bind_elsewhere(provider: DemoProvider) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.2", "", "localhost"):  # noqa: S104
        with pytest.raises(ConfigurationError):
            provider.server(8081, host=host)


async def test_it_refuses_a_name_that_was_made_to_point_here(desk: Desk) -> None:
    address = f"{desk.provider.issuer}/jwks"
    assert (await desk.browser.get(address)).status_code == 200
    rebound = await desk.browser.get(address, headers={"host": "evil.example"})
    assert rebound.status_code == 403


@pytest.mark.parametrize(
    "changed,code",
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"nonce": ""}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_bad_request_goes_back_to_the_client_with_an_error(
    provider: DemoProvider, changed: dict[str, str], code: str
) -> None:
    port = free_port()
    provider.host = f"127.0.0.1:{port}"
    async with running(provider.server(port), port) as address, httpx2.AsyncClient(timeout=60) as browser:
        answer = await browser.get(f"{address}/authorize", params=asked(**changed))
    assert answer.status_code == 303
    outcome = query_of(answer.headers["location"])
    assert (outcome["error"], outcome["iss"]) == (code, ISSUER)


async def test_an_unknown_client_or_address_gets_a_page_and_no_redirect(desk: Desk) -> None:
    for changed in ({"client_id": "stranger"}, {"redirect_uri": "https://evil.example/"}):
        query = asked(**changed)
        answer = await desk.browser.get(f"{desk.provider.issuer}/authorize", params=query)
        assert answer.status_code == 400
        assert "location" not in answer.headers


async def test_its_page_lists_the_people_under_the_strict_policy(desk: Desk) -> None:
    page = await desk.browser.get((await desk.started()).address)
    assert all(person.name in page.text for person in PEOPLE)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert f"form-action 'self' {ORIGIN};" in policy
    assert "<script" not in page.text
    assert "style=" not in page.text
    style = await desk.browser.get(f"{desk.provider.issuer}/stijl.css")
    assert style.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "stranger"},
        {"sub": "stranger"},
        {"aud": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": 10**10},
        {"exp": "soon"},
        {"jti": 7},
    ],
)
def test_a_client_that_does_not_prove_itself_is_refused(
    provider: DemoProvider, claims: dict[str, Any]
) -> None:
    fields = form(provider, client_id=CLIENT, client_assertion=assertion(provider, **claims))
    assert refusal(provider, fields) == "invalid_client"


def test_an_assertion_serves_once(provider: DemoProvider) -> None:
    fields = form(provider)
    assert refusal(provider, fields) == "invalid_grant"
    assert refusal(provider, fields) == "invalid_client"


def test_garbage_instead_of_an_assertion_is_refused(provider: DemoProvider) -> None:
    for garbage in ("", "a", "a.b.c", "a.W10.c"):
        assert refusal(provider, form(provider, client_assertion=garbage)) == "invalid_client"


async def test_a_token_is_refused_once_its_code_was_used_twice(desk: Desk) -> None:
    started = await desk.started()
    address = await desk.chosen(started, "noor")
    await desk.finished(address, started.cookie)
    access = next(iter(desk.provider._access))
    headers = {"authorization": f"Bearer {access}"}
    known = await desk.browser.get(f"{desk.provider.issuer}/userinfo", headers=headers)
    assert known.json() == {"sub": "noor", "name": "Noor de Wit"}
    now = int(desk.clock.now().timestamp())
    # The service's own key is sealed, so the client gets another one.
    desk.provider.clients = {CLIENT: Client(CLIENT, public_key(), frozenset({BACK}))}
    claims = {
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": desk.provider.issuer,
        "jti": "x",
        "iat": now,
        "exp": now + 60,
    }
    signed = jwt.encode({"alg": "PS256"}, claims, rsa_key("client"), algorithms=["PS256"])
    fields = {"grant_type": "authorization_code", "code": query_of(address)["code"]}
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    replayed = await desk.browser.post(f"{desk.provider.issuer}/token", data={**fields, **proof})
    assert replayed.json() == {"error": "invalid_grant"}
    gone = await desk.browser.get(f"{desk.provider.issuer}/userinfo", headers=headers)
    assert gone.status_code == 401
