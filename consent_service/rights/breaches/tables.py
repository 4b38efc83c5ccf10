"""The register of breaches. What was written is sealed under the breach's own key (decision 0063)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

breaches = Table(
    "breaches",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("breach", Id, primary_key=True, info=holds("none")),
    Column("kind", String(24), nullable=False, info=holds("none")),
    Column("source", String(12), nullable=False, info=holds("none")),
    Column("state", String(12), nullable=False, info=holds("none")),
    Column("discovered_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("opened_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("opened_by", Id, info=holds("pseudonym")),
    Column("happened_from", Date, info=holds("none")),
    Column("happened_until", Date, info=holds("none")),
    Column("source_entry", Id, info=holds("none")),
    Column("relationship", Id, info=holds("pseudonym")),
    Column("level", String(12), info=holds("none")),
    Column("level_ground", String(24), info=holds("none")),
    Column("reported_at", UtcDateTime, info=holds("none")),
    Column("reference", String(40), info=holds("none")),
    Column("late_reason", String(24), info=holds("none")),
    Column("unreported_ground", String(24), info=holds("none")),
    Column("untold", String(16), info=holds("none")),
    Column("measures", String(200), nullable=False, server_default="", info=holds("none")),
    Column("consequences", String(200), nullable=False, server_default="", info=holds("none")),
    Column("families", Integer, info=holds("none")),
    Column("children", Integer, info=holds("none")),
    Column("guardians", Integer, info=holds("none")),
    Column("decided_by", Id, info=holds("pseudonym")),
    Column("decided_at", UtcDateTime, info=holds("none")),
    Column("closed_at", UtcDateTime, info=holds("none")),
    Column("sealed", LargeBinary, info=holds("sealed")),
    Index("ix_breaches_tenant_state", "tenant", "state", "discovered_at"),
    Index("uq_breaches_tenant_source_entry", "tenant", "source_entry", unique=True),
)
"""One breach; `source_entry` is the entry of the log it was opened for by itself, at most once."""

breach_exams = Table(
    "breach_exams",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("breach", Id, primary_key=True, info=holds("none")),
    Column("exam", Id, primary_key=True, info=holds("none")),
    Column("kind", String(8), nullable=False, info=holds("none")),
    Column("since", Date, info=holds("none")),
    Column("until", Date, info=holds("none")),
    Column("actor", Id, info=holds("pseudonym")),
    Column("device", String(64), info=holds("pseudonym")),
    Column("entry", Id, info=holds("none")),
    Column("keys", String(8), nullable=False, info=holds("none")),
    Column("asked_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("asked_by", Id, nullable=False, info=holds("pseudonym")),
    Column("seen", Integer, nullable=False, info=holds("none")),
    Column("certain", Integer, nullable=False, info=holds("none")),
    Column("families", Integer, nullable=False, info=holds("none")),
    Column("children", Integer, nullable=False, info=holds("none")),
    Column("guardians", Integer, nullable=False, info=holds("none")),
    Column("erased", Integer, nullable=False, info=holds("none")),
    Column("records", Integer, nullable=False, info=holds("none")),
    Column("sessions", Integer, nullable=False, info=holds("none")),
    Column("types", String(1000), nullable=False, info=holds("none")),
    Column("secret", Boolean, nullable=False, info=holds("none")),
    Column("safety", String(16), nullable=False, info=holds("none")),
    Column("dropped_at", UtcDateTime, info=holds("none")),
)
"""What was asked of the log and the numbers that came of it; types are words between spaces."""

breach_people = Table(
    "breach_people",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("breach", Id, primary_key=True, info=holds("none")),
    Column("exam", Id, primary_key=True, info=holds("none")),
    Column("person", Id, primary_key=True, info=holds("pseudonym")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("child", Boolean, nullable=False, info=holds("none")),
    Column("certain", Boolean, nullable=False, info=holds("none")),
    Column("times", Integer, nullable=False, info=holds("none")),
    Index("ix_breach_people_tenant_family", "tenant", "family"),
)
"""Whom it may be about, by each question."""

breach_letters = Table(
    "breach_letters",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("letter", Id, primary_key=True, info=holds("none")),
    Column("breach", Id, nullable=False, info=holds("none")),
    Column("person", Id, nullable=False, info=holds("pseudonym")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("child", Boolean, nullable=False, info=holds("none")),
    Column("state", String(12), nullable=False, info=holds("none")),
    Column("held", String(16), info=holds("none")),
    Column("weighed", Boolean, nullable=False, info=holds("none")),
    Column("language", String(8), nullable=False, info=holds("none")),
    Column("ground", String(24), info=holds("none")),
    Column("made_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("decided_at", UtcDateTime, info=holds("none")),
    Column("decided_by", Id, info=holds("pseudonym")),
    Index("uq_breach_letters_tenant_breach_person", "tenant", "breach", "person", unique=True),
)
"""One letter for one person: put ready, held until somebody weighs it, given, or not on a ground."""
