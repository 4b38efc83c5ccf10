"""Bad ciphertext: one kind of error, and neither plaintext nor key in anything that may be kept of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from consent_service.foundation.errors import IntegrityError, KeyProviderUnavailableError
from consent_service.foundation.ids import RecordId, RelationshipId, StaffId, TypeKey
from consent_service.keyring import data_keys
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.opening import open_for_person, open_for_tenant, type_key
from consent_service.keyring.primitives import (
    hkdf_expand,
    new_key,
    open_from_recovery,
    recovery_public_key,
    seal_to_recovery,
)
from consent_service.keyring.sealing import seal_for_person, seal_for_relationship, seal_for_tenant
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.records.model import SealedRecord
from consent_service.records.opening import open_records
from consent_service.records.sealing import digest_of, seal_content
from tests.keyring.captured import captured_by, holds, shown_to
from tests.keyring.factories import person_key, relationship_key, tenant_key

WORDS = b"Vader weet niet waar zij wonen"
ADVICE = TypeKey("support_advice")
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def refused(act: Callable[[], object]) -> IntegrityError:
    """The one error there is."""
    with pytest.raises(IntegrityError) as caught:
        act()
    assert type(caught.value) is IntegrityError
    return caught.value


def keys_of(ring: KeyRing, key: WrappedRelationshipKey) -> list[bytes]:
    """The bytes of every key on the path and of those derived for advice."""
    whole = ring.material._unwrapped(key).value
    info = length_prefixed("dek/v1", key.tenant, key.owner, ADVICE, key.version)
    return [
        ring.material._unwrapped(key.parent).value.reveal(),
        whole.reveal(),
        hkdf_expand(whole, info, 64).reveal()[:32],
        ring.material.derived(key, "digest/v1").reveal(),
        ring.material.derived(key.parent, "wrap-owned/v1").reveal(),
    ]


def test_a_leak_would_be_found() -> None:
    """The search is worth something: it finds words in a message, a cause, a local and deep inside one."""

    def said() -> None:
        raise IntegrityError(WORDS.decode())

    def held() -> None:
        framed = [{"deep": msgspec.Raw(b"..." + WORDS)}, Secret(WORDS)]
        del framed[0]
        plaintext = ({"deep": [WORDS]},)
        raise IntegrityError("nothing") from (ValueError(WORDS) if not plaintext else None)

    def only_secret() -> None:
        key = Secret(WORDS)
        assert key
        raise IntegrityError("nothing")

    for act, found in ((said, True), (held, True), (only_secret, False)):
        assert holds(captured_by(refused(act), package="tests"), WORDS) is found


def flipped(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


CHANGES: list[Callable[[bytes], bytes]] = [
    lambda raw: raw[:0],
    lambda raw: raw[:30],
    lambda raw: raw[:-1],
    lambda raw: raw[:-64],
    lambda raw: raw + b"\0",
    lambda raw: flipped(raw, 0),
    lambda raw: flipped(raw, 1),
    lambda raw: flipped(raw, 5),
    lambda raw: flipped(raw, 6),
    lambda raw: flipped(raw, 18),
    lambda raw: flipped(raw, 50),
    lambda raw: flipped(raw, len(raw) - 1),
    lambda raw: WORDS + raw[:0],
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_changed_ciphertext_leaves_neither_words_nor_keys_behind(keyring: KeyRing, number: int) -> None:
    parent = tenant_key(keyring)
    key, person, audit = (
        relationship_key(keyring, parent),
        person_key(keyring, parent),
        tenant_key(keyring, purpose="audit"),
    )
    place = {"record": "record-1", "record_version": 1}
    mine = seal_for_relationship(
        keyring, key, information_type=ADVICE, record="record-1", record_version=1, plaintext=b"x" + WORDS
    )
    theirs = seal_for_person(keyring, person, purpose="identity", record="p", plaintext=WORDS)
    logged = seal_for_tenant(keyring, audit, purpose="log", record="l", plaintext=WORDS)
    change = CHANGES[number]
    bad = [change(mine), change(theirs), change(logged)]
    for act in (
        lambda: type_key(keyring, key, ADVICE).open(envelope=bad[0], **place),  # type: ignore[arg-type]
        lambda: open_for_person(keyring, person, purpose="identity", record="p", envelope=bad[1]),
        lambda: open_for_tenant(keyring, audit, purpose="log", record="l", envelope=bad[2]),
    ):
        failure = refused(act)
        assert shown_to(failure)
        for forbidden in [*keys_of(keyring, key), *([] if WORDS in bad else [WORDS])]:
            assert not holds(captured_by(failure), forbidden)


@pytest.mark.parametrize("warm", [True, False])
def test_a_moved_or_foreign_wrapped_key_leaves_no_key_behind(keyring: KeyRing, warm: bool) -> None:
    parent = tenant_key(keyring)
    key, other = relationship_key(keyring, parent), relationship_key(keyring, owner="relationship-2")
    secrets = [*keys_of(keyring, key), *keys_of(keyring, other)]
    ring = keyring if warm else KeyRing(keyring._provider, keyring._clock)
    replace = msgspec.structs.replace
    for moved in (
        replace(key, owner="relationship-2"),
        replace(key, version=2),
        replace(key, parent=other.parent),
        replace(key, blob=other.blob),
        replace(key, blob=key.blob[:20]),
        replace(key, blob=b""),
        replace(key, parent=replace(parent, blob=flipped(parent.blob, 20))),
        replace(key, parent=replace(parent, blob=other.parent.blob)),
        replace(key, parent=replace(parent, tenant="tenant-2")),
        replace(key, parent=replace(parent, purpose="audit")),
    ):
        failure = refused(lambda: type_key(ring, moved, ADVICE))  # noqa: B023
        for forbidden in secrets:
            assert not holds(captured_by(failure), forbidden)


def test_a_frame_of_another_make_leaves_no_words_behind(
    keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = relationship_key(keyring)
    fillings = [b"\x01" * len(filling) for filling in data_keys._FILLINGS]
    with monkeypatch.context() as patch:
        patch.setattr(data_keys, "_FILLINGS", fillings)
        envelope = keyring.material.data_key(key, ADVICE).seal("record-1", 1, WORDS)
    failure = refused(
        lambda: type_key(keyring, key, ADVICE).open(record="record-1", record_version=1, envelope=envelope)
    )
    assert "padding" in str(failure)
    assert not holds(captured_by(failure), WORDS)


def test_a_foreign_recovery_blob_leaves_no_key_behind() -> None:
    seed, other = new_key(), new_key()
    sealed = seal_to_recovery(recovery_public_key(other), Secret(WORDS), b"info")
    failure = refused(lambda: open_from_recovery(seed, sealed, b"info"))
    for forbidden in (seed.reveal(), WORDS):
        assert not holds(captured_by(failure), forbidden)


def record_of(number: int, envelope: bytes) -> SealedRecord:
    return SealedRecord(
        record=RecordId(f"record-{number}"),
        relationship=RelationshipId("relationship-1"),
        information_type=ADVICE,
        direction="s2c",
        version=1,
        author=StaffId("staff-1"),
        about=None,
        approved_by=None,
        written_at=NOW,
        expires_at=None,
        envelope=envelope,
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xc1" + WORDS, id="no msgpack"),
        pytest.param(msgspec.msgpack.encode({"fields": {"a": "x"}, WORDS.decode(): 1}), id="another field"),
        pytest.param(msgspec.msgpack.encode({"fields": {WORDS.decode(): 7}}), id="another type"),
        pytest.param(msgspec.msgpack.encode({"fields": {"a": WORDS.decode()}})[:-1], id="cut short"),
    ],
)
def test_a_record_of_an_unknown_shape_leaves_no_words_behind(keyring: KeyRing, content: bytes) -> None:
    key = relationship_key(keyring)
    good = seal_content(
        keyring,
        key,
        information_type=ADVICE,
        record=RecordId("record-1"),
        version=1,
        fields={"helps": WORDS.decode()},
    )
    bad = keyring.material.data_key(key, ADVICE).seal("record-2", 1, content)
    sealed = [record_of(1, good), record_of(2, bad)]
    keys = {ADVICE: type_key(keyring, key, ADVICE)}
    digests = {ADVICE: digest_of(keyring, key, ADVICE, sealed)}
    failure = refused(lambda: open_records(keys, sealed, digests))
    assert "unknown shape" in str(failure)
    assert {"open_records", "_open"} <= set(shown_to(failure))
    for forbidden in [WORDS, *keys_of(keyring, key)]:
        assert not holds(captured_by(failure), forbidden)


def test_what_was_opened_before_a_record_that_does_not_open_is_not_left_behind(keyring: KeyRing) -> None:
    key = relationship_key(keyring)
    envelopes = [
        seal_content(
            keyring,
            key,
            information_type=ADVICE,
            record=RecordId(f"record-{number}"),
            version=1,
            fields={"helps": WORDS.decode()},
        )
        for number in (1, 2)
    ]
    sealed = [record_of(1, envelopes[0]), record_of(2, flipped(envelopes[1], 60))]
    digests = {ADVICE: digest_of(keyring, key, ADVICE, sealed)}  # the digest fits, so opening is tried
    keys = {ADVICE: type_key(keyring, key, ADVICE)}
    failure = refused(lambda: open_records(keys, sealed, digests))
    for forbidden in [WORDS, *keys_of(keyring, key)]:
        assert not holds(captured_by(failure), forbidden)


@pytest.mark.parametrize("nonsense", [False, True])
def test_a_provider_that_is_away_leaves_neither_words_nor_keys_behind(
    keyring: KeyRing, tmp_path: Path, nonsense: bool
) -> None:
    key, person = relationship_key(keyring), person_key(keyring)
    envelope = seal_for_person(keyring, person, purpose="identity", record="p", plaintext=WORDS)
    secrets = [*keys_of(keyring, key), WORDS]
    if nonsense:
        (tmp_path / "keystore.json").write_text("{}")
    else:
        (tmp_path / "keystore.json").unlink()
    for act in (
        lambda: type_key(keyring, key, ADVICE),
        lambda: open_for_person(keyring, person, purpose="identity", record="p", envelope=envelope),
        lambda: keyring.material.derived(key, "view/v1"),
    ):
        with pytest.raises(KeyProviderUnavailableError) as caught:
            act()
        for forbidden in secrets:
            assert not holds(captured_by(caught.value), forbidden)
