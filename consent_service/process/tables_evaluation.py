"""Counts of a quarter, fixed once it is over, and what was shown of them. Of nobody: numbers only."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

evaluation_counts = Table(
    "evaluation_counts",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("quarter", String(8), primary_key=True, info=holds("none")),
    Column("measure", String(24), primary_key=True, info=holds("none")),
    Column("team", String(24), primary_key=True, info=holds("none")),
    Column("category", String(24), primary_key=True, info=holds("none")),
    Column("value", Integer, nullable=False, info=holds("none")),
)
"""Counted once and never again: a child that was entered late moves no figure that somebody has seen."""

evaluation_publications = Table(
    "evaluation_publications",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("period", String(8), primary_key=True, info=holds("none")),
    Column("published_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("published_by", Id, nullable=False, info=holds("pseudonym")),
    Column("shown", Integer, nullable=False, info=holds("none")),
    Column("withheld", Integer, nullable=False, info=holds("none")),
)

evaluation_figures = Table(
    "evaluation_figures",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("period", String(8), primary_key=True, info=holds("none")),
    Column("measure", String(24), primary_key=True, info=holds("none")),
    Column("team", String(24), primary_key=True, info=holds("none")),
    Column("category", String(24), primary_key=True, info=holds("none")),
    Column("value", Integer, info=holds("none")),
    Index("ix_evaluation_figures_tenant_period", "tenant", "period"),
)
"""What everybody may see, as it was published; without a value it is withheld."""
