"""The same client against an implementation that is not ours: the certified npm `oidc-provider`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx2
import msgspec
import pytest

from consent_service.foundation.clock import SystemClock
from consent_service.identity.claims import Identified
from consent_service.identity.model import LoginRefused
from consent_service.identity.oidc import LoginSecret, OpenIdConnect
from consent_service.identity.providers import Provider, ProviderRules
from tests.identity.certified import certified_provider, installed_node
from tests.identity.factories import CLIENT, ORIGIN, make_provider, make_secrets, public_key
from tests.identity.serving import callback_at, followed

BACK = f"{ORIGIN}/inloggen/traverse/terug"
LEVELS = ("low", "substantial", "high")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    options: dict[str, object] = {
        "clientId": CLIENT,
        "clientKey": msgspec.json.decode(public_key()),
        "redirectUri": BACK,
        "afterLogout": f"{ORIGIN}/",
        "subject": "begeleider-1",
        "level": "substantial",
    }
    with certified_provider(installed_node(), options) as address:
        yield address


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as browser:
        yield browser


@pytest.fixture
def client() -> OpenIdConnect:
    return OpenIdConnect(SystemClock(), public_origin=ORIGIN, loopback_allowed=True)


async def came_back(
    client: OpenIdConnect,
    provider: Provider,
    browser: httpx2.AsyncClient,
    secret: LoginSecret,
    *,
    max_age: int | None = None,
) -> str:
    address = await client.authorization_address(provider, secret, max_age=max_age)
    assert isinstance(address, str)
    return await followed(browser, address, until=BACK)


async def test_the_whole_login_works_and_its_code_only_once(
    client: OpenIdConnect, issuer: str, browser: httpx2.AsyncClient
) -> None:
    rules = ProviderRules(algorithms=("PS256",), acr_order=LEVELS, minimum_acr="substantial")
    provider, secret = make_provider(issuer, rules=rules), LoginSecret.fresh()
    address = await came_back(client, provider, browser, secret, max_age=300)
    callback = callback_at(address)
    assert callback.state == secret.state
    assert callback.iss == issuer  # RFC 9207
    found = await client.identify(provider, make_secrets(), callback, secret, max_age=300)
    assert isinstance(found, Identified)
    assert (found.subject, found.acr) == ("begeleider-1", "substantial")
    again = await client.identify(provider, make_secrets(), callback, secret, max_age=300)
    assert again == LoginRefused("code_refused")


async def test_a_code_cannot_be_redeemed_with_another_browsers_verifier(
    client: OpenIdConnect, issuer: str, browser: httpx2.AsyncClient
) -> None:
    provider = make_provider(issuer)
    address = await came_back(client, provider, browser, LoginSecret.fresh())
    thief = LoginSecret.fresh()
    outcome = await client.identify(provider, make_secrets(), callback_at(address), thief, max_age=None)
    assert outcome == LoginRefused("code_refused")


async def test_a_level_too_low_is_refused(
    client: OpenIdConnect, issuer: str, browser: httpx2.AsyncClient
) -> None:
    asked, secret = make_provider(issuer), LoginSecret.fresh()
    address = await came_back(client, asked, browser, secret)
    strict = make_provider(issuer, rules=ProviderRules(acr_order=LEVELS, minimum_acr="high"))
    outcome = await client.identify(strict, make_secrets(), callback_at(address), secret, max_age=None)
    assert outcome == LoginRefused("level_too_low")


async def test_a_provider_asked_for_a_level_it_cannot_give_leads_to_a_refusal(
    client: OpenIdConnect, issuer: str, browser: httpx2.AsyncClient
) -> None:
    strict = make_provider(issuer, rules=ProviderRules(acr_order=LEVELS, minimum_acr="high"))
    secret = LoginSecret.fresh()
    address = await came_back(client, strict, browser, secret)
    outcome = await client.identify(strict, make_secrets(), callback_at(address), secret, max_age=None)
    assert outcome == LoginRefused("level_too_low")


async def test_user_info_completes_the_claims(
    client: OpenIdConnect, issuer: str, browser: httpx2.AsyncClient
) -> None:
    rules = ProviderRules(scopes=("openid", "email"), subject_claim="email", ask_userinfo=True)
    provider, secret = make_provider(issuer, rules=rules), LoginSecret.fresh()
    address = await came_back(client, provider, browser, secret)
    found = await client.identify(provider, make_secrets(), callback_at(address), secret, max_age=None)
    assert isinstance(found, Identified)
    assert found.subject == "begeleider@traverse.example"


async def test_another_clients_key_is_refused_at_the_token_endpoint(
    client: OpenIdConnect, issuer: str, browser: httpx2.AsyncClient
) -> None:
    provider, secret = make_provider(issuer), LoginSecret.fresh()
    address = await came_back(client, provider, browser, secret)
    stranger = make_secrets("stranger")
    outcome = await client.identify(provider, stranger, callback_at(address), secret, max_age=None)
    assert outcome == LoginRefused("code_refused")


def test_a_machine_without_node_says_so_and_in_ci_that_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"Node\.js"):
        installed_node()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"Node\.js"):
        installed_node()
