"""Stands between the service and the certified provider, and changes what either says.

In a thread of its own, so that one proxy and one provider serve a whole module of tests. What it signs, it
signs with a key of its own, which the service knows only when `publish` was called.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws

from tests.identity.factories import rsa_key

Change = Callable[[bytes], bytes]
KEPT = ("content-type", "location", "set-cookie", "cache-control")
ATTACKER = "attacker"
BACKCHANNEL = "/test/backchannel"


class TamperingProxy:
    """Set `answers` or `requests` for a path, and the next ones are changed."""

    def __init__(self) -> None:
        self.upstream = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.forget()

    def forget(self) -> None:
        """Honest again."""
        self.answers: dict[str, Change] = {}
        self.requests: dict[str, Change] = {}
        self.id_tokens: list[str] = []
        self.logout_tokens: list[str] = []
        self.deliver: Callable[[str], int] = lambda _token: 200

    def publish(self) -> None:
        """The provider's key set holds the attacker's key too: what he signs is then the provider's word."""

        def with_his(body: bytes) -> bytes:
            keys = json.loads(body)
            keys["keys"].append(rsa_key(ATTACKER).as_dict(private=False))
            return json.dumps(keys).encode()

        self.answers["/jwks"] = with_his

    def forge(self, header: dict[str, Any] | None = None, **changed: Any) -> None:
        """Every ID token says something else from now on; None leaves a claim out."""

        def forged(body: bytes) -> bytes:
            answer = json.loads(body)
            if "id_token" in answer:
                answer["id_token"] = signed({**claims_of(answer["id_token"]), **changed}, **(header or {}))
            return json.dumps(answer).encode()

        self.answers["/token"] = forged

    def change_form(self, path: str, **changed: str) -> None:
        """What the service posts there arrives with other values."""

        def with_others(body: bytes) -> bytes:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return urlencode({**form, **changed}).encode()

        self.requests[path] = with_others

    def forwarded(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the provider answers, changed where a test wants it."""
        path = urlsplit(target).path
        body = self.requests.get(path, bytes)(body)
        headers = {**headers, "content-length": str(len(body))}
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=60)
        try:
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if path == "/token" and b"id_token" in content:
            self.id_tokens.append(json.loads(content)["id_token"])
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() in KEPT]
        return answer.status, kept, self.answers.get(path, bytes)(content)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, without a look at its signature."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def signed(claims: dict[str, Any], *, alg: str = "PS256", kid: str = "", typ: str = "JWT") -> str:
    """A token by the attacker: signed with his key, not at all, or with a public key as if it were secret."""
    claims = {name: value for name, value in claims.items() if value is not None}
    key = rsa_key(ATTACKER)
    header = {"alg": alg, "kid": kid or key.kid, "typ": typ}
    body = json.dumps(claims).encode()
    if alg in ("PS256", "RS256"):
        return jws.serialize_compact(header, body, key, algorithms=[alg])
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), body)]
    text = b".".join(parts)
    digest = hmac.digest(key.as_pem(private=False), text, hashlib.sha256) if alg == "HS256" else b""
    return b".".join((text, base64.urlsafe_b64encode(digest).rstrip(b"="))).decode()


@contextmanager
def tampering_proxy() -> Iterator[TamperingProxy]:
    """The proxy, listening; its `upstream` is still to be set."""
    proxy = TamperingProxy()
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        thread.join()
        proxy.server.server_close()


def _handler(proxy: TamperingProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

        def _answer(self, body: bytes) -> None:
            if self.path == BACKCHANNEL:
                token = parse_qs(body.decode())["logout_token"][0]
                proxy.logout_tokens.append(token)
                self._send(proxy.deliver(token), [], b"")
            else:
                sent = {name.lower(): value for name, value in self.headers.items()}
                self._send(*proxy.forwarded(self.command, self.path, sent, body))

        def _send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    return Handler
