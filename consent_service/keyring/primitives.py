"""The only module that touches cryptographic primitives.

AES-256-GCM (NIST SP 800-38D), HKDF-Expand (RFC 5869), HMAC (RFC 2104), Argon2id (RFC 9106), Ed25519
(RFC 8032), and for recovery HPKE (RFC 9180) over ML-KEM-768 (FIPS 203) beside X25519 (RFC 7748).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Protocol

from cryptography.exceptions import InvalidKey, InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hmac, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.x509 import Certificate as Certificate
from cryptography.x509 import load_pem_x509_certificates

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.secret import Secret

KEY_BYTES = 32
NONCE_BYTES = 12
_MLKEM_PUBLIC_BYTES = 1184
RECOVERY_PUBLIC_BYTES = _MLKEM_PUBLIC_BYTES + 32

_RECOVERY = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class Argon2Cost(Protocol):
    """How much work one guess of a passphrase costs (RFC 9106 section 4)."""

    @property
    def iterations(self) -> int: ...
    @property
    def lanes(self) -> int: ...
    @property
    def memory_kib(self) -> int: ...


def new_key() -> Secret:
    """32 fresh random bytes from the operating system."""
    return Secret(secrets.token_bytes(KEY_BYTES))


def new_nonce() -> bytes:
    """12 fresh random bytes; drawn from the operating system on each call, so safe after a fork."""
    return os.urandom(NONCE_BYTES)


class Cipher:
    """AES-256-GCM under one key; build one per key, not one per call."""

    __slots__ = ("_decrypt", "encrypt")

    encrypt: Callable[[bytes, bytes, bytes], bytes]
    """(nonce, plaintext, associated data) to ciphertext followed by the 16-byte tag."""

    def __init__(self, key: Secret) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("an AES-256 key has 32 bytes")
        aesgcm = AESGCM(key.reveal())
        self.encrypt = aesgcm.encrypt
        self._decrypt = aesgcm.decrypt

    def decrypt(self, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext, if ciphertext, tag, nonce and `aad` are the ones that were written.

        Raises:
            IntegrityError: any bit of them differs.
        """
        try:
            return self._decrypt(nonce, ciphertext, aad)
        except (InvalidTag, ValueError) as failure:
            raise IntegrityError("sealed bytes do not open under this key and place") from failure


def hkdf_expand(key: Secret, info: bytes, length: int) -> Secret:
    """`length` bytes derived from a uniformly random `key`; RFC 5869 section 2.3, SHA-256."""
    return Secret(HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(key.reveal()))


def hmac_sha256(key: Secret, message: bytes) -> bytes:
    """32 bytes; RFC 2104 with SHA-256."""
    mac = hmac.HMAC(key.reveal(), hashes.SHA256())
    mac.update(message)
    return mac.finalize()


def stretch_passphrase(passphrase: Secret, salt: bytes, cost: Argon2Cost) -> Secret:
    """32 bytes from a passphrase; Argon2id, RFC 9106."""
    stretched = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    ).derive(passphrase.reveal())
    return Secret(stretched)


def hash_pin(pin: str) -> str:
    """What to store of a PIN: a PHC string of Argon2id (RFC 9106), 64 MiB.

    One lane: with more, parallel calls were seen to stand still for good in the library's thread pool.
    """
    return Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=4, lanes=1, memory_cost=65536
    ).derive_phc_encoded(pin.encode())


def verify_pin(pin: str, stored: str) -> bool:
    """Whether `pin` is the one that was hashed into `stored`."""
    try:
        Argon2id.verify_phc_encoded(pin.encode(), stored)
    except InvalidKey:
        return False
    return True


def new_signing_key() -> tuple[Secret, bytes]:
    """A fresh Ed25519 pair: (private seed of 32 bytes, public key of 32 bytes)."""
    private = Ed25519PrivateKey.generate()
    return Secret(private.private_bytes_raw()), private.public_key().public_bytes_raw()


def sign(private: Secret, message: bytes) -> bytes:
    """A 64-byte Ed25519 signature; RFC 8032."""
    return Ed25519PrivateKey.from_private_bytes(private.reveal()).sign(message)


def signature_fits(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` was made by the holder of `public`'s private key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def certificates_in(pem: bytes) -> tuple[Certificate, ...]:
    """The X.509 certificates of a PEM file, in its order (RFC 7468).

    Raises:
        ValueError: there are none, or one cannot be read.
    """
    return tuple(load_pem_x509_certificates(pem))


def recovery_public_key(seed: Secret) -> bytes:
    """The public half that belongs to a 32-byte recovery seed: ML-KEM-768 (1184 bytes), then X25519 (32)."""
    mlkem, x25519 = _recovery_pair(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def seal_to_recovery(public: bytes, plaintext: Secret, info: bytes) -> bytes:
    """`plaintext` for whoever holds the seed to `public`; HPKE base mode, opened with the same `info` only.

    1136 bytes longer than the plaintext.

    Raises:
        IntegrityError: `public` is no recovery public key.
    """
    try:
        # each half refuses another length than its own
        key = hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:]),
        )
        return _RECOVERY.encrypt(plaintext.reveal(), key, info)
    except ValueError as failure:
        raise IntegrityError("this is no recovery public key") from failure


def open_from_recovery(seed: Secret, sealed: bytes, info: bytes) -> Secret:
    """What `seal_to_recovery` sealed to the public key of `seed`.

    Raises:
        IntegrityError: tampered with, sealed to another key, or for another `info`.
    """
    key = hpke.MLKEM768X25519PrivateKey(*_recovery_pair(seed))
    try:
        return Secret(_RECOVERY.decrypt(sealed, key, info))
    except (InvalidTag, ValueError) as failure:
        raise IntegrityError("a key backup does not open under this recovery key") from failure


def _recovery_pair(seed: Secret) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """Both halves come from one seed, so that one secret of 32 bytes is split and kept."""
    if len(seed) != KEY_BYTES:
        raise ValueError("a recovery seed has 32 bytes")
    mlkem = hkdf_expand(seed, length_prefixed("recovery/v1", "mlkem768"), 64)
    x25519 = hkdf_expand(seed, length_prefixed("recovery/v1", "x25519"), 32)
    return (
        MLKEM768PrivateKey.from_seed_bytes(mlkem.reveal()),
        X25519PrivateKey.from_private_bytes(x25519.reveal()),
    )
