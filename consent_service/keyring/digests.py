"""A keyed digest over the current records of one relationship and type.

Without it, somebody who can write to the database could put back yesterday's row together with
yesterday's version number. The digest is checked at opening and committed to in the audit entry of
each write, so that rolling back the digest as well shows against the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.primitives import hmac_sha256
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing

DIGEST_LABEL = "digest/v1"


def records_digest(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    *,
    information_type: str,
    records: Iterable[tuple[str, int, bytes]],
) -> bytes:
    """32 bytes over the (record, version, envelope) triples, in any order.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    digest_key = ring.material.derived(key, DIGEST_LABEL)
    return digest_under(digest_key, information_type=information_type, records=records)


def digest_under(
    digest_key: Secret, *, information_type: str, records: Iterable[tuple[str, int, bytes]]
) -> bytes:
    """The same under a key that was derived before."""
    parts: list[str | int | bytes] = [information_type]
    for record, version, envelope in sorted(records):
        parts += [record, version, sha256(envelope).digest()]
    return hmac_sha256(digest_key, length_prefixed(*parts))
