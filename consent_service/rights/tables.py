"""Which pattern the privacy officer was told of in which week, so that each is told once a week."""

from __future__ import annotations

from sqlalchemy import Column, Date, String, Table

from consent_service.foundation.database import Id, holds, metadata

pattern_marks = Table(
    "pattern_marks",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("kind", String(24), primary_key=True, info=holds("none")),
    Column("team", String(24), primary_key=True, info=holds("none")),
    Column("week", Date, primary_key=True, info=holds("none")),
)
