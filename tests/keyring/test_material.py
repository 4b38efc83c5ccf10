"""What is kept: bounded in number and time, keyed by the wrapped key, useless while the provider is away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from consent_service.foundation.clock import SystemClock
from consent_service.foundation.errors import IntegrityError, KeyProviderUnavailableError
from consent_service.keyring.material import Material
from consent_service.keyring.model import WrappedRelationshipKey, WrappedTenantKey
from consent_service.keyring.primitives import new_key
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from tests.factories import make_keystore
from tests.keyring.factories import FixedProvider, person_key, relationship_key, tenant_key


class CountingProvider(FixedProvider):
    """Counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__(bytes(32))
        self.unwrapped = 0
        self.checked = 0

    def check(self) -> None:
        self.checked += 1

    def unwrap(self, generation: int, blob: bytes, aad: bytes) -> Secret:
        self.unwrapped += 1
        return super().unwrap(generation, blob, aad)


def key_of(material: Material, *, version: int = 1) -> WrappedTenantKey:
    generation, blob = material.wrap_tenant_key(new_key(), "t", "data", version)
    return WrappedTenantKey("t", "data", version, generation, blob)


def test_a_key_is_unwrapped_once_while_it_is_remembered() -> None:
    provider = CountingProvider()
    material = Material(provider)
    key = key_of(material)
    first = material.derived(key, "view/v1")
    assert [material.derived(key, "view/v1") for _ in range(5)] == [first] * 5
    assert provider.unwrapped == 1


def test_each_use_of_what_is_kept_asks_whether_the_provider_is_there_and_nothing_else() -> None:
    provider = CountingProvider()
    ring = KeyRing(provider, SystemClock())
    parent = tenant_key(ring)
    key, person = relationship_key(ring, parent), person_key(ring, parent)
    uses: tuple[Callable[[], object], ...] = (
        lambda: ring.material.data_key(key, "pickup"),
        lambda: ring.material.derived(key, "digest/v1"),
        lambda: ring.material.data_key(person, "identity"),
        lambda: ring.material.wrap_owned_key(new_key(), parent, "person", "p", 1),
        lambda: ring.material.rewrap_owned_key(key, parent, "relationship"),
        lambda: ring.material.tenant_material(parent),
    )
    for use in uses:
        use()
    assert provider.unwrapped == 1
    for use in uses:
        before = provider.checked
        use()
        assert provider.checked > before
    assert provider.unwrapped == 1


def test_the_same_key_read_from_the_database_again_is_the_same_key() -> None:
    provider = CountingProvider()
    ring = KeyRing(provider, SystemClock())
    key = relationship_key(ring)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(key), type=WrappedRelationshipKey)
    assert ring.material.data_key(key, "pickup") is ring.material.data_key(again, "pickup")
    assert ring.material.data_key(key, "pickup") is not ring.material.data_key(key, "concerns")


def test_all_that_was_derived_is_forgotten_with_the_tenant_key(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("consent_service.keyring.kept.time.monotonic", lambda: now[0])
    provider = CountingProvider()
    ring = KeyRing(provider, SystemClock())
    parent = tenant_key(ring)
    keys = [relationship_key(ring, parent, owner=f"relationship-{number}") for number in range(3)]
    for moment, unwrapped in ((0.0, 1), (30.0, 1), (59.9, 1), (60.0, 2), (119.0, 2), (120.1, 3)):
        now[0] = 1000 + moment
        for key in keys if moment else keys[:1]:
            ring.material.data_key(key, "pickup")
            ring.material.derived(key, "digest/v1")
        assert provider.unwrapped == unwrapped, moment


def test_the_least_recently_used_key_makes_place() -> None:
    provider = CountingProvider()
    material = Material(provider, entries=2)
    first, second, third = (key_of(material) for _ in range(3))
    for key in (first, second, first, third):  # the third pushes out the second
        material.tenant_material(key)
    assert provider.unwrapped == 3
    material.tenant_material(first)
    assert provider.unwrapped == 3
    material.tenant_material(second)
    assert provider.unwrapped == 4


def test_nothing_that_is_kept_grows_beyond_its_bound() -> None:
    ring = KeyRing(FixedProvider(bytes(32)), SystemClock())
    material = Material(FixedProvider(bytes(32)), entries=5)
    for number in range(20):
        parent = tenant_key(ring, tenant=f"tenant-{number}")
        key = relationship_key(ring, parent)
        for purpose in ("a", "b", "c"):
            material.data_key(key, purpose)
            material.derived(key, purpose)
    sizes = [len(material._keys), len(material._data_keys), len(material._derived), len(material._wrapping)]
    assert sizes == [5, 5, 5, 5]


def test_another_blob_another_place_or_another_generation_is_another_key() -> None:
    provider = CountingProvider()
    material = Material(provider)
    key = key_of(material)
    material.derived(key, "view/v1")
    tampered = WrappedTenantKey("t", "data", 1, 1, key.blob[:-1] + bytes([key.blob[-1] ^ 1]))
    with pytest.raises(IntegrityError):
        material.derived(tampered, "view/v1")
    with pytest.raises(IntegrityError):
        material.derived(WrappedTenantKey("t", "audit", 1, 1, key.blob), "view/v1")
    material.derived(WrappedTenantKey("t", "data", 1, 2, key.blob), "view/v1")
    assert provider.unwrapped == 4


def test_labels_purposes_and_versions_give_unrelated_keys() -> None:
    material = Material(FixedProvider(bytes(32)))
    key = key_of(material)
    derived = {material.derived(key, label).reveal() for label in ("view/v1", "index/v1", "digest/v1")}
    envelopes = {material.data_key(key, purpose).seal("r", 1, b"") for purpose in ("a", "b", "ab")}
    commitments = {envelope[18:50] for envelope in envelopes}
    assert len(derived) == len(commitments) == 3
    assert all(len(value) == 32 for value in derived | commitments)


def test_without_the_provider_even_what_is_cached_is_refused(tmp_path: Path) -> None:
    material = Material(make_keystore(tmp_path))
    key = key_of(material)
    material.derived(key, "view/v1")
    (tmp_path / "keystore.json").rename(tmp_path / "away.json")
    with pytest.raises(KeyProviderUnavailableError):
        material.derived(key, "view/v1")
    with pytest.raises(KeyProviderUnavailableError):
        material.check()
    (tmp_path / "away.json").rename(tmp_path / "keystore.json")
    material.derived(key, "view/v1")
