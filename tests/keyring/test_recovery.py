"""Tenant keys leave the ring sealed to the recovery key, and come back wrapped."""

from __future__ import annotations

import base64
import traceback
from pathlib import Path

import pytest

from consent_service.foundation.clock import SystemClock
from consent_service.foundation.errors import IntegrityError, KeyProviderUnavailableError
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.primitives import open_from_recovery, seal_to_recovery
from consent_service.keyring.providers.file import FileKeystore
from consent_service.keyring.recovery import (
    PUBLIC_BYTES,
    backup_mac,
    fingerprint,
    new_seed,
    public_half,
    rewrap_sealed_keys,
    scratch_ring,
    seal_tenant_keys,
)
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from tests.factories import make_keyring
from tests.keyring.captured import captured_by, holds, shown_to
from tests.keyring.factories import person_key, tenant_key

INFO = b"of this backup"


@pytest.fixture
def elsewhere(tmp_path: Path) -> KeyRing:
    """A ring over another keystore."""
    (tmp_path / "elsewhere").mkdir()
    return make_keyring(tmp_path / "elsewhere")


def test_sealed_keys_come_back_as_the_same_keys_under_another_provider(
    keyring: KeyRing, elsewhere: KeyRing
) -> None:
    seed = new_seed()
    keys = [tenant_key(keyring, purpose=purpose) for purpose in ("data", "index", "audit")]
    sealed = seal_tenant_keys(keyring, keys, public=public_half(seed), info=INFO)
    back = rewrap_sealed_keys(elsewhere, seed, sealed, INFO)
    assert [(key.tenant, key.purpose, key.version) for key in back] == [
        (key.tenant, key.purpose, key.version) for key in keys
    ]
    for old, new in zip(keys, back, strict=True):
        assert keyring.material.derived(old, "same") == elsewhere.material.derived(new, "same")
    person = person_key(keyring, keys[0])
    moved = type(person)(person.tenant, person.owner, person.version, person.blob, back[0])
    assert keyring.material.derived(person, "same") == elsewhere.material.derived(moved, "same")


def test_nothing_comes_back_with_another_seed_or_for_another_backup(keyring: KeyRing) -> None:
    seed = new_seed()
    sealed = seal_tenant_keys(keyring, [tenant_key(keyring)], public=public_half(seed), info=INFO)
    for other, info, content in (
        (new_seed(), INFO, sealed),
        (seed, b"of another", sealed),
        (seed, INFO, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (seed, INFO, b""),
    ):
        with pytest.raises(IntegrityError):
            rewrap_sealed_keys(keyring, other, content, info)


def test_what_is_no_public_key_is_refused(keyring: KeyRing) -> None:
    with pytest.raises(IntegrityError):
        seal_tenant_keys(keyring, [tenant_key(keyring)], public=b"no key", info=INFO)


def test_a_seal_over_something_else_is_refused_without_quoting_it(keyring: KeyRing) -> None:
    seed = new_seed()
    info = length_prefixed("key-backup/v1", INFO)
    for content in (
        b'[{"tenant":"not keys"}]',
        b'[{"tenant":"a","purpose":"data","version":1,"key":"not keys"}]',
        b'[{"tenant":"not keys","purpose":"data","version":1,"key":7}]',
    ):
        sealed = seal_to_recovery(public_half(seed), Secret(content), info)
        assert open_from_recovery(seed, sealed, info) == Secret(content)
        with pytest.raises(IntegrityError, match="something else") as caught:
            rewrap_sealed_keys(keyring, seed, sealed, INFO)
        assert "not keys" not in "".join(traceback.format_exception(caught.value))
        assert not holds(captured_by(caught.value), b"not keys")


def test_nothing_of_a_key_is_in_the_error_when_it_cannot_be_sealed_or_wrapped(
    keyring: KeyRing, elsewhere: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = new_seed()
    keys = [tenant_key(keyring, purpose=purpose) for purpose in ("data", "index", "audit")]
    material = [keyring.material.tenant_material(key).reveal() for key in keys]
    sealed = seal_tenant_keys(keyring, keys, public=public_half(seed), info=INFO)
    with pytest.raises(IntegrityError) as unsealable:
        seal_tenant_keys(keyring, keys, public=bytes(PUBLIC_BYTES - 1), info=INFO)
    wraps: list[int] = []

    def away_at_the_third(provider: FileKeystore, key: Secret, aad: bytes) -> tuple[int, bytes]:
        wraps.append(len(wraps))
        if len(wraps) > 2:
            raise KeyProviderUnavailableError("away")
        return wrap(provider, key, aad)

    wrap = FileKeystore.wrap
    monkeypatch.setattr(FileKeystore, "wrap", away_at_the_third)
    with pytest.raises(KeyProviderUnavailableError) as unwrappable:
        rewrap_sealed_keys(elsewhere, seed, sealed, INFO)
    for failure in (unsealable.value, unwrappable.value):
        assert {"seal_tenant_keys", "rewrap_sealed_keys"} & set(shown_to(failure))
        for one in (*material, seed.reveal()):
            assert not holds(captured_by(failure), one)
            assert not holds(captured_by(failure), base64.b64encode(one))


def test_a_seed_has_one_public_half_and_one_fingerprint() -> None:
    seed = new_seed()
    assert public_half(seed) == public_half(seed)
    assert len(public_half(seed)) == PUBLIC_BYTES
    assert len(fingerprint(public_half(seed))) == 64
    assert fingerprint(public_half(seed)) != fingerprint(public_half(new_seed()))


def test_only_the_same_audit_key_gives_the_same_mac(keyring: KeyRing) -> None:
    audit = tenant_key(keyring, purpose="audit")
    assert backup_mac(keyring, audit, b"backup") == backup_mac(keyring, audit, b"backup")
    assert backup_mac(keyring, audit, b"backup") != backup_mac(keyring, audit, b"backup.")
    assert backup_mac(keyring, audit, b"backup") != backup_mac(
        keyring, tenant_key(keyring, purpose="audit"), b"backup"
    )


def test_a_scratch_ring_is_marked_for_development_and_knows_no_other_key(
    keyring: KeyRing, tmp_path: Path
) -> None:
    ring = scratch_ring(tmp_path, SystemClock())
    assert ring.development
    with pytest.raises(IntegrityError):
        ring.material.derived(tenant_key(keyring), "same")
    assert (tmp_path / "keystore").stat().st_mode & 0o777 == 0o600
