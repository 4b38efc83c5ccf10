"""Keys over time: epochs, destructions in three stages, backups, stops carried out, tags by index key

Revision ID: 0003
Revises: 0002

There is no way back but a backup: a database that forgot which keys were destroyed would claim too much.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("key_roots", sa.Column("destroyed_at", UtcDateTime(), nullable=True))
    op.add_column("children", sa.Column("search_version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("children", sa.Column("search_bits", sa.Integer(), nullable=False, server_default="10"))
    _epochs()
    _destructions()
    _backups()
    op.create_table(
        "carried_out_stops",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("stop", sa.String(length=36), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("journal", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "stop", name=op.f("pk_carried_out_stops")),
    )


def _epochs() -> None:
    op.create_table(
        "key_epochs",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("everybody", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("from_generation", sa.Integer(), nullable=False),
        sa.Column("to_generation", sa.Integer(), nullable=False),
        sa.Column("probe", sa.LargeBinary(), nullable=False),
        sa.Column("backup", sa.String(length=36), nullable=True),
        sa.Column("keys", sa.Integer(), nullable=True),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "epoch", name=op.f("pk_key_epochs")),
    )


def _destructions() -> None:
    op.create_table(
        "key_destructions",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("destruction", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=36), nullable=False),
        sa.Column("child", sa.String(length=36), nullable=False),
        sa.Column("destroyed_at", UtcDateTime(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("path_dead_at", UtcDateTime(), nullable=True),
        sa.Column("backups_until", sa.Date(), nullable=True),
        sa.Column("backups_dead_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "destruction", name=op.f("pk_key_destructions")),
    )
    op.create_index("ix_key_destructions_tenant_owner", "key_destructions", ["tenant", "owner"])
    op.create_index("ix_key_destructions_tenant_child", "key_destructions", ["tenant", "child"])


def _backups() -> None:
    op.create_table(
        "key_backups",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("backup", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(length=36), nullable=False),
        sa.Column("after_epoch", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("dropped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "backup", name=op.f("pk_key_backups")),
    )
