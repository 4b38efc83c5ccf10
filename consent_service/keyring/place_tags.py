"""Where a request came from, told apart without being kept: an HMAC under an index key.

There are few enough addresses to try them all, so a bare digest of one would tell where somebody is.
"""

from __future__ import annotations

from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import WrappedTenantKey
from consent_service.keyring.primitives import hmac_sha256
from consent_service.keyring.service import KeyRing


def place_tag(ring: KeyRing, key: WrappedTenantKey, address: str) -> str:
    """The same for the same address, and worth nothing without the key.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    return hmac_sha256(ring.material.derived(key, "place/v1"), length_prefixed("place/v1", address)).hex()
