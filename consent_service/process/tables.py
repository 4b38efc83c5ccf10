"""Tasks, and how far the follower has read the log of each tenant."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

tasks = Table(
    "tasks",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("task", Id, primary_key=True, info=holds("none")),
    Column("kind", String(40), nullable=False, info=holds("none")),
    Column("audience", String(24), nullable=False, info=holds("none")),
    Column("family", Id, info=holds("pseudonym")),
    Column("relationship", Id, info=holds("pseudonym")),
    Column("entry", Id, nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("done_at", UtcDateTime, info=holds("none")),
    Column("done_by", Id, info=holds("pseudonym")),
    Index("uq_tasks_tenant_entry_kind", "tenant", "entry", "kind", unique=True),
    Index("ix_tasks_tenant_audience", "tenant", "audience", "done_at"),
)

follower_cursors = Table(
    "follower_cursors",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("follower", String(24), primary_key=True, info=holds("none")),
    Column("next_seq", BigInteger, nullable=False, info=holds("none")),
)
