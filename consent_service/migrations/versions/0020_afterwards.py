"""Recalls with a cause, notices of erasure, planned ends and figures

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _recalls()
    _ends()
    _figures()


def _recalls() -> None:
    op.add_column(
        "recalls", sa.Column("cause", sa.String(length=24), server_default="unsafe", nullable=False)
    )
    op.create_table(
        "erasure_notices",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("recall", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=False),
        sa.Column("information_type", sa.String(length=40), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=36), nullable=True),
        sa.Column("answer", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "recall", name=op.f("pk_erasure_notices")),
    )
    op.create_index(
        "ix_erasure_notices_tenant_school", "erasure_notices", ["tenant", "school", "answered_at"]
    )


def _ends() -> None:
    op.add_column("relationships", sa.Column("aftercare_from", UtcDateTime(), nullable=True))
    op.add_column("relationships", sa.Column("ends_at", UtcDateTime(), nullable=True))
    op.add_column(
        "relationships",
        sa.Column("transition_held", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "ending_plans",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("plan", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("aftercare_until", sa.Date(), nullable=True),
        sa.Column("other_holder", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("planned_by", sa.String(length=36), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "plan", name=op.f("pk_ending_plans")),
    )
    for column in ("family", "relationship", "state"):
        op.create_index(f"ix_ending_plans_tenant_{column}", "ending_plans", ["tenant", column])


def _figures() -> None:
    op.create_table(
        "evaluation_counts",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("quarter", sa.String(length=8), nullable=False),
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("team", sa.String(length=24), nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "quarter", "measure", "team", "category", name=op.f("pk_evaluation_counts")
        ),
    )
    op.create_table(
        "evaluation_publications",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("published_by", sa.String(length=36), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "period", name=op.f("pk_evaluation_publications")),
    )
    op.create_table(
        "evaluation_figures",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("team", sa.String(length=24), nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant", "period", "measure", "team", "category", name=op.f("pk_evaluation_figures")
        ),
    )
    op.create_index("ix_evaluation_figures_tenant_period", "evaluation_figures", ["tenant", "period"])
