"""Organisations at rest. Names of organisations are public; names of staff are sealed."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKeyConstraint, Index, Integer, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

tenants = Table(
    "tenants",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("name", String(120), nullable=False, info=holds("none")),
    Column("neutral_name", String(120), nullable=False, info=holds("none")),
    Column("phone", String(32), nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
)

schools = Table(
    "schools",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("school", Id, primary_key=True, info=holds("none")),
    Column("establishment_code", String(6), nullable=False, info=holds("none")),
    Column("name", String(120), nullable=False, info=holds("none")),
    Column("street", String(120), nullable=False, info=holds("none")),
    Column("town", String(120), nullable=False, info=holds("none")),
    Column("phone", String(32), nullable=False, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Index("uq_schools_tenant_establishment_code", "tenant", "establishment_code", unique=True),
)

agreements = Table(
    "agreements",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("agreement", Id, primary_key=True, info=holds("none")),
    Column("school", Id, nullable=False, info=holds("none")),
    Column("valid_from", Date, nullable=False, info=holds("none")),
    Column("valid_until", Date, info=holds("none")),
    Column("ended_at", UtcDateTime, info=holds("none")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    ForeignKeyConstraint(["tenant", "school"], ["schools.tenant", "schools.school"]),
    Index("ix_agreements_tenant_school", "tenant", "school"),
)

school_successions = Table(
    "school_successions",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("succession", Id, primary_key=True, info=holds("none")),
    Column("school", Id, nullable=False, info=holds("none")),
    Column("successor", Id, nullable=False, info=holds("none")),
    Column("document", String(24), nullable=False, info=holds("none")),
    Column("decided_on", Date, nullable=False, info=holds("none")),
    Column("recorded_at", UtcDateTime, nullable=False, info=holds("none")),
    ForeignKeyConstraint(["tenant", "school"], ["schools.tenant", "schools.school"]),
    ForeignKeyConstraint(["tenant", "successor"], ["schools.tenant", "schools.school"]),
    Index("ix_school_successions_tenant_school", "tenant", "school"),
)

staff = Table(
    "staff",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("staff", Id, primary_key=True, info=holds("pseudonym")),
    Column("kind", String(24), nullable=False, info=holds("none")),
    Column("school", Id, info=holds("none")),
    Column("role", String(24), info=holds("none")),
    Column("working_days", Integer, nullable=False, info=holds("none")),
    Column("sealed_name", LargeBinary, nullable=False, info=holds("sealed")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, info=holds("none")),
    Column("team", String(24), info=holds("none")),
    ForeignKeyConstraint(["tenant", "school"], ["schools.tenant", "schools.school"]),
    Index("ix_staff_tenant_school", "tenant", "school"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("assignment", Id, primary_key=True, info=holds("none")),
    Column("staff", Id, nullable=False, info=holds("pseudonym")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("kind", String(16), nullable=False, info=holds("none")),
    Column("reason", String(24), info=holds("none")),
    Column("starts_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ends_at", UtcDateTime, info=holds("none")),
    ForeignKeyConstraint(["tenant", "staff"], ["staff.tenant", "staff.staff"]),
    Index("ix_assignments_tenant_staff", "tenant", "staff"),
    Index("ix_assignments_tenant_family", "tenant", "family"),
)

relationship_state = Table(
    "relationship_state",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("school", Id, nullable=False, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("version", Integer, nullable=False, info=holds("none")),
    Column("next_change_at", UtcDateTime, nullable=False, info=holds("none")),
    Index("ix_relationship_state_tenant_school", "tenant", "school"),
    Index("ix_relationship_state_tenant_family", "tenant", "family"),
)
