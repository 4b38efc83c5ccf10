"""Keys over a real keystore, without a database: wrapped as the service wraps them."""

from __future__ import annotations

from typing import Literal

from consent_service.foundation.errors import ConfigurationError
from consent_service.keyring.model import (
    TenantKeyPurpose,
    WrappedPersonKey,
    WrappedRelationshipKey,
    WrappedTenantKey,
)
from consent_service.keyring.primitives import Cipher, new_key
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing


def tenant_key(
    ring: KeyRing, *, tenant: str = "tenant-1", purpose: TenantKeyPurpose = "data", version: int = 1
) -> WrappedTenantKey:
    generation, blob = ring.material.wrap_tenant_key(new_key(), tenant, purpose, version)
    return WrappedTenantKey(tenant, purpose, version, generation, blob)


def relationship_key(
    ring: KeyRing, parent: WrappedTenantKey | None = None, *, owner: str = "relationship-1", version: int = 1
) -> WrappedRelationshipKey:
    above = parent or tenant_key(ring)
    blob = ring.material.wrap_owned_key(new_key(), above, "relationship", owner, version)
    return WrappedRelationshipKey(above.tenant, owner, version, blob, above)


def person_key(
    ring: KeyRing, parent: WrappedTenantKey | None = None, *, owner: str = "person-1", version: int = 1
) -> WrappedPersonKey:
    above = parent or tenant_key(ring)
    blob = ring.material.wrap_owned_key(new_key(), above, "person", owner, version)
    return WrappedPersonKey(above.tenant, owner, version, blob, above)


class FixedProvider:
    """A key provider whose one root key is known, for frozen vectors."""

    def __init__(self, root: bytes) -> None:
        self._cipher = Cipher(Secret(root))

    @property
    def kind(self) -> Literal["file"]:
        return "file"

    @property
    def development(self) -> bool:
        return True

    def check(self) -> None:
        return

    def generations(self) -> tuple[int, ...]:
        return (1,)

    def current_generation(self) -> int:
        return 1

    def create_generation(self, number: int) -> None:
        raise ConfigurationError("this provider has one root generation, for ever")

    def destroy_generation(self, number: int) -> None:
        raise ConfigurationError("this provider has one root generation, for ever")

    def wrap(self, key: Secret, aad: bytes) -> tuple[int, bytes]:
        nonce = bytes(12)
        return 1, nonce + self._cipher.encrypt(nonce, key.reveal(), aad)

    def unwrap(self, generation: int, blob: bytes, aad: bytes) -> Secret:
        return Secret(self._cipher.decrypt(blob[:12], blob[12:], aad))

    def check_value(self, generation: int) -> bytes:
        return bytes(32)
