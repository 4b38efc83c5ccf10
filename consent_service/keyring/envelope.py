"""Envelope v1 and the byte strings that tie a sealed value to its place. Pure.

    envelope = magic 0x52 | suite 0x01 | key version u32 | nonce 12 | commitment 32 | ciphertext | tag 16
    padded   = u32 length of the plaintext | plaintext | zeros up to a multiple of 64 bytes
    aad      = length-prefixed ("sc/v1", tenant, owner, record, purpose, record version, key version)

Suite 1 is AES-256-GCM with data keys from HKDF-SHA256. The commitment is derived beside the data key
(key-committing AEAD: a ciphertext opens under one key only).
"""

from __future__ import annotations

import struct

import msgspec

from consent_service.foundation.errors import IntegrityError

MAGIC = 0x52
SUITE = 0x01
_HEADER = struct.Struct(">BBI12s32s")
_LENGTH = struct.Struct(">I")
BLOCK = 64


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parsed envelope; nothing in it is trusted until it opens."""

    key_version: int
    nonce: bytes
    commitment: bytes
    ciphertext: bytes


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a sealed value belongs; moved anywhere else it does not open."""

    tenant: str
    owner: str
    record: str
    purpose: str
    record_version: int = 1


def length_prefixed(*parts: str | int | bytes) -> bytes:
    """The parts joined so that no two different lists give the same bytes.

    Each part is a tag byte (s, i or b), its length as u32 and its bytes.
    """
    joined = bytearray()
    for part in parts:
        if isinstance(part, str):
            tag, data = b"s", part.encode()
        elif isinstance(part, int):
            tag, data = b"i", str(part).encode()
        else:
            tag, data = b"b", part
        joined += tag + _LENGTH.pack(len(data)) + data
    return bytes(joined)


def associated_data(place: Place, key_version: int) -> bytes:
    """The authenticated-only bytes of envelope v1."""
    return length_prefixed(
        "sc/v1",
        place.tenant,
        place.owner,
        place.record,
        place.purpose,
        place.record_version,
        key_version,
    )


def encode(envelope: Envelope) -> bytes:
    """The bytes to store."""
    header = _HEADER.pack(MAGIC, SUITE, envelope.key_version, envelope.nonce, envelope.commitment)
    return header + envelope.ciphertext


def decode(raw: bytes) -> Envelope:
    """The parts of stored bytes.

    Raises:
        IntegrityError: too short, or another magic or suite.
    """
    if len(raw) < _HEADER.size + 16:
        raise IntegrityError("a sealed value is too short")
    magic, suite, key_version, nonce, commitment = _HEADER.unpack_from(raw)
    if (magic, suite) != (MAGIC, SUITE):
        raise IntegrityError("a sealed value has an unknown format")
    return Envelope(key_version, nonce, commitment, raw[_HEADER.size :])


def pad(plaintext: bytes) -> bytes:
    """`plaintext` with its length in front, filled up to a multiple of 64 bytes."""
    framed = _LENGTH.pack(len(plaintext)) + plaintext
    return framed + bytes(-len(framed) % BLOCK)


def unpad(padded: bytes) -> bytes:
    """The plaintext inside `padded`.

    Raises:
        IntegrityError: it was not made by `pad`.
    """
    if len(padded) < BLOCK or len(padded) % BLOCK:
        raise IntegrityError("a sealed value has the wrong padding")
    (length,) = _LENGTH.unpack_from(padded)
    plaintext = padded[_LENGTH.size : _LENGTH.size + length]
    if pad(plaintext) != padded:
        raise IntegrityError("a sealed value has the wrong padding")
    return plaintext
