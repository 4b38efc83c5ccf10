"""The bytes of envelope v1, and the byte strings that tie a sealed value to its place. Pure.

    envelope = magic 0x52 | suite 0x01 | key version u32 | nonce 12 | commitment 32 | ciphertext | tag 16
    framed   = u32 length of the plaintext | plaintext | zeros up to a multiple of 64 bytes
    aad      = length-prefixed ("sc/v1", tenant, owner, record, purpose, record version, key version)

Suite 1 is AES-256-GCM with data keys from HKDF-SHA256. The commitment is derived beside the data key
(key-committing AEAD: a ciphertext opens under one key only). Sealing and opening is `data_keys`.
"""

from __future__ import annotations

import struct

MAGIC = 0x52
SUITE = 0x01
START = struct.Struct(">BBI")
LENGTH = struct.Struct(">I")
ADDED_BYTES = 50 + 16 + 4
"""What an envelope adds to a plaintext, which is then filled up to whole blocks of 64 bytes."""
FEWEST_BYTES = 50 + 64 + 16


def is_envelope(sealed: bytes) -> bool:
    """Whether these bytes have the form of an envelope; that says nothing of what key opens it."""
    whole_blocks = (len(sealed) - FEWEST_BYTES) % 64 == 0
    return len(sealed) >= FEWEST_BYTES and whole_blocks and sealed[:2] == bytes((MAGIC, SUITE))


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
        joined += tag + LENGTH.pack(len(data)) + data
    return bytes(joined)
