"""The school's list, calls, care signals and who hears of them. Codes and dates only.

The table of first contacts is `families.tables_starting`: a release reads it.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

first_day_ticks = Table(
    "first_day_ticks",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("item", String(24), primary_key=True, info=holds("none")),
    Column("ticked_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ticked_by", Id, nullable=False, info=holds("pseudonym")),
)

phone_calls = Table(
    "phone_calls",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("call", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("staff", Id, nullable=False, info=holds("pseudonym")),
    Column("types", String(600), nullable=False, info=holds("none")),
    Column("shown_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("spoken_to", String(24), info=holds("none")),
    Column("told", String(600), info=holds("none")),
    Column("called_at", UtcDateTime, info=holds("none")),
    Index("ix_phone_calls_tenant_relationship", "tenant", "relationship"),
)

care_signals = Table(
    "care_signals",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("signal", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("record", Id, nullable=False, info=holds("none")),
    Column("state", String(16), nullable=False, info=holds("none")),
    Column("route", String(24), nullable=False, info=holds("none")),
    Column("sent_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("sent_by", Id, nullable=False, info=holds("pseudonym")),
    Column("due_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("gone_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("read_at", UtcDateTime, info=holds("none")),
    Column("called_at", UtcDateTime, info=holds("none")),
    Index("ix_care_signals_tenant_state", "tenant", "state"),
    Index("ix_care_signals_tenant_relationship", "tenant", "relationship"),
)

signal_hearers = Table(
    "signal_hearers",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("signal", Id, primary_key=True, info=holds("none")),
    Column("staff", Id, primary_key=True, info=holds("pseudonym")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
    Column("read_at", UtcDateTime, info=holds("none")),
)

school_regions = Table(
    "school_regions",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("school", Id, primary_key=True, info=holds("none")),
    Column("region", String(8), nullable=False, info=holds("none")),
)

signal_routes = Table(
    "signal_routes",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("region", String(8), primary_key=True, info=holds("none")),
    Column("route", String(24), nullable=False, info=holds("none")),
    Column("recipient", String(120), nullable=False, info=holds("none")),
    Column("phone", String(32), nullable=False, info=holds("none")),
)
