"""Validated fields in, sealed bytes out. Plaintext goes no further than this module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from consent_service.foundation.ids import RecordId, TypeKey
from consent_service.keyring.digests import records_digest
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.sealing import seal_for_relationship
from consent_service.keyring.service import KeyRing
from consent_service.records.model import Content, SealedRecord


def seal_content(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    *,
    information_type: TypeKey,
    record: RecordId,
    version: int,
    fields: Mapping[str, str],
) -> bytes:
    """The envelope of one version of one record."""
    filled = {name: value.strip() for name, value in fields.items() if value.strip()}
    return seal_for_relationship(
        ring,
        key,
        information_type=information_type,
        record=record,
        record_version=version,
        plaintext=msgspec.msgpack.encode(Content(filled)),
    )


def digest_of(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    information_type: TypeKey,
    sealed: Iterable[SealedRecord],
) -> bytes:
    """The keyed digest over all current records of one type, and over what stands in clear about them.

    So nobody who can write to the database can forge an approval, extend a period or move a record.
    """
    return records_digest(ring, key, information_type=information_type, records=triples_of(sealed))


def triples_of(sealed: Iterable[SealedRecord]) -> list[tuple[str, int, bytes]]:
    """What the digest is taken over: of each record its id, version, and all that is bound."""
    return [(one.record, one.version, _bound(one)) for one in sealed]


def _bound(one: SealedRecord) -> bytes:
    """The envelope with every clear column that decides about a release."""
    return length_prefixed(
        one.envelope,
        one.direction,
        one.author,
        one.about or "",
        one.approved_by or "",
        one.written_at.isoformat(),
        "" if one.expires_at is None else one.expires_at.isoformat(),
    )
