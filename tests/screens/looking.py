"""A page of the service in Chromium, rendered from an example, looked at as a person and as axe would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from playwright.async_api import Page, async_playwright

from consent_service.web.pages import View
from consent_service.web.rendering import STATIC, render_text
from consent_service.web.security import STATIC_CACHING
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.screens.combinations import Look, Seen
from tests.web.examples import context, examples

REFLOW: Final = (320, 640)
"""400 % zoom of 1280 px (WCAG 2.2, 1.4.10)."""
_AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_LOOKING: Final = Path(__file__).with_name("looking.js").read_text(encoding="utf-8")
_FINDINGS: Final = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " " +
    (node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? "")).join(" | ")}`)"""
_SHIFT: Final = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  document.fonts.ready.then(() => setTimeout(() => done(sum), 50));
})"""


class _Server(ThreadingHTTPServer):
    """Serves the page that is looked at and our own files, which a browser keeps as it would keep ours."""

    html = b""
    daemon_threads = True


class _Answer(SimpleHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        file = STATIC / path.removeprefix("/static/")
        if path == "/":
            self._send(self.server.html, "text/html; charset=utf-8", "no-store")
        elif path.startswith("/static/") and file.is_file():
            self._send(file.read_bytes(), self.guess_type(path), STATIC_CACHING)
        else:
            self.send_error(404)

    def _send(self, body: bytes, kind: str, caching: str) -> None:
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Cache-Control", caching)):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Screen:
    """One tab that shows example pages, or HTML as it is."""

    def __init__(self, page: Page, server: _Server) -> None:
        self.page = page
        self._server = server
        self._views: dict[str, Mapping[str, View]] = {}

    async def show(self, seen: Seen) -> None:
        """The example page in this language, theme and size."""
        language, theme, _ = seen.look
        if language not in self._views:
            self._views[language] = examples(language)
        frame = context(seen.name, language)
        if theme == "contrast":
            frame = msgspec.structs.replace(frame, theme=theme)
        await self.show_html(render_text(self._views[language][seen.name], frame), seen.look)

    async def show_html(self, html: str, look: Look) -> None:
        """This very page."""
        self._server.html = html.encode()
        scheme: Literal["dark", "light"] = "dark" if look.theme == "dark" else "light"
        await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await self.page.set_viewport_size({"width": look.size[0], "height": look.size[1]})
        await self.page.goto(f"http://127.0.0.1:{self._server.server_port}/")

    async def faults(self) -> list[str]:
        """What axe finds, what it does not see, what moved, and what runs off the side at 400 %."""
        shifted = await self.page.evaluate(_SHIFT)
        found = [f"layout shift: {shifted:.3f}"] if shifted > 0 else []
        found += await self.page.evaluate(_LOOKING)
        await self.page.evaluate(_AXE)
        found += [f"axe {one}" for one in await self.page.evaluate(_FINDINGS)]
        await self.page.set_viewport_size({"width": REFLOW[0], "height": REFLOW[1]})
        if await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append("overflow at 400 %")
        return found


@asynccontextmanager
async def screen() -> AsyncIterator[Screen]:
    """A tab in a browser of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(has_touch=True)
        page.set_default_timeout(60_000)
        with _Server(("127.0.0.1", 0), _Answer) as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            yield Screen(page, server)
            server.shutdown()
            thread.join()
        await browser.close()
