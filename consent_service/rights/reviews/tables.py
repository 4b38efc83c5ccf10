"""Questions an officer keeps; samples of the log, what was judged of them, and notes about it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

saved_questions = Table(
    "saved_questions",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("saved", Id, primary_key=True, info=holds("none")),
    Column("officer", Id, nullable=False, info=holds("pseudonym")),
    Column("question", String(24), nullable=False, info=holds("none")),
    Column("reference", String(24), nullable=False, info=holds("none")),
    Column("person", Id, nullable=True, info=holds("pseudonym")),
    Column("staff", Id, nullable=True, info=holds("pseudonym")),
    Column("period", String(8), nullable=False, info=holds("none")),
    Column("since", Date, nullable=True, info=holds("none")),
    Column("until", Date, nullable=True, info=holds("none")),
    Column("kept_at", UtcDateTime, nullable=False, info=holds("none")),
    Index("ix_saved_questions_tenant_officer", "tenant", "officer"),
)
"""`reference` is a number of a file, of a fixed form, never words: a name could not be erased from it."""

review_samples = Table(
    "review_samples",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("sample", Id, primary_key=True, info=holds("none")),
    Column("officer", Id, nullable=False, info=holds("pseudonym")),
    Column("week", Date, nullable=False, info=holds("none")),
    Column("log", Integer, nullable=False, info=holds("none")),
    Column("size", BigInteger, nullable=False, info=holds("none")),
    Column("root", String(64), nullable=False, info=holds("none")),
    Column("drawn_at", UtcDateTime, nullable=False, info=holds("none")),
    UniqueConstraint("tenant", "officer", "week", name="uq_review_samples_tenant_officer_week"),
)
"""`week` is its Monday; the head of `log` with this `size` and `root` decided what was drawn."""

review_drawn = Table(
    "review_drawn",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("sample", Id, primary_key=True, info=holds("none")),
    Column("entry", Id, primary_key=True, info=holds("none")),
    Column("place", Integer, nullable=False, info=holds("none")),
    Column("stratum", String(12), nullable=False, info=holds("none")),
)

review_judgements = Table(
    "review_judgements",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("sample", Id, primary_key=True, info=holds("none")),
    Column("entry", Id, primary_key=True, info=holds("none")),
    Column("verdict", String(12), primary_key=True, info=holds("none")),
    Column("finding", String(16), nullable=False, info=holds("none")),
    Column("judged_at", UtcDateTime, nullable=False, info=holds("none")),
)
"""The first says that something was asked, if anything was; the last one counts."""

review_notes = Table(
    "review_notes",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("sample", Id, primary_key=True, info=holds("none")),
    Column("entry", Id, primary_key=True, info=holds("none")),
    Column("verdict", String(12), primary_key=True, info=holds("none")),
    Column("about", Id, nullable=False, info=holds("pseudonym")),
    Column("sealed", LargeBinary, nullable=False, info=holds("sealed")),
)
"""Words about an entry, under the key of whom the entry is about; erased with that person."""
