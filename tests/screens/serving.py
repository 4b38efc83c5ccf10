"""Serves one page after another from memory, under the product's own headers, as the product would.

A server and not Playwright's routing: that turns the browser's cache off, and each page then costs seconds.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from consent_service.web.rendering import STATIC
from consent_service.web.security import STATIC_CACHING, security_headers
from tests.node_packages import node_with

HERE = Path(__file__).resolve().parent
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_AXE = "/axe.js"
EXTRA: dict[str, bytes] = {}
"""Files that a test plants, by path."""


class Served:
    """What the next answer is; `address` is where."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/page"
        self.html = ""

    def show(self, html: str) -> None:
        """Axe comes along as a file of this server: the content policy lets nothing else run."""
        self.html = html.replace("</head>", f'<script src="{_AXE}" defer></script></head>', 1)


@functools.cache
def axe() -> bytes:
    """The source of axe-core, as npm's lock has it."""
    node_with(HERE, "axe-core", "axe, that looks at every page,")
    return (HERE / "node_modules" / "axe-core" / "axe.min.js").read_bytes()


@functools.cache
def _file(name: str) -> bytes:
    return (STATIC / name).read_bytes()


def answer(path: str) -> tuple[bytes, str]:
    """The file at `path`, and its media type."""
    body = EXTRA.get(path) or (axe() if path == _AXE else _file(path.removeprefix("/static/")))
    return body, _MEDIA[Path(path).suffix]


@contextmanager
def serving() -> Iterator[Served]:
    """A server on a free port of loopback, as long as it is needed."""
    axe()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if Path(path).suffix in _MEDIA:
                self._answer(*answer(path), STATIC_CACHING)
            elif served.address.endswith(path):
                self._answer(served.html.encode(), "text/html; charset=utf-8", "no-store")
            else:
                self.send_error(404)  # what a script of a page asks for

        def _answer(self, body: bytes, media: str, caching: str) -> None:
            self.send_response(200)
            kind = {"content-type": media, "content-length": str(len(body)), "cache-control": caching}
            headers = security_headers(https=False)
            headers["content-security-policy"] += "; connect-src 'self'"
            for name, value in {**headers, **kind}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives
            """Nobody reads along."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        served = Served(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
