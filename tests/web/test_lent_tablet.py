"""A tablet that was lent lets nobody in on a login the counsellor made earlier (single sign-on)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from consent_service.demo.provider import DemoProvider, Person
from consent_service.identity.form_tokens import csrf_token
from consent_service.identity.providers import NewProvider
from tests.identity.serving import free_port, served
from tests.shelter import OPERATOR
from tests.web.visiting import COOKIE, Browser, Site

LOGIN = "/inloggen/proef"


KNOWN = "apparaat-8080=a-counsellor-worked-here"


@pytest.fixture
async def provider(site: Site) -> AsyncIterator[None]:
    """A provider at `LOGIN` that lets counsellors and others in, and that was asked what it is."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    people = (Person("bo", "Bo Begeleider", "begeleider", ""),)
    provider = DemoProvider(issuer=issuer, people=people, clients=(), clock=site.world.clock)
    async with served(provider.app(), port):
        new = NewProvider("proef", "Proef", issuer, "client", client_secret="a secret of the tests")
        await site.world.services.identity.register_provider(OPERATOR, new)
        await site.anyone().get("/inloggen")
        yield


async def _address(browser: Browser, cookies: str = "taal=nl") -> str:
    """Where the browser is sent to log in."""
    browser._client.cookies.clear()
    sent = {"csrf": csrf_token(browser.token)} if browser.token else {}
    held = f"{COOKIE}={browser.token}; {cookies}" if browser.token else cookies
    answer = await browser._client.post(LOGIN, data=sent, headers={"cookie": held}, follow_redirects=False)
    assert answer.status_code == 303
    found: str = answer.headers["location"]
    return found


async def test_while_the_tablet_is_lent_logging_in_asks_for_the_pin(site: Site) -> None:
    tablet = await site.with_tablet(await site.world.family())
    answer = await tablet.post(LOGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tablet-terug")


@pytest.mark.usefixtures("provider")
async def test_after_the_quick_exit_the_provider_must_ask_who_it_is_again(site: Site) -> None:
    assert "max_age=0" in await _address(site.anyone(), f"uitgeleend-8080=ja; {KNOWN}")
    assert "max_age" not in await _address(site.anyone(), KNOWN)


@pytest.mark.usefixtures("provider")
async def test_where_no_counsellor_ever_worked_or_everything_was_emptied_it_asks_too(site: Site) -> None:
    assert "max_age=0" in await _address(site.anyone())


@pytest.mark.usefixtures("provider")
async def test_a_screen_left_alone_asks_however_long_nobody_came(site: Site) -> None:
    browser = await site.logged_in(site.world.counsellor)
    assert "max_age" not in await _address(browser, KNOWN)
    site.world.clock.advance(timedelta(minutes=3))
    assert "max_age=0" in await _address(browser, KNOWN)  # locked
    site.world.clock.advance(timedelta(minutes=20))
    assert "max_age=0" in await _address(browser, KNOWN)  # over
