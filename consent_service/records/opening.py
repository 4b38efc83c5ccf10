"""Open what a Permit names, and nothing else; or seal all of it anew, showing nothing.

A protected door: only `release`, `custody.reencrypt`, `custody.proving` and `custody.drill` may come here.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Container, Iterable, Mapping

import msgspec

from consent_service.foundation.decoding import decoded
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import RecordId, TypeKey
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.opening import type_key
from consent_service.keyring.sealing import seal_for_relationship
from consent_service.keyring.service import KeyRing
from consent_service.keyring.type_keys import RecordTypeKey
from consent_service.policy.decision import Permit
from consent_service.records.model import Content, OpenedRecord, SealedRecord
from consent_service.records.sealing import triples_of

_decoder = msgspec.msgpack.Decoder(Content)


def type_keys_for(ring: KeyRing, permit: Permit, key: WrappedRelationshipKey) -> dict[TypeKey, RecordTypeKey]:
    """A key for each permitted information type, for this request; the relationship key stays in the ring.

    Raises:
        IntegrityError: the permit is for another relationship, or the wrapped key was tampered with.
        KeyProviderUnavailableError: the provider is away.
    """
    if (permit.tenant, permit.relationship) != (key.tenant, key.owner):
        raise IntegrityError("a permit for another relationship")
    return {name: type_key(ring, key, name) for name in sorted(permit.types)}


def open_records(
    keys: Mapping[TypeKey, RecordTypeKey],
    sealed: Iterable[SealedRecord],
    digests: Mapping[TypeKey, bytes],
) -> tuple[OpenedRecord, ...]:
    """The records of the types there are keys for, oldest first; others are not even tried.

    `sealed` must hold all current records of each of these types, `digests` the stored ones.

    Raises:
        IntegrityError: a record was changed, moved, removed, added or rolled back behind our back.
        KeyProviderUnavailableError: the keys are too old.
    """
    permitted = [one for one in sealed if one.information_type in keys]
    for information_type, key in keys.items():
        mine = [one for one in permitted if one.information_type == information_type]
        _check_digest(key, mine, digests.get(information_type))
    opened = [_open(keys[one.information_type], one) for one in permitted]
    return tuple(sorted(opened, key=lambda one: (one.written_at, one.record)))


def open_held(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    sealed: Iterable[SealedRecord],
    digests: Mapping[TypeKey, bytes],
    *,
    wanted: Container[RecordId],
) -> tuple[OpenedRecord, ...]:
    """What is held about a child, for who asks for the own data (AVG 15); only `release.held` asks this.

    Needs no policy Permit: what is shared is a choice, what one may see of oneself is a right that nobody's
    choice takes away. Whose it is, is decided by who asks this. `sealed` must hold all current records of the
    relationship, `digests` all stored ones.

    Raises:
        IntegrityError: a record was changed, moved, removed, added or rolled back behind our back.
        KeyProviderUnavailableError: the provider is away.
    """
    current = tuple(sealed)
    keys = {
        name: type_key(ring, key, name)
        for name in {one.information_type for one in current if one.record in wanted}
    }
    for name, opener in keys.items():
        mine = [one for one in current if one.information_type == name]
        _check_digest(opener, mine, digests.get(name))
    opened = [_open(keys[one.information_type], one) for one in current if one.record in wanted]
    return tuple(sorted(opened, key=lambda one: (one.written_at, one.record)))


def _check_digest(key: RecordTypeKey, mine: list[SealedRecord], stored: bytes | None) -> None:
    if stored is None:
        if mine:
            raise IntegrityError("records without a digest")
        return
    if not hmac.compare_digest(stored, key.digest(triples_of(mine))):
        raise IntegrityError("records differ from their digest")


def _open(key: RecordTypeKey, one: SealedRecord) -> OpenedRecord:
    content = decoded(
        _decoder, key.open(record=one.record, record_version=one.version, envelope=one.envelope)
    )
    if content is None:
        raise IntegrityError("a record has an unknown shape")
    return OpenedRecord(
        record=one.record,
        information_type=one.information_type,
        direction=one.direction,
        version=one.version,
        author=one.author,
        written_at=one.written_at,
        fields=content.fields,
        expires_at=one.expires_at,
    )


def still_opens(ring: KeyRing, key: WrappedRelationshipKey, one: SealedRecord) -> bool:
    """Whether a sealed record opens with this key, showing nothing of it; only `custody.proving` asks this.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    try:
        _open(type_key(ring, key, one.information_type), one)
    except IntegrityError:
        return False
    return True


def count_opening(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    sealed: Iterable[SealedRecord],
    digests: Mapping[TypeKey, bytes],
) -> int:
    """How many records a release could open, showing nothing of them; only `custody.drill` asks this.

    `sealed` must hold all current records of the relationship, `digests` all stored ones. A digest that
    does not fit closes every record of its type, as it does at a release.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    current, count = tuple(sealed), 0
    for information_type in {one.information_type for one in current}:
        mine = [one for one in current if one.information_type == information_type]
        opener = type_key(ring, key, information_type)
        with contextlib.suppress(IntegrityError):
            _check_digest(opener, mine, digests.get(information_type))
            count += sum(still_opens(ring, key, one) for one in mine)
    return count


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
        _check_digest(type_key(ring, old, information_type), mine, digests.get(information_type))
    return tuple(_resealed(ring, old, fresh, one) for one in current)


def _resealed(
    ring: KeyRing, old: WrappedRelationshipKey, fresh: WrappedRelationshipKey, one: SealedRecord
) -> SealedRecord:
    opener = type_key(ring, old, one.information_type)
    envelope = seal_for_relationship(
        ring,
        fresh,
        information_type=one.information_type,
        record=one.record,
        record_version=one.version,
        plaintext=opener.open(record=one.record, record_version=one.version, envelope=one.envelope),
    )
    return msgspec.structs.replace(one, envelope=envelope)
