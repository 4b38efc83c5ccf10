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
from consent_service.keyring.service import KeyRing


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
    parts: list[str | int | bytes] = [information_type]
    for record, version, envelope in sorted(records):
        parts += [record, version, sha256(envelope).digest()]
    return hmac_sha256(ring.material.derived(key, "digest/v1"), length_prefixed(*parts))
