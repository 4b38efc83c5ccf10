"""Sealed under one key for one place: every flipped bit, every swap and every other place is refused."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.clock import SystemClock
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring import data_keys
from consent_service.keyring.model import (
    WrappedPersonKey,
    WrappedRelationshipKey,
    WrappedTenantKey,
)
from consent_service.keyring.opening import open_for_person, open_for_tenant, type_key
from consent_service.keyring.sealing import seal_for_person, seal_for_relationship, seal_for_tenant
from consent_service.keyring.service import KeyRing
from tests.keyring.factories import FixedProvider, person_key, relationship_key, tenant_key

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "envelope_v1.json"
TEXT = b"Even naar buiten lopen helpt."


def sealed(ring: KeyRing, key: WrappedRelationshipKey, plaintext: bytes = TEXT) -> bytes:
    return seal_for_relationship(
        ring,
        key,
        information_type="support_advice",
        record="record-1",
        record_version=1,
        plaintext=plaintext,
    )


def opened(
    ring: KeyRing,
    key: WrappedRelationshipKey,
    envelope: bytes,
    *,
    information_type: str = "support_advice",
    record: str = "record-1",
    version: int = 1,
) -> bytes:
    return type_key(ring, key, information_type).open(
        record=record, record_version=version, envelope=envelope
    )


@given(plaintext=st.binary(max_size=300))
def test_what_was_sealed_opens_at_its_place(keyring: KeyRing, plaintext: bytes) -> None:
    key, person, tenant = relationship_key(keyring), person_key(keyring), tenant_key(keyring)
    assert opened(keyring, key, sealed(keyring, key, plaintext)) == plaintext
    envelope = seal_for_person(keyring, person, purpose="identity", record="p", plaintext=plaintext)
    assert open_for_person(keyring, person, purpose="identity", record="p", envelope=envelope) == plaintext
    envelope = seal_for_tenant(keyring, tenant, purpose="log", record="l", plaintext=plaintext)
    assert open_for_tenant(keyring, tenant, purpose="log", record="l", envelope=envelope) == plaintext


def test_every_single_bit_counts(keyring: KeyRing) -> None:
    key = relationship_key(keyring)
    envelope = sealed(keyring, key)
    assert opened(keyring, key, envelope) == TEXT
    assert len(envelope) == 130
    for place in range(len(envelope) * 8):
        flipped = bytearray(envelope)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(IntegrityError):
            opened(keyring, key, bytes(flipped))


@given(cut=st.integers(1, 100))
def test_a_shortened_or_lengthened_value_is_refused(keyring: KeyRing, cut: int) -> None:
    key = relationship_key(keyring)
    envelope = sealed(keyring, key)
    for other in (envelope[:-cut], envelope + bytes(cut), envelope[cut:]):
        with pytest.raises(IntegrityError):
            opened(keyring, key, other)


def test_two_sealings_of_one_text_share_nothing_but_the_header(keyring: KeyRing) -> None:
    key = relationship_key(keyring)
    one, other = sealed(keyring, key), sealed(keyring, key)
    assert one[:6] == other[:6]
    assert one[6:18] != other[6:18]
    assert one[50:] != other[50:]
    assert TEXT not in one


def test_a_value_moved_to_another_record_type_or_version_is_refused(keyring: KeyRing) -> None:
    key = relationship_key(keyring)
    envelope = sealed(keyring, key)
    for information_type, record, version in (
        ("support_advice", "record-2", 1),
        ("concerns", "record-1", 1),
        ("support_advice", "record-1", 2),
        ("1support_advice", "record-", 1),
    ):
        with pytest.raises(IntegrityError):
            opened(
                keyring,
                key,
                envelope,
                information_type=information_type,
                record=record,
                version=version,
            )


def test_a_value_moved_to_another_relationship_or_tenant_is_refused(keyring: KeyRing) -> None:
    parent = tenant_key(keyring)
    key = relationship_key(keyring, parent)
    envelope = sealed(keyring, key)
    elsewhere = tenant_key(keyring, tenant="tenant-2")
    for other in (
        relationship_key(keyring, parent, owner="relationship-2"),
        relationship_key(keyring, parent),  # another key for the same owner
        relationship_key(keyring, elsewhere),
    ):
        with pytest.raises(IntegrityError):
            opened(keyring, other, envelope)


def test_a_wrapped_key_moved_to_another_owner_tenant_kind_or_version_does_not_unwrap(
    keyring: KeyRing,
) -> None:
    parent = tenant_key(keyring)
    key = relationship_key(keyring, parent)
    envelope = sealed(keyring, key)
    assert opened(keyring, key, envelope) == TEXT  # the cache is warm for the right place
    elsewhere = tenant_key(keyring, tenant="tenant-2")
    for moved in (
        msgspec.structs.replace(key, owner="relationship-2"),
        msgspec.structs.replace(key, version=2),
        msgspec.structs.replace(key, parent=elsewhere),
        msgspec.structs.replace(key, parent=msgspec.structs.replace(parent, version=2)),
        msgspec.structs.replace(key, blob=relationship_key(keyring, parent, owner="x").blob),
        msgspec.structs.replace(key, blob=key.blob[:-1]),
        msgspec.structs.replace(key, tenant="tenant-2", parent=elsewhere),
    ):
        with pytest.raises(IntegrityError):
            opened(keyring, moved, envelope)
    person = WrappedPersonKey(key.tenant, key.owner, key.version, key.blob, parent)
    with pytest.raises(IntegrityError):
        seal_for_person(keyring, person, purpose="support_advice", record="record-1", plaintext=TEXT)


def test_a_tenant_key_moved_to_another_purpose_tenant_or_version_does_not_unwrap(keyring: KeyRing) -> None:
    key = tenant_key(keyring, purpose="audit")
    other_purpose = WrappedTenantKey(key.tenant, "data", key.version, key.root_generation, key.blob)
    for moved in (
        other_purpose,
        msgspec.structs.replace(key, tenant="tenant-2"),
        msgspec.structs.replace(key, version=2),
    ):
        with pytest.raises(IntegrityError):
            seal_for_tenant(keyring, moved, purpose="log", record="l", plaintext=TEXT)


def test_a_value_moved_to_another_purpose_of_a_person_or_tenant_is_refused(keyring: KeyRing) -> None:
    person, tenant = person_key(keyring), tenant_key(keyring)
    envelope = seal_for_person(keyring, person, purpose="identity", record="p", plaintext=TEXT)
    with pytest.raises(IntegrityError):
        open_for_person(keyring, person, purpose="audit", record="p", envelope=envelope)
    with pytest.raises(IntegrityError):
        open_for_person(keyring, person, purpose="identity", record="q", envelope=envelope)
    envelope = seal_for_tenant(keyring, tenant, purpose="log", record="l", plaintext=TEXT)
    with pytest.raises(IntegrityError):
        open_for_tenant(keyring, tenant, purpose="client", record="l", envelope=envelope)


def test_a_value_that_names_another_key_version_is_refused(keyring: KeyRing) -> None:
    key = relationship_key(keyring)
    envelope = sealed(keyring, key)
    with pytest.raises(IntegrityError, match="another key version"):
        opened(keyring, key, envelope[:5] + b"\x02" + envelope[6:])


def test_a_value_commits_to_its_key(keyring: KeyRing) -> None:
    """AES-GCM alone does not: one ciphertext can be made to open under two keys (RFC 9771)."""
    key, other = relationship_key(keyring), relationship_key(keyring, owner="relationship-2")
    mine, theirs = sealed(keyring, key), sealed(keyring, other)
    assert mine[18:50] != theirs[18:50]
    with pytest.raises(IntegrityError, match="commits to another key"):
        opened(keyring, key, mine[:18] + theirs[18:50] + mine[50:])


def test_frozen_vectors_open_and_seal_to_the_same_bytes() -> None:
    """The format is for ever: these bytes were written once and must open in every later version."""
    for vector in json.loads(VECTORS.read_text())["vectors"]:
        ring = KeyRing(FixedProvider(bytes.fromhex(vector["root_key"])), SystemClock())
        parent = WrappedTenantKey(vector["tenant"], "data", 1, 1, bytes.fromhex(vector["wrapped_tenant_key"]))
        owner, version = vector["owner"], vector["key_version"]
        blob = bytes.fromhex(vector["wrapped_key"])
        key = WrappedRelationshipKey(vector["tenant"], owner, version, blob, parent)
        expected, plaintext = bytes.fromhex(vector["envelope"]), bytes.fromhex(vector["plaintext"])
        kind, record, number = vector["information_type"], vector["record"], vector["record_version"]
        found = opened(ring, key, expected, information_type=kind, record=record, version=number)
        assert found == plaintext
        with mock.patch.object(data_keys, "new_nonce", return_value=bytes.fromhex(vector["nonce"])):
            again = seal_for_relationship(
                ring, key, information_type=kind, record=record, record_version=number, plaintext=plaintext
            )
        assert again == expected
