"""Whether a logout token may be believed: every check, in one order, pure.

OpenID Connect Back-Channel Logout 1.0 section 2.6. That it is taken once is kept in the database, by
`identity.provider_logout`, which also ends the sessions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from joserfc.jwk import Key

from consent_service.identity.id_token import LEEWAY, converted, signed_claims, unverified_header
from consent_service.identity.providers import Algorithm

EVENT = "http://schemas.openid.net/event/backchannel-logout"
OLDEST = 120
"""Seconds since it was made: a provider sends it at once."""
_TYPES = ("", "jwt", "logout+jwt")

LogoutRefusalCode = Literal[
    "provider_unknown",
    "provider_unavailable",
    "token_malformed",
    "algorithm_not_allowed",
    "key_unknown",
    "signature_invalid",
    "issuer_mismatch",
    "audience_foreign",
    "type_foreign",
    "events_missing",
    "nonce_present",
    "expired",
    "not_yet_valid",
    "subject_missing",
    "replayed",
    "too_many",
]
"""Why a logout token was not taken; the sender is told none of these."""


class LogoutRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nobody was logged out."""

    code: LogoutRefusalCode


class EndedThere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which login ended at the provider: of one session, or of a person. Digest these and drop them.

    `token` is a digest of what makes the logout token one; until `until` it would be taken again.
    """

    sub: str
    sid: str
    token: str
    until: datetime
    made_at: datetime

    def __repr__(self) -> str:
        return "EndedThere(...)"


class _LogoutClaims(msgspec.Struct, frozen=True):
    iss: str
    aud: str | tuple[str, ...]
    iat: float
    jti: str
    sub: str = ""
    sid: str = ""
    exp: float | None = None
    nbf: float | None = None


def verify_logout_token(
    token: str, key: Key, *, issuer: str, client_id: str, algorithms: Iterable[Algorithm], now: datetime
) -> EndedThere | LogoutRefused:
    """What a logout token ends, or the first check it fails.

    1. what it says it is, 2. its signature, 3. from whom and for whom, 4. that it is about a logout and
    no ID token, 5. its time, 6. of whom.
    """
    header = unverified_header(token)
    if header is None:
        return LogoutRefused("token_malformed")
    if header.typ.lower().removeprefix("application/") not in _TYPES:  # 1
        return LogoutRefused("type_foreign")
    signed = signed_claims(token, key, algorithms)  # 2
    if signed is None:
        return LogoutRefused("signature_invalid")
    claims = converted(signed, _LogoutClaims)
    if claims is None or not 1 <= len(claims.jti) <= 255:
        return LogoutRefused("token_malformed")
    obstacle = (
        _wrong_parties(claims, issuer, client_id)  # 3
        or _no_logout(signed)  # 4
        or _wrong_time(claims, now.timestamp())  # 5
    )
    if obstacle is not None:
        return LogoutRefused(obstacle)
    if not 1 <= max(len(claims.sub), len(claims.sid)) <= 255:  # 6
        return LogoutRefused("subject_missing")
    digest = hashlib.sha256(claims.jti.encode(errors="replace")).hexdigest()
    made_at = datetime.fromtimestamp(claims.iat, UTC)
    until = made_at + timedelta(seconds=OLDEST + 2 * LEEWAY)
    return EndedThere(claims.sub, claims.sid, digest, until, made_at)


def _wrong_parties(claims: _LogoutClaims, issuer: str, client_id: str) -> LogoutRefusalCode | None:
    if claims.iss != issuer:
        return "issuer_mismatch"
    audience = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    return None if audience == (client_id,) else "audience_foreign"


def _no_logout(signed: Mapping[str, object]) -> LogoutRefusalCode | None:
    """A nonce is what an ID token has: such a token, stolen, must not log anybody out."""
    if "nonce" in signed:
        return "nonce_present"
    events = signed.get("events")
    told = isinstance(events, dict) and isinstance(events.get(EVENT), dict)
    return None if told else "events_missing"


def _wrong_time(claims: _LogoutClaims, now: float) -> LogoutRefusalCode | None:
    # Written so that NaN, which is never greater than anything, is refused.
    if not claims.iat + OLDEST + LEEWAY > now:
        return "expired"
    if claims.exp is not None and not claims.exp + LEEWAY > now:
        return "expired"
    return None if all(0 <= at <= now + LEEWAY for at in (claims.iat, claims.nbf or 0)) else "not_yet_valid"
