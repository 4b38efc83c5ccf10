"""Tables of the log: insert-only ones for what is proved, deletable ones for what can be erased.

`log` numbers the logs of a tenant: a restored database opens a new one. Triggers that refuse changes
are `protection`; only `details` can open what is sealed here.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from consent_service.audit.protection import INSERT_ONLY, removed_when
from consent_service.foundation.database import Id, UtcDateTime, holds, metadata


class transaction_number(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """The number of the running top-level transaction; 0 on SQLite, which has one writer."""

    inherit_cache = True
    type = BigInteger()


class oldest_open_transaction(FunctionElement[int]):  # noqa: N801
    """The number below which every transaction has ended; 1 on SQLite, which has one writer."""

    inherit_cache = True
    type = BigInteger()


def _rendered_as(sql: str) -> Callable[..., str]:
    return lambda _element, _compiler, **_kwargs: sql


compiles(transaction_number, "sqlite")(_rendered_as("0"))
compiles(transaction_number, "postgresql")(_rendered_as("((pg_current_xact_id())::text)::bigint"))
compiles(oldest_open_transaction, "sqlite")(_rendered_as("1"))
compiles(oldest_open_transaction, "postgresql")(
    _rendered_as("((pg_snapshot_xmin(pg_current_snapshot()))::text)::bigint")
)

PRUNED = (
    "SELECT 1 FROM audit_prunings p"
    " JOIN audit_sequence s ON s.tenant = p.tenant AND s.log = p.log AND s.seq < p.minimum"
    " JOIN audit_checkpoints c ON c.tenant = p.tenant AND c.log = p.log AND c.size >= p.minimum"
    " JOIN audit_entries e ON e.tenant = p.tenant AND e.id = p.entry"
    " WHERE p.tenant = OLD.tenant AND s.entry = OLD.id"
    " AND (e.leaf || '') LIKE '%\"type\":\"log.pruned.v1\"%'"
    " AND (OLD.leaf || '') NOT LIKE '%\"type\":\"log.key_rotated.v1\"%'"
    " AND (OLD.leaf || '') NOT LIKE '%\"type\":\"log.reopened.v1\"%'"
    " AND (OLD.leaf || '') NOT LIKE '%\"type\":\"log.pruned.v1\"%'"
)
"""An entry may go when an entry of type `log.pruned`, still there, says that everything below a higher number
went, and a head signs that number. Never one that says why a log began, which key signs it, or what went.

`leaf || ''` is text on SQLite and stays bytes on PostgreSQL, and LIKE reads both. Nothing else in a leaf is
spelled like this; that `_` stands for any character lets no other type through.
"""

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("id", Id, primary_key=True, info=holds("none")),
    Column("xid", BigInteger, nullable=False, server_default=transaction_number(), info=holds("none")),
    Column("pos", BigInteger, Identity(always=True), nullable=False, info=holds("none")),
    Column("leaf", LargeBinary, nullable=False, info=holds("none")),
    Index("ix_audit_entries_tenant_xid_pos", "tenant", "xid", "pos", unique=True),
    info=removed_when(PRUNED),
)
"""The outbox: exact leaf bytes, written in the act's own transaction."""

audit_sequence = Table(
    "audit_sequence",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("log", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, info=holds("none")),
    Column("entry", Id, nullable=False, info=holds("none")),
    Column("leaf_hash", LargeBinary, nullable=False, info=holds("none")),
    UniqueConstraint("tenant", "log", "entry"),
    info=INSERT_ONLY,
)
"""The order of the entries, counted from 0."""

audit_tiles = Table(
    "audit_tiles",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("log", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("level", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("tile", BigInteger, primary_key=True, autoincrement=False, info=holds("none")),
    Column("hashes", LargeBinary, nullable=False, info=holds("none")),
    Column("root", LargeBinary, nullable=False, info=holds("none")),
    info=INSERT_ONLY,
)
"""Full hash tiles, each with the hash that stands for it one level up."""

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("log", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("size", BigInteger, primary_key=True, autoincrement=False, info=holds("none")),
    Column("root", LargeBinary, nullable=False, info=holds("none")),
    Column("frontier", LargeBinary, nullable=False, info=holds("none")),
    Column("note", LargeBinary, nullable=False, info=holds("none")),
    Column("cursor_xid", BigInteger, nullable=False, info=holds("none")),
    Column("cursor_pos", BigInteger, nullable=False, info=holds("none")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
    info=INSERT_ONLY,
)
"""Signed heads; the newest also says how far the outbox was read and what the tree must remember."""

audit_logs = Table(
    "audit_logs",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("log", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("key_number", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("origin", String(255), nullable=False, info=holds("none")),
    Column("public_key", LargeBinary, nullable=False, info=holds("none")),
    Column("sealed_key", LargeBinary, nullable=False, info=holds("none")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
    info=INSERT_ONLY,
)
"""Every signing key each log has had; the newest signs."""

audit_details = Table(
    "audit_details",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("entry", Id, primary_key=True, info=holds("none")),
    Column("person", Id, nullable=True, info=holds("pseudonym")),
    Column("sealed", LargeBinary, nullable=False, info=holds("sealed")),
    Column("attached", LargeBinary, nullable=True, info=holds("sealed")),
    Column("attached_for", Id, nullable=True, info=holds("pseudonym")),
    Index("ix_audit_details_tenant_person", "tenant", "person"),
)
"""Salt and detail of an entry, sealed under the key of `person`, or the tenant's audit key if null.

`attached`: the attachment of the entry, sealed under the key of `attached_for`."""

EMPTIED = (
    "SELECT 1 WHERE NOT EXISTS"
    " (SELECT 1 FROM audit_entries e WHERE e.tenant = OLD.tenant AND e.id = OLD.ending)"
)
"""What the end of a key shut may be forgotten once the entry that tells of that end was let go."""

audit_emptied = Table(
    "audit_emptied",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("entry", Id, primary_key=True, info=holds("none")),
    Column("what", String(8), primary_key=True, info=holds("none")),
    Column("ending", Id, primary_key=True, info=holds("none")),
    Index("ix_audit_emptied_tenant_ending", "tenant", "ending"),
    info=removed_when(EMPTIED),
)
"""What the end of a person's key shut: the detail or the attachment (`what`) of an entry. `ending` is the
entry that tells of that end and commits to all its rows here (`emptied`)."""

audit_index = Table(
    "audit_index",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("kind", String(12), primary_key=True, info=holds("none")),
    Column("key", String(64), primary_key=True, info=holds("pseudonym")),
    Column("entry", Id, primary_key=True, info=holds("none")),
    Column("shown", Boolean, nullable=False, info=holds("none")),
    Index("ix_audit_index_tenant_entry", "tenant", "entry"),
)
"""Person, relationship or actor -> entries. `shown`: the entry carries the tag of this person."""

audit_cosignatures = Table(
    "audit_cosignatures",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("log", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("size", BigInteger, primary_key=True, autoincrement=False, info=holds("none")),
    Column("witness", String(255), primary_key=True, info=holds("none")),
    Column("line", LargeBinary, nullable=False, info=holds("none")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
    info=INSERT_ONLY,
)
"""What witnesses signed: the signature line of one under the head of `size` (C2SP tlog-cosignature)."""

audit_timestamps = Table(
    "audit_timestamps",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("log", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("size", BigInteger, primary_key=True, autoincrement=False, info=holds("none")),
    Column("token", LargeBinary, nullable=False, info=holds("none")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
    info=INSERT_ONLY,
)
"""The time stamp over the signed note of the head of `size`: a DER TimeStampResp (RFC 3161)."""

audit_prunings = Table(
    "audit_prunings",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("log", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("minimum", BigInteger, primary_key=True, autoincrement=False, info=holds("none")),
    Column("entry", Id, nullable=False, info=holds("none")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
    info=INSERT_ONLY,
)
"""From which number on a log still keeps its entries; `entry` is the entry that says so."""

audit_leases = Table(
    "audit_leases",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("holder", String(64), nullable=False, info=holds("none")),
    Column("until", UtcDateTime, nullable=False, info=holds("none")),
)
"""Who puts a tenant's entries in order where the database has no advisory locks."""
