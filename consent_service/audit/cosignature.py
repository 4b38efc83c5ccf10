"""What a witness adds to a checkpoint: cosignature/v1 with Ed25519 (C2SP tlog-cosignature). Pure.

A cosignature says that at that moment this was the largest consistent head the witness had seen of
the log. Asking witnesses and keeping what they answer is `heads`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from consent_service.audit.checkpoint import (
    SIZE_LIMIT,
    Note,
    NoteKey,
    SignatureLine,
    read_note_key,
    signatures_by,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.signing import verify_signature

_COSIGNATURE_V1 = 0x04
_TIME_SIZE = 8
_SIGNATURE_SIZE = 64
_HEADER = "cosignature/v1"


class Cosigner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A witness: the name under which it signs and its Ed25519 public key of 32 bytes."""

    name: str
    public: bytes


def cosigner_key_id(name: str, public: bytes) -> bytes:
    """The four bytes under which this witness signs; not those of the same key signing notes."""
    return _note_key(Cosigner(name, public)).id


def cosigner_key(name: str, public: bytes) -> str:
    """The public key of a witness as one line of text that other tools read (type 0x04)."""
    return _note_key(Cosigner(name, public)).text()


def read_cosigner_key(text: str) -> Cosigner:
    """The witness that this line of text stands for.

    Raises:
        IntegrityError: malformed, not of type 0x04, or its key id is not that of its key.
    """
    key = read_note_key(text, kind=_COSIGNATURE_V1)
    return Cosigner(key.name, key.public)


def verify_cosignature(note: Note, cosigner: Cosigner) -> datetime | None:
    """When this witness last cosigned the note; None when it did not.

    One signature that names this key and does not fit spoils them all (C2SP signed-note). A time in
    the future is given as it stands: what to think of it is for the caller.
    """
    lines = signatures_by(note, _note_key(cosigner))
    times = [_signed_at(note, cosigner, line) for line in lines]
    fitting = [at for at in times if at is not None]
    return max(fitting) if fitting and len(fitting) == len(times) else None


def cosigned_message(body: bytes, at: datetime) -> bytes:
    """The bytes a witness signs over the text of a note at this moment, in whole seconds.

    Raises:
        ValueError: the time has no zone or lies before 1970.
    """
    return _message(body, _seconds(at))


def cosign(body: bytes, cosigner: Cosigner, at: datetime, sign: Callable[[bytes], bytes]) -> bytes:
    """The signature line that this witness adds; `sign` gives 64 bytes of Ed25519 over the message.

    Raises:
        ValueError: the time has no zone or lies before 1970.
    """
    seconds = _seconds(at)
    signature = seconds.to_bytes(_TIME_SIZE, "big") + sign(_message(body, seconds))
    return SignatureLine(cosigner.name, _note_key(cosigner).id, signature).text()


def cosignature_time(line: SignatureLine) -> datetime:
    """The moment inside a cosignature; only worth something once it was verified.

    Raises:
        IntegrityError: it does not have the form of a cosignature, or no calendar has that day.
    """
    if len(line.signature) != _TIME_SIZE + _SIGNATURE_SIZE:
        raise IntegrityError("a cosignature has another length")
    try:
        return datetime.fromtimestamp(int.from_bytes(line.signature[:_TIME_SIZE], "big"), UTC)
    except (ValueError, OverflowError, OSError) as failure:
        raise IntegrityError("a cosignature has an impossible time") from failure


def _signed_at(note: Note, cosigner: Cosigner, line: SignatureLine) -> datetime | None:
    try:
        at = cosignature_time(line)
    except IntegrityError:
        return None
    message = _message(note.body, int.from_bytes(line.signature[:_TIME_SIZE], "big"))
    fits = verify_signature(cosigner.public, message, line.signature[_TIME_SIZE:])
    return at if fits else None


def _message(body: bytes, seconds: int) -> bytes:
    return f"{_HEADER}\ntime {seconds}\n".encode() + body


def _seconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    seconds = int(at.timestamp())
    if not 0 <= seconds <= SIZE_LIMIT:
        raise ValueError("a time before 1970")
    return seconds


def _note_key(cosigner: Cosigner) -> NoteKey:
    return NoteKey(cosigner.name, _COSIGNATURE_V1, cosigner.public)
