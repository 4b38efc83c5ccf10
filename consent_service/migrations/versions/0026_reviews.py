"""Kept questions to the log, samples of it, and what was found of them

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ID = sa.String(36)


def upgrade() -> None:
    _questions()
    _samples()
    _judgements()


def _questions() -> None:
    op.create_table(
        "saved_questions",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("saved", ID, nullable=False),
        sa.Column("officer", ID, nullable=False),
        sa.Column("question", sa.String(24), nullable=False),
        sa.Column("reference", sa.String(24), nullable=False),
        sa.Column("person", ID, nullable=True),
        sa.Column("staff", ID, nullable=True),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "saved", name=op.f("pk_saved_questions")),
    )
    op.create_index("ix_saved_questions_tenant_officer", "saved_questions", ["tenant", "officer"])


def _samples() -> None:
    op.create_table(
        "review_samples",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("sample", ID, nullable=False),
        sa.Column("officer", ID, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sample", name=op.f("pk_review_samples")),
        sa.UniqueConstraint("tenant", "officer", "week", name="uq_review_samples_tenant_officer_week"),
    )
    op.create_table(
        "review_drawn",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("sample", ID, nullable=False),
        sa.Column("entry", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(12), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sample", "entry", name=op.f("pk_review_drawn")),
    )


def _judgements() -> None:
    op.create_table(
        "review_judgements",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("sample", ID, nullable=False),
        sa.Column("entry", ID, nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("finding", sa.String(16), nullable=False),
        sa.Column("judged_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sample", "entry", "verdict", name=op.f("pk_review_judgements")),
    )
    op.create_table(
        "review_notes",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("sample", ID, nullable=False),
        sa.Column("entry", ID, nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("about", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sample", "entry", "verdict", name=op.f("pk_review_notes")),
    )
