"""Tenant keys for the day the key provider is lost: sealed to the recovery key, wrapped anew afterwards.

The door for `custody`, which never holds material: a tenant key leaves only sealed to the recovery
public key, and comes back only wrapped by the provider of a ring. Splitting the recovery seed into
sheets, and the file of a backup, are `custody`'s.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import TenantKeyPurpose, WrappedTenantKey
from consent_service.keyring.primitives import (
    KEY_BYTES,
    RECOVERY_PUBLIC_BYTES,
    hmac_sha256,
    new_key,
    open_from_recovery,
    recovery_public_key,
    seal_to_recovery,
)
from consent_service.keyring.providers.file import Argon2, create_keystore
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing

SEED_BYTES: Final = KEY_BYTES
PUBLIC_BYTES: Final = RECOVERY_PUBLIC_BYTES
SUITE: Final = "HPKE MLKEM768_X25519, HKDF_SHA256, AES_256_GCM"


_UNSTRETCHED: Final = Argon2(iterations=1, lanes=1, memory_kib=64)


class _Material(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tenant key as it stands inside the seal; `key` is base64 in the JSON, and never bytes of ours."""

    tenant: str
    purpose: TenantKeyPurpose
    version: int
    key: Secret


def new_seed() -> Secret:
    """32 fresh random bytes from which the whole recovery key follows."""
    return new_key()


def public_half(seed: Secret) -> bytes:
    """The public key that belongs to `seed`; keep it in clear."""
    return recovery_public_key(seed)


def fingerprint(public: bytes) -> str:
    """The SHA-256 of a recovery public key, 64 hexadecimal digits."""
    return sha256(public).hexdigest()


def seal_tenant_keys(ring: KeyRing, keys: Iterable[WrappedTenantKey], *, public: bytes, info: bytes) -> bytes:
    """The material of `keys`, readable only with the seed to `public` and the same `info`.

    Raises:
        IntegrityError: `public` is no recovery public key, or a key is not what its row says.
        KeyDestroyedError: a key is wrapped by a generation that no longer exists.
        KeyProviderUnavailableError: the provider is away.
    """
    material = [
        _Material(key.tenant, key.purpose, key.version, ring.material.tenant_material(key)) for key in keys
    ]
    return seal_to_recovery(public, Secret(msgspec.json.encode(material, enc_hook=_revealed)), _info(info))


def rewrap_sealed_keys(
    ring: KeyRing, seed: Secret, sealed: bytes, info: bytes
) -> tuple[WrappedTenantKey, ...]:
    """What `seal_tenant_keys` sealed, wrapped by the current generation of the provider under `ring`.

    Raises:
        IntegrityError: tampered with, sealed to another key, or for another `info`.
        KeyProviderUnavailableError: the provider is away.
    """
    return tuple(_wrapped(ring, material) for material in _opened(seed, sealed, info))


def scratch_ring(folder: Path, clock: Clock) -> KeyRing:
    """A ring of its own for a drill, over a keystore file that nothing opens once this process forgot it.

    Raises:
        ConfigurationError: the folder is unsafe or cannot be written.
    """
    passphrase = Secret(new_key().reveal().hex().encode())  # never stored, so it needs no stretching
    keystore = create_keystore(folder / "keystore", passphrase, development=True, cost=_UNSTRETCHED)
    return KeyRing(keystore, clock)


def backup_mac(ring: KeyRing, key: WrappedTenantKey, message: bytes) -> bytes:
    """32 bytes that only an installation with this audit key can make: nothing was left out of a backup.

    Raises:
        IntegrityError: the key is not what its row says.
        KeyDestroyedError: it is wrapped by a generation that no longer exists.
        KeyProviderUnavailableError: the provider is away.
    """
    return hmac_sha256(ring.material.derived(key, "key-backup/v1"), message)


def _opened(seed: Secret, sealed: bytes, info: bytes) -> list[_Material]:
    plain = open_from_recovery(seed, sealed, _info(info))
    try:
        return msgspec.json.decode(plain.reveal(), type=list[_Material], dec_hook=_kept)
    except msgspec.DecodeError:
        pass  # the error itself would quote what it could not read
    raise IntegrityError("a key backup holds something else than keys")


def _revealed(key: Secret) -> bytes:
    return key.reveal()


def _kept(_kind: type, key: str) -> Secret:
    return Secret(b64decode(key, validate=True))


def _wrapped(ring: KeyRing, material: _Material) -> WrappedTenantKey:
    place = material.tenant, material.purpose, material.version
    generation, blob = ring.material.wrap_tenant_key(material.key, *place)
    return WrappedTenantKey(*place, generation, blob)


def _info(info: bytes) -> bytes:
    return length_prefixed("key-backup/v1", info)
