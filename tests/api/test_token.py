"""The token endpoint as a program meets it: the form of OAuth, every mistake at once, nothing kept."""

from __future__ import annotations

import re
from typing import Any, Final
from unittest.mock import AsyncMock
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.api.v1 import token_request
from consent_service.api.v1.token_request import ASSERTION_TYPE, FORM, FormRefused, read_token_request
from consent_service.foundation.errors import DatabaseUnavailableError
from consent_service.foundation.i18n import SUPPORTED, translator
from consent_service.identity.client_rows import Client
from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import MachineClients, TokenRefused, TokenRequest
from tests.identity import asking as a
from tests.shelter import OPERATOR
from tests.web.visiting import Site

GOOD: Final = {
    "grant_type": "client_credentials",
    "client_assertion_type": ASSERTION_TYPE,
    "client_assertion": "x",
}


async def registered(site: Site, **changed: Any) -> Client:
    clients = site.world.services.identity.machine_clients
    return await clients.register(OPERATOR, a.new_client(site.world.tenant, **changed))


def form_of(site: Site, client: Client, **changed: str) -> dict[str, str]:
    clients = site.world.services.identity.machine_clients
    proof = a.make_assertion(client.id, clients.token_endpoint, site.world.clock.now())
    return GOOD | {"client_assertion": proof} | changed


async def sent(site: Site, body: Any, **headers: str) -> httpx.Response:
    """Exactly this body."""
    said = {"content-type": FORM} | {name.replace("_", "-"): value for name, value in headers.items()}
    text = urlencode(body, doseq=True) if isinstance(body, dict | list) else body
    return await site.client.post("/v1/token", content=text, headers=said)


async def test_a_form_with_a_proof_gets_a_token_that_no_cache_keeps(site: Site) -> None:
    client = await registered(site)
    answer = await sent(site, form_of(site, client, scope="schools:read", unknown="x", client_id=client.id))
    told = answer.json()
    assert answer.status_code == 200
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 300, "schools:read")
    assert len(told["access_token"]) == 43
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    empty = await sent(site, form_of(site, client, scope=""))
    assert empty.json()["scope"] == "log:read schools:read"


@pytest.mark.parametrize(
    "body, code, words",
    [
        ({}, "invalid_request", ["grant_type is missing", "client_assertion is", "client_assertion_type"]),
        (GOOD | {"grant_type": "password"}, "unsupported_grant_type", ["client_credentials"]),
        (
            {"grant_type": "password"},
            "invalid_request",
            ["client_assertion is", "must be client_credentials"],
        ),
        (GOOD | {"client_assertion_type": "x"}, "invalid_request", ["RFC 7523"]),
        (GOOD | {"client_secret": "x"}, "invalid_request", ["one way"]),
        (GOOD | {"client_assertion": "", "client_secret": "x"}, "invalid_request", ["Only private_key_jwt"]),
        ([*GOOD.items(), ("scope", "a"), ("scope", "b")], "invalid_request", ["twice"]),
        ([*GOOD.items(), ("grant_type", "client_credentials")], "invalid_request", ["twice"]),
        ("x" * 20_000, "invalid_request", ["16 kB"]),
        ("&".join(f"a{number}=1" for number in range(30)), "invalid_request", ["Send a form"]),
        ("scope=%ff", "invalid_request", ["UTF-8"]),
        ("scope=\xff", "invalid_request", ["UTF-8"]),
        (GOOD, "invalid_client", ["not of a system that is known"]),
        (GOOD | {"client_assertion": "a.b.c.d.e"}, "invalid_client", ["not of a system"]),
        (GOOD | {"client_assertion": "A" * 12_000}, "invalid_client", ["not of a system"]),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
async def test_what_is_wrong_is_told_at_once_in_the_words_of_oauth(
    site: Site, body: Any, code: str, words: list[str]
) -> None:
    answer = await sent(site, body, accept_language="en")
    told = answer.json()
    assert (answer.status_code, told["error"]) == (400, code)
    assert told.keys() == {"error", "error_description"}
    assert all(word in told["error_description"] for word in words), told
    assert answer.headers["cache-control"] == "no-store"


async def test_another_content_type_and_another_way_to_prove_who_one_is(site: Site) -> None:
    client = await registered(site)
    for kind in ("application/json", "multipart/form-data", ""):
        answer = await sent(site, form_of(site, client), content_type=kind)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    for scheme, header in (("Basic", "Basic eDp5"), ("Bearer", "bearer abc")):
        answer = await sent(site, form_of(site, client), authorization=header)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith(scheme)
    assert (await site.client.get("/v1/token")).status_code == 405


async def test_a_scope_that_is_not_the_client_s_and_a_proof_that_was_used(site: Site) -> None:
    client = await registered(site, scopes=frozenset({Scope.LOG}))
    form = form_of(site, client, scope="schools:read")
    assert (await sent(site, form)).json()["error"] == "invalid_scope"
    again = await sent(site, form | {"scope": "log:read"}, accept_language="nl")
    assert (again.status_code, again.json()["error"]) == (400, "invalid_client")
    assert "bewijs" in again.json()["error_description"]


@pytest.mark.parametrize(
    "outcome, status, code",
    [
        (AsyncMock(return_value=TokenRefused("too_many")), 429, "temporarily_unavailable"),
        (AsyncMock(side_effect=DatabaseUnavailableError("x")), 503, "temporarily_unavailable"),
        (AsyncMock(side_effect=RuntimeError("Noor")), 500, "server_error"),
    ],
    ids=["too-often", "away", "fault"],
)
async def test_too_often_away_and_a_fault_of_ours(
    site: Site, monkeypatch: pytest.MonkeyPatch, outcome: AsyncMock, status: int, code: str
) -> None:
    monkeypatch.setattr(MachineClients, "admit", outcome)
    answer = await sent(site, GOOD)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert "Noor" not in answer.text
    assert ("retry-after" in answer.headers) == (status != 500)


async def test_a_form_without_end_is_not_read(site: Site) -> None:
    answer = await sent(site, "x" * 300_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")


async def test_programs_read_where_and_how_to_ask(site: Site) -> None:
    told = (await site.client.get("/.well-known/oauth-authorization-server")).json()
    origin = site.world.services.identity.machine_clients.issuer
    assert told == {
        "issuer": origin,
        "token_endpoint": f"{origin}/v1/token",
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["log:read", "schools:read"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["PS256", "ES256"],
    }


@pytest.mark.parametrize("language", SUPPORTED)
def test_a_description_holds_only_what_rfc_6749_lets_it_hold(language: str) -> None:
    named = {name: value for name, value in vars(token_request).items() if name.isupper()}
    said = {value for value in named.values() if isinstance(value, str) and value.endswith(".")}
    assert said == set(token_request.SENTENCES)
    for sentence in token_request.SENTENCES:
        assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+", translator(language).text(sentence))


@given(st.text(max_size=60), st.binary(max_size=400))
def test_no_body_ends_in_a_traceback(kind: str, body: bytes) -> None:
    assert isinstance(read_token_request(kind, body), FormRefused)
    assert isinstance(read_token_request(FORM, body), FormRefused | TokenRequest)
