"""One request to an OpenID Provider: small answers, no compression, no wait without end.

Providers are reached directly: a proxy from the environment is not used. What is asked, and what the
answer is worth, is `identity.published` and `identity.oidc`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import httpx2

from consent_service.foundation.tracing import outgoing_headers

TIMEOUT = httpx2.Timeout(10.0)
"""Of one connection, read or write."""
TOTAL_SECONDS = 10.0
"""Of one exchange from begin to end, however slowly it drips."""
LARGEST_ANSWER = 256 * 1024


class AwayError(Exception):
    """The provider does not answer, or not in a way we can read."""


class Fetched:
    """What a provider answered with status 200."""

    def __init__(self, content: bytes, media_type: str) -> None:
        self.content = content
        self.media_type = media_type


def within_limit() -> asyncio.Timeout:
    """No exchange with a provider takes longer; it ends as a `TimeoutError`."""
    return asyncio.timeout(TOTAL_SECONDS)


async def fetch(address: str, headers: Mapping[str, str] | None = None) -> Fetched:
    """GET an address that was found safe before.

    Raises:
        AwayError: no answer, too large a one, or another status than 200.
    """
    try:
        async with within_limit(), httpx2.AsyncClient(transport=SmallAnswers(), timeout=TIMEOUT) as client:
            answer = await client.get(address, headers={"accept": "application/json", **(headers or {})})
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError, TimeoutError) as failure:
        raise AwayError from failure
    if answer.status_code != 200:
        raise AwayError
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Fetched(answer.content, kind)


class SmallAnswers(httpx2.AsyncBaseTransport):
    """No answer of a provider is larger than 256 KiB or compressed; a bomb ends as a read error.

    Each request carries the trace context of what it is made for.
    """

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"
        request.headers.update(outgoing_headers())
        answer = await self._inner.handle_async_request(request)
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            raise httpx2.ReadError("a compressed answer", request=request)
        if not isinstance(answer.stream, httpx2.AsyncByteStream):
            raise httpx2.ReadError("not a stream", request=request)
        answer.stream = _Capped(answer.stream, request)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Capped(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, request: httpx2.Request) -> None:
        self._inner = inner
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = LARGEST_ANSWER
        async for chunk in self._inner:
            left -= len(chunk)
            if left < 0:
                raise httpx2.ReadError("an answer too large", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
