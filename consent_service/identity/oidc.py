"""Talking to an OpenID Provider: where to send the browser, and what its answer is worth.

Authorization code flow with PKCE (RFC 7636, S256), `private_key_jwt` (RFC 7523) or a client secret,
issuer identification (RFC 9207), logging out on both sides. What providers publish is `identity.published`;
the checks of the tokens themselves are `identity.id_token` and `identity.backchannel`; what the claims
say is `identity.claims`; who may log in, and the log, are `identity.service`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Iterable, Mapping

import httpx2
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_qs, add_params_to_uri
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import Key, RSAKey

from consent_service.foundation.clock import Clock
from consent_service.identity.backchannel import EndedThere, LogoutRefused, verify_logout_token
from consent_service.identity.claims import (
    Claims,
    Identified,
    claims_parameter,
    completed,
    identified,
    is_incomplete,
    levels_from,
)
from consent_service.identity.id_token import (
    Expected,
    UnverifiedHeader,
    Verified,
    fitting_key,
    unverified_header,
    verify_id_token,
    verify_userinfo,
)
from consent_service.identity.model import LoginRefused
from consent_service.identity.provider_http import TIMEOUT, AwayError, SmallAnswers, fetch, within_limit
from consent_service.identity.providers import AuthMethod, Provider
from consent_service.identity.published import Metadata, Published, as_json
from consent_service.identity.secrets import ProviderSecrets

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST: Mapping[str, int] = {"state": 100, "code": 4096, "iss": 300, "error": 100}
"""Characters of each parameter of an answer; a longer one is no answer of a provider."""
_NO_ANSWER = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    TimeoutError,
    ValueError,
    TypeError,
    OverflowError,
    RecursionError,
)
"""What an exchange ends with when the provider answers with something else than tokens, or not in time."""
_AWAY = frozenset({"temporarily_unavailable", "server_error"})
"""Refusals by which a provider says that it is the one that fails (RFC 6749 section 4.1.2.1)."""


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
    """The query with which the provider sent the browser back; nothing in it is proved.

    `malformed`: a parameter came twice (RFC 6749 section 3.1) or is longer than any provider makes it.
    """

    state: str = ""
    code: str = ""
    iss: str = ""
    error: str = ""
    malformed: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str] | Iterable[tuple[str, str]]) -> Callback:
        """Only the parameters we know."""
        pairs = query.items() if isinstance(query, Mapping) else query
        found: dict[str, str] = {}
        for name, value in pairs:
            if name not in LONGEST:
                continue
            if name in found or len(value) > LONGEST[name]:
                return cls(malformed=True)
            found[name] = value
        return msgspec.convert(found, cls)


class _Demand(msgspec.Struct, frozen=True):
    max_age: int | None
    levels: tuple[str, ...]


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


class OpenIdConnect:
    """All providers of this process, with what they published in the last hour."""

    def __init__(self, clock: Clock, *, public_origin: str, loopback_allowed: bool) -> None:
        self._clock = clock
        self._origin = public_origin
        self.published = Published(clock, loopback_allowed=loopback_allowed)

    def redirect_address(self, provider_id: str) -> str:
        """Where this provider sends the browser back: one address per provider, against mix-up."""
        return f"{self._origin}/inloggen/{provider_id}/terug"

    async def authorization_address(
        self,
        provider: Provider,
        secret: LoginSecret,
        *,
        max_age: int | None,
        levels: tuple[str, ...] = (),
    ) -> str | LoginRefused:
        """Where to send the browser so that the person can log in, at one of these `levels` if any."""
        try:
            metadata = await self.published.metadata(provider.issuer)
        except AwayError:
            return LoginRefused("provider_unavailable")
        rules = provider.rules
        extra: dict[str, str] = {"nonce": secret.nonce}
        if max_age is not None:
            extra["max_age"] = str(max_age)
        if asked_levels := levels or levels_from(rules):
            extra["acr_values"] = " ".join(asked_levels)
        if (asked := claims_parameter(rules, levels)) is not None:
            extra["claims"] = asked
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
        levels: tuple[str, ...] = (),
    ) -> Identified | LoginRefused:
        """Exchange the code and check everything that comes back.

        1. issuer of the answer, 2. the provider's own refusal, 3. code for tokens, 4. ID token,
        5. user info when it is needed, 6. what the claims say.
        """
        try:
            metadata = await self.published.metadata(provider.issuer)
            refused = _refused_answer(callback, metadata)  # 1, 2
            if refused is not None:
                return refused
            tokens = await self._redeem(provider, secrets, callback.code, secret, metadata)  # 3
            if isinstance(tokens, LoginRefused):
                return tokens
            verified = await self._verified(  # 4
                provider, tokens, secret, metadata, _Demand(max_age, levels)
            )
            if isinstance(verified, LoginRefused):
                return verified
            claims = await self._with_userinfo(provider, verified, tokens, metadata)  # 5
        except AwayError:
            return LoginRefused("provider_unavailable")
        if isinstance(claims, LoginRefused):
            return claims
        return identified(  # 6
            claims,
            provider.rules,
            acr=verified.claims.acr,
            authenticated_at=verified.authenticated_at,
        )

    async def ended_there(self, provider: Provider, token: str) -> EndedThere | LogoutRefused:
        """What a logout token of the back channel ends, when it may be believed.

        Raises:
            AwayError: the provider's keys cannot be fetched.
        """
        header = unverified_header(token)
        if header is None:
            return LogoutRefused("token_malformed")
        if header.alg not in provider.rules.algorithms:
            return LogoutRefused("algorithm_not_allowed")
        key = await self._key_of(await self.published.metadata(provider.issuer), header)
        if key is None:
            return LogoutRefused("key_unknown")
        return verify_logout_token(
            token,
            key,
            issuer=provider.issuer,
            client_id=provider.client_id,
            algorithms=provider.rules.algorithms,
            now=self._clock.now(),
        )

    async def logout_address(self, provider: Provider, *, return_to: str) -> str | None:
        """Where to send the browser to end the session at the provider too; None when it has no such place.

        OpenID Connect RP-Initiated Logout 1.0. We keep no ID token, so there is no `id_token_hint`.
        """
        try:
            metadata = await self.published.metadata(provider.issuer)
        except AwayError:
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
        metadata: Metadata,
    ) -> _Tokens | LoginRefused:
        async with self._client(provider, secrets) as client:
            if provider.auth_method == "private_key_jwt":
                assertion = self._client_assertion(provider, secrets, metadata)
                client.register_client_auth_method(("private_key_jwt", assertion))
            try:
                async with within_limit():
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
            except _NO_ANSWER as failure:
                raise AwayError from failure

    def _client_assertion(
        self, provider: Provider, secrets: ProviderSecrets, metadata: Metadata
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
        metadata: Metadata,
        demand: _Demand,
    ) -> Verified | LoginRefused:
        header = unverified_header(tokens.id_token)
        if header is None:
            return LoginRefused("token_malformed")
        if header.alg not in provider.rules.algorithms:
            return LoginRefused("algorithm_not_allowed")
        key = await self._key_of(metadata, header)
        if key is None:
            return LoginRefused("key_unknown")
        expected = Expected(
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=secret.nonce,
            algorithms=provider.rules.algorithms,
            max_age=demand.max_age,
            one_of=demand.levels,
            acr_order=provider.rules.acr_order,
            minimum_acr=provider.rules.minimum_acr,
        )
        now = self._clock.now()
        return verify_id_token(tokens.id_token, key, expected, now=now, access_token=tokens.access_token)

    async def _key_of(self, metadata: Metadata, header: UnverifiedHeader) -> Key | None:
        key = fitting_key(await self.published.keys(metadata), header)
        if key is None:  # rolled over, perhaps
            key = fitting_key(await self.published.keys(metadata, again=True), header)
        return key

    async def _with_userinfo(
        self, provider: Provider, verified: Verified, tokens: _Tokens, metadata: Metadata
    ) -> Claims | LoginRefused:
        """The signed claims, completed with those of the user info endpoint about the same subject.

        Where claims are refused it is asked for always: that somebody acts for another may stand only there.
        """
        needed = provider.rules.refused_claims or is_incomplete(verified.signed, provider.rules)
        if not provider.rules.ask_userinfo and not (metadata.userinfo_endpoint and needed):
            return verified.signed
        more = await self._userinfo(provider, tokens, metadata)
        if isinstance(more, LoginRefused):
            return more
        if more.get("sub") != verified.claims.sub:
            return LoginRefused("subject_differs")
        return completed(verified.signed, more)

    async def _userinfo(
        self, provider: Provider, tokens: _Tokens, metadata: Metadata
    ) -> Claims | LoginRefused:
        """OpenID Connect Core 1.0 section 5.3.2: JSON, or a JWT that the provider signed for us."""
        self.published.refuse_unsafe(metadata.userinfo_endpoint)
        headers = {
            "authorization": f"Bearer {tokens.access_token}",
            "accept": "application/json, application/jwt",
        }
        answer = await fetch(metadata.userinfo_endpoint, headers)
        if answer.media_type != "application/jwt":
            return as_json(answer.content, dict[str, object])
        token = answer.content.decode("ascii", errors="replace")
        header = unverified_header(token)
        if header is None:
            return LoginRefused("token_malformed")
        if header.alg not in provider.rules.algorithms:
            return LoginRefused("algorithm_not_allowed")
        key = await self._key_of(metadata, header)
        if key is None:
            return LoginRefused("key_unknown")
        return verify_userinfo(
            token,
            key,
            issuer=provider.issuer,
            client_id=provider.client_id,
            algorithms=provider.rules.algorithms,
            now=self._clock.now(),
        )

    def _client(self, provider: Provider, secrets: ProviderSecrets | None = None) -> AsyncOAuth2Client:
        by_secret = secrets is not None and provider.auth_method != "private_key_jwt"
        return AsyncOAuth2Client(
            client_id=provider.client_id,
            client_secret=secrets.credential if secrets is not None and by_secret else None,
            token_endpoint_auth_method=_SENT_AS[provider.auth_method],
            code_challenge_method="S256",
            transport=SmallAnswers(),
            timeout=TIMEOUT,
        )


_SENT_AS: Mapping[AuthMethod, str] = {
    "private_key_jwt": "private_key_jwt",
    "client_secret": "client_secret_basic",
    "client_secret_post": "client_secret_post",
}


class _ClientAssertion(msgspec.Struct, frozen=True):
    """Adds `private_key_jwt` to a token request, the way Authlib calls its authentication methods."""

    assertion: str

    def __call__(
        self, _auth: object, _method: str, uri: str, headers: object, body: str
    ) -> tuple[str, object, str]:
        added = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", self.assertion)]
        return uri, headers, add_params_to_qs(body, added)


def _refused_answer(callback: Callback, metadata: Metadata) -> LoginRefused | None:
    """RFC 9207: an answer of another issuer, or one that hides its issuer, is not read further."""
    if callback.iss and callback.iss != metadata.issuer:
        return LoginRefused("issuer_mismatch")
    if not callback.iss and metadata.authorization_response_iss_parameter_supported:
        return LoginRefused("issuer_mismatch")
    if callback.error == "access_denied":
        return LoginRefused("cancelled")
    if callback.error:
        return LoginRefused("provider_unavailable" if callback.error in _AWAY else "provider_error")
    return None if callback.code else LoginRefused("provider_error")
