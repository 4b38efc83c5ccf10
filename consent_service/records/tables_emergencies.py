"""What a school may read for a day because a life may depend on it: the item, and who decided it when."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKeyConstraint, Index, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

break_glasses = Table(
    "break_glasses",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("break_glass", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("state", String(24), nullable=False, info=holds("none")),
    Column("information_type", String(40), nullable=False, info=holds("none")),
    Column("reason", String(24), nullable=False, info=holds("none")),
    Column("sealed_reason", LargeBinary, nullable=False, info=holds("sealed")),
    Column("by_phone", Boolean, nullable=False, info=holds("none")),
    Column("untold", Boolean, nullable=False, info=holds("none")),
    Column("requested_by", Id, nullable=False, info=holds("pseudonym")),
    Column("requested_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("approver", Id, info=holds("pseudonym")),
    Column("starts_at", UtcDateTime, info=holds("none")),
    Column("ends_at", UtcDateTime, info=holds("none")),
    Column("confirm_by", Date, info=holds("none")),
    Column("told_at", UtcDateTime, info=holds("none")),
    Column("envelope", LargeBinary, nullable=False, info=holds("sealed")),
    Column("digest", LargeBinary, nullable=False, info=holds("none")),
    ForeignKeyConstraint(["tenant", "relationship"], ["relationships.tenant", "relationships.relationship"]),
    Index("ix_break_glasses_tenant_relationship", "tenant", "relationship", "state"),
)
"""`digest` is taken over the item and over who decided it until when (`records.sealing`)."""
