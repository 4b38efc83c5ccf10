"""Open sealed bytes. A protected door: an import contract lists exactly who may come here.

records.opening         relationship keys, per Permit
families.identity_data, organisations.identity_data, consent.evidence, rights.cases   person keys
audit.details           person keys and the tenant's audit key
identity.secrets        the installation's own key
"""

from __future__ import annotations

import hmac

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.envelope import Place, associated_data, decode, unpad
from consent_service.keyring.model import (
    AnyKey,
    WrappedPersonKey,
    WrappedRelationshipKey,
    WrappedTenantKey,
)
from consent_service.keyring.service import KeyRing


def open_for_relationship(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    *,
    information_type: str,
    record: str,
    record_version: int,
    envelope: bytes,
) -> bytes:
    """The plaintext of one version of one record.

    Raises:
        IntegrityError: tampered with, moved, rolled back, or sealed under another key.
        KeyProviderUnavailableError: the provider is away.
    """
    place = Place(key.tenant, key.owner, record, information_type, record_version)
    return _open(ring, key, place, envelope)


def open_for_person(
    ring: KeyRing, key: WrappedPersonKey, *, purpose: str, record: str, envelope: bytes
) -> bytes:
    """What was sealed for one person under the same purpose and record.

    Raises:
        IntegrityError: tampered with, moved, or sealed under another key.
        KeyProviderUnavailableError: the provider is away.
    """
    return _open(ring, key, Place(key.tenant, key.owner, record, purpose), envelope)


def open_for_tenant(
    ring: KeyRing, key: WrappedTenantKey, *, purpose: str, record: str, envelope: bytes
) -> bytes:
    """What was sealed for a tenant under the same purpose and record.

    Raises:
        IntegrityError: tampered with, moved, or sealed under another key.
        KeyProviderUnavailableError: the provider is away.
    """
    return _open(ring, key, Place(key.tenant, f"tenant:{key.purpose}", record, purpose), envelope)


def _open(ring: KeyRing, key: AnyKey, place: Place, raw: bytes) -> bytes:
    envelope = decode(raw)
    if envelope.key_version != key.version:
        raise IntegrityError("a sealed value names another key version")
    data_key = ring.material.data_key(key, place.purpose)
    if not hmac.compare_digest(envelope.commitment, data_key.commitment):
        raise IntegrityError("a sealed value commits to another key")
    aad = associated_data(place, key.version)
    return unpad(data_key.cipher.decrypt(envelope.nonce, envelope.ciphertext, aad))
