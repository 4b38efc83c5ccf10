"""Witnesses: others who saw that the log only grew, and say so with a signature (C2SP tlog-witness).

A witness remembers the largest head of each log it cosigned and cosigns another one only with the proof
that it extends that. So no two histories of one log get the cosignature of an honest witness. When they
are asked and where the answers are kept is `publishing`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec

from consent_service.audit.checkpoint import Note, decode_decimal, read_note, read_signature_line
from consent_service.audit.cosignature import (
    Cosigner,
    cosigner_key_id,
    read_cosigner_key,
    verify_cosignature,
)
from consent_service.audit.heads.outgoing import Answer, NoAnswerError, is_safe_address, post
from consent_service.foundation.errors import ConfigurationError, IntegrityError

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""A cosignature from further in the future than this is not taken."""
_PROOF_LIMIT: Final = 63
_REQUEST: Final = "text/plain"
_SIZE: Final = "text/x.tlog.size"

Refusal = Literal[
    "no_answer",  # away, too slow, or not understood at all
    "unknown_log",  # 404: it was not told of this origin
    "unknown_key",  # 403: it was not told of the key that signed
    "malformed",  # 400: it does not understand what it was sent
    "inconsistent",  # 422: what it cosigned before is no part of this log
    "other_root",  # 409 at the very size it cosigned: it saw other entries
    "unusable",  # an answer that the protocol does not know, or a signature that is not the witness's
]
SAW_ANOTHER_LOG: Final[frozenset[Refusal]] = frozenset({"inconsistent", "other_root"})
"""Refusals that say: what I saw of this log is not what you show me."""
_REFUSED: Final[dict[int, Refusal]] = {
    400: "malformed",
    403: "unknown_key",
    404: "unknown_log",
    422: "inconsistent",
}


class Witness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who cosigns, and the submission prefix at which it is asked."""

    cosigner: Cosigner
    url: str
    ca_file: Path | None = None

    @property
    def name(self) -> str:
        return self.cosigner.name


class Cosigned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signature line (with its newline), and the time the witness put in it."""

    line: bytes
    at: datetime


class Stands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The largest head the witness cosigned of this log has `size` entries: prove from there."""

    size: int


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The witness cosigned nothing."""

    why: Refusal


async def add_checkpoint(
    witness: Witness, note: bytes, *, old: int, proof: Sequence[bytes], now: datetime
) -> Cosigned | Stands | Refused:
    """Ask a witness to cosign a head.

    Args:
        note: the signed checkpoint.
        old: the size from which `proof` shows that the head extends it; 0 with an empty proof.
        now: cosignatures from well after this moment are not taken.
    """
    if len(proof) > _PROOF_LIMIT:
        return Refused("malformed")
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof)]
    body = "".join(f"{line}\n" for line in lines).encode() + b"\n" + note
    address = f"{witness.url.rstrip('/')}/add-checkpoint"
    try:
        answer = await post(address, body, kind=_REQUEST, ca_file=witness.ca_file)
    except NoAnswerError:
        return Refused("no_answer")
    head = read_note(note)
    if answer.status == 200:
        return _cosigned(witness.cosigner, head, answer.body, now)
    if answer.status == 409:
        return _conflict(answer, old, head.checkpoint.size)
    return Refused(_REFUSED.get(answer.status, "no_answer" if answer.status >= 500 else "unusable"))


def _cosigned(cosigner: Cosigner, head: Note, body: bytes, now: datetime) -> Cosigned | Refused:
    """The witness's own signature among the lines of its answer; those of others are left out."""
    try:
        lines = tuple(read_signature_line(line) for line in body.splitlines(keepends=True))
    except IntegrityError:
        return Refused("unusable")
    key = (cosigner.name, cosigner_key_id(cosigner.name, cosigner.public))
    own = tuple(line for line in lines if (line.name, line.key_id) == key)
    at = verify_cosignature(Note(head.checkpoint, head.body, own, head.extensions), cosigner)
    if at is None or len(own) != 1 or at > now + CLOCKS_DIFFER:
        return Refused("unusable")
    return Cosigned(own[0].text(), at)


def _conflict(answer: Answer, old: int, size: int) -> Stands | Refused:
    """Where the witness stands. Where it was asked about just that size, it has another root there."""
    stands = _size_in(answer)
    if old == size and stands in (None, old):
        return Refused("other_root")
    return Refused("unusable") if stands is None or stands == old else Stands(stands)


def _size_in(answer: Answer) -> int | None:
    if answer.kind != _SIZE or not answer.body.endswith(b"\n"):
        return None
    try:
        return decode_decimal(answer.body[:-1].decode("ascii"))
    except ValueError:
        return None


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    url: str
    ca_file: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    witness: tuple[_Entry, ...] = ()


def read_witnesses(path: Path | None) -> tuple[Witness, ...]:
    """The witnesses that a file of the settings names: `[[witness]]` with `key`, `url` and maybe `ca_file`.

    Raises:
        ConfigurationError: the file cannot be read, or names a witness that cannot be asked or checked.
    """
    if path is None:
        return ()
    try:
        entries = msgspec.toml.decode(path.read_bytes(), type=_File).witness
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as failure:
        raise ConfigurationError(
            f"witnesses_file: {path} cannot be read as TOML with [[witness]] key and url"
        ) from failure
    found = tuple(_witness(number, entry, path) for number, entry in enumerate(entries, start=1))
    names, keys = {one.name for one in found}, {one.cosigner.public for one in found}
    if len(names) < len(found) or len(keys) < len(found):
        raise ConfigurationError(f"witnesses_file: {path} names a witness twice")
    return found


def _witness(number: int, entry: _Entry, path: Path) -> Witness:
    try:
        cosigner = read_cosigner_key(entry.key)
    except IntegrityError as failure:
        raise ConfigurationError(
            f"witnesses_file: the key of witness {number} in {path} is no cosigner key of Ed25519 (type 0x04)"
        ) from failure
    if not is_safe_address(entry.url):
        raise ConfigurationError(f"witnesses_file: the url of witness {number} in {path} is no https address")
    ca_file = path.parent / entry.ca_file if entry.ca_file else None
    if ca_file is not None and not ca_file.is_file():
        raise ConfigurationError(f"witnesses_file: the ca_file of witness {number} in {path} does not exist")
    return Witness(cosigner, entry.url, ca_file)
