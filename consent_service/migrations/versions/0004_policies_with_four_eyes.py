"""Policies with four eyes: what is attached to an entry, proposals, approvals, the engine of a bundle

Revision ID: 0004
Revises: 0003

There is no way back but a backup: the details of entries written since commit to what is attached.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_details", sa.Column("attached", sa.LargeBinary(), nullable=True))
    op.add_column("audit_details", sa.Column("attached_for", sa.String(length=36), nullable=True))
    op.add_column("policy_bundles", sa.Column("engine", sa.String(length=40), nullable=True))
    op.create_table(
        "policy_proposals",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("proposal", sa.String(length=36), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("replaces", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.String(length=36), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "proposal", name=op.f("pk_policy_proposals")),
    )
    op.create_table(
        "policy_approvals",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("proposal", sa.String(length=36), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=False),
        sa.Column("approved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "proposal", "item", "approved_by", name=op.f("pk_policy_approvals")
        ),
    )
