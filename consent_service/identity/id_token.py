"""Whether an ID token may be believed: every check, in one order, pure.

OpenID Connect Core 1.0 section 3.1.3.7, tightened as the NL GOV profile asks: one audience, pinned
algorithms, a nonce always, small leeway. Fetching keys and tokens is `identity.oidc`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, RSAKey

from consent_service.identity.model import LoginRefused, RefusalCode
from consent_service.identity.providers import Algorithm

_Claims = TypeVar("_Claims")

LEEWAY = 30
"""Seconds by which two clocks may differ."""
OLDEST = 600
"""Seconds since the provider made the token: it does so when the code is exchanged."""
LONGEST_LIFE = 24 * 3600
"""Seconds between the making and the end of a token."""
SMALLEST_RSA = 2048
LONGEST_TOKEN = 64 * 1024
"""Characters; no provider's token comes near it."""


class UnverifiedHeader(msgspec.Struct, frozen=True):
    """What the token says about its own signature, before anything is proved."""

    alg: str
    kid: str = ""
    typ: str = ""


class IdTokenClaims(msgspec.Struct, frozen=True):
    """The claims we read; a provider may send more."""

    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: float
    iat: float
    nonce: str = ""
    azp: str = ""
    acr: str = ""
    auth_time: float | None = None
    nbf: float | None = None
    at_hash: str = ""


class _UserinfoTimes(msgspec.Struct, frozen=True):
    exp: float | None = None


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What this one login must come back with."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: tuple[Algorithm, ...]
    max_age: int | None = None
    acr_order: tuple[str, ...] = ()
    minimum_acr: str = ""
    one_of: tuple[str, ...] = ()
    """Levels of which it must be one, whatever their order; none: any."""


class Verified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token that passed every check, with all its claims as the provider signed them."""

    claims: IdTokenClaims
    authenticated_at: datetime
    signed: Mapping[str, object]


def unverified_header(token: str) -> UnverifiedHeader | None:
    """The header of a compact JWS; None when it is none, or asks for an extension (RFC 7515, 4.1.11)."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
        return None if "crit" in header else msgspec.convert(header, UnverifiedHeader)
    except (JoseError, ValueError, msgspec.ValidationError, RecursionError):
        return None


def fitting_key(keys: tuple[Key, ...], header: UnverifiedHeader) -> Key | None:
    """The one key this token may be checked with; two candidates without a key id are none."""
    named = [key for key in keys if not header.kid or key.kid == header.kid]
    fitting = [key for key in named if _fits(key, header.alg)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(key: Key, algorithm: str) -> bool:
    if key.get("use") not in (None, "sig") or key.get("alg") not in (None, algorithm):
        return False
    if algorithm == "ES256":
        return key.key_type == "EC" and key.get("crv") == "P-256"
    return isinstance(key, RSAKey) and key.public_key.key_size >= SMALLEST_RSA


def verify_id_token(
    token: str, key: Key, expected: Expected, *, now: datetime, access_token: str
) -> Verified | LoginRefused:
    """The verified token, or the first check it fails.

    `key` comes from `fitting_key`. The algorithms are those we pinned, never the token's choice.
    """
    signed = signed_claims(token, key, expected.algorithms)
    if signed is None:
        return LoginRefused("signature_invalid")
    if not _is_plain_jwt(token):
        return LoginRefused("token_malformed")
    claims = converted(signed, IdTokenClaims)
    if claims is None:
        return LoginRefused("token_malformed")
    seconds = now.timestamp()
    obstacle = (
        _wrong_parties(claims, expected)
        or _wrong_time(claims, seconds)
        or _wrong_strength(claims, expected, seconds)
        or _wrong_access_token(claims, access_token)
    )
    if obstacle is not None:
        return LoginRefused(obstacle)
    proved_at = claims.auth_time if claims.auth_time is not None else claims.iat
    return Verified(claims, datetime.fromtimestamp(min(proved_at, seconds), UTC), signed)


def verify_userinfo(
    token: str, key: Key, *, issuer: str, client_id: str, algorithms: Iterable[Algorithm], now: datetime
) -> Mapping[str, object] | LoginRefused:
    """The claims of a signed user info answer: by this provider, for us (OpenID Connect Core 1.0, 5.3.2).

    Whose they are is compared by the caller. A token of another kind, which may have been made for another
    purpose, says so in its header or by its nonce or events. One that says when it ends has not ended.
    """
    signed = signed_claims(token, key, algorithms)
    if signed is None:
        return LoginRefused("signature_invalid")
    if not _is_plain_jwt(token) or "nonce" in signed or "events" in signed:
        return LoginRefused("token_malformed")
    times = converted(signed, _UserinfoTimes)
    if times is None:
        return LoginRefused("token_malformed")
    if times.exp is not None and not times.exp + LEEWAY > now.timestamp():
        return LoginRefused("expired")
    if signed.get("iss") != issuer:
        return LoginRefused("issuer_mismatch")
    return signed if signed.get("aud") in (client_id, [client_id]) else LoginRefused("audience_foreign")


def signed_claims(token: str, key: Key, algorithms: Iterable[Algorithm]) -> dict[str, object] | None:
    """What a token says when its signature is of this key; None for anything else."""
    try:
        return dict(jwt.decode(token, key, algorithms=list(algorithms)).claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        return None


def converted(signed: Mapping[str, object], kind: type[_Claims]) -> _Claims | None:
    """The claims we read, typed; None when one has another shape, or any text is no Unicode."""
    try:
        msgspec.json.encode(signed)  # a lone surrogate, which no digest or answer can be made of
        return msgspec.convert(dict(signed), kind, strict=True)
    except (msgspec.ValidationError, OverflowError, UnicodeEncodeError, RecursionError):
        return None


def _is_plain_jwt(token: str) -> bool:
    """Whether it does not call itself a token of another kind (RFC 8725 section 3.11)."""
    header = unverified_header(token)
    return header is not None and header.typ.lower().removeprefix("application/") in ("", "jwt")


def _wrong_parties(claims: IdTokenClaims, expected: Expected) -> RefusalCode | None:
    """From whom, for whom, in answer to what. A second audience is refused, whatever `azp` says."""
    if claims.iss != expected.issuer:
        return "issuer_mismatch"
    audience = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    if audience != (expected.client_id,) or claims.azp not in ("", expected.client_id):
        return "audience_foreign"
    if not hmac.compare_digest(claims.nonce.encode(), expected.nonce.encode()):
        return "nonce_foreign"
    return None if 1 <= len(claims.sub) <= 255 else "subject_missing"


def _wrong_time(claims: IdTokenClaims, now: float) -> RefusalCode | None:
    # Written so that NaN, which is never greater than anything, is refused.
    if not claims.exp + LEEWAY > now:
        return "expired"
    started = (claims.iat, claims.nbf or 0, claims.auth_time or 0)
    if not all(0 <= at <= now + LEEWAY for at in started):
        return "not_yet_valid"
    if now > claims.iat + OLDEST + LEEWAY:
        return "expired"
    return None if claims.exp <= claims.iat + LONGEST_LIFE else "token_malformed"


def _wrong_strength(claims: IdTokenClaims, expected: Expected, now: float) -> RefusalCode | None:
    if expected.max_age is not None and (
        claims.auth_time is None or now - claims.auth_time > expected.max_age + LEEWAY
    ):
        return "login_too_old"
    if expected.one_of and claims.acr not in expected.one_of:
        return "level_too_low"
    if not expected.minimum_acr:
        return None
    strong_enough = expected.acr_order[expected.acr_order.index(expected.minimum_acr) :]
    return None if claims.acr in strong_enough else "level_too_low"


def _wrong_access_token(claims: IdTokenClaims, access_token: str) -> RefusalCode | None:
    """`at_hash` ties the access token to this login; all pinned algorithms hash with SHA-256."""
    if not claims.at_hash:
        return None
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    own = base64.urlsafe_b64encode(half).rstrip(b"=")
    return None if hmac.compare_digest(claims.at_hash.encode(), own) else "token_malformed"
