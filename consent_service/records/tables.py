"""Records at rest: everything in them sealed, one row per version, and a keyed digest per type."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

records = Table(
    "records",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("record", Id, primary_key=True, info=holds("none")),
    Column("information_type", String(40), nullable=False, info=holds("none")),
    Column("direction", String(3), nullable=False, info=holds("none")),
    Column("version", Integer, nullable=False, info=holds("none")),
    Column("author", Id, nullable=False, info=holds("pseudonym")),
    Column("about", Id, info=holds("pseudonym")),
    Column("approved_by", Id, info=holds("pseudonym")),
    Column("written_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("expires_at", UtcDateTime, info=holds("none")),
    Column("envelope", LargeBinary, nullable=False, info=holds("sealed")),
    ForeignKeyConstraint(["tenant", "relationship"], ["relationships.tenant", "relationships.relationship"]),
    Index("ix_records_tenant_relationship", "tenant", "relationship", "information_type"),
)

record_digests = Table(
    "record_digests",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("information_type", String(40), primary_key=True, info=holds("none")),
    Column("digest", LargeBinary, nullable=False, info=holds("none")),
)
