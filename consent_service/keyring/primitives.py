"""The only module that touches cryptographic primitives: AES-256-GCM, HKDF-Expand, HMAC, Argon2id, Ed25519.

Sources: NIST SP 800-38D (GCM), RFC 5869 (HKDF), RFC 2104 (HMAC), RFC 9106 (Argon2), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import secrets
from typing import Protocol

from cryptography.exceptions import InvalidKey, InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.secret import Secret

KEY_BYTES = 32
NONCE_BYTES = 12


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
    return secrets.token_bytes(NONCE_BYTES)


class Cipher:
    """AES-256-GCM under one key; build one per key, not one per call."""

    __slots__ = ("_aesgcm",)

    def __init__(self, key: Secret) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("an AES-256 key has 32 bytes")
        self._aesgcm = AESGCM(key.reveal())

    def encrypt(self, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Ciphertext followed by the 16-byte tag."""
        return self._aesgcm.encrypt(nonce, plaintext, aad)

    def decrypt(self, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext, if ciphertext, tag, nonce and `aad` are the ones that were written.

        Raises:
            IntegrityError: any bit of them differs.
        """
        try:
            return self._aesgcm.decrypt(nonce, ciphertext, aad)
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
