"""Machine clients of the API and their tokens

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _clients()
    _fleeting()


def _clients() -> None:
    op.create_table(
        "api_clients",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("client", sa.String(length=27), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "client", name=op.f("pk_api_clients")),
    )
    op.create_table(
        "api_client_keys",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("client", sa.String(length=27), nullable=False),
        sa.Column("key", sa.String(length=43), nullable=False),
        sa.Column("kid", sa.String(length=100), nullable=False),
        sa.Column("algorithm", sa.String(length=5), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("dropped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "client", "key", name=op.f("pk_api_client_keys")),
    )


def _fleeting() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("shelter", sa.String(length=36), nullable=False),
        sa.Column("client", sa.String(length=27), nullable=False),
        sa.Column("key", sa.String(length=43), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "token", name=op.f("pk_api_tokens")),
    )
    op.create_table(
        "client_assertions_seen",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("shelter", sa.String(length=36), nullable=False),
        sa.Column("client", sa.String(length=27), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "shelter", "client", "token", name=op.f("pk_client_assertions_seen")
        ),
    )
