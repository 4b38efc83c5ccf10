"""Passkeys, and the devices of a session

Revision ID: 0012
Revises: 0011

Sessions from before know no device: they are shown without a name.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("device", sa.String(length=64), nullable=True))
    op.add_column("sessions", sa.Column("browser", sa.String(length=24), nullable=True))
    op.create_table(
        "passkeys",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("credential", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("named_in", sa.String(length=36), nullable=True),
        sa.Column("named_by", sa.String(length=36), nullable=True),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_in", sa.String(length=36), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "credential", name=op.f("pk_passkeys")),
    )
    op.create_index("ix_passkeys_subject", "passkeys", ["tenant", "provider", "subject"])
    op.create_table(
        "passkey_challenges",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("session", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("challenge", sa.String(length=64), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "session", "purpose", name=op.f("pk_passkey_challenges")),
    )
    op.create_table(
        "session_devices",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("named_in", sa.String(length=36), nullable=False),
        sa.Column("named_by", sa.String(length=36), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("named_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "provider", "subject", "device", name=op.f("pk_session_devices")),
    )
