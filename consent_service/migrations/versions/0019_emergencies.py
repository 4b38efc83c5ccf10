"""Break-glass, reports to Veilig Thuis and statutory requests

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.String(36)


def upgrade() -> None:
    """What goes before consent: break-glass, the meldcode, requests with a law of their own."""
    op.create_table(
        "break_glasses",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("break_glass", ID, nullable=False),
        sa.Column("relationship", ID, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("information_type", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("by_phone", sa.Boolean(), nullable=False),
        sa.Column("untold", sa.Boolean(), nullable=False),
        sa.Column("requested_by", ID, nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("approver", ID, nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("confirm_by", sa.Date(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "relationship"],
            ["relationships.tenant", "relationships.relationship"],
            name=op.f("fk_break_glasses_tenant_relationship_relationships"),
        ),
        sa.PrimaryKeyConstraint("tenant", "break_glass", name=op.f("pk_break_glasses")),
    )
    op.create_index(
        "ix_break_glasses_tenant_relationship", "break_glasses", ["tenant", "relationship", "state"]
    )
    _create_meldcodes()
    _create_requests()


def _create_meldcodes() -> None:
    op.create_table(
        "meldcodes",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("meldcode", ID, nullable=False),
        sa.Column("family", ID, nullable=False),
        sa.Column("child", ID, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("report", sa.String(8), nullable=True),
        sa.Column("help", sa.String(8), nullable=True),
        sa.Column("postponed_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "meldcode", name=op.f("pk_meldcodes")),
    )
    op.create_index("ix_meldcodes_tenant_family", "meldcodes", ["tenant", "family"])
    op.create_table(
        "meldcode_steps",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("step", ID, nullable=False),
        sa.Column("meldcode", ID, nullable=False),
        sa.Column("child", ID, nullable=False),
        sa.Column("act", sa.String(24), nullable=False),
        sa.Column("code", sa.String(24), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "meldcode"],
            ["meldcodes.tenant", "meldcodes.meldcode"],
            name=op.f("fk_meldcode_steps_tenant_meldcode_meldcodes"),
        ),
        sa.PrimaryKeyConstraint("tenant", "step", name=op.f("pk_meldcode_steps")),
    )
    op.create_index("ix_meldcode_steps_tenant_meldcode", "meldcode_steps", ["tenant", "meldcode", "at"])


def _create_requests() -> None:
    op.create_table(
        "statutory_requests",
        sa.Column("tenant", ID, nullable=False),
        sa.Column("request", ID, nullable=False),
        sa.Column("family", ID, nullable=False),
        sa.Column("child", ID, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("asker", sa.String(24), nullable=False),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("received_by", ID, nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("sealed_request", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "request", name=op.f("pk_statutory_requests")),
    )
    op.create_index("ix_statutory_requests_tenant_family", "statutory_requests", ["tenant", "family"])
