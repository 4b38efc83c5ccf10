"""A mask over what would link entries of different people, and only the service can take it off."""

from __future__ import annotations

from consent_service.keyring.model import WrappedPersonKey, WrappedTenantKey
from consent_service.keyring.primitives import hmac_sha256
from consent_service.keyring.service import KeyRing


def trace_mask(ring: KeyRing, key: WrappedPersonKey | WrappedTenantKey, entry: str) -> bytes:
    """32 bytes that belong to one log entry under the key that seals it, always the same.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    return hmac_sha256(ring.material.derived(key, "trace/v1"), entry.encode())
