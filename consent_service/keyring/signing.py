"""Ed25519 keys that sign log checkpoints, sealed under the tenant's audit key."""

from __future__ import annotations

from consent_service.keyring.model import WrappedTenantKey
from consent_service.keyring.opening import open_for_tenant
from consent_service.keyring.primitives import new_signing_key, sign, signature_fits
from consent_service.keyring.sealing import seal_for_tenant
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing

_PURPOSE = "log-signing"


def new_log_key(ring: KeyRing, key: WrappedTenantKey, *, record: str) -> tuple[bytes, bytes]:
    """A fresh signing key as (sealed private key, public key of 32 bytes).

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    private, public = new_signing_key()
    return seal_for_tenant(ring, key, purpose=_PURPOSE, record=record, plaintext=private.reveal()), public


def sign_with(ring: KeyRing, key: WrappedTenantKey, *, record: str, sealed: bytes, message: bytes) -> bytes:
    """A 64-byte Ed25519 signature over `message` (RFC 8032).

    Raises:
        KeyProviderUnavailableError: the provider is away.
        IntegrityError: the sealed key is not the one made for `record`.
    """
    private = open_for_tenant(ring, key, purpose=_PURPOSE, record=record, envelope=sealed)
    return sign(Secret(private), message)


def verify_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature was made by the holder of the private key to `public`."""
    return signature_fits(public, message, signature)
