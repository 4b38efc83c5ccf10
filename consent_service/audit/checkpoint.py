"""A signed head of the log, in the C2SP formats tlog-checkpoint and signed-note (Ed25519). Pure.

The signature itself is made by `keyring.signing`; when one is made is decided by `sequencer`. What a
witness adds is `cosignature`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from hashlib import sha256

import msgspec

from consent_service.audit.merkle import HASH_SIZE
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.signing import verify_signature

NOTE_LIMIT = 256 * 1024
"""Bytes a signed note may have."""
SIGNATURE_LIMIT = 64
"""Signatures that are read of one note; a reader must take at least 16 (C2SP signed-note)."""
SIZE_LIMIT = (1 << 63) - 1
"""The largest number of entries a head may speak of."""
KEY_SIZE = 32
_ED25519 = 0x01
_KEY_ID_SIZE = 4
_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


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

    def text(self) -> bytes:
        """The line as it stands under a note, with its newline (C2SP signed-note)."""
        blob = base64.b64encode(self.key_id + self.signature).decode()
        return f"{_DASH}{self.name} {blob}\n".encode()


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint with the signatures that stand under it, not yet verified.

    `body` is the signed text, extension lines included; nothing in those is ever acted upon.
    """

    checkpoint: Checkpoint
    body: bytes
    signatures: tuple[SignatureLine, ...]
    extensions: tuple[str, ...] = ()


class NoteKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs under this name, and how: `kind` is the signature type byte (C2SP signed-note)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that tell signers of a note apart; no proof of anything."""
        hashed = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return sha256(hashed).digest()[:_KEY_ID_SIZE]

    def text(self) -> str:
        """The public key as one line of text that other tools read."""
        encoded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that tell signers of a note apart (C2SP signed-note)."""
    return NoteKey(name, _ED25519, public).id


def verifier_key(name: str, public: bytes) -> str:
    """The public key as one line of text that other tools read (C2SP signed-note)."""
    return NoteKey(name, _ED25519, public).text()


def read_note_key(text: str, *, kind: int = _ED25519) -> NoteKey:
    """The key that this line of text stands for, with a public key of 32 bytes (Ed25519).

    Raises:
        IntegrityError: it is malformed, of another kind, or its key id is not that of its key.
    """
    try:
        name, claimed, encoded = text.split("+", maxsplit=2)
        blob = decode_base64(encoded)
        key = NoteKey(_key_name(name), blob[0], blob[1:])
        said = (key.kind, len(key.public), key.id.hex())
    except (ValueError, IndexError) as failure:
        raise IntegrityError("the verifier key is malformed") from failure
    if said != (kind, KEY_SIZE, claimed):
        raise IntegrityError("the verifier key is not of this kind, or its id is not that of its key")
    return key


def write_note(checkpoint: Checkpoint, *, public: bytes, signature: bytes) -> bytes:
    """The checkpoint with one Ed25519 signature by the log itself (C2SP signed-note)."""
    line = SignatureLine(checkpoint.origin, key_id(checkpoint.origin, public), signature)
    return checkpoint.body() + b"\n" + line.text()


def add_signatures(note: bytes, lines: Iterable[bytes]) -> bytes:
    """The same note with these signature lines below its own; a line that already stands there is left out.

    Raises:
        IntegrityError: the note or a line is malformed, or there are too many.
    """
    known = {line.text() for line in read_note(note).signatures}
    for raw in lines:
        line = read_signature_line(raw).text()
        if line not in known:
            known.add(line)
            note += line
    read_note(note)
    return note


def read_signature_line(raw: bytes) -> SignatureLine:
    """One signature line, with or without its newline.

    Raises:
        IntegrityError: the bytes are not a signature line.
    """
    try:
        return _read_signature(raw.decode().removesuffix("\n"))
    except ValueError as failure:
        raise IntegrityError("a signature line is malformed") from failure


def read_note(note: bytes) -> Note:
    """The parts of a signed checkpoint; nothing in it is verified yet.

    Raises:
        IntegrityError: the bytes are not a signed checkpoint (C2SP tlog-checkpoint, signed-note).
    """
    try:
        return _parse(note)
    except ValueError as failure:
        raise IntegrityError("the checkpoint is malformed") from failure


def verify_note(note: Note, *, origin: str, public: bytes) -> bool:
    """Whether the log `origin` with this key signed the note; signatures of others are ignored.

    A signature that names this key and does not fit spoils the note (C2SP signed-note).
    """
    own = signatures_by(note, NoteKey(origin, _ED25519, public))
    fits = all(verify_signature(public, note.body, line.signature) for line in own)
    return note.checkpoint.origin == origin and bool(own) and fits


def signed_checkpoint(note: Note, *, origin: str, keys: Iterable[bytes]) -> Checkpoint:
    """The checkpoint of the log `origin`, once one of its keys turns out to have signed it.

    Raises:
        IntegrityError: none of them did, or the checkpoint is another log's.
    """
    if not any(verify_note(note, origin=origin, public=public) for public in keys):
        raise IntegrityError("the checkpoint is not signed by this log")
    return note.checkpoint


def signatures_by(note: Note, key: NoteKey) -> tuple[SignatureLine, ...]:
    """The signatures that claim to be of this key; whether they fit is for the caller to check."""
    return tuple(line for line in note.signatures if (line.name, line.key_id) == (key.name, key.id))


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64 in its one canonical spelling (RFC 4648 section 4).

    Raises:
        ValueError: another alphabet, missing padding, stray bits or white space.
    """
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def decode_decimal(text: str) -> int:
    """A number of ASCII digits without leading zeroes, below 2^63.

    Raises:
        ValueError: anything else.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(SIZE_LIMIT))):
        raise ValueError("not a decimal number")
    number = int(text)
    if str(number) != text or number > SIZE_LIMIT:
        raise ValueError("not a decimal number in canonical form")
    return number


def _parse(note: bytes) -> Note:
    if len(note) > NOTE_LIMIT:
        raise ValueError("too long")
    text = note.decode()
    if _CONTROL.search(text):
        raise ValueError("a control character")
    body, blank, tail = text.rpartition("\n\n")
    signatures = tail.split("\n")
    if not blank or signatures.pop() or not 1 <= len(signatures) <= SIGNATURE_LIMIT:
        raise ValueError("wrong number of lines")
    checkpoint, extensions = _read_body(body)
    lines = tuple(_read_signature(line) for line in signatures)
    return Note(checkpoint, f"{body}\n".encode(), lines, extensions)


def _read_body(body: str) -> tuple[Checkpoint, tuple[str, ...]]:
    origin, size, root, *extensions = lines = body.split("\n")
    checkpoint = Checkpoint(origin, decode_decimal(size), decode_base64(root))
    if not all(lines) or len(checkpoint.root) != HASH_SIZE:
        raise ValueError("an empty line, or a root of another length")
    return checkpoint, tuple(extensions)


def _read_signature(line: str) -> SignatureLine:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    blob = decode_base64(encoded)
    if not line.startswith(_DASH) or not space or len(blob) <= _KEY_ID_SIZE:
        raise ValueError("not a signature line")
    return SignatureLine(_key_name(name), blob[:_KEY_ID_SIZE], blob[_KEY_ID_SIZE:])


def _key_name(name: str) -> str:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise ValueError("not a name of a key")
    return name
