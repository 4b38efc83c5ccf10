"""A signed head of the log, in the C2SP formats tlog-checkpoint and signed-note (Ed25519). Pure.

The signature itself is made by `keyring.signing`; when one is made is decided by `sequencer`.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256

import msgspec

from consent_service.audit.merkle import HASH_SIZE
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.signing import verify_signature

_ED25519 = b"\x01"
_KEY_ID_SIZE = 4
_DASH = "\u2014 "


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one signature vouches for: the first `size` entries of the log `origin` have this root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> bytes:
        """The signed text (C2SP tlog-checkpoint)."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n".encode()


class SignatureLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature under a note: the signer's name, the short key id and the signature."""

    name: str
    key_id: bytes
    signature: bytes


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint with the signatures that stand under it, not yet verified."""

    checkpoint: Checkpoint
    body: bytes
    signatures: tuple[SignatureLine, ...]


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that tell signers of a note apart (C2SP signed-note)."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID_SIZE]


def verifier_key(name: str, public: bytes) -> str:
    """The public key as one line of text that other tools read (C2SP signed-note)."""
    encoded = base64.b64encode(_ED25519 + public).decode()
    return f"{name}+{key_id(name, public).hex()}+{encoded}"


def write_note(checkpoint: Checkpoint, *, public: bytes, signature: bytes) -> bytes:
    """The checkpoint with one Ed25519 signature by the log itself (C2SP signed-note)."""
    blob = base64.b64encode(key_id(checkpoint.origin, public) + signature).decode()
    return checkpoint.body() + f"\n{_DASH}{checkpoint.origin} {blob}\n".encode()


def read_note(note: bytes) -> Note:
    """The parts of a signed checkpoint; nothing in it is verified yet.

    Raises:
        IntegrityError: the bytes are not a checkpoint in the one form that is written here.
    """
    try:
        return _parse(note)
    except (ValueError, binascii.Error) as failure:
        raise IntegrityError("the checkpoint is malformed") from failure


def verify_note(note: Note, *, origin: str, public: bytes) -> bool:
    """Whether the log `origin` with this key signed the note; other signatures are ignored."""
    expected = key_id(origin, public)
    return note.checkpoint.origin == origin and any(
        line.name == origin
        and line.key_id == expected
        and verify_signature(public, note.body, line.signature)
        for line in note.signatures
    )


def _parse(note: bytes) -> Note:
    body, _, tail = note.partition(b"\n\n")
    lines, signatures = body.decode("ascii").split("\n"), tail.decode("utf-8").split("\n")
    if len(lines) != 3 or len(signatures) < 2 or signatures.pop():
        raise ValueError("wrong number of lines")
    origin, size, root = lines
    checkpoint = Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
    if checkpoint.body() != body + b"\n" or len(checkpoint.root) != HASH_SIZE or checkpoint.size < 0:
        raise ValueError("not in canonical form")
    return Note(checkpoint, body + b"\n", tuple(_read_signature(line) for line in signatures))


def _read_signature(line: str) -> SignatureLine:
    if not line.startswith(_DASH):
        raise ValueError("not a signature line")
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    blob = base64.b64decode(encoded, validate=True)
    if not name or not space or len(blob) < _KEY_ID_SIZE + 1:
        raise ValueError("not a signature line")
    return SignatureLine(name, blob[:_KEY_ID_SIZE], blob[_KEY_ID_SIZE:])
