"""Erasures from requests with the keys they ended, restrictions, and what was asked to be put right

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("erasures", sa.Column("case", sa.String(length=36), nullable=True))
    op.add_column("erasure_notices", sa.Column("erasure", sa.String(length=36), nullable=True))
    op.add_column("recalls", sa.Column("case", sa.String(length=36), nullable=True))
    op.create_table(
        "erasure_keys",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("erasure", sa.String(length=36), nullable=False),
        sa.Column("destruction", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "erasure", "destruction", name=op.f("pk_erasure_keys")),
    )
    _restrictions()
    op.create_table(
        "rectifications",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("rectification", sa.String(length=36), nullable=False),
        sa.Column("case", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("information_type", sa.String(length=40), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "rectification", name=op.f("pk_rectifications")),
    )
    op.create_index("ix_rectifications_tenant_case", "rectifications", ["tenant", "case"])
    op.create_index("ix_rectifications_tenant_relationship", "rectifications", ["tenant", "relationship"])


def _restrictions() -> None:
    op.create_table(
        "restrictions",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("restriction", sa.String(length=36), nullable=False),
        sa.Column("case", sa.String(length=36), nullable=True),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("child", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=True),
        sa.Column("information_type", sa.String(length=40), nullable=True),
        sa.Column("ground", sa.String(length=24), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=36), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("told_by", sa.String(length=36), nullable=True),
        sa.Column("told_how", sa.String(length=16), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "restriction", name=op.f("pk_restrictions")),
    )
    for column in ("child", "family", "case"):
        op.create_index(f"ix_restrictions_tenant_{column}", "restrictions", ["tenant", column])
