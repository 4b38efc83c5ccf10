"""Machine clients for tests: their keys, and the assertions they make, right or wrong in one way."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from functools import cache
from typing import Any, Final

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from consent_service.foundation.ids import TenantId, new_id
from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import NewClient, TokenRequest

Signer = RSAKey | ECKey
EVERYTHING: Final = frozenset(Scope)


@cache
def ec_key(name: str = "client") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name})


@cache
def rsa_key(name: str = "client-rsa") -> RSAKey:
    """One key per name; making them is slow."""
    return RSAKey.generate_key(3072, {"kid": name})


def public(*keys: Signer, **changed: Any) -> str:
    """The JWK set that a client hands over; `changed` members of the first key."""
    shown: list[dict[str, Any]] = [dict(key.as_dict(private=False)) for key in keys]
    shown[0] |= changed
    return json.dumps({"keys": shown})


def new_client(tenant: TenantId, name: str = "log-auditor", *keys: Signer, **changed: Any) -> NewClient:
    values: dict[str, Any] = {"key_set": public(*(keys or (ec_key(),))), "scopes": EVERYTHING}
    return NewClient(tenant, name, **(values | changed))


def make_assertion(
    client: str,
    audience: Any,
    now: datetime,
    *,
    key: Signer | None = None,
    header: Any = None,
    **changed: Any,
) -> str:
    """A good assertion of this client, but for what is `changed`; None leaves a claim or a header out."""
    signer = key or ec_key()
    seconds = int(now.timestamp())
    claims = {"iss": client, "sub": client, "aud": audience, "jti": new_id(), "iat": seconds} | changed
    claims.setdefault("exp", seconds + 60)
    algorithm = "ES256" if isinstance(signer, ECKey) else "PS256"
    protected = {"alg": algorithm, "kid": signer.kid, "typ": "JWT"} | (header or {})
    parts = [
        json.dumps({name: value for name, value in part.items() if value is not None})
        for part in (protected, claims)
    ]
    signed = ".".join(spelled(part.encode()) for part in parts)
    algorithms = jws.JWSRegistry(algorithms=[algorithm])
    return f"{signed}.{spelled(algorithms.get_alg(algorithm).sign(signed.encode(), signer))}"


def spelled(raw: bytes) -> str:
    """base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def asking(assertion: str, **changed: Any) -> TokenRequest:
    return TokenRequest(assertion, **changed)
