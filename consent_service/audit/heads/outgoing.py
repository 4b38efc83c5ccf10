"""One question over HTTP to somebody who vouches for heads: how long it may take, how much may come back.

Nothing secret is sent: heads of the log, hashes, and no ids of anybody. What is asked is `witness` and
`timestamps`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from consent_service.foundation.errors import UnavailableError
from consent_service.foundation.tracing import outgoing_headers

LIMIT: Final = 10.0
"""Seconds for one question, from first to last byte."""
MOST_BYTES: Final = 64 * 1024
"""Of one answer; a cosignature has two hundred, a time stamp with its certificates five thousand."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came back; `kind` is its media type, without parameters."""

    status: int
    kind: str
    body: bytes


class NoAnswerError(UnavailableError):
    """Nobody answered in time, or what came was too large or no HTTP."""

    code = "no_answer"


def is_safe_address(address: str) -> bool:
    """Whether this is an https address, or an http one on this very machine."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or port == 0 or parts.username is not None or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


async def post(
    address: str, body: bytes, *, kind: str, ca_file: Path | None = None, seconds: float = LIMIT
) -> Answer:
    """Send `body` and wait for the answer, whatever its status; redirects are not followed.

    Args:
        kind: the media type of `body`.
        ca_file: who may have signed the certificate of the server; None: a public authority.

    Raises:
        NoAnswerError: the server is away, too slow, not trusted, or answers too much.
    """
    headers = {"content-type": kind, "accept-encoding": "identity", **outgoing_headers()}
    try:
        trust = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
        async with (
            asyncio.timeout(seconds),
            httpx2.AsyncClient(verify=trust, trust_env=False, timeout=seconds) as client,
            client.stream("POST", address, content=body, headers=headers) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise NoAnswerError("the answer is packed in a way nobody asked for")
            return Answer(answer.status_code, _media_type(answer), await _read(answer))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as failure:
        raise NoAnswerError(f"no answer ({type(failure).__name__})") from failure


async def _read(answer: httpx2.Response) -> bytes:
    body = b""
    async for part in answer.aiter_raw():
        body += part
        if len(body) > MOST_BYTES:
            raise NoAnswerError("the answer is too large")
    return body


def _media_type(answer: httpx2.Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
