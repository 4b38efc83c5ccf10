"""Second factors of a session, stepping up, operators

Revision ID: 0013
Revises: 0012

Sessions from before have no second factor: officers who are logged in show one before they go on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _second_factors()
    _operators()


def _second_factors() -> None:
    op.add_column("sessions", sa.Column("factor", sa.String(length=8), nullable=True))
    op.add_column("sessions", sa.Column("factor_at", UtcDateTime(), nullable=True))
    op.add_column("sessions", sa.Column("proves_for", sa.String(length=300), nullable=True))
    op.add_column("login_attempts", sa.Column("purpose", sa.String(length=8), nullable=True))
    op.add_column("login_attempts", sa.Column("session", sa.String(length=36), nullable=True))
    op.create_table(
        "enrolments",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code", name=op.f("pk_enrolments")),
    )
    op.create_index("ix_enrolments_staff", "enrolments", ["tenant", "staff"])


def _operators() -> None:
    op.create_table(
        "operators",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "operator", name=op.f("pk_operators")),
    )
    op.create_index("ix_operators_subject", "operators", ["tenant", "provider", "subject"])
    op.create_table(
        "operator_grants",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("grant", sa.String(length=36), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("machine", sa.String(length=60), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("code_expires_at", UtcDateTime(), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "grant", name=op.f("pk_operator_grants")),
    )
    op.create_index("ix_operator_grants_secret", "operator_grants", ["tenant", "secret"], unique=True)
    op.create_index("ix_operator_grants_code", "operator_grants", ["tenant", "code"], unique=True)
    op.create_table(
        "operator_logins",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "token", name=op.f("pk_operator_logins")),
    )
