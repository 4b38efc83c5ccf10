"""Requests of people; what they said is sealed under the key of who asked."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

rights_cases = Table(
    "rights_cases",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("case", Id, primary_key=True, info=holds("none")),
    Column("kind", String(16), nullable=False, info=holds("none")),
    Column("state", String(12), nullable=False, info=holds("none")),
    Column("about", String(12), nullable=False, info=holds("none")),
    Column("capacity", String(16), nullable=False, info=holds("none")),
    Column("channel", String(16), nullable=False, info=holds("none")),
    Column("standing", String(20), nullable=False, info=holds("none")),
    Column("family", Id, info=holds("pseudonym")),
    Column("requester", Id, info=holds("pseudonym")),
    Column("child", Id, info=holds("pseudonym")),
    Column("received_on", Date, nullable=False, info=holds("none")),
    Column("due_on", Date, nullable=False, info=holds("none")),
    Column("opened_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("opened_by", Id, info=holds("pseudonym")),
    Column("identity", String(12), info=holds("none")),
    Column("identified_at", UtcDateTime, info=holds("none")),
    Column("extended", String(8), info=holds("none")),
    Column("opinion", String(12), info=holds("none")),
    Column("outcome", String(16), info=holds("none")),
    Column("ground", String(24), info=holds("none")),
    Column("decided_by", Id, info=holds("pseudonym")),
    Column("decided_at", UtcDateTime, info=holds("none")),
    Column("ended_at", UtcDateTime, info=holds("none")),
    Column("delivered", String(16), info=holds("none")),
    Column("sealed", LargeBinary, info=holds("sealed")),
    Index("ix_rights_cases_tenant_state", "tenant", "state", "due_on"),
    Index("ix_rights_cases_tenant_family", "tenant", "family"),
)
"""What was asked and decided stays after an erasure, without whom it was about."""
