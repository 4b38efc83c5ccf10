"""A tablet that was lent lets nobody in on a login the counsellor made earlier (single sign-on)."""

from __future__ import annotations

from consent_service.demo.provider import DemoProvider, Person
from consent_service.identity.providers import NewProvider
from tests.identity.serving import free_port, served
from tests.shelter import OPERATOR
from tests.web.visiting import Browser, Site

LOGIN = "/inloggen/proef"


async def _address(browser: Browser, *, lent: bool) -> str:
    """Where the browser is sent to log in."""
    cookie = "uitgeleend-8080=ja" if lent else "taal=nl"
    browser._client.cookies.clear()
    answer = await browser._client.post(LOGIN, headers={"cookie": cookie}, follow_redirects=False)
    assert answer.status_code == 303
    found: str = answer.headers["location"]
    return found


async def test_while_the_tablet_is_lent_logging_in_asks_for_the_pin(site: Site) -> None:
    tablet = await site.with_tablet(await site.world.family())
    answer = await tablet.post(LOGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tablet-terug")


async def test_after_the_quick_exit_the_provider_must_ask_who_it_is_again(site: Site) -> None:
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    people = (Person("bo", "Bo Begeleider", "begeleider", ""),)
    provider = DemoProvider(issuer=issuer, people=people, clients=(), clock=site.world.clock)
    async with served(provider.app(), port):
        new = NewProvider("proef", "Proef", issuer, "client", client_secret="a secret of the tests")
        await site.world.services.identity.register_provider(OPERATOR, new)
        lent, ordinary = [await _address(site.anyone(), lent=mark) for mark in (True, False)]
    assert "max_age=0" in lent
    assert "max_age" not in ordinary
