"""A head that somebody kept outside the database: a file, or three lines written down. Pure.

It is worth what its keeping is worth: comparing the log with it is `reading.verify_stored`, or a
consistency proof.
"""

from __future__ import annotations

import msgspec

from consent_service.audit.checkpoint import Checkpoint, Note, decode_base64, decode_decimal, read_note
from consent_service.audit.merkle import HASH_SIZE
from consent_service.foundation.errors import IntegrityError


class PinnedHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The head that was kept; `note` is None where it was written down without its signature."""

    checkpoint: Checkpoint
    note: Note | None = None


def read_pinned(raw: bytes) -> PinnedHead:
    """The head in this file: a signed note (C2SP tlog-checkpoint), or only origin, size and root.

    Raises:
        IntegrityError: it is neither.
    """
    if b"\n\n" in raw:
        note = read_note(raw)
        return PinnedHead(note.checkpoint, note)
    try:
        origin, size, root = raw.decode("ascii").rstrip("\n").split("\n")
        head = Checkpoint(origin, decode_decimal(size), decode_base64(root))
    except ValueError as failure:
        raise IntegrityError("the kept head is malformed") from failure
    if not origin or len(head.root) != HASH_SIZE:
        raise IntegrityError("the kept head is malformed")
    return PinnedHead(head)
