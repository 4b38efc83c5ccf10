"""First contact, signals and calls

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _starts()
    _calls()
    _signals()
    _settings()


def _starts() -> None:
    op.create_table(
        "first_contacts",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("sent_by", sa.String(length=36), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=36), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("read_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "relationship", name=op.f("pk_first_contacts")),
    )
    op.create_table(
        "first_day_ticks",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("item", sa.String(length=24), nullable=False),
        sa.Column("ticked_at", UtcDateTime(), nullable=False),
        sa.Column("ticked_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "relationship", "item", name=op.f("pk_first_day_ticks")),
    )


def _calls() -> None:
    op.create_table(
        "phone_calls",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("call", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("types", sa.String(length=600), nullable=False),
        sa.Column("shown_at", UtcDateTime(), nullable=False),
        sa.Column("spoken_to", sa.String(length=24), nullable=True),
        sa.Column("told", sa.String(length=600), nullable=True),
        sa.Column("called_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "call", name=op.f("pk_phone_calls")),
    )
    op.create_index(
        "ix_phone_calls_tenant_relationship", "phone_calls", ["tenant", "relationship"], unique=False
    )


def _signals() -> None:
    op.create_table(
        "care_signals",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("signal", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("route", sa.String(length=24), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("sent_by", sa.String(length=36), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("gone_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("called_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "signal", name=op.f("pk_care_signals")),
    )
    op.create_index(
        "ix_care_signals_tenant_relationship", "care_signals", ["tenant", "relationship"], unique=False
    )
    op.create_index("ix_care_signals_tenant_state", "care_signals", ["tenant", "state"], unique=False)
    op.create_table(
        "signal_hearers",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("signal", sa.String(length=36), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "signal", "staff", name=op.f("pk_signal_hearers")),
    )


def _settings() -> None:
    op.create_table(
        "school_regions",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=False),
        sa.Column("region", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "school", name=op.f("pk_school_regions")),
    )
    op.create_table(
        "signal_routes",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("region", sa.String(length=8), nullable=False),
        sa.Column("route", sa.String(length=24), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "region", name=op.f("pk_signal_routes")),
    )
