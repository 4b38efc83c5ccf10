"""Tasks, how far the follower has read the log of each tenant, and which dates it was told about."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table

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
    Column("information_type", String(40), info=holds("none")),
    Column("person", Id, info=holds("pseudonym")),
    Column("due_on", Date, info=holds("none")),
    Index("uq_tasks_tenant_entry_kind", "tenant", "entry", "kind", unique=True),
    Index("ix_tasks_tenant_audience", "tenant", "audience", "done_at"),
    Index("ix_tasks_tenant_relationship", "tenant", "relationship", "done_at"),
)

follower_cursors = Table(
    "follower_cursors",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("follower", String(24), primary_key=True, info=holds("none")),
    Column("next_seq", BigInteger, nullable=False, info=holds("none")),
)

calendar_marks = Table(
    "calendar_marks",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("mark", String(160), primary_key=True, info=holds("pseudonym")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
)

recalls = Table(
    "recalls",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("recall", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("school", Id, nullable=False, info=holds("none")),
    Column("information_type", String(40), nullable=False, info=holds("none")),
    Column("records", Integer, nullable=False, info=holds("none")),
    Column("received_on", Date, nullable=False, info=holds("none")),
    Column("issued_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("answered_at", UtcDateTime, info=holds("none")),
    Column("answered_by", Id, info=holds("pseudonym")),
    Column("answer", String(8), info=holds("none")),
    Column("reason", String(24), info=holds("none")),
    Column("cause", String(24), nullable=False, server_default="unsafe", info=holds("none")),
    Column("case", Id, info=holds("none")),
    Index("ix_recalls_tenant_school", "tenant", "school", "answered_at"),
    Index("ix_recalls_tenant_relationship", "tenant", "relationship"),
)

erasure_notices = Table(
    "erasure_notices",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("recall", Id, primary_key=True, info=holds("none")),
    Column("school", Id, nullable=False, info=holds("none")),
    Column("information_type", String(40), nullable=False, info=holds("none")),
    Column("received_on", Date, nullable=False, info=holds("none")),
    Column("issued_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("answered_at", UtcDateTime, info=holds("none")),
    Column("answered_by", Id, info=holds("pseudonym")),
    Column("answer", String(8), info=holds("none")),
    Column("reason", String(24), info=holds("none")),
    Column("erasure", Id, info=holds("none")),
    Index("ix_erasure_notices_tenant_school", "tenant", "school", "answered_at"),
)
"""What a school is told once somebody was erased (AVG 19): of nobody, and so kept by the erasure itself."""
