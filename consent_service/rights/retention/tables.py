"""Holds, the schedule that two coordinators stand behind, and runs: codes, dates and counts only."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

retention_holds = Table(
    "retention_holds",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("hold", Id, primary_key=True, info=holds("none")),
    Column("family", Id, nullable=True, info=holds("pseudonym")),
    Column("child", Id, nullable=True, info=holds("pseudonym")),
    Column("ground", String(24), nullable=False, info=holds("none")),
    Column("review_on", Date, nullable=False, info=holds("none")),
    Column("placed_by", Id, nullable=False, info=holds("pseudonym")),
    Column("placed_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("lifted_by", Id, nullable=True, info=holds("pseudonym")),
    Column("lifted_at", UtcDateTime, nullable=True, info=holds("none")),
    Index("ix_retention_holds_tenant_family", "tenant", "family"),
)
"""`family` is empty once it is lifted: then nothing says whom it was about. `child`: only of this one."""

retention_schedules = Table(
    "retention_schedules",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("schedule", Id, primary_key=True, info=holds("none")),
    Column("periods", String(64), nullable=False, info=holds("none")),
    Column("proposed_by", Id, nullable=False, info=holds("pseudonym")),
    Column("proposed_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("approved_by", Id, nullable=True, info=holds("pseudonym")),
    Column("approved_at", UtcDateTime, nullable=True, info=holds("none")),
)
"""`periods`: the hash of every period (`register.periods_hash`); other periods are another schedule."""

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("run", Id, primary_key=True, info=holds("none")),
    Column("asked_by", Id, nullable=True, info=holds("pseudonym")),
    Column("started_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, nullable=True, info=holds("none")),
    Column("expected", Integer, nullable=False, info=holds("none")),
    Column("records", Integer, nullable=False, info=holds("none")),
    Column("keys", Integer, nullable=False, info=holds("none")),
    Column("families", Integer, nullable=False, info=holds("none")),
    Column("staff", Integer, nullable=False, info=holds("none")),
    Column("rows", Integer, nullable=False, info=holds("none")),
    Column("failed", Integer, nullable=False, info=holds("none")),
)
"""One look at everything: `expected` is how much there was to do when it began, the others what was done.
`asked_by`: the coordinator who asked for it; empty when it is the run of the day."""
