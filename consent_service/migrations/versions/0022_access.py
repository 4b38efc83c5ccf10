"""Files for who asked for the own data

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_files",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("case", sa.String(length=36), nullable=False),
        sa.Column("file", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("requester", sa.String(length=36), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ready_at", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "case"],
            ["rights_cases.tenant", "rights_cases.case"],
            name=op.f("fk_access_files_tenant_case_rights_cases"),
        ),
        sa.PrimaryKeyConstraint("tenant", "case", name=op.f("pk_access_files")),
    )
    op.create_index("ix_access_files_tenant_requester", "access_files", ["tenant", "requester"])
