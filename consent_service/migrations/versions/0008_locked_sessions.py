"""A tablet that is left alone locks itself: since when, and where to go on

Revision ID: 0008
Revises: 0007

Down: the columns go; a locked session then is an open one, so every session ends.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("locked_at", UtcDateTime(), nullable=True))
    op.add_column("sessions", sa.Column("resume_at", sa.String(length=300), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM sessions")
    op.drop_column("sessions", "resume_at")
    op.drop_column("sessions", "locked_at")
