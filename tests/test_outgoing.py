"""Every request this service makes carries the trace context of what it is made for (W3C Trace Context)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from consent_service.audit.heads.outgoing import post
from consent_service.foundation.tracing import outgoing_headers, tracing

PACKAGE = Path(__file__).resolve().parents[1] / "consent_service"
CLIENTS = re.compile(r"\b(httpx2?\.(Async)?Client|AsyncOAuth2Client|requests\.Session|urlopen)\(")
SENDING = {
    "audit/heads/outgoing.py",  # below
    "demo/story/visitor.py",  # people with browsers, who send none
    "identity/oidc.py",  # tests/identity/test_oidc.py
    "identity/provider_http.py",  # the same
    "keyring/providers/transit_line.py",  # tests/keyring/providers/test_transit.py
}


def test_requests_are_sent_from_exactly_these_modules() -> None:
    """A new one takes `outgoing_headers`, and a test of its own that they arrive."""
    found = {
        str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if CLIENTS.search(path.read_text())
    }
    assert found == SENDING


async def test_witnesses_and_time_stamp_authorities_are_told_the_chain() -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with tracing([(b"traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01")]):
            assert (await post(f"http://127.0.0.1:{port}/", b"head", kind="text/plain")).status == 200
            expected = outgoing_headers()["traceparent"]
    (request,) = heard
    assert f"traceparent: {expected}\r\n".encode() in request
    assert b"00-" + b"1" * 32 in request
