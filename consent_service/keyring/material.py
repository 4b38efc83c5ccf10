"""Unwraps keys and keeps them for a short while, bounded in number and time.

Private to the keyring: nothing outside it may hold a key. The cache is looked up by the wrapped
blob, so a destroyed row leaves nothing to look up with, in any worker.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import AnyKey, OwnedKey, WrappedPersonKey, WrappedTenantKey
from consent_service.keyring.primitives import Cipher, hkdf_expand, new_nonce
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.secret import Secret


class DataKey:
    """The cipher and commitment for one purpose under one key."""

    __slots__ = ("cipher", "commitment")

    def __init__(self, derived: Secret) -> None:
        self.cipher = Cipher(Secret(derived.reveal()[:32]))
        self.commitment = derived.reveal()[32:]


class Material:
    """Key material by wrapped key. Fails closed: an absent provider refuses even what is cached."""

    def __init__(self, provider: KeyProvider, *, entries: int = 4096, seconds: float = 60.0) -> None:
        self._provider = provider
        self._entries = entries
        self._seconds = seconds
        self._cache: OrderedDict[bytes, tuple[float, Secret]] = OrderedDict()

    def check(self) -> None:
        """Return when the provider would answer.

        Raises:
            KeyProviderUnavailableError: it would not.
        """
        self._provider.check()

    def wrap_tenant_key(self, key: Secret, tenant: str, purpose: str, version: int) -> tuple[int, bytes]:
        """(root generation, blob) for a new tenant key."""
        return self._provider.wrap(key, _tenant_aad(tenant, purpose, version))

    def wrap_owned_key(
        self, key: Secret, parent: WrappedTenantKey, kind: str, owner: str, version: int
    ) -> bytes:
        """The blob of a new relationship or person key under the tenant's data key."""
        nonce = new_nonce()
        aad = _owned_aad(kind, parent, owner, version)
        return nonce + self._wrapping(parent).encrypt(nonce, key.reveal(), aad)

    def rewrap_owned_key(self, key: OwnedKey, parent: WrappedTenantKey, kind: str) -> bytes:
        """The blob of the same key under another data key of the tenant; its version stays."""
        return self.wrap_owned_key(self._unwrapped(key), parent, kind, key.owner, key.version)

    def tenant_material(self, key: WrappedTenantKey) -> Secret:
        """The tenant key itself, for `recovery` alone: there it is sealed or wrapped anew at once."""
        return self._unwrapped(key)

    def data_key(self, key: AnyKey, purpose: str) -> DataKey:
        """The data key for one purpose (an information type, `identity`, ...); design: `dek/v1`."""
        info = length_prefixed("dek/v1", key.tenant, _owner(key), purpose, key.version)
        return DataKey(hkdf_expand(self._unwrapped(key), info, 64))

    def derived(self, key: AnyKey, label: str) -> Secret:
        """32 bytes for a use other than sealing, such as a view key or an index key."""
        info = length_prefixed(label, key.tenant, _owner(key), key.version)
        return hkdf_expand(self._unwrapped(key), info, 32)

    def _unwrapped(self, key: AnyKey) -> Secret:
        self._provider.check()
        if isinstance(key, WrappedTenantKey):
            return self._remember(key, lambda: self._unwrap_tenant(key))
        return self._remember(key, lambda: self._unwrap_owned(key))

    def _unwrap_tenant(self, key: WrappedTenantKey) -> Secret:
        aad = _tenant_aad(key.tenant, key.purpose, key.version)
        return self._provider.unwrap(key.root_generation, key.blob, aad)

    def _unwrap_owned(self, key: OwnedKey) -> Secret:
        kind = "person" if isinstance(key, WrappedPersonKey) else "relationship"
        aad = _owned_aad(kind, key.parent, key.owner, key.version)
        return Secret(self._wrapping(key.parent).decrypt(key.blob[:12], key.blob[12:], aad))

    def _wrapping(self, parent: WrappedTenantKey) -> Cipher:
        return Cipher(self.derived(parent, "wrap-owned/v1"))

    def _remember(self, key: AnyKey, unwrap: Callable[[], Secret]) -> Secret:
        """Cached by all blobs on the path *and* the claimed places: what moved is unwrapped anew."""
        name = _cache_name(key)
        now = time.monotonic()
        found = self._cache.get(name)
        if found is not None and now - found[0] < self._seconds:
            self._cache.move_to_end(name)
            return found[1]
        fresh = unwrap()
        self._cache[name] = (now, fresh)
        self._cache.move_to_end(name)
        while len(self._cache) > self._entries:
            self._cache.popitem(last=False)
        return fresh


def _owner(key: AnyKey) -> str:
    return f"tenant:{key.purpose}" if isinstance(key, WrappedTenantKey) else key.owner


def _cache_name(key: AnyKey) -> bytes:
    own = length_prefixed(type(key).__name__, key.tenant, _owner(key), key.version, key.blob)
    if isinstance(key, WrappedTenantKey):
        return own + length_prefixed(key.root_generation)
    return own + _cache_name(key.parent)


def _tenant_aad(tenant: str, purpose: str, version: int) -> bytes:
    return length_prefixed("wrap/v1", "tenant", tenant, purpose, version)


def _owned_aad(kind: str, parent: WrappedTenantKey, owner: str, version: int) -> bytes:
    return length_prefixed("wrap/v1", kind, parent.tenant, owner, version, parent.version)
