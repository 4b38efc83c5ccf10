"""Seal bytes under the key of a relationship, a person or a tenant; envelope v1.

Sealing is open to every package; opening is not: see `opening`.
"""

from __future__ import annotations

from consent_service.keyring.model import WrappedPersonKey, WrappedRelationshipKey, WrappedTenantKey
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
    return ring.material.data_key(key, information_type).seal(record, record_version, plaintext)


def seal_for_person(
    ring: KeyRing, key: WrappedPersonKey, *, purpose: str, record: str, plaintext: bytes
) -> bytes:
    """Seal what belongs to one person: identity, contact, evidence, audit details.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing was sealed.
    """
    return ring.material.data_key(key, purpose).seal(record, 1, plaintext)


def seal_for_tenant(
    ring: KeyRing, key: WrappedTenantKey, *, purpose: str, record: str, plaintext: bytes
) -> bytes:
    """Seal what has no data subject: signing keys, client keys, log administration.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing was sealed.
    """
    return ring.material.data_key(key, purpose).seal(record, 1, plaintext)
