"""People with browsers in front of the whole application, in this process, over the real services."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.app import create_app
from consent_service.audit.events import Event
from consent_service.audit.log import TrailFilter
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import TenantId, new_id
from consent_service.foundation.settings import Settings, load_settings
from consent_service.identity import links, sessions
from consent_service.identity.form_tokens import csrf_token
from consent_service.identity.handover import HandOver
from consent_service.identity.levels import DEMO_FACTOR_LEVEL, factor_of
from consent_service.identity.model import StaffActor
from consent_service.identity.permissions import Circumstances
from consent_service.identity.sessions import (
    Opened,
)
from tests.ledger import whole_trail
from tests.shelter import World

COOKIE = "sessie-8080"
PIN = "482615"
_NEEDS_NO_SIGHT = re.compile(r"<[^>]+>")


class Browser:
    """One person's browser: a session cookie, forms with the token of that session, no redirects followed."""

    def __init__(self, client: httpx.AsyncClient, token: str = "", language: str = "nl") -> None:
        self._client = client
        self.token = token
        self.language = language
        self.kept: dict[str, str] = {}
        """Other cookies that this browser has."""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.send("GET", path, headers=headers)

    async def post(
        self, path: str, form: Mapping[str, str | list[str]] | None = None, **headers: str
    ) -> httpx.Response:
        """Send a form as the page would: with the token of this session."""
        sent = {"csrf": csrf_token(self.token), **(form or {})}
        return await self.send("POST", path, sent, headers=headers)

    async def upload(self, path: str, field: str, raw: bytes, *, name: str = "regels.zip") -> httpx.Response:
        """Send a form with a file in it."""
        return await self.send("POST", path, {"csrf": csrf_token(self.token)}, files={field: (name, raw)})

    async def send(
        self,
        method: str,
        path: str,
        form: Mapping[str, str | list[str]] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> httpx.Response:
        """Exactly this, nothing added but the cookies."""
        spoken = dict.fromkeys(("taal", "leestaal"), self.language) if self.language else {}
        cookies = spoken | self.kept | ({COOKIE: self.token} if self.token else {})
        said = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        said["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._client.cookies.clear()
        answer = await self._client.request(
            method, path, data=dict(form) if form else None, files=files, headers=said, follow_redirects=False
        )
        self._client.cookies.clear()
        return answer


def names_in(page: str) -> list[str]:
    """The names of the fields on a page, in their order."""
    return re.findall(r'<(?:input|textarea|select)[^>]* name="([^"]+)"', page)


def first_choice(page: str, name: str) -> str:
    """The first value that can be chosen for a field; nothing for one that is typed."""
    found = re.search(rf'type="radio"[^>]* name="{re.escape(name)}" value="([^"]+)"', page)
    return found[1] if found else ""


class Site:
    """The application with a world behind it."""

    def __init__(self, world: World, app: Litestar, client: httpx.AsyncClient, settings: Settings) -> None:
        self.world = world
        self.app = app
        self.client = client
        self.settings = settings

    def anyone(self, language: str = "nl") -> Browser:
        """Somebody who is not logged in."""
        return Browser(self.client, language=language)

    async def logged_in(
        self, *actors: StaffActor, language: str = "nl", level: str = DEMO_FACTOR_LEVEL
    ) -> Browser:
        """Somebody who is logged in as these members of staff (one login may reach several shelters).

        At the `level` of the demo's provider that is a second factor; officers need it.
        """
        clock, now = self.world.clock, self.world.clock.now()
        subject, token = sessions.digest(new_id()), sessions.new_token()
        session = sessions.new_session(
            provider="demo",
            subject=subject,
            actors=actors,
            level=level,
            authenticated_at=now,
            lasts=(now, now + timedelta(hours=8)),
            factor=factor_of(level, (DEMO_FACTOR_LEVEL,), demo_allowed=True),
        )
        async with self._writing() as conn:
            for actor in actors:
                await links.add_link(conn, clock, "demo", subject, actor)
            await sessions.open_session(conn, session, token)
        return Browser(self.client, token, language)

    async def with_tablet(self, view: FamilyView, number: int = 0) -> Browser:
        """A guardian of this family, who was given the counsellor's tablet."""
        identity = self.world.services.identity
        browser = await self.logged_in(self.world.counsellor)
        session = await identity.actor_for(browser.token)
        assert session is not None
        await identity.set_pin(session, PIN)
        facts = Circumstances(tenant=self.world.tenant, family=view.family, assigned=True)
        handed = await identity.hand_over(browser.token, HandOver(view.guardians[number].guardian, facts))
        assert isinstance(handed, Opened), handed
        return Browser(self.client, handed.token)

    async def events(self, tenant: TenantId | None = None) -> list[Event]:
        """What stands in the log, oldest first."""
        services = self.world.services
        async with services.installation.database.reading() as conn:
            told = await whole_trail(services.log, conn, tenant or self.world.tenant, TrailFilter())
        return [entry.detail.event for entry in told if entry.detail is not None][::-1]

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        async with self.world.services.installation.database.transaction() as conn:
            yield conn


@asynccontextmanager
async def open_site(world: World, folder: Path) -> AsyncIterator[Site]:
    """The application, started and stopped."""
    settings = load_settings({"HOME": str(folder), "RUGGENSTEUN_STATE_DIR": str(folder)})
    app = create_app(world.services, settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with (
        _running(app),
        httpx.AsyncClient(transport=transport, base_url=settings.public_origin) as client,
    ):
        yield Site(world, app, client, settings)


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    """The lifespan in a task of its own: a fixture is begun and ended in two different ones."""
    ready, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            ready.set()
            await stop.wait()

    living = asyncio.create_task(live())
    started = asyncio.create_task(ready.wait())
    await asyncio.wait([living, started], return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    try:
        if not living.done():
            yield
    finally:
        stop.set()
        await living


def words_of(answer: httpx.Response) -> str:
    """What a person reads on the page."""
    main = re.search(r"<main.*?</main>", answer.text, re.DOTALL)
    text = _NEEDS_NO_SIGHT.sub(" ", main[0] if main else answer.text)
    return " ".join(html.unescape(text).split())


def main_of(answer: httpx.Response) -> str:
    """The content of the page as it was sent, without the frame around it."""
    main = re.search(r"<main.*?</main>", answer.text, re.DOTALL)
    assert main is not None, answer.text
    return main[0]
