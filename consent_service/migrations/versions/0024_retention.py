"""Holds, retention schedules and runs

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _holds()
    _schedules()
    _runs()


def _holds() -> None:
    op.create_table(
        "retention_holds",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("hold", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=True),
        sa.Column("child", sa.String(length=36), nullable=True),
        sa.Column("ground", sa.String(length=24), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("placed_by", sa.String(length=36), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_by", sa.String(length=36), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "hold", name=op.f("pk_retention_holds")),
    )
    op.create_index("ix_retention_holds_tenant_family", "retention_holds", ["tenant", "family"])


def _schedules() -> None:
    op.create_table(
        "retention_schedules",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("schedule", sa.String(length=36), nullable=False),
        sa.Column("periods", sa.String(length=64), nullable=False),
        sa.Column("proposed_by", sa.String(length=36), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "schedule", name=op.f("pk_retention_schedules")),
    )


def _runs() -> None:
    op.create_table(
        "retention_runs",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("run", sa.String(length=36), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("expected", "records", "keys", "families", "staff", "rows", "failed")
        ),
        sa.PrimaryKeyConstraint("tenant", "run", name=op.f("pk_retention_runs")),
    )
