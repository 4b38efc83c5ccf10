"""A proof in one text file that verifies offline: index, path and signed head (C2SP tlog-proof). Pure.

The path comes from `tree`. Nothing in the extra data is authenticated, so nothing trusts it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

import msgspec

from consent_service.audit.checkpoint import (
    NOTE_LIMIT,
    Checkpoint,
    decode_base64,
    decode_decimal,
    read_note,
    signed_checkpoint,
)
from consent_service.audit.merkle import HASH_SIZE, verify_inclusion
from consent_service.foundation.errors import IntegrityError

PROOF_LIMIT = 2 * NOTE_LIMIT
"""Bytes a proof may have, signatures and extra data included."""
PATH_LIMIT = 63
"""Hashes a path may have: no log holds 2^63 entries."""
_HEADER = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "


class TlogProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof as read, not yet verified. `note` is the signed checkpoint verbatim.

    `path` goes from the leaf's sibling to the root's child, 32 bytes each. `extra` is whatever the
    writer added: nobody vouches for it.
    """

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes = b""


def write_proof(index: int, path: Sequence[bytes], note: bytes, extra: bytes = b"") -> bytes:
    """The text of a proof.

    Raises:
        IntegrityError: what it would say is not a proof: a broken note, hash or index.
    """
    lines = [_HEADER]
    if extra:
        lines.append(_EXTRA + base64.b64encode(extra).decode())
    lines.append(f"{_INDEX}{index}")
    lines += [base64.b64encode(one).decode() for one in path]
    text = "\n".join([*lines, "", ""]).encode() + note
    read_proof(text)
    return text


def read_proof(raw: bytes) -> TlogProof:
    """The parts of a proof; nothing in it is verified yet.

    Raises:
        IntegrityError: the bytes are not a proof in this format.
    """
    try:
        return _parse(raw)
    except ValueError as failure:
        raise IntegrityError("the proof is malformed") from failure


def check_proof(proof: TlogProof, leaf_hash: bytes, origin: str, keys: Iterable[bytes]) -> Checkpoint:
    """The head under which the proof shows this leaf hash, signed by one of the log's keys.

    Raises:
        IntegrityError: the head is not signed by this log, or the leaf is not at that place under it.
    """
    head = signed_checkpoint(read_note(proof.note), origin=origin, keys=keys)
    fits = verify_inclusion(leaf_hash, index=proof.index, size=head.size, proof=proof.path, root=head.root)
    if not fits:
        raise IntegrityError("the proof does not show this entry in this log")
    return head


def _parse(raw: bytes) -> TlogProof:
    if len(raw) > PROOF_LIMIT:
        raise ValueError("too long")
    head, _, note = raw.partition(b"\n\n")
    header, *lines = head.decode("ascii").split("\n")
    extra = b""
    if lines and lines[0].startswith(_EXTRA):
        extra = decode_base64(lines.pop(0).removeprefix(_EXTRA))
        if not extra:
            raise ValueError("extra data that is none")
    if header != _HEADER or not lines or not lines[0].startswith(_INDEX):
        raise ValueError("a line is missing or not in its place")
    index, *path = decode_decimal(lines[0].removeprefix(_INDEX)), *map(decode_base64, lines[1:])
    if len(path) > PATH_LIMIT or any(len(one) != HASH_SIZE for one in path):
        raise ValueError("the path holds something else than hashes")
    if index >= read_note(note).checkpoint.size:
        raise IntegrityError("the proof is of a place outside the log")
    return TlogProof(index, tuple(path), note, extra)
