"""Somebody who walks through the pages: follows links, fills in forms, presses buttons, keeps cookies.

Every address gone to is remembered, so that a test can look for what must never be in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import SimpleCookie

import httpx

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import FamilyId, RelationshipId
from consent_service.identity.model import Counsellor
from tests.shelter import World
from tests.web.reading import Element, read
from tests.web.visiting import COOKIE, Site

Fields = Mapping[str, str | list[str]]


class Walker:
    """One browser: `page` is what is on the screen now."""

    def __init__(self, site: Site, token: str, language: str = "nl") -> None:
        self._site = site
        self._cookies: dict[str, tuple[str, str]] = {
            COOKIE: (token, "/"),
            "taal": (language, "/"),
            "leestaal": (language, "/"),
        }
        self.path = "/"
        self.page = Element("nothing", {})
        self.locations: list[str] = []
        self.titles: list[str] = []

    @property
    def text(self) -> str:
        """What a person reads on the page."""
        (main,) = self.page.all("main")
        return main.text()

    @property
    def heading(self) -> str:
        (heading,) = self.page.all("h1")
        return heading.text()

    @property
    def cookies(self) -> frozenset[str]:
        """The names of what this browser keeps."""
        return frozenset(self._cookies)

    @property
    def token(self) -> str:
        """The session's token now: it changes with who holds the tablet."""
        return self._cookies[COOKIE][0]

    async def open(self, path: str, *, status: int = 200) -> None:
        await self._go("GET", path, None, status)

    async def again(self, *, status: int = 200) -> None:
        """Reload."""
        await self.open(self.path, status=status)

    async def follow(self, words: str, *, status: int = 200) -> None:
        """Tap the link that says this."""
        found = [link for link in self.page.all("a") if words in link.text()]
        assert found, f"no link {words!r} on: {self.text}"
        await self.open(found[0].attributes["href"], status=status)

    async def press(self, words: str, fields: Fields | None = None, *, status: int = 200) -> None:
        """Fill in the form that has this button and press it."""
        form = self.form_with(words)
        (button, *_) = [b for b in form.all("button") if words in b.text()]
        await self.send(form.attributes["action"], self.sent_with(form, button, fields or {}), status=status)

    async def begin(self) -> None:
        """Past the welcome and the questions with pictures, to where the conversation goes on."""
        await self.press("Beginnen")
        if "/uitleg/" in self.path:
            await self.follow("Overslaan")

    async def send(self, path: str, fields: Fields, *, status: int = 200) -> None:
        """Send exactly these fields."""
        await self._go("POST", path, fields, status)

    def form_with(self, words: str) -> Element:
        """The form whose button says this."""
        for form in self.page.all("form"):
            if any(words in button.text() for button in form.all("button")):
                return form
        raise AssertionError(f"no button {words!r} on: {self.text}")

    def sent_with(self, form: Element, button: Element, fields: Fields) -> dict[str, str | list[str]]:
        """What a browser sends: what stands in the form, changed by `fields`, and the button itself."""
        sent: dict[str, str | list[str]] = {}
        for control in form.all("input"):
            kind = control.attributes.get("type", "text")
            if kind not in ("radio", "checkbox") or "checked" in control.attributes:
                sent[control.attributes["name"]] = control.attributes.get("value", "")
        names = {control.attributes.get("name") for control in form.all("input", "textarea", "select")}
        assert set(fields) <= names, f"not in the form: {set(fields) - names}"
        if "name" in button.attributes:
            sent[button.attributes["name"]] = button.attributes["value"]
        return sent | dict(fields)

    def values(self, name: str) -> list[str]:
        """The values that the controls of this name offer or hold."""
        return [c.attributes.get("value", "") for c in self.page.all("input", name=name)]

    async def _go(self, method: str, path: str, fields: Fields | None, status: int) -> None:
        answer = await self._send(method, path, fields)
        while answer.status_code == 303:
            path = answer.headers["location"]
            self.locations.append(path)
            answer = await self._send("GET", path, None)
        assert answer.status_code == status, (answer.status_code, path, answer.text)
        self.path, self.page = path.partition("?")[0], read(answer.text)
        self.titles.append(self.page.all("title")[0].text())

    async def _send(self, method: str, path: str, fields: Fields | None) -> httpx.Response:
        cookies = {name: value for name, (value, where) in self._cookies.items() if path.startswith(where)}
        client = self._site.client
        client.cookies.clear()
        answer = await client.request(
            method,
            path,
            data=dict(fields) if fields is not None else None,
            headers={"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())},
            follow_redirects=False,
        )
        client.cookies.clear()
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self._cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self._cookies[name] = (morsel.value, morsel["path"])
        return answer


async def counsellor_at(site: Site, actor: Counsellor | None = None, language: str = "nl") -> Walker:
    """A counsellor who is logged in."""
    browser = await site.logged_in(actor or site.world.counsellor, language=language)
    return Walker(site, browser.token, language)


def family_path(site: Site, family: FamilyId, *parts: str) -> str:
    """The address of a family and what stands below it."""
    return "/".join((f"/opvang/{site.world.tenant}/gezinnen/{family}", *parts))


async def at_linde(
    world: World, answers: Mapping[str, str] | None = None
) -> tuple[FamilyView, RelationshipId]:
    """A family with a child at De Linde and, if named, these answers."""
    family = await world.family()
    relationship = await world.at_school(family.children[0].child)
    if answers is not None:
        await world.intake(world.guardian(family), dict(answers))  # type: ignore[arg-type]
    return await world.services.families.view(world.counsellor, family.family), relationship


def school_path(site: Site, family: FamilyView, relationship: str, *parts: str) -> str:
    return family_path(site, family.family, "scholen", relationship, *parts)


async def pressed_twice(walker: Walker, words: str, fields: Fields) -> None:
    """Send the form with this button, and then exactly the same once more."""
    form = walker.form_with(words)
    (button, *_) = [b for b in form.all("button") if words in b.text()]
    sent = walker.sent_with(form, button, fields)
    for _ in range(2):
        await walker.send(form.attributes["action"], sent)
