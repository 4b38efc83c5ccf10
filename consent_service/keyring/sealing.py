"""Seal bytes under the key of a relationship, a person or a tenant; envelope v1.

Sealing is open to every package; opening is not: see `opening`.
"""

from __future__ import annotations

from consent_service.keyring.envelope import Envelope, Place, associated_data, encode, pad
from consent_service.keyring.model import (
    AnyKey,
    WrappedPersonKey,
    WrappedRelationshipKey,
    WrappedTenantKey,
)
from consent_service.keyring.primitives import new_nonce
from consent_service.keyring.service import KeyRing


def seal_for_relationship(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    *,
    information_type: str,
    record: str,
    record_version: int,
    plaintext: bytes,
) -> bytes:
    """Seal one version of one record of one information type.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing was sealed.
    """
    place = Place(key.tenant, key.owner, record, information_type, record_version)
    return _seal(ring, key, place, plaintext)


def seal_for_person(
    ring: KeyRing, key: WrappedPersonKey, *, purpose: str, record: str, plaintext: bytes
) -> bytes:
    """Seal what belongs to one person: identity, contact, evidence, audit details.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing was sealed.
    """
    return _seal(ring, key, Place(key.tenant, key.owner, record, purpose), plaintext)


def seal_for_tenant(
    ring: KeyRing, key: WrappedTenantKey, *, purpose: str, record: str, plaintext: bytes
) -> bytes:
    """Seal what has no data subject: signing keys, client keys, log administration.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing was sealed.
    """
    return _seal(ring, key, Place(key.tenant, f"tenant:{key.purpose}", record, purpose), plaintext)


def _seal(ring: KeyRing, key: AnyKey, place: Place, plaintext: bytes) -> bytes:
    data_key = ring.material.data_key(key, place.purpose)
    nonce = new_nonce()
    ciphertext = data_key.cipher.encrypt(nonce, pad(plaintext), associated_data(place, key.version))
    return encode(Envelope(key.version, nonce, data_key.commitment, ciphertext))
