"""The public keys of machine clients: reading a JWK set somebody hands over, pure.

RFC 7517. Taken are RSA keys of 3072 bits or more (for PS256) and keys on P-256 (for ES256), as BSI TR-02102
and NCSC-NL advise beyond 2030. Everything but the key itself is dropped; a private or secret member makes
the whole file refused, because such a key is no longer only its owner's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, RSAKey

from consent_service.foundation.errors import InputError, Problem
from consent_service.identity.strict_json import strict_object

ClientAlgorithm = Literal["PS256", "ES256"]
LONGEST_SET: Final = 32 * 1024
"""Characters of a JWK set."""
MOST_KEYS: Final = 2
"""The present key, and the next one while a client changes over."""
SMALLEST_RSA, LARGEST_RSA = 3072, 8192
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KEY_ID: Final = re.compile(r"[!-~]{1,100}")
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
_ALGORITHMS: Final[Mapping[str, ClientAlgorithm]] = {"RSA": "PS256", "EC": "ES256"}


class ClientKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One public key. `id` is its thumbprint (RFC 7638), `kid` what its owner calls it; `jwk` is JSON."""

    id: str
    kid: str
    algorithm: ClientAlgorithm
    jwk: str

    @property
    def key(self) -> Key:
        """The key to verify with."""
        return JWKRegistry.import_key(msgspec.json.decode(self.jwk))


def read_key_set(text: str) -> tuple[ClientKey, ...]:
    """The keys of a JWK set, or of one bare JWK.

    Raises:
        InputError: with every problem at once.
    """
    found = strict_object(text) if len(text) <= LONGEST_SET else None
    if found is None:
        raise InputError([Problem("key", "identity.client_key_form")])
    entries = found.get("keys", [found])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise InputError([Problem("key", "identity.client_key_form")])
    problems = [code for one in entries if (code := _wrong_with(one)) is not None]
    problems += _wrong_together(entries)
    if problems:
        raise InputError([Problem("key", code) for code in dict.fromkeys(problems)])
    return tuple(_read(one) for one in entries)


def _wrong_with(jwk: Mapping[str, object]) -> str | None:
    """The first thing that is wrong with one key; a private member first, because that needs an answer."""
    if _PRIVATE & jwk.keys():
        return "identity.client_key_private"
    kind = jwk.get("kty")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        return "identity.client_key_kind"
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", _ALGORITHMS[kind]) != _ALGORITHMS[kind]:
        return "identity.client_key_kind"
    kid = jwk.get("kid", "-")
    if not isinstance(kid, str) or _KEY_ID.fullmatch(kid) is None:
        return "identity.client_key_id"
    return None if _is_strong(jwk, kind) else "identity.client_key_weak"


def _is_strong(jwk: Mapping[str, object], kind: str) -> bool:
    members = {"kty": kind} | {name: jwk.get(name) for name in _MEMBERS[kind]}
    try:
        key = JWKRegistry.import_key(
            {name: value for name, value in members.items() if isinstance(value, str)}
        )
        if isinstance(key, RSAKey):
            public = key.public_key
            is_usual = 65_537 <= public.public_numbers().e < 1 << 32
            return is_usual and SMALLEST_RSA <= public.key_size <= LARGEST_RSA
        return isinstance(key, ECKey) and key.public_key.curve.name == "secp256r1"
    except (JoseError, ValueError, KeyError, TypeError):
        return False


def _wrong_together(entries: Iterable[Mapping[str, object]]) -> list[str]:
    """How many, and told apart by an id each where there is more than one (RFC 7517 section 4.5)."""
    each = list(entries)
    if not 1 <= len(each) <= MOST_KEYS:
        return ["identity.client_key_count"]
    named = [str(one["kid"]) for one in each if "kid" in one]
    is_clear = len(each) == 1 or len(set(named)) == len(each)
    return [] if is_clear else ["identity.client_key_id"]


def _read(jwk: Mapping[str, object]) -> ClientKey:
    kind = str(jwk["kty"])
    public = {"kty": kind} | {name: str(jwk[name]) for name in _MEMBERS[kind]}
    thumbprint = JWKRegistry.import_key(dict(public)).thumbprint()
    return ClientKey(
        id=thumbprint,
        kid=str(jwk.get("kid", thumbprint)),
        algorithm=_ALGORITHMS[kind],
        jwk=msgspec.json.encode(public).decode(),
    )
