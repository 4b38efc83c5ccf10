"""The ledger (insert-only, guarded by triggers) and the sittings in which answers are still drafts."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
)

from consent_service.audit.protection import INSERT_ONLY, removed_when
from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

ERASED = (
    "SELECT 1 FROM erasure_targets t"
    " JOIN erasures r ON r.tenant = t.tenant AND r.erasure = t.erasure"
    " WHERE t.tenant = OLD.tenant AND t.id IN (OLD.person, OLD.relationship)"
    " AND r.state = 'running' AND r.asked_by <> r.approved_by"
)
"""A decision may go while whoever made it, or the child at the school it is about, is being erased."""

consent_ledger = Table(
    "consent_ledger",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("decision", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("information_type", String(40), nullable=False, info=holds("none")),
    Column("person", Id, nullable=False, info=holds("pseudonym")),
    Column("capacity", String(24), nullable=False, info=holds("none")),
    Column("kind", String(24), nullable=False, info=holds("none")),
    Column("method", String(8), nullable=False, info=holds("none")),
    Column("language", String(8), nullable=False, info=holds("none")),
    Column("text_version", String(64), nullable=False, info=holds("none")),
    Column("text_hash", String(64), nullable=False, info=holds("none")),
    Column("screen_hash", String(64), nullable=False, info=holds("none")),
    Column("sitting", Id, info=holds("none")),
    Column("witness", Id, info=holds("pseudonym")),
    Column("concerns", Id, info=holds("none")),
    Column("stop", Id, info=holds("none")),
    Column("decided_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("recorded_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("valid_until", UtcDateTime, info=holds("none")),
    Column("interpreter", String(16), info=holds("none")),
    Column("evidence", String(16), info=holds("none")),
    Column("reason", String(24), info=holds("none")),
    Column("entered_by", Id, info=holds("pseudonym")),
    Column("device", String(64), info=holds("pseudonym")),
    Column("device_at", UtcDateTime, info=holds("none")),
    Column("seconds_shown", Integer, info=holds("none")),
    ForeignKeyConstraint(["tenant", "relationship"], ["relationships.tenant", "relationships.relationship"]),
    Index("ix_consent_ledger_tenant_relationship", "tenant", "relationship", "information_type"),
    Index("ix_consent_ledger_tenant_person", "tenant", "person"),
    Index("ix_consent_ledger_tenant_text_hash", "tenant", "text_hash"),
    info=removed_when(ERASED),
)

sittings = Table(
    "sittings",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("sitting", Id, primary_key=True, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("guardian", Id, nullable=False, info=holds("pseudonym")),
    Column("counsellor", Id, nullable=False, info=holds("pseudonym")),
    Column("language", String(8), nullable=False, info=holds("none")),
    Column("interpreter", String(16), nullable=False, info=holds("none")),
    Column("types", String(1000), nullable=False, info=holds("none")),
    Column("started_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("finished_at", UtcDateTime, info=holds("none")),
    Column("outcome", String(16), nullable=False, info=holds("none")),
    Column("sealed_evidence", LargeBinary, info=holds("sealed")),
    Column("decider", String(8), nullable=False, server_default="guardian", info=holds("none")),
    Column("device", String(64), info=holds("pseudonym")),
    Column("read_aloud", Boolean, nullable=False, server_default=false(), info=holds("none")),
    ForeignKeyConstraint(["tenant", "family"], ["families.tenant", "families.family"]),
    Index("ix_sittings_tenant_family", "tenant", "family"),
)

sitting_answers = Table(
    "sitting_answers",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("sitting", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("information_type", String(40), primary_key=True, info=holds("none")),
    Column("answer", String(8), nullable=False, info=holds("none")),
    Column("language", String(8), nullable=False, info=holds("none")),
    Column("text_version", String(64), nullable=False, info=holds("none")),
    Column("text_hash", String(64), nullable=False, info=holds("none")),
    Column("screen_hash", String(64), nullable=False, info=holds("none")),
    Column("answered_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("seconds_shown", Integer, info=holds("none")),
    Column("device_at", UtcDateTime, info=holds("none")),
    ForeignKeyConstraint(["tenant", "sitting"], ["sittings.tenant", "sittings.sitting"]),
)

withdrawal_codes = Table(
    "withdrawal_codes",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("code_hash", String(64), primary_key=True, info=holds("none")),
    Column("shelter", Id, nullable=False, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("guardian", Id, nullable=False, info=holds("pseudonym")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("revoked_at", UtcDateTime, info=holds("none")),
    Column("revoked_because", String(24), info=holds("none")),
)

text_versions = Table(
    "text_versions",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("text_hash", String(64), primary_key=True, info=holds("none")),
    Column("text_id", String(64), nullable=False, info=holds("none")),
    Column("version", Integer, nullable=False, info=holds("none")),
    Column("language", String(8), nullable=False, info=holds("none")),
    Column("content", Text, nullable=False, info=holds("none")),
    Column("review", String(8), nullable=False, info=holds("none")),
    Column("first_used_at", UtcDateTime, nullable=False, info=holds("none")),
    info=INSERT_ONLY,
)

suspended_texts = Table(
    "suspended_texts",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("text_hash", String(64), primary_key=True, info=holds("none")),
    Column("state", String(12), nullable=False, info=holds("none")),
    Column("decided_by", Id, nullable=False, info=holds("pseudonym")),
    Column("decided_at", UtcDateTime, nullable=False, info=holds("none")),
)

passed_on_statements = Table(
    "passed_on_statements",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("statement", Id, primary_key=True, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("person", Id, nullable=False, info=holds("pseudonym")),
    Column("method", String(8), nullable=False, info=holds("none")),
    Column("said_on", Date, nullable=False, info=holds("none")),
    Column("entered_by", Id, nullable=False, info=holds("pseudonym")),
    Column("entered_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("form", String(64), nullable=False, info=holds("none")),
    Column("sealed_evidence", LargeBinary, nullable=False, info=holds("sealed")),
    ForeignKeyConstraint(["tenant", "family"], ["families.tenant", "families.family"]),
    Index("ix_passed_on_statements_tenant_family", "tenant", "family", "entered_at"),
    Index("ix_passed_on_statements_tenant_form", "tenant", "form", unique=True),
)
