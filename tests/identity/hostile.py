"""An OpenID Provider that says whatever a test makes it say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from joserfc.jwk import RSAKey
from litestar import Litestar, Request, Response, route

from consent_service.foundation.clock import Clock
from tests.identity.factories import make_claims, make_token, rsa_key
from tests.identity.serving import free_port, served


class HostileProvider:
    """Set an attribute and the next answer has it."""

    def __init__(self, issuer: str, clock: Clock) -> None:
        self.issuer = issuer
        self.clock = clock
        self.published: list[RSAKey] = [rsa_key()]
        self.unreadable: list[dict[str, str]] = []
        self.statuses: dict[str, int] = {}
        self.signer = rsa_key()
        self.algorithm = "PS256"
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.token_answer: Response[bytes] | None = None
        self.userinfo: dict[str, Any] = {}
        self.fetched: list[str] = []
        self.traced: list[tuple[str, str]] = []
        self.forms: list[Mapping[str, str]] = []

    def answer(self, path: str, nonce: str) -> Response[bytes]:
        if path in self.statuses:
            return as_json({}, self.statuses[path])
        if path == "/.well-known/openid-configuration":
            return as_json(self._metadata())
        if path == "/jwks":
            readable = [key.as_dict(private=False) for key in self.published]
            return as_json({"keys": [*self.unreadable, *readable]})
        if path == "/userinfo":
            same = {**make_claims(self.clock.now()), **self.claims}["sub"]
            return as_json(self.userinfo or {"sub": same})
        if self.token_answer is not None:
            return self.token_answer
        claims = make_claims(self.clock.now(), **{"iss": self.issuer, "nonce": nonce, **self.claims})
        token = make_token(claims, self.signer, self.algorithm)
        return as_json({"id_token": token, "access_token": "access", "token_type": "Bearer"})

    def _metadata(self) -> dict[str, Any]:
        paths = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "jwks",
            "userinfo_endpoint": "userinfo",
        }
        known = {name: f"{self.issuer}/{path}" for name, path in paths.items()}
        return {"issuer": self.issuer, **known, **self.metadata}


def as_json(content: object, status: int = 200, **headers: str) -> Response[bytes]:
    body = msgspec.json.encode(content)
    return Response(body, media_type="application/json", status_code=status, headers=headers)


@route(["/", "/{path:path}"], http_method=["GET", "POST"])
async def _everything(request: Request[Any, Any, Any]) -> Response[bytes]:
    provider: HostileProvider = request.app.state.provider
    path = request.url.path
    provider.fetched.append(path)
    provider.traced.append((request.headers.get("traceparent", ""), request.headers.get("tracestate", "")))
    if request.method == "POST":
        provider.forms.append({name: str(value) for name, value in (await request.form()).items()})
    return provider.answer(path, request.app.state.nonce)


@asynccontextmanager
async def hostile_provider(clock: Clock, nonce: str) -> AsyncIterator[HostileProvider]:
    port = free_port()
    provider = HostileProvider(f"http://127.0.0.1:{port}", clock)
    app = Litestar([_everything], openapi_config=None, logging_config=None)
    app.state.provider = provider
    app.state.nonce = nonce
    async with served(app, port):
        yield provider
