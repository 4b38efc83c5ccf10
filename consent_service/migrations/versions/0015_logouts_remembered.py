"""Of which person and session a logout token spoke, for a login that is just being finished

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("logout_tokens_seen", sa.Column("sub", sa.String(length=64), nullable=True))
    op.add_column("logout_tokens_seen", sa.Column("sid", sa.String(length=64), nullable=True))
    op.add_column("logout_tokens_seen", sa.Column("made_at", UtcDateTime(), nullable=True))
