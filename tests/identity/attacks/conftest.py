"""The whole application, the certified provider behind a proxy that tampers, and people with browsers."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import httpx2
import msgspec
import pytest

from consent_service.audit import events
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.form_tokens import csrf_token
from consent_service.identity.model import RefusalCode
from consent_service.identity.providers import NewProvider, ProviderRules
from tests.identity.attacks.proxy import BACKCHANNEL, TamperingProxy, tampering_proxy
from tests.identity.certified import certified_provider, installed_node
from tests.identity.factories import CLIENT, rsa_key
from tests.identity.serving import followed
from tests.shelter import OPERATOR, World
from tests.web.visiting import COOKIE, Site, open_site

ORIGIN = "http://127.0.0.1:8000"
SUBJECT = "begeleider-1"
LEVELS = ("low", "substantial", "high")


def back_at(provider: str) -> str:
    return f"{ORIGIN}/inloggen/{provider}/terug"


@pytest.fixture(scope="module")
def proxies() -> Iterator[dict[str, TamperingProxy]]:
    """Two certified providers, each behind a proxy: `certified` is ours, `other` one that we know too."""
    node = installed_node()
    with tampering_proxy() as ours, tampering_proxy() as theirs:
        found = {"certified": ours, "other": theirs}
        with _behind(node, "certified", ours), _behind(node, "other", theirs):
            yield found


def _behind(node: str, name: str, proxy: TamperingProxy) -> Any:
    options: dict[str, object] = {
        "issuer": proxy.issuer,
        "clientId": CLIENT,
        "clientKey": rsa_key("client").as_dict(private=False),
        "redirectUri": back_at(name),
        "afterLogout": f"{ORIGIN}/uitgelogd",
        "subject": SUBJECT,
        "level": "substantial",
        "backchannel": proxy.issuer + BACKCHANNEL,
    }
    return _Started(node, options, proxy)


class _Started:
    def __init__(self, node: str, options: dict[str, object], proxy: TamperingProxy) -> None:
        self._provider = certified_provider(node, options)
        self._proxy = proxy

    def __enter__(self) -> None:
        self._proxy.upstream = self._provider.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self._provider.__exit__(*raised)


class Person:
    """Somebody with a browser; follows nothing by itself at the service."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        transport = httpx.ASGITransport(stage.site.app)  # type: ignore[arg-type]
        self.here = httpx.AsyncClient(transport=transport, base_url=stage.site.settings.public_origin)
        self.here.cookies.set("apparaat-8080", "m" * 22)  # a browser of staff: else each login asks who it is
        self.there = httpx2.AsyncClient(trust_env=False, timeout=60)

    async def begins(self, provider: str = "certified") -> str:
        """Chooses a provider on the login page; the address of the provider's page."""
        assert (await self.here.get("/inloggen")).status_code == 200
        form = {"csrf": csrf_token(self.token)}
        answer = await self.here.post(f"/inloggen/{provider}", data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def proves(self, page: str) -> str:
        """Begins to prove more on this page; the address of the provider's page."""
        assert (await self.here.get(page)).status_code == 200
        form = {"csrf": csrf_token(self.token)}
        answer = await self.here.post(page, data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def comes_back(self, address: str, provider: str = "certified") -> str:
        """Logs in there; path and query with which the provider sends the browser back."""
        address = await followed(self.there, address, until=back_at(provider))
        return address.removeprefix(ORIGIN)

    async def finishes(self, path: str) -> httpx.Response:
        return await self.here.get(path, follow_redirects=False)

    async def logs_in(self, provider: str = "certified") -> httpx.Response:
        return await self.finishes(await self.comes_back(await self.begins(provider), provider))

    async def is_in(self) -> bool:
        """Whether the pages of a counsellor open."""
        answer = await self.here.get(f"/opvang/{self.stage.world.tenant}", follow_redirects=False)
        assert answer.status_code in (200, 303, 401)
        return answer.status_code == 200

    @property
    def token(self) -> str:
        return str(self.here.cookies.get(COOKIE) or "")

    async def logs_out_here(self) -> str:
        """Where the service sends the browser after its own button."""
        answer = await self.here.post("/uitloggen", data={"csrf": csrf_token(self.token)})
        assert answer.status_code == 303
        return str(answer.headers["location"])

    async def logs_out_there(self, address: str) -> str:
        """Presses the provider's own button; where it sends the browser, if anywhere."""
        page = await self.there.get(address)
        assert page.status_code == 200, page.text
        secret = re.search(r'name="xsrf" value="([^"]+)"', page.text)
        action = re.search(r'action="([^"]+)"', page.text)
        assert secret is not None
        assert action is not None
        form = {"xsrf": secret[1], "logout": "yes"}
        done = await self.there.post(html.unescape(action[1]), data=form)
        return str(done.headers.get("location", ""))

    async def leaves(self) -> None:
        await self.here.aclose()
        await self.there.aclose()


class Stage:
    """What an attack is played on."""

    def __init__(self, site: Site, proxies: dict[str, TamperingProxy]) -> None:
        self.site = site
        self.world = site.world
        self.proxies = proxies
        self.proxy = proxies["certified"]
        self.people: list[Person] = []

    def person(self) -> Person:
        self.people.append(Person(self))
        return self.people[-1]

    async def read_by(self, **rules: Any) -> None:
        """The provider is read by these rules from now on."""
        providers = self.world.services.identity.login_providers
        fresh = ProviderRules(algorithms=("PS256",), **rules)
        await providers.change(OPERATOR, "certified", fresh)

    async def told(self) -> list[events.Event]:
        return await self.site.events(INSTALLATION)

    async def is_refused(self, answer: httpx.Response, code: RefusalCode, status: int = 403) -> None:
        """The browser got a page with a way on and no session; the log has the code and nothing else."""
        assert answer.status_code == status, answer.text
        assert "Opnieuw" in answer.text or "opnieuw" in answer.text
        assert COOKIE not in answer.cookies
        assert (await self.told())[-1] == events.LoginRefused("certified", code)

    async def call(self, token: str, provider: str = "certified") -> int:
        """What the back channel answers to this token."""
        path = f"/inloggen/{provider}/afgemeld"
        answer = await self.site.client.post(path, data={"logout_token": token})
        assert answer.headers["cache-control"] == "no-store"
        return answer.status_code


class RunningClock(MovableClock):
    """Real time, as the certified provider lives in, and what it was moved on."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self._started = time.monotonic()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=time.monotonic() - self._started)


@pytest.fixture
def clock() -> MovableClock:
    """However slow the machine is, both clocks go on."""
    return RunningClock()


@pytest.fixture
async def stage(
    world: World,
    proxies: dict[str, TamperingProxy],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Stage]:
    """The application with both providers registered, and a counsellor linked at each."""
    pair = [rsa_key("client").as_dict(private=private) for private in (True, False)]
    private, public = (msgspec.json.encode(one).decode() for one in pair)
    monkeypatch.setattr("consent_service.identity.providers.new_client_key", lambda: (private, public))
    identity = world.services.identity
    for name, proxy in proxies.items():
        proxy.forget()
        rules = ProviderRules(algorithms=("PS256",))
        new = NewProvider(name, name.title(), proxy.issuer, CLIENT, rules=rules)
        await identity.register_provider(OPERATOR, new)
        await identity.link_staff(OPERATOR, name, SUBJECT, world.counsellor)
    async with open_site(world, tmp_path) as site:
        stage = Stage(site, proxies)
        loop = asyncio.get_running_loop()
        for name, proxy in proxies.items():
            proxy.deliver = _delivering(stage, name, loop)
        yield stage
        for person in stage.people:
            await person.leaves()


def _delivering(stage: Stage, name: str, loop: asyncio.AbstractEventLoop) -> Any:
    def deliver(token: str) -> int:
        return asyncio.run_coroutine_threadsafe(stage.call(token, name), loop).result(60)

    return deliver


def path_of(address: str) -> str:
    """Path and query."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
