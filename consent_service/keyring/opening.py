"""Open sealed bytes. A protected door: an import contract lists exactly who may come here.

records.opening         type keys of a relationship, per Permit
families.identity_data, organisations.identity_data, consent.evidence, rights.cases   person keys
audit.details           person keys and the tenant's audit key
identity.secrets        the installation's own key
"""

from __future__ import annotations

from consent_service.keyring.digests import DIGEST_LABEL
from consent_service.keyring.model import WrappedPersonKey, WrappedRelationshipKey, WrappedTenantKey
from consent_service.keyring.service import KeyRing
from consent_service.keyring.type_keys import RecordTypeKey


def type_key(ring: KeyRing, key: WrappedRelationshipKey, information_type: str) -> RecordTypeKey:
    """What opens this relationship's records of one type, for one request.

    Raises:
        IntegrityError: the wrapped key was tampered with or moved.
        KeyProviderUnavailableError: the provider is away.
    """
    data_key = ring.material.data_key(key, information_type)
    return RecordTypeKey(information_type, data_key, ring.material.derived(key, DIGEST_LABEL))


def open_for_person(
    ring: KeyRing, key: WrappedPersonKey, *, purpose: str, record: str, envelope: bytes
) -> bytes:
    """What was sealed for one person under the same purpose and record.

    Raises:
        IntegrityError: tampered with, moved, or sealed under another key.
        KeyProviderUnavailableError: the provider is away.
    """
    return ring.material.data_key(key, purpose).open(record, 1, envelope)


def open_for_tenant(
    ring: KeyRing, key: WrappedTenantKey, *, purpose: str, record: str, envelope: bytes
) -> bytes:
    """What was sealed for a tenant under the same purpose and record.

    Raises:
        IntegrityError: tampered with, moved, or sealed under another key.
        KeyProviderUnavailableError: the provider is away.
    """
    return ring.material.data_key(key, purpose).open(record, 1, envelope)
