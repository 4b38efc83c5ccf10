"""The numbers of a year, fixed once it is over. Of nobody: numbers only."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

yearly_reports = Table(
    "yearly_reports",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("year", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("fixed_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("shown", Integer, nullable=False, info=holds("none")),
    Column("withheld", Integer, nullable=False, info=holds("none")),
)
"""Who fixed it stands in the log."""

yearly_figures = Table(
    "yearly_figures",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("year", Integer, primary_key=True, autoincrement=False, info=holds("none")),
    Column("measure", String(24), primary_key=True, info=holds("none")),
    Column("category", String(24), primary_key=True, info=holds("none")),
    Column("value", Integer, info=holds("none")),
)
"""What everybody may see, as it was fixed; without a value it is withheld."""
