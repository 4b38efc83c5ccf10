"""Three-way meetings: their state, participants and agreements

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meetings",
        *_ids("tenant", "meeting", "relationship", "family", "child", "proposed_by", "uid", "together"),
        sa.Column("led_by", sa.String(length=36), nullable=True),
        sa.Column("record", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "meeting", name=op.f("pk_meetings")),
    )
    for column in ("relationship", "family", "starts_at"):
        op.create_index(f"ix_meetings_tenant_{column}", "meetings", ["tenant", column], unique=False)
    op.create_table(
        "meeting_participants",
        *_ids("tenant", "meeting", "who", "relationship"),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "meeting", "who", name=op.f("pk_meeting_participants")),
    )
    op.create_index("ix_meeting_participants_tenant_who", "meeting_participants", ["tenant", "who"])
    _agreements()
    _remarks()


def _agreements() -> None:
    op.create_table(
        "meeting_agreements",
        *_ids("tenant", "agreement", "meeting", "relationship"),
        sa.Column("owner", sa.String(length=12), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("agreed_at", UtcDateTime(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "agreement", name=op.f("pk_meeting_agreements")),
    )
    op.create_index("ix_meeting_agreements_tenant_meeting", "meeting_agreements", ["tenant", "meeting"])


def _remarks() -> None:
    op.create_table(
        "meeting_remarks",
        *_ids("tenant", "remark", "meeting", "relationship", "guardian"),
        sa.Column("for_school", sa.Boolean(), nullable=False),
        sa.Column("remarked_at", UtcDateTime(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "remark", name=op.f("pk_meeting_remarks")),
    )
    op.create_index("ix_meeting_remarks_tenant_meeting", "meeting_remarks", ["tenant", "meeting"])


def _ids(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.String(length=36), nullable=False) for name in names)
