"""The line to a transit server for one question: how long it may take, and how much may come back.

Time limits of HTTP libraries count per read, and they take in whatever comes. Here all calls of one
question share one end, and one answer has at most `MOST_BYTES`, so that a server that sends a byte a
second, or without end, keeps neither a thread nor memory. What is asked is `keyring.providers.transit`.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final

import hvac
import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import BaseHTTPResponse

from consent_service.keyring.secret import Secret

MOST_BYTES: Final = 1 << 20
"""Of one answer, with its headers; a list of 20,000 keys has less."""


class Place(msgspec.Struct, frozen=True):
    """Which server, where its transit engine is mounted, and what the keys are called."""

    url: str
    mount: str
    name: str
    ca_file: Path | None
    """None: the public authorities."""


class TransitLine:
    """What one question is asked through; `until` is on the clock `time.monotonic`.

    `trace` are the headers that say for which chain of requests it is asked (`foundation.tracing`); they
    are given, because the thread in which a question is asked belongs to none.
    """

    def __init__(
        self, place: Place, token: Secret, until: float, trace: Mapping[str, str] | None = None
    ) -> None:
        self._place = place
        self._token = token
        self._until = until
        self._trace = trace or {}

    def call(self, what: str, **given: object) -> object:
        """One call over a connection of its own: a session is not shared between threads or with a child.

        Raises:
            TimeoutError: the time of the question is over.
            RequestException, VaultError: whatever the libraries say.
        """
        with requests.Session() as session:
            session.trust_env = False  # no proxy, no .netrc and no other trust than what is set here
            session.verify = str(self._place.ca_file) if self._place.ca_file else True
            session.headers["Accept-Encoding"] = "identity"
            session.headers.update(self._trace)
            session.mount("http://", _Bounded(self._until))
            session.mount("https://", _Bounded(self._until))
            client = hvac.Client(
                url=self._place.url,
                token=self._token.reveal().decode("ascii"),
                session=session,
                timeout=_left(self._until),
                allow_redirects=False,  # the token and keys go to this server only
            )
            answer: object = getattr(client.secrets.transit, what)(mount_point=self._place.mount, **given)
            return answer


class _Bounded(HTTPAdapter):
    """Connections whose answers are read until a time, and up to a size."""

    def __init__(self, until: float) -> None:
        self._until = until
        super().__init__()

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str,
        proxies: dict[str, str] | None = None,
        cert: Any = None,
    ) -> HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        pool.ConnectionCls = _bounded(pool.ConnectionCls, self._until)
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        response = super().build_response(req, resp)
        response.encoding = "utf-8"  # guessing takes seconds for what is no text
        return response


def _bounded(connection: Any, until: float) -> Any:
    return type("Bounded", (connection,), {"response_class": partial(_Answer, until=until)})


class _Answer(HTTPResponse):
    """An answer as it is sent: what unpacks to more than it says is refused."""

    def __init__(self, sock: socket.socket, *given: Any, until: float, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        self.fp = io.BufferedReader(_Read(self.fp.detach(), sock, until))

    def begin(self) -> None:
        super().begin()
        if self.getheader("Content-Encoding", "identity") != "identity":
            raise HTTPException("the server sends what was not asked for")


class _Read(io.RawIOBase):
    """What comes from a socket, until a time and up to a size."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw = raw
        self._sock = sock
        self._until = until
        self._room = MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(_left(self._until))
        count: int | None = self._raw.readinto(buffer)
        self._room -= count or 0
        if self._room < 0:
            raise HTTPException("the server sends more than an answer has")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time of the question is over")
    return left
