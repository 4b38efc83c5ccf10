"""Whether a client assertion proves which machine asks: every check, in one order, pure.

`private_key_jwt`: RFC 7521 section 4.2, RFC 7523 section 3, OpenID Connect Core 1.0 section 9, tightened:
pinned algorithms, one audience, a minute at most, no header that points to a key. That an assertion is
taken once is kept in the database, by `identity.machine_clients`; a client's keys are read by
`identity.client_keys`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from consent_service.identity.client_keys import ClientKey
from consent_service.identity.id_token import converted
from consent_service.identity.strict_json import strict_object

LIFETIME: Final = 60
"""Seconds: an assertion is made for one request."""
LEEWAY: Final = 30
"""Seconds by which two clocks may differ."""
LONGEST: Final = 8 * 1024
"""Characters; an assertion with a signature of 8192 bits has about 2,000."""
CLIENT_ID: Final = re.compile(r"[0-9a-f-]{36}\.[a-z][a-z0-9-]{2,26}")
"""The shelter's id, a dot, the code name of the system."""
_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_TYPES: Final = frozenset({"", "jwt", "client-authentication+jwt"})
_HEADERS: Final = frozenset({"alg", "kid", "typ"})
"""What a header holds: `crit` and `b64` change how it is read, `jwk`, `jku`, `x5c` and `x5u` bring a key."""
_TOKEN_ID: Final = re.compile(r"[!-~]{16,128}")

AssertionRefusalCode = Literal[
    "assertion_header",
    "assertion_type",
    "assertion_key",
    "assertion_algorithm",
    "assertion_signature",
    "assertion_malformed",
    "assertion_parties",
    "assertion_audience",
    "assertion_expired",
    "assertion_early",
    "assertion_long",
]
"""Why an assertion proves nothing; whoever sent it is told none of these."""


class ClaimedAssertion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An assertion that can be read, before anything is proved. `client` is who it says it is of."""

    token: str
    client: str
    header: Mapping[str, object]
    claims: Mapping[str, object]

    def __repr__(self) -> str:
        return "ClaimedAssertion(...)"


class ProvedAssertion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It is of this key's owner. `token` is a digest of its id, which is taken once until `until`."""

    key: ClientKey
    token: str
    until: datetime


class AssertionRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It proves nothing; `code` names the first check that it fails."""

    code: AssertionRefusalCode


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | tuple[str, ...]
    jti: str
    exp: float
    iat: float | None = None
    nbf: float | None = None


def read_assertion(token: str) -> ClaimedAssertion | None:
    """A compact JWS of two JSON objects that names a client; None for anything else.

    An encrypted one (five parts), or one that two readers could read differently, is something else.
    """
    parts = token.split(".") if len(token) <= LONGEST else ()
    if len(parts) != 3:
        return None
    header, claims = (_object_in(part) for part in parts[:2])
    if header is None or claims is None:
        return None
    client = claims.get("iss")
    if not isinstance(client, str) or CLIENT_ID.fullmatch(client) is None:
        return None
    return ClaimedAssertion(token, client, header, claims)


def _object_in(part: str) -> dict[str, object] | None:
    """What one part says. It must be spelled in the one way there is (RFC 4648 section 3.5)."""
    if _PART.fullmatch(part) is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return None
    is_spelled_so = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == part
    return strict_object(raw) if is_spelled_so else None


def verify_assertion(
    claimed: ClaimedAssertion, keys: Collection[ClientKey], *, audiences: Collection[str], now: datetime
) -> ProvedAssertion | AssertionRefused:
    """What an assertion proves, or the first check it fails.

    1. nothing in its header but what we know, 2. one of the client's keys, 3. the algorithm of that key,
    4. its signature, 5. of whom and for whom, 6. its time. `audiences` are our names, of which it has one.
    """
    if not claimed.header.keys() <= _HEADERS:  # 1
        return AssertionRefused("assertion_header")
    kind = claimed.header.get("typ", "")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
        return AssertionRefused("assertion_type")
    key = _fitting(keys, claimed.header.get("kid"))  # 2
    if key is None:
        return AssertionRefused("assertion_key")
    if claimed.header.get("alg") != key.algorithm:  # 3
        return AssertionRefused("assertion_algorithm")
    if not _is_signed(claimed.token, key):  # 4
        return AssertionRefused("assertion_signature")
    claims = converted(claimed.claims, _Claims)
    if claims is None or _TOKEN_ID.fullmatch(claims.jti) is None:
        return AssertionRefused("assertion_malformed")
    obstacle = _wrong_parties(claims, audiences) or _wrong_time(claims, now.timestamp())  # 5, 6
    if obstacle is not None:
        return AssertionRefused(obstacle)
    digest = hashlib.sha256(claims.jti.encode()).hexdigest()
    until = datetime.fromtimestamp(claims.exp, UTC) + timedelta(seconds=LEEWAY)
    return ProvedAssertion(key, digest, until)


def _fitting(keys: Collection[ClientKey], named: object) -> ClientKey | None:
    """The one key it may be checked with; without a name there must be but one."""
    fitting = [key for key in keys if named in (None, key.kid)]
    return fitting[0] if len(fitting) == 1 else None


def _is_signed(token: str, key: ClientKey) -> bool:
    try:
        jws.deserialize_compact(token, key.key, algorithms=[key.algorithm])
    except (JoseError, ValueError):
        return False
    return True


def _wrong_parties(claims: _Claims, audiences: Collection[str]) -> AssertionRefusalCode | None:
    """It speaks for itself, to us and to nobody else: what is also for another could be that one's to use."""
    if claims.iss != claims.sub:
        return "assertion_parties"
    audience = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    return None if len(audience) == 1 and audience[0] in audiences else "assertion_audience"


def _wrong_time(claims: _Claims, now: float) -> AssertionRefusalCode | None:
    if not claims.exp + LEEWAY > now:
        return "assertion_expired"
    started = [at for at in (claims.iat, claims.nbf) if at is not None]
    if not all(0 <= at <= now + LEEWAY for at in started):
        return "assertion_early"
    lasts_too_long = not claims.exp <= min([*started, now + LEEWAY]) + LIFETIME
    return "assertion_long" if lasts_too_long else None
