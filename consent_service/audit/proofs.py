"""Proves of one stored entry that it is in the log, against the newest signed head.

Nothing stored is trusted: the leaf is hashed anew, the path computed out of hash tiles (`tree`), and the
head must carry the log's own signature. Recomputing the whole log is `verify`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import read_note, signed_checkpoint
from consent_service.audit.encoding import decode_leaf
from consent_service.audit.log_keys import LogKey, log_numbered, public_keys
from consent_service.audit.merkle import leaf_hash, verify_inclusion
from consent_service.audit.proof_text import write_proof
from consent_service.audit.served import cosigned
from consent_service.audit.tables import audit_entries, audit_sequence
from consent_service.audit.tree import inclusion_path, newest_head
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, TenantId


class EntryProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The exact leaf of an entry, its hash, and whether a signed head of `size` entries covers it.

    `state` is pending while no head covers the entry yet; failed is an alarm. Only what is proved has a
    place `index` in the log `origin` and a `text` (C2SP tlog-proof) that shows it to anybody, offline.
    """

    leaf: bytes
    leaf_hash: bytes
    state: Literal["proved", "pending", "failed"]
    size: int = 0
    index: int = 0
    origin: str = ""
    text: bytes = b""

    @property
    def tag(self) -> str:
        """What a view-key holder finds the entry by; nothing when the leaf cannot be read."""
        try:
            return decode_leaf(self.leaf).tag
        except IntegrityError:
            return ""


class PlaceProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The size of the head that covers a place, and the proof as text (C2SP tlog-proof)."""

    size: int
    text: bytes


async def prove_entry(conn: AsyncConnection, tenant: TenantId, entry: EntryId) -> EntryProof | None:
    """The proof of one entry of any log of the tenant; None when there is no such entry."""
    query = (
        select(audit_entries.c.leaf, audit_sequence.c.seq, audit_sequence.c.log)
        .join(
            audit_sequence,
            and_(audit_sequence.c.tenant == audit_entries.c.tenant, audit_sequence.c.entry == entry),
            isouter=True,
        )
        .where(audit_entries.c.tenant == tenant, audit_entries.c.id == entry)
        .order_by(audit_sequence.c.log.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        return None
    hashed = leaf_hash(row.leaf)
    log = None if row.seq is None else await log_numbered(conn, tenant, row.log)
    if log is None:
        return EntryProof(row.leaf, hashed, "pending")
    try:
        found = await prove_place(conn, log, row.seq, hashed)
    except IntegrityError:
        return EntryProof(row.leaf, hashed, "failed")
    if found is None:
        return EntryProof(row.leaf, hashed, "pending")
    return EntryProof(row.leaf, hashed, "proved", found.size, row.seq, log.origin, found.text)


async def prove_place(conn: AsyncConnection, log: LogKey, index: int, leaf_hash: bytes) -> PlaceProof | None:
    """The proof that this leaf hash stands at `index`, also when the leaf itself was pruned.

    None while no head covers that place.

    Raises:
        IntegrityError: this log did not sign its newest head, a tile is gone or damaged, or what is
            stored does not prove it.
    """
    note = await newest_head(conn, log)
    if note is None:
        return None
    head = signed_checkpoint(read_note(note), origin=log.origin, keys=await public_keys(conn, log))
    if index >= head.size:
        return None
    path = await inclusion_path(conn, log, index, head.size)
    if not verify_inclusion(leaf_hash, index=index, size=head.size, proof=path, root=head.root):
        raise IntegrityError("what is stored does not prove this entry")
    return PlaceProof(head.size, write_proof(index, path, await cosigned(conn, log, note)))
