"""Talking to an OpenID Provider: where to send the browser, and what its answer is worth.

Authorization code flow with PKCE (RFC 7636, S256), `private_key_jwt` (RFC 7523) or a client secret,
issuer identification (RFC 9207), discovery and key rollover. The checks of the ID token itself are
`identity.id_token`; who may log in, and the log, are `identity.service`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets as random
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import httpx2
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_qs, add_params_to_uri
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, RSAKey

from consent_service.foundation.clock import Clock
from consent_service.identity.id_token import (
    Expected,
    Verified,
    fitting_key,
    unverified_header,
    verify_id_token,
)
from consent_service.identity.model import LoginRefused
from consent_service.identity.providers import Provider, is_provider_address
from consent_service.identity.secrets import ProviderSecrets

T = TypeVar("T")

CACHE_FOR = timedelta(hours=1)
REFETCH_AFTER = timedelta(seconds=60)
"""An unknown key id makes us fetch the keys again, at most once in this time."""
TIMEOUT = httpx2.Timeout(10.0)
LARGEST_ANSWER = 256 * 1024
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class LoginSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One login under way. The browser's cookie is the only copy; state, nonce and verifier follow from it.

    So the database holds nothing that could finish a login, and another browser cannot finish it.
    """

    cookie: str

    @classmethod
    def fresh(cls) -> LoginSecret:
        """256 random bits."""
        return cls(random.token_urlsafe(32))

    @property
    def state(self) -> str:
        return self._derived(b"state/v1")

    @property
    def nonce(self) -> str:
        return self._derived(b"nonce/v1")

    @property
    def verifier(self) -> str:
        """The PKCE code verifier: 43 characters, RFC 7636 section 4.1."""
        return self._derived(b"pkce/v1")

    def _derived(self, purpose: bytes) -> str:
        digest = hmac.digest(self.cookie.encode(errors="replace"), purpose, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def __repr__(self) -> str:
        return "LoginSecret(...)"


class Callback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query with which the provider sent the browser back; nothing in it is proved."""

    state: str = ""
    code: str = ""
    iss: str = ""
    error: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Callback:
        """Only the parameters we know."""
        return cls(**{name: query.get(name, "") for name in cls.__struct_fields__})


class Identified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who the provider says is there. `subject` is personal: turn it into a digest and drop it."""

    subject: str
    acr: str
    authenticated_at: datetime

    def __repr__(self) -> str:
        return "Identified(...)"


class _Metadata(msgspec.Struct, frozen=True):
    """What discovery publishes and we use; a provider publishes more."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False


class _KeySet(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, object], ...]


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


class _Cached(msgspec.Struct, Generic[T], frozen=True):
    value: T
    at: datetime


class _AwayError(Exception):
    """The provider does not answer, or not in a way we can read."""


class OpenIdConnect:
    """All providers of this process, with what they published in the last hour.

    Providers are reached directly: a proxy from the environment is not used.
    """

    def __init__(self, clock: Clock, *, public_origin: str, loopback_allowed: bool) -> None:
        self._clock = clock
        self._origin = public_origin
        self._loopback_allowed = loopback_allowed
        self._metadata: dict[str, _Cached[_Metadata]] = {}
        self._keys: dict[str, _Cached[tuple[Key, ...]]] = {}
        self._fetching = asyncio.Lock()

    def redirect_address(self, provider_id: str) -> str:
        """Where this provider sends the browser back: one address per provider, against mix-up."""
        return f"{self._origin}/inloggen/{provider_id}/terug"

    async def authorization_address(
        self, provider: Provider, secret: LoginSecret, *, max_age: int | None
    ) -> str | LoginRefused:
        """Where to send the browser so that the person can log in."""
        try:
            metadata = await self._discover(provider.issuer)
        except _AwayError:
            return LoginRefused("provider_unavailable")
        rules = provider.rules
        extra: dict[str, str] = {"nonce": secret.nonce}
        if max_age is not None:
            extra["max_age"] = str(max_age)
        if rules.minimum_acr:
            extra["acr_values"] = " ".join(rules.acr_order[rules.acr_order.index(rules.minimum_acr) :])
        async with self._client(provider) as client:
            address, _state = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=secret.state,
                code_verifier=secret.verifier,
                redirect_uri=self.redirect_address(provider.id),
                scope=" ".join(rules.scopes),
                **extra,
            )
        return str(address)

    async def identify(
        self,
        provider: Provider,
        secrets: ProviderSecrets,
        callback: Callback,
        secret: LoginSecret,
        *,
        max_age: int | None,
    ) -> Identified | LoginRefused:
        """Exchange the code and check everything that comes back.

        1. issuer of the answer, 2. the provider's own refusal, 3. code for tokens, 4. ID token,
        5. user info when configured, 6. the claim by which staff are linked.
        """
        try:
            metadata = await self._discover(provider.issuer)
            refused = _refused_answer(callback, metadata)  # 1, 2
            if refused is not None:
                return refused
            tokens = await self._redeem(provider, secrets, callback.code, secret, metadata)  # 3
            if isinstance(tokens, LoginRefused):
                return tokens
            verified = await self._verified(provider, tokens, secret, metadata, max_age)  # 4
            if isinstance(verified, LoginRefused):
                return verified
            claims = await self._with_userinfo(provider, verified, tokens, metadata)  # 5
        except _AwayError:
            return LoginRefused("provider_unavailable")
        if isinstance(claims, LoginRefused):
            return claims
        subject = _linking_subject(claims, provider.rules.subject_claim)  # 6
        if not subject:
            return LoginRefused("subject_missing")
        return Identified(subject, verified.claims.acr, verified.authenticated_at)

    async def logout_address(self, provider: Provider, *, return_to: str) -> str | None:
        """Where to send the browser to end the session at the provider too; None when it has no such place.

        OpenID Connect RP-Initiated Logout 1.0. We keep no ID token, so there is no `id_token_hint`.
        """
        try:
            metadata = await self._discover(provider.issuer)
        except _AwayError:
            return None
        if not metadata.end_session_endpoint:
            return None
        query = (("client_id", provider.client_id), ("post_logout_redirect_uri", self._origin + return_to))
        return str(add_params_to_uri(metadata.end_session_endpoint, query))

    async def _redeem(
        self,
        provider: Provider,
        secrets: ProviderSecrets,
        code: str,
        secret: LoginSecret,
        metadata: _Metadata,
    ) -> _Tokens | LoginRefused:
        async with self._client(provider, secrets) as client:
            if provider.auth_method == "private_key_jwt":
                assertion = self._client_assertion(provider, secrets, metadata)
                client.register_client_auth_method(("private_key_jwt", assertion))
            try:
                answer = await client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=secret.verifier,
                    redirect_uri=self.redirect_address(provider.id),
                )
                return msgspec.convert(dict(answer), _Tokens)
            except AuthlibBaseError:
                return LoginRefused("code_refused")
            except msgspec.ValidationError:
                return LoginRefused("token_malformed")
            except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as failure:
                raise _AwayError from failure

    def _client_assertion(
        self, provider: Provider, secrets: ProviderSecrets, metadata: _Metadata
    ) -> _ClientAssertion:
        to_issuer = provider.rules.assertion_audience == "issuer"
        now = int(self._clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": provider.client_id,
            "sub": provider.client_id,
            "aud": metadata.issuer if to_issuer else metadata.token_endpoint,
            "jti": random.token_urlsafe(32),
            "iat": now,
            "exp": now + 60,
        }
        key = RSAKey.import_key(msgspec.json.decode(secrets.credential, type=dict[str, str | list[str]]))
        header = {"alg": "PS256", "kid": key.kid}
        return _ClientAssertion(jwt.encode(header, claims, key, algorithms=["PS256"]))

    async def _verified(
        self,
        provider: Provider,
        tokens: _Tokens,
        secret: LoginSecret,
        metadata: _Metadata,
        max_age: int | None,
    ) -> Verified | LoginRefused:
        header = unverified_header(tokens.id_token)
        if header is None:
            return LoginRefused("token_malformed")
        if header.alg not in provider.rules.algorithms:
            return LoginRefused("algorithm_not_allowed")
        key = fitting_key(await self._provider_keys(metadata), header)
        if key is None:  # rolled over, perhaps
            key = fitting_key(await self._provider_keys(metadata, again=True), header)
        if key is None:
            return LoginRefused("key_unknown")
        expected = Expected(
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=secret.nonce,
            algorithms=provider.rules.algorithms,
            max_age=max_age,
            acr_order=provider.rules.acr_order,
            minimum_acr=provider.rules.minimum_acr,
        )
        now = self._clock.now()
        return verify_id_token(tokens.id_token, key, expected, now=now, access_token=tokens.access_token)

    async def _with_userinfo(
        self, provider: Provider, verified: Verified, tokens: _Tokens, metadata: _Metadata
    ) -> Mapping[str, object] | LoginRefused:
        """The signed claims, completed with those of the user info endpoint about the same subject."""
        if not provider.rules.ask_userinfo:
            return verified.signed
        headers = {"authorization": f"Bearer {tokens.access_token}"}
        more = await self._fetch(metadata.userinfo_endpoint, dict[str, object], headers)
        if more.get("sub") != verified.claims.sub:
            return LoginRefused("subject_differs")
        return {**more, **verified.signed}

    async def _discover(self, issuer: str) -> _Metadata:
        cached = self._metadata.get(issuer)
        if cached is not None and self._clock.now() - cached.at < CACHE_FOR:
            return cached.value
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        metadata = await self._fetch(address, _Metadata)
        if metadata.issuer != issuer:
            raise _AwayError
        endpoints = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        optional = (metadata.userinfo_endpoint, metadata.end_session_endpoint)
        for endpoint in (*endpoints, *filter(None, optional)):
            self._refuse_unsafe(endpoint)
        self._metadata[issuer] = _Cached(metadata, self._clock.now())
        return metadata

    async def _provider_keys(self, metadata: _Metadata, *, again: bool = False) -> tuple[Key, ...]:
        """The provider's keys; `again` refetches, unless that was done a moment ago."""
        patience = REFETCH_AFTER if again else CACHE_FOR
        async with self._fetching:
            cached = self._keys.get(metadata.issuer)
            if cached is not None and self._clock.now() - cached.at < patience:
                return cached.value
            published = await self._fetch(metadata.jwks_uri, _KeySet)
            readable = (_readable_key(one) for one in published.keys)
            keys = tuple(key for key in readable if key is not None)
            self._keys[metadata.issuer] = _Cached(keys, self._clock.now())
            return keys

    def _refuse_unsafe(self, address: str) -> None:
        if not is_provider_address(address.partition("?")[0], loopback_allowed=self._loopback_allowed):
            raise _AwayError

    async def _fetch(self, address: str, kind: type[T], headers: Mapping[str, str] | None = None) -> T:
        self._refuse_unsafe(address)
        try:
            async with httpx2.AsyncClient(transport=_SmallAnswers(), timeout=TIMEOUT) as client:
                answer = await client.get(address, headers={"accept": "application/json", **(headers or {})})
            if answer.status_code != 200:
                raise _AwayError
            return msgspec.json.decode(answer.content, type=kind)
        except (httpx2.HTTPError, httpx2.InvalidURL, msgspec.DecodeError, UnicodeError) as failure:
            raise _AwayError from failure

    def _client(self, provider: Provider, secrets: ProviderSecrets | None = None) -> AsyncOAuth2Client:
        by_secret = provider.auth_method == "client_secret"
        return AsyncOAuth2Client(
            client_id=provider.client_id,
            client_secret=secrets.credential if secrets is not None and by_secret else None,
            token_endpoint_auth_method="client_secret_basic" if by_secret else "private_key_jwt",
            code_challenge_method="S256",
            transport=_SmallAnswers(),
            timeout=TIMEOUT,
        )


class _ClientAssertion(msgspec.Struct, frozen=True):
    """Adds `private_key_jwt` to a token request, the way Authlib calls its authentication methods."""

    assertion: str

    def __call__(
        self, _auth: object, _method: str, uri: str, headers: object, body: str
    ) -> tuple[str, object, str]:
        added = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", self.assertion)]
        return uri, headers, add_params_to_qs(body, added)


class _SmallAnswers(httpx2.AsyncBaseTransport):
    """No answer of a provider is larger than 256 KiB or compressed; a bomb ends as a read error."""

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"
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


def _refused_answer(callback: Callback, metadata: _Metadata) -> LoginRefused | None:
    """RFC 9207: an answer of another issuer, or one that hides its issuer, is not read further."""
    if callback.iss and callback.iss != metadata.issuer:
        return LoginRefused("issuer_mismatch")
    if not callback.iss and metadata.authorization_response_iss_parameter_supported:
        return LoginRefused("issuer_mismatch")
    if callback.error:
        return LoginRefused("cancelled" if callback.error == "access_denied" else "provider_error")
    return None if callback.code else LoginRefused("provider_error")


def _linking_subject(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or len(value) > 255:
        return ""
    if name == "email" and claims.get("email_verified") is not True:
        return ""
    return comparable_subject(name, value)


def comparable_subject(claim: str, value: str) -> str:
    """A subject as it is linked: an e-mail address without regard to capitals, anything else exactly."""
    return value.strip().lower() if claim == "email" else value


def _readable_key(published: dict[str, object]) -> Key | None:
    """RFC 7517 section 5: a key that is not understood is passed over."""
    try:
        key = JWKRegistry.import_key({n: v for n, v in published.items() if isinstance(v, str)})
    except (JoseError, ValueError, KeyError):
        return None
    return None if key.key_type == "oct" or key.is_private else key
