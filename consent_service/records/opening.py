"""Open what a Permit names, and nothing else; or seal all of it anew, showing nothing.

A protected door: only `release` and `custody.reencrypt` may come here.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping

import msgspec

from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TypeKey
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.opening import open_for_relationship
from consent_service.keyring.sealing import seal_for_relationship
from consent_service.keyring.service import KeyRing
from consent_service.policy.decision import Permit
from consent_service.records.model import Content, OpenedRecord, SealedRecord
from consent_service.records.sealing import digest_of

_decoder = msgspec.msgpack.Decoder(Content)


def open_records(
    ring: KeyRing,
    permit: Permit,
    key: WrappedRelationshipKey,
    sealed: Iterable[SealedRecord],
    digests: Mapping[TypeKey, bytes],
) -> tuple[OpenedRecord, ...]:
    """The records of the permitted types, oldest first; others are not even tried.

    `sealed` must hold all current records of each permitted type, `digests` the stored ones.

    Raises:
        IntegrityError: a record was changed, moved, removed, added or rolled back behind our back, or
            the permit is for another relationship.
        KeyProviderUnavailableError: the provider is away.
    """
    if (permit.tenant, permit.relationship) != (key.tenant, key.owner):
        raise IntegrityError("a permit for another relationship")
    permitted = [one for one in sealed if one.information_type in permit.types]
    for information_type in permit.types:
        mine = [one for one in permitted if one.information_type == information_type]
        _check_digest(ring, key, information_type, mine, digests.get(information_type))
    opened = [_open(ring, key, one) for one in permitted]
    return tuple(sorted(opened, key=lambda one: (one.written_at, one.record)))


def _check_digest(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    information_type: TypeKey,
    mine: list[SealedRecord],
    stored: bytes | None,
) -> None:
    if stored is None:
        if mine:
            raise IntegrityError("records without a digest")
        return
    if not hmac.compare_digest(stored, digest_of(ring, key, information_type, mine)):
        raise IntegrityError("records differ from their digest")


def _open(ring: KeyRing, key: WrappedRelationshipKey, one: SealedRecord) -> OpenedRecord:
    raw = open_for_relationship(
        ring,
        key,
        information_type=one.information_type,
        record=one.record,
        record_version=one.version,
        envelope=one.envelope,
    )
    try:
        content = _decoder.decode(raw)
    except msgspec.DecodeError as failure:
        raise IntegrityError("a record has an unknown shape") from failure
    return OpenedRecord(
        record=one.record,
        information_type=one.information_type,
        direction=one.direction,
        version=one.version,
        author=one.author,
        written_at=one.written_at,
        fields=content.fields,
    )


def reseal_records(
    ring: KeyRing,
    *,
    old: WrappedRelationshipKey,
    fresh: WrappedRelationshipKey,
    sealed: Iterable[SealedRecord],
    digests: Mapping[TypeKey, bytes],
) -> tuple[SealedRecord, ...]:
    """Every record of a relationship sealed anew under its fresh key; only `custody.reencrypt` asks this.

    Needs no Permit because nothing is shown to anybody: what is opened here never leaves this function.
    `sealed` must hold all current records, `digests` all stored ones.

    Raises:
        IntegrityError: a record was changed, moved, removed, added or rolled back behind our back.
        KeyProviderUnavailableError: the provider is away.
    """
    current = tuple(sealed)
    for information_type in {one.information_type for one in current} | set(digests):
        mine = [one for one in current if one.information_type == information_type]
        _check_digest(ring, old, information_type, mine, digests.get(information_type))
    return tuple(_resealed(ring, old, fresh, one) for one in current)


def _resealed(
    ring: KeyRing, old: WrappedRelationshipKey, fresh: WrappedRelationshipKey, one: SealedRecord
) -> SealedRecord:
    plaintext = open_for_relationship(
        ring,
        old,
        information_type=one.information_type,
        record=one.record,
        record_version=one.version,
        envelope=one.envelope,
    )
    envelope = seal_for_relationship(
        ring,
        fresh,
        information_type=one.information_type,
        record=one.record,
        record_version=one.version,
        plaintext=plaintext,
    )
    return msgspec.structs.replace(one, envelope=envelope)
