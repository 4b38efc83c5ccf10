"""An OpenID Provider for the demo: "choose who you are", on this machine only.

It asks no password, so it binds to loopback, answers loopback only and refuses anything else. Towards
the service it behaves as a real provider (OpenID Connect Core 1.0, PKCE, `private_key_jwt`, RFC 9207),
so that the demo logs in along the same path as production. The invented people are passed in.
"""

from __future__ import annotations

import base64
import hashlib
import html
import ipaddress
import secrets as random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, RSAKey
from litestar import Litestar, Request, Response, get, route
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConfigurationError
from consent_service.identity.levels import DEMO_LEVELS

DEMO_LEVEL = f"{DEMO_LEVELS}gekozen"
"""The level of assurance of a login without a password: not one that anybody should ask for."""
SCHOOL_CLAIM = "establishment"
CODE_LASTS = timedelta(seconds=60)
PAGE_LASTS = timedelta(minutes=30)
TOKEN_LASTS = timedelta(minutes=5)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

AnyRequest = Request[Any, Any, Any]


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invented person one can be. `subject` is what the service links to a member of staff."""

    subject: str
    name: str
    role: str
    level: str = DEMO_LEVEL
    school: str = ""
    """The establishment code of the school one works at; told in the claim `SCHOOL_CLAIM`."""


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service that may send people here. `public_key` is its JWK as JSON."""

    client_id: str
    public_key: str
    redirect_uris: frozenset[str]
    after_logout: frozenset[str] = frozenset()


class _Asked(msgspec.Struct, frozen=True):
    """A valid authorization request that waits for a choice."""

    client: Client
    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    until: datetime


class _Grant(msgspec.Struct, frozen=True):
    asked: _Asked
    person: Person
    chosen_at: datetime
    until: datetime
    sid: str
    """Each choice is a session of its own."""


class _RefusedError(Exception):
    """An OAuth error (RFC 6749 sections 4.1.2.1 and 5.2)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DemoProvider:
    """All state of the provider, in memory.

    Raises:
        ConfigurationError: the issuer is not an http address on loopback.
    """

    def __init__(
        self,
        *,
        issuer: str,
        people: tuple[Person, ...],
        clients: tuple[Client, ...],
        clock: Clock,
        algorithm: Literal["PS256", "RS256"] = "PS256",
    ) -> None:
        parts = urlsplit(issuer)
        if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
            raise ConfigurationError("the demo provider's address must look like http://127.0.0.1:8081")
        self.issuer = issuer
        self.host = parts.netloc
        self.people = {person.subject: person for person in people}
        self.clients = {client.client_id: client for client in clients}
        self.clock = clock
        self.algorithm = algorithm
        self.key = RSAKey.generate_key(2048, {"use": "sig", "alg": algorithm}, auto_kid=True)
        self._asked: dict[str, _Asked] = {}
        self._grants: dict[str, _Grant] = {}
        self._access: dict[str, _Grant] = {}
        self._used_codes: dict[str, str] = {}
        self._assertions: dict[str, float] = {}

    # --- the protocol ------------------------------------------------------------------------

    def metadata(self) -> dict[str, object]:
        """OpenID Connect Discovery 1.0 section 3."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/end-session",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid"],
            "claims_supported": ["sub", "acr", "auth_time", "sid", SCHOOL_CLAIM],
            "acr_values_supported": sorted({person.level for person in self.people.values()}),
            "id_token_signing_alg_values_supported": [self.algorithm],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["PS256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def client_of(self, query: Mapping[str, str]) -> Client | None:
        """The client that asks, if the browser may be sent back to where it says."""
        client = self.clients.get(query.get("client_id", ""))
        if client is None or query.get("redirect_uri", "") not in client.redirect_uris:
            return None
        return client

    def ask(self, client: Client, query: Mapping[str, str]) -> str:
        """Keep an authorization request; the id under which a choice finds it again.

        Raises:
            _RefusedError: to be told to the client.
        """
        if query.get("response_type") != "code":
            raise _RefusedError("unsupported_response_type")
        if query.get("response_mode", "query") != "query" or "request" in query:
            raise _RefusedError("invalid_request")
        if "openid" not in query.get("scope", "").split():
            raise _RefusedError("invalid_scope")
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            raise _RefusedError("invalid_request")
        if not query.get("nonce") or not query.get("state"):
            raise _RefusedError("invalid_request")
        if query.get("prompt") == "none":
            raise _RefusedError("login_required")
        ticket = random.token_urlsafe(32)
        self._asked[ticket] = _Asked(
            client,
            query["redirect_uri"],
            query["state"],
            query["nonce"],
            query["code_challenge"],
            self.clock.now() + PAGE_LASTS,
        )
        return ticket

    def choose(self, ticket: str, subject: str) -> str | None:
        """Where to send the browser now that somebody chose who to be; None: ask again from the start."""
        asked = self._asked.pop(ticket, None)
        if asked is None or asked.until <= self.clock.now():
            return None
        person = self.people.get(subject)
        if person is None:
            return self.answer(asked.redirect_uri, asked.state, {"error": "access_denied"})
        code, now = random.token_urlsafe(32), self.clock.now()
        self._grants[code] = _Grant(asked, person, now, now + CODE_LASTS, random.token_urlsafe(16))
        return self.answer(asked.redirect_uri, asked.state, {"code": code})

    def answer(self, redirect_uri: str, state: str, outcome: dict[str, str]) -> str:
        """An authorization response that names its issuer (RFC 9207)."""
        return f"{redirect_uri}?{urlencode({**outcome, 'state': state, 'iss': self.issuer})}"

    def tokens(self, form: Mapping[str, str]) -> dict[str, object]:
        """Exchange a code, once.

        Raises:
            _RefusedError: to be told to the client.
        """
        client = self._authenticated(form)
        if form.get("grant_type") != "authorization_code":
            raise _RefusedError("unsupported_grant_type")
        code = form.get("code", "")
        grant = self._grants.pop(code, None)
        if grant is None:
            self._access.pop(self._used_codes.get(code, ""), None)  # RFC 6749 section 4.1.2: revoke
            raise _RefusedError("invalid_grant")
        asked = grant.asked
        fits = (
            asked.client.client_id == client.client_id
            and form.get("redirect_uri") == asked.redirect_uri
            and _s256(form.get("code_verifier", "")) == asked.challenge
            and self.clock.now() < grant.until
        )
        if not fits:
            raise _RefusedError("invalid_grant")
        access = random.token_urlsafe(32)
        self._used_codes[code] = access
        self._access[access] = grant
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LASTS.total_seconds()),
            "scope": "openid",
            "id_token": self._id_token(grant, access),
        }

    def userinfo(self, access: str) -> dict[str, str] | None:
        """What is known of the person an access token was given for."""
        grant = self._access.get(access)
        if grant is None or self.clock.now() >= grant.chosen_at + TOKEN_LASTS:
            return None
        return {"sub": grant.person.subject, "name": grant.person.name}

    def _authenticated(self, form: Mapping[str, str]) -> Client:
        """RFC 7523 section 3: signed by the client, for us, still valid, never seen before."""
        client = self.clients.get(form.get("client_id", "") or _unverified_issuer(form))
        if client is None or form.get("client_assertion_type") != ASSERTION_TYPE:
            raise _RefusedError("invalid_client")
        key = JWKRegistry.import_key(msgspec.json.decode(client.public_key))
        try:
            claims = jwt.decode(form.get("client_assertion", ""), key, algorithms=["PS256"]).claims
        except (JoseError, ValueError) as failure:
            raise _RefusedError("invalid_client") from failure
        now = self.clock.now().timestamp()
        audience, jti, until = claims.get("aud"), claims.get("jti"), claims.get("exp")
        ours = audience in (self.issuer, f"{self.issuer}/token")
        parties = claims.get("iss") == claims.get("sub") == client.client_id
        if not (parties and ours and isinstance(jti, str) and jti not in self._assertions):
            raise _RefusedError("invalid_client")
        if not isinstance(until, int) or not now < until <= now + 600:
            raise _RefusedError("invalid_client")
        self._assertions = {known: end for known, end in self._assertions.items() if end > now}
        self._assertions[jti] = until
        return client

    def _id_token(self, grant: _Grant, access: str) -> str:
        now = self.clock.now()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": grant.person.subject,
            "aud": grant.asked.client.client_id,
            "exp": int((now + TOKEN_LASTS).timestamp()),
            "iat": int(now.timestamp()),
            "auth_time": int(grant.chosen_at.timestamp()),
            "nonce": grant.asked.nonce,
            "acr": grant.person.level,
            "sid": grant.sid,
            "at_hash": _base64url(hashlib.sha256(access.encode()).digest()[:16]),
        }
        if grant.person.school:
            claims[SCHOOL_CLAIM] = [grant.person.school]
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])

    # --- the application ---------------------------------------------------------------------

    def app(self) -> Litestar:
        """The provider as an ASGI application that answers this machine only."""
        handlers = [_discovery, _jwks, _authorize, _choose, _token, _userinfo, _end_session, _style]
        app = Litestar(handlers, middleware=[_only_this_machine], openapi_config=None, logging_config=None)
        app.state.provider = self
        return app

    def server(self, port: int, *, host: str = "127.0.0.1") -> Server:
        """A server for inside a running event loop: `await server.serve()`, later `server.stop()`.

        Raises:
            ConfigurationError: `host` is not loopback.
        """
        if not is_loopback(host):
            raise ConfigurationError("the demo provider binds to 127.0.0.1 only")
        return Server(self.app(), address=host, port=port, interface=Interfaces.ASGI, log_enabled=False)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's own loopback address; a name is not looked up, so never is."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _only_this_machine(app: ASGIApp) -> ASGIApp:
    """Refuse other machines, and names that were made to point here (DNS rebinding)."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            caller = scope["client"]
            request: AnyRequest = Request(scope)
            here = caller is not None and is_loopback(caller[0])
            if not here or request.headers.get("host") != _provider(request).host:
                refusal = _page("Niet hier", "<p>Deze proefpagina werkt alleen op deze computer.</p>", 403)
                await refusal.to_asgi_response(None, request)(scope, receive, send)
                return
        await app(scope, receive, send)

    return guarded


@get("/.well-known/openid-configuration", sync_to_thread=False)
def _discovery(request: AnyRequest) -> Response[bytes]:
    return _json(_provider(request).metadata())


@get("/jwks", sync_to_thread=False)
def _jwks(request: AnyRequest) -> Response[bytes]:
    return _json({"keys": [_provider(request).key.as_dict(private=False)]})


@route("/authorize", http_method=["GET", "POST"])
async def _authorize(request: AnyRequest) -> Response[bytes]:
    provider = _provider(request)
    query = await _form(request) if request.method == "POST" else dict(request.query_params.items())
    client = provider.client_of(query)
    if client is None:
        return _page("Dit klopt niet", "<p>De aanvraag komt niet van een dienst die wij kennen.</p>", 400)
    try:
        ticket = provider.ask(client, query)
    except _RefusedError as refused:
        error = {"error": refused.code}
        return _redirect(provider.answer(query["redirect_uri"], query.get("state", ""), error))
    return _page("Kies wie u bent", _choices(provider, ticket), origins=_origins(client))


@route("/kies", http_method=["POST"])
async def _choose(request: AnyRequest) -> Response[bytes]:
    form = await _form(request)
    address = _provider(request).choose(form.get("aanvraag", ""), form.get("wie", ""))
    if address is None:
        return _page("Te laat", "<p>Ga terug naar de dienst en log opnieuw in.</p>", 400)
    return _redirect(address)


@route("/token", http_method=["POST"])
async def _token(request: AnyRequest) -> Response[bytes]:
    try:
        return _json(_provider(request).tokens(await _form(request)))
    except _RefusedError as refused:
        return _json({"error": refused.code}, 401 if refused.code == "invalid_client" else 400)


@route("/userinfo", http_method=["GET", "POST"])
async def _userinfo(request: AnyRequest) -> Response[bytes]:
    scheme, _, access = request.headers.get("authorization", "").partition(" ")
    known = _provider(request).userinfo(access) if scheme.lower() == "bearer" else None
    return _json({"error": "invalid_token"}, 401) if known is None else _json(known)


@route("/end-session", http_method=["GET", "POST"])
async def _end_session(request: AnyRequest) -> Response[bytes]:
    """OpenID Connect RP-Initiated Logout 1.0; there is no session here to end, one chooses each time."""
    query = await _form(request) if request.method == "POST" else dict(request.query_params.items())
    client = _provider(request).clients.get(query.get("client_id", ""))
    address = query.get("post_logout_redirect_uri", "")
    if client is None or address not in client.after_logout:
        return _page("Uitgelogd", "<p>U bent uitgelogd.</p>")
    state = query.get("state")
    return _redirect(f"{address}?{urlencode({'state': state})}" if state else address)


@get("/stijl.css", sync_to_thread=False)
def _style() -> Response[bytes]:
    return Response(_STYLE.encode(), media_type="text/css; charset=utf-8", headers=_headers())


def _provider(request: AnyRequest) -> DemoProvider:
    provider: DemoProvider = request.app.state.provider
    return provider


async def _form(request: AnyRequest) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _choices(provider: DemoProvider, ticket: str) -> str:
    people = "".join(
        f'<li><button name="wie" value="{html.escape(person.subject)}"><strong>{html.escape(person.name)}'
        f"</strong><span>{html.escape(person.role)}</span></button></li>"
        for person in provider.people.values()
    )
    return (
        "<p>Dit is een proefomgeving. Iedereen hier is verzonnen, er is geen wachtwoord nodig.</p>"
        f'<form method="post" action="/kies"><input type="hidden" name="aanvraag" value="{ticket}">'
        f'<ul>{people}</ul><button name="wie" value="">Niet inloggen</button></form>'
    )


def _page(title: str, body: str, status: int = 200, *, origins: str = "") -> Response[bytes]:
    document = (
        '<!doctype html><html lang="nl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="/stijl.css"></head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )
    media = "text/html; charset=utf-8"
    return Response(document.encode(), media_type=media, status_code=status, headers=_headers(origins))


def _json(content: Mapping[str, object], status: int = 200) -> Response[bytes]:
    body = msgspec.json.encode(content)
    return Response(body, media_type="application/json", status_code=status, headers=_headers())


def _redirect(address: str) -> Response[bytes]:
    return Response(b"", status_code=303, headers={**_headers(), "location": address})


def _headers(form_origins: str = "") -> dict[str, str]:
    """The same strict rules as the service's pages; a form may end at the service that asked."""
    form_action = f"'self' {form_origins}".strip()
    return {
        "content-security-policy": (
            f"default-src 'none'; style-src 'self'; form-action {form_action}; frame-ancestors 'none'; "
            "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def _origins(client: Client) -> str:
    parts = (urlsplit(address) for address in client.redirect_uris)
    return " ".join(sorted({f"{part.scheme}://{part.netloc}" for part in parts}))


def _unverified_issuer(form: Mapping[str, str]) -> str:
    """RFC 7521 section 4.2: `client_id` may be left out; who it is, is in the assertion."""
    payload = form.get("client_assertion", "").split(".")[1:2]
    try:
        return str(msgspec.json.decode(base64.urlsafe_b64decode(f"{payload[0]}===")).get("iss", ""))
    except (IndexError, ValueError, AttributeError):
        return ""


def _s256(verifier: str) -> str:
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_STYLE = """
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-inline-size: 36rem; margin-inline: auto; padding: 1.5rem; }
ul { list-style: none; padding: 0; display: grid; gap: .75rem; }
button { font: inherit; min-block-size: 2.75rem; padding: .75rem 1rem; text-align: start; cursor: pointer; }
li button { inline-size: 100%; }
li span { display: block; }
button:focus-visible { outline: 3px solid; outline-offset: 3px; }
"""
