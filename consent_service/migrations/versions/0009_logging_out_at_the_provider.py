"""Logging out at the provider: by which of its sessions and subjects, taken once; its keys and its end

Revision ID: 0009
Revises: 0008

Sessions from before know nothing of the provider's own session: they end by their limits, as they did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oidc_providers", sa.Column("next_public_key", sa.Text(), nullable=True))
    op.add_column("oidc_providers", sa.Column("disabled_at", UtcDateTime(), nullable=True))
    op.add_column("sessions", sa.Column("sub", sa.String(length=64), nullable=True))
    op.add_column("sessions", sa.Column("sid", sa.String(length=64), nullable=True))
    op.create_table(
        "logout_tokens_seen",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "provider", "token", name=op.f("pk_logout_tokens_seen")),
    )
