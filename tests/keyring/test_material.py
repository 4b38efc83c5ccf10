"""The cache: bounded in number and time, keyed by the blob, and useless while the provider is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation.errors import IntegrityError, KeyProviderUnavailableError
from consent_service.keyring.material import Material
from consent_service.keyring.model import WrappedTenantKey
from consent_service.keyring.primitives import new_key
from consent_service.keyring.secret import Secret
from tests.factories import make_keystore
from tests.keyring.factories import FixedProvider


class CountingProvider(FixedProvider):
    """Counts how often a key is really unwrapped."""

    def __init__(self) -> None:
        super().__init__(bytes(32))
        self.unwrapped = 0

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


def test_it_is_forgotten_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = CountingProvider()
    material = Material(provider, seconds=60)
    key = key_of(material)
    now = [1000.0]
    monkeypatch.setattr("consent_service.keyring.material.time.monotonic", lambda: now[0])
    for moment, unwrapped in ((0.0, 1), (59.9, 1), (60.0, 2), (119.0, 2), (120.1, 3)):
        now[0] = 1000 + moment
        material.derived(key, "view/v1")
        assert provider.unwrapped == unwrapped, moment


def test_the_least_recently_used_key_makes_place() -> None:
    provider = CountingProvider()
    material = Material(provider, entries=2)
    first, second, third = (key_of(material) for _ in range(3))
    for key in (first, second, first, third):  # the third pushes out the second
        material.derived(key, "view/v1")
    assert provider.unwrapped == 3
    material.derived(first, "view/v1")
    assert provider.unwrapped == 3
    material.derived(second, "view/v1")
    assert provider.unwrapped == 4


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
    commitments = {material.data_key(key, purpose).commitment for purpose in ("a", "b", "ab")}
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
