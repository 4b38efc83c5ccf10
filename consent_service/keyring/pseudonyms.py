"""The name a person has outside: the same in every file of one tenant, and worth nothing without its key."""

from __future__ import annotations

from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import WrappedTenantKey
from consent_service.keyring.primitives import hmac_sha256
from consent_service.keyring.service import KeyRing


def pseudonym(ring: KeyRing, key: WrappedTenantKey, person: str) -> str:
    """HMAC-SHA-256 of a person's id under a key of the tenant, in hexadecimal.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    derived = ring.material.derived(key, "pseudonym/v1")
    return hmac_sha256(derived, length_prefixed("pseudonym/v1", person)).hex()
