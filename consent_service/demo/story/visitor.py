"""Somebody at a browser of their own: opens pages, follows links, fills in forms. Own cookies, real HTTP."""

from __future__ import annotations

from types import TracebackType
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2

from consent_service.demo.story.forms import Entered, Page, read_page
from consent_service.demo.story.outcome import DifferentError, expect


class Visitor:
    """One browser, with the page it shows now."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._shown: Page | None = None
        self._kept: dict[str, Page] = {}
        self._client = httpx2.AsyncClient(
            follow_redirects=True,
            timeout=20,
            trust_env=False,
            headers={"Accept-Language": "nl", "Accept": "text/html"},
        )

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    @property
    def page(self) -> Page:
        """The page on the screen.

        Raises:
            DifferentError: nothing was opened yet.
        """
        if self._shown is None:
            raise DifferentError("a page", "nothing was opened")
        return self._shown

    async def open(self, path: str, *, status: int = 200) -> Page:
        """Type an address of the service."""
        return await self._show("GET", urljoin(self.origin + "/", path), status=status)

    async def follow(self, words: str) -> Page:
        """Click on the link with these words."""
        return await self._show("GET", urljoin(self.page.address, self.page.link(words)))

    async def press(self, button: str, entered: Entered | None = None, *, status: int = 200) -> Page:
        """Fill in the form that has this button, and press it."""
        form, pressed = self.page.form_with(button)
        sent = form.filled(entered or {})
        if pressed.name:
            sent.append((pressed.name, pressed.value))
        address = urljoin(self.page.address, form.action)
        if form.method.lower() == "post":
            return await self._show("POST", address, sent, status=status)
        return await self._show("GET", f"{address}?{urlencode(sent)}", status=status)

    async def press_again(self, address: str, button: str) -> Page:
        """Press a button on a page that was opened before, as somebody does who left it standing."""
        form, pressed = self._kept[address].form_with(button)
        sent = [*form.filled({}), (pressed.name, pressed.value)]
        return await self._show("POST", urljoin(address, form.action), sent, status=None)

    async def log_in_as(self, name: str) -> Page:
        """From the front door, through the demo provider, to one's own first page."""
        await self.open("/")
        await self.press("Demo")
        return await self.press(name)

    async def _show(
        self,
        method: str,
        address: str,
        sent: list[tuple[str, str]] | None = None,
        *,
        status: int | None = 200,
    ) -> Page:
        content = None if sent is None else urlencode(sent)
        headers = {} if sent is None else self._headers_of_a_form()
        answer = await self._client.request(method, address, content=content, headers=headers)
        self._shown = read_page(str(answer.url), answer.status_code, answer.text)
        self._kept[self._shown.address] = self._shown
        expect(status in (answer.status_code, None), f"{status} {address}", self._shown.summary())
        return self._shown

    def _headers_of_a_form(self) -> dict[str, str]:
        parts = urlsplit(self.page.address)
        return {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{parts.scheme}://{parts.netloc}",
            "Sec-Fetch-Site": "same-origin",
        }
