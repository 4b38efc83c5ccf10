"""Tags by which one person's log entries can be found, and only with that person's view key.

A view key is derived from the person key, so destroying that key also cuts the link from the log's
tags to the person. The tenant's audit key gives the officer's view key.
"""

from __future__ import annotations

from consent_service.keyring.model import WrappedPersonKey, WrappedTenantKey
from consent_service.keyring.primitives import hmac_sha256
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing

ViewKeyOwner = WrappedPersonKey | WrappedTenantKey


def view_key(ring: KeyRing, key: ViewKeyOwner) -> Secret:
    """The 32-byte view key that belongs to a person key or to a tenant's audit key.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    return ring.material.derived(key, "view/v1")


def entry_tag(ring: KeyRing, key: ViewKeyOwner, entry: str) -> bytes:
    """The 32-byte tag of one log entry for the holder of this view key.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    return tag_under(view_key(ring, key), entry)


def tag_under(view_key: Secret, entry: str) -> bytes:
    """The tag of an entry under a view key; also what an outside verifier computes."""
    return hmac_sha256(view_key, entry.encode())
