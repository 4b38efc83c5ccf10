"""Requests of people about their own data

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rights_cases",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("case", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=12), nullable=False),
        sa.Column("capacity", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=True),
        sa.Column("requester", sa.String(length=36), nullable=True),
        sa.Column("child", sa.String(length=36), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=True),
        sa.Column("identity", sa.String(length=12), nullable=True),
        sa.Column("identified_at", UtcDateTime(), nullable=True),
        sa.Column("extended", sa.String(length=8), nullable=True),
        sa.Column("opinion", sa.String(length=12), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("ground", sa.String(length=24), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("delivered", sa.String(length=16), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "case", name=op.f("pk_rights_cases")),
    )
    op.create_index("ix_rights_cases_tenant_state", "rights_cases", ["tenant", "state", "due_on"])
    op.create_index("ix_rights_cases_tenant_family", "rights_cases", ["tenant", "family"])
