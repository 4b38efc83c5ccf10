"""The steps of the meldcode and requests with a law of their own; texts are sealed under the child's key.

The table of break-glasses is `records.tables_emergencies`: a release reads it.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKeyConstraint, Index, LargeBinary, String, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

meldcodes = Table(
    "meldcodes",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("meldcode", Id, primary_key=True, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("state", String(24), nullable=False, info=holds("none")),
    Column("opened_by", Id, nullable=False, info=holds("pseudonym")),
    Column("opened_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("report", String(8), info=holds("none")),
    Column("help", String(8), info=holds("none")),
    Column("postponed_until", Date, info=holds("none")),
    Index("ix_meldcodes_tenant_family", "tenant", "family"),
)

meldcode_steps = Table(
    "meldcode_steps",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("step", Id, primary_key=True, info=holds("none")),
    Column("meldcode", Id, nullable=False, info=holds("none")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("act", String(24), nullable=False, info=holds("none")),
    Column("code", String(24), nullable=False, info=holds("none")),
    Column("by", Id, nullable=False, info=holds("pseudonym")),
    Column("at", UtcDateTime, nullable=False, info=holds("none")),
    Column("sealed", LargeBinary, nullable=False, info=holds("sealed")),
    ForeignKeyConstraint(["tenant", "meldcode"], ["meldcodes.tenant", "meldcodes.meldcode"]),
    Index("ix_meldcode_steps_tenant_meldcode", "tenant", "meldcode", "at"),
)

statutory_requests = Table(
    "statutory_requests",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("request", Id, primary_key=True, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("state", String(24), nullable=False, info=holds("none")),
    Column("asker", String(24), nullable=False, info=holds("none")),
    Column("ground", String(32), nullable=False, info=holds("none")),
    Column("received_by", Id, nullable=False, info=holds("pseudonym")),
    Column("received_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("answered_by", Id, info=holds("pseudonym")),
    Column("answered_at", UtcDateTime, info=holds("none")),
    Column("sealed_request", LargeBinary, nullable=False, info=holds("sealed")),
    Column("sealed_answer", LargeBinary, info=holds("sealed")),
    Index("ix_statutory_requests_tenant_family", "tenant", "family"),
)
