"""Unwraps keys, derives from them, and keeps both for a short while, bounded in number and time.

Private to the keyring: nothing outside it may hold a key. What is kept is looked up by the wrapped key
itself (every blob on the path and every claimed place), so a destroyed row leaves nothing to look up
with, in any worker, and a moved one is unwrapped anew and refused.
"""

from __future__ import annotations

import time

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.data_keys import DataKey
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.kept import Dated, Kept
from consent_service.keyring.model import AnyKey, OwnedKey, WrappedPersonKey, WrappedTenantKey
from consent_service.keyring.primitives import Cipher, hkdf_expand, new_nonce
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.secret import Secret


class Material:
    """Key material by wrapped key. Fails closed: an absent provider refuses even what is kept.

    `entries` bounds each kind of value, `seconds` the time since the provider unwrapped the tenant key
    above: what is derived later is not kept longer. A warm use asks the provider `check`, nothing else.
    """

    def __init__(self, provider: KeyProvider, *, entries: int = 4096, seconds: float = 60.0) -> None:
        self._provider = provider
        self._keys: Kept[AnyKey, Secret] = Kept(entries=entries, seconds=seconds)
        self._data_keys: Kept[tuple[AnyKey, str], DataKey] = Kept(entries=entries, seconds=seconds)
        self._derived: Kept[tuple[AnyKey, str], Secret] = Kept(entries=entries, seconds=seconds)
        self._wrapping: Kept[WrappedTenantKey, Cipher] = Kept(entries=entries, seconds=seconds)

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
        self._provider.check()
        nonce = new_nonce()
        aad = _owned_aad(kind, parent, owner, version)
        return nonce + self._wrapping_of(parent).value.encrypt(nonce, key.reveal(), aad)

    def rewrap_owned_key(self, key: OwnedKey, parent: WrappedTenantKey, kind: str) -> bytes:
        """The blob of the same key under another data key of the tenant; its version stays."""
        self._provider.check()
        return self.wrap_owned_key(self._unwrapped(key).value, parent, kind, key.owner, key.version)

    def opens_owned_key(
        self, blob: bytes, kind: str, owner: str, *, parent: WrappedTenantKey, key: WrappedTenantKey
    ) -> bool:
        """Whether `key`, whatever its own place, opens version 1 of what was wrapped under `parent`."""
        self._provider.check()
        cipher = Cipher(hkdf_expand(self._unwrapped(key).value, _label(parent, "wrap-owned/v1"), 32))
        try:
            cipher.decrypt(blob[:12], blob[12:], _owned_aad(kind, parent, owner, 1))
        except IntegrityError:
            return False
        return True

    def tenant_material(self, key: WrappedTenantKey) -> Secret:
        """The tenant key itself, for `recovery` alone: there it is sealed or wrapped anew at once."""
        self._provider.check()
        return self._unwrapped(key).value

    def data_key(self, key: AnyKey, purpose: str) -> DataKey:
        """The data key for one purpose (an information type, `identity`, ...)."""
        self._provider.check()
        found = self._data_keys.get((key, purpose))
        if found is None:
            whole = self._unwrapped(key)
            made = DataKey(
                whole.value, tenant=key.tenant, owner=_owner(key), purpose=purpose, version=key.version
            )
            found = self._data_keys.put((key, purpose), made, since=whole.since)
        return found.value

    def derived(self, key: AnyKey, label: str) -> Secret:
        """32 bytes for a use other than sealing, such as a view key or an index key."""
        self._provider.check()
        found = self._derived.get((key, label))
        if found is None:
            whole = self._unwrapped(key)
            made = hkdf_expand(whole.value, _label(key, label), 32)
            found = self._derived.put((key, label), made, since=whole.since)
        return found.value

    def _unwrapped(self, key: AnyKey) -> Dated[Secret]:
        found = self._keys.get(key)
        if found is not None:
            return found
        if isinstance(key, WrappedTenantKey):
            aad = _tenant_aad(key.tenant, key.purpose, key.version)
            now = time.monotonic()
            return self._keys.put(key, self._provider.unwrap(key.root_generation, key.blob, aad), since=now)
        above = self._wrapping_of(key.parent)
        kind = "person" if isinstance(key, WrappedPersonKey) else "relationship"
        aad = _owned_aad(kind, key.parent, key.owner, key.version)
        return self._keys.put(
            key, Secret(above.value.decrypt(key.blob[:12], key.blob[12:], aad)), since=above.since
        )

    def _wrapping_of(self, parent: WrappedTenantKey) -> Dated[Cipher]:
        """The cipher that wraps relationship and person keys of a tenant."""
        found = self._wrapping.get(parent)
        if found is not None:
            return found
        whole = self._unwrapped(parent)
        cipher = Cipher(hkdf_expand(whole.value, _label(parent, "wrap-owned/v1"), 32))
        return self._wrapping.put(parent, cipher, since=whole.since)


def _owner(key: AnyKey) -> str:
    return f"tenant:{key.purpose}" if isinstance(key, WrappedTenantKey) else key.owner


def _label(key: AnyKey, label: str) -> bytes:
    return length_prefixed(label, key.tenant, _owner(key), key.version)


def _tenant_aad(tenant: str, purpose: str, version: int) -> bytes:
    return length_prefixed("wrap/v1", "tenant", tenant, purpose, version)


def _owned_aad(kind: str, parent: WrappedTenantKey, owner: str, version: int) -> bytes:
    return length_prefixed("wrap/v1", kind, parent.tenant, owner, version, parent.version)
