"""What may be kept about a child and used for nothing for now (AVG 18)."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

restrictions = Table(
    "restrictions",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("restriction", Id, primary_key=True, info=holds("none")),
    Column("case", Id, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("relationship", Id, info=holds("pseudonym")),
    Column("information_type", String(40), info=holds("none")),
    Column("ground", String(24), nullable=False, info=holds("none")),
    Column("since", UtcDateTime, nullable=False, info=holds("none")),
    Column("set_by", Id, nullable=False, info=holds("pseudonym")),
    Column("told_at", UtcDateTime, info=holds("none")),
    Column("told_by", Id, info=holds("pseudonym")),
    Column("told_how", String(16), info=holds("none")),
    Column("lifted_at", UtcDateTime, info=holds("none")),
    Column("lifted_by", Id, info=holds("pseudonym")),
    Index("ix_restrictions_tenant_child", "tenant", "child"),
    Index("ix_restrictions_tenant_family", "tenant", "family"),
    Index("ix_restrictions_tenant_case", "tenant", "case"),
)
"""Of one child; `relationship` and `information_type` make it narrower. `told_*`: who asked was told, before
it is lifted (AVG 18(3))."""
