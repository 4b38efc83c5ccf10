"""Heads outside the database: cosignatures, time stamps, pruning, who puts entries in order by lease

Revision ID: 0005
Revises: 0004

There is no way back but a backup: what witnesses signed is not thrown away.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.audit.protection import protection_statements
from consent_service.foundation.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSERT_ONLY = ("audit_cosignatures", "audit_timestamps", "audit_prunings")


def upgrade() -> None:
    op.create_table(
        "audit_cosignatures",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=255), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "log", "size", "witness", name=op.f("pk_audit_cosignatures")),
    )
    op.create_table(
        "audit_timestamps",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "log", "size", name=op.f("pk_audit_timestamps")),
    )
    op.create_table(
        "audit_prunings",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minimum", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "log", "minimum", name=op.f("pk_audit_prunings")),
    )
    op.create_table(
        "audit_leases",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_audit_leases")),
    )
    for statement in protection_statements(op.get_bind().dialect.name, _INSERT_ONLY):
        op.execute(statement)
