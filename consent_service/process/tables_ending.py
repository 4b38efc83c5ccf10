"""Planned ends: from which day, and how each stands. No word of anybody."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

ending_plans = Table(
    "ending_plans",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("plan", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("reason", String(24), nullable=False, info=holds("none")),
    Column("ends_on", Date, nullable=False, info=holds("none")),
    Column("aftercare_until", Date, info=holds("none")),
    Column("other_holder", String(24), nullable=False, info=holds("none")),
    Column("state", String(16), nullable=False, info=holds("none")),
    Column("planned_by", Id, nullable=False, info=holds("pseudonym")),
    Column("planned_at", UtcDateTime, nullable=False, info=holds("none")),
    Index("ix_ending_plans_tenant_family", "tenant", "family"),
    Index("ix_ending_plans_tenant_relationship", "tenant", "relationship"),
    Index("ix_ending_plans_tenant_state", "tenant", "state"),
)
