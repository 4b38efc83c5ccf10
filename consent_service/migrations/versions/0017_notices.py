"""The outbox of messages and the inbox of everyone

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _outbox()
    _recipients()


def _outbox() -> None:
    op.create_table(
        "notices",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("notice", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("to_staff", sa.String(length=36), nullable=True),
        sa.Column("to_person", sa.String(length=36), nullable=True),
        sa.Column("relationship", sa.String(length=36), nullable=True),
        sa.Column("family", sa.String(length=36), nullable=True),
        sa.Column("about", sa.String(length=36), nullable=True),
        sa.Column("instead_of", sa.String(length=36), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("claim", sa.String(length=36), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("mail", sa.String(length=36), nullable=True),
        sa.Column("address", sa.String(length=36), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "notice", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_tenant_about", "notices", ["tenant", "about"])
    op.create_index("ix_notices_tenant_mail", "notices", ["tenant", "mail"])
    op.create_index("ix_notices_tenant_state", "notices", ["tenant", "state", "due_at"])
    op.create_index("ix_notices_tenant_to_person", "notices", ["tenant", "to_person", "read_at"])
    op.create_index("ix_notices_tenant_to_staff", "notices", ["tenant", "to_staff", "read_at"])
    op.create_index(
        "uq_notices_tenant_instead_of", "notices", ["tenant", "instead_of", "to_staff"], unique=True
    )


def _recipients() -> None:
    op.create_table(
        "notice_addresses",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("address", sa.String(length=36), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "address", name=op.f("pk_notice_addresses")),
    )
    op.create_index("uq_notice_addresses_tenant_staff", "notice_addresses", ["tenant", "staff"], unique=True)
    op.create_table(
        "notice_bounces",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("address", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "address", name=op.f("pk_notice_bounces")),
    )
    op.create_table(
        "notice_wishes",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("recipient", sa.String(length=36), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("safe_from", sa.Integer(), nullable=True),
        sa.Column("safe_until", sa.Integer(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "recipient", name=op.f("pk_notice_wishes")),
    )
