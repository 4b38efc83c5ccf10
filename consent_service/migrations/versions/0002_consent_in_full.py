"""Consent and authority in full

Revision ID: 0002
Revises: 0001

Columns are added natively: a batch operation would drop the triggers of insert-only tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.audit.protection import protection_statements
from consent_service.foundation.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _ledger()
    _safety()
    _devices()
    _texts()


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what was recorded since would be lost")


def _ledger() -> None:
    op.execute("ALTER TABLE consent_ledger RENAME COLUMN invalidates TO concerns")
    for column in (
        sa.Column("interpreter", sa.String(length=16), nullable=True),
        sa.Column("evidence", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("entered_by", sa.String(length=36), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("device_at", UtcDateTime(), nullable=True),
        sa.Column("seconds_shown", sa.Integer(), nullable=True),
    ):
        op.add_column("consent_ledger", column)
    op.add_column("sitting_answers", sa.Column("seconds_shown", sa.Integer(), nullable=True))
    op.add_column("sitting_answers", sa.Column("device_at", UtcDateTime(), nullable=True))
    op.add_column(
        "sittings", sa.Column("decider", sa.String(length=8), nullable=False, server_default="guardian")
    )
    op.add_column("sittings", sa.Column("device", sa.String(length=64), nullable=True))
    op.add_column("withdrawal_codes", sa.Column("revoked_at", UtcDateTime(), nullable=True))
    op.add_column("withdrawal_codes", sa.Column("revoked_because", sa.String(length=24), nullable=True))


def _safety() -> None:
    with op.batch_alter_table("authority_facts") as table:
        table.alter_column("kind", existing_type=sa.String(length=8), type_=sa.String(length=12))
    op.add_column("safety_assessments", sa.Column("guardian", sa.String(length=36), nullable=True))
    op.create_table(
        "safety_markers",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("marker", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("guardian", sa.String(length=36), nullable=False),
        sa.Column("requested_by", sa.String(length=36), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "family"],
            ["families.tenant", "families.family"],
            name=op.f("fk_safety_markers_tenant_family_families"),
        ),
        sa.PrimaryKeyConstraint("tenant", "marker", name=op.f("pk_safety_markers")),
    )
    op.create_index("ix_safety_markers_tenant_family", "safety_markers", ["tenant", "family"])
    op.create_table(
        "child_competence",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("judgement", sa.String(length=36), nullable=False),
        sa.Column("child", sa.String(length=36), nullable=False),
        sa.Column("competent", sa.Boolean(), nullable=False),
        sa.Column("judged_by", sa.String(length=36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "child"],
            ["children.tenant", "children.child"],
            name=op.f("fk_child_competence_tenant_child_children"),
        ),
        sa.PrimaryKeyConstraint("tenant", "judgement", name=op.f("pk_child_competence")),
    )
    op.create_index(
        "ix_child_competence_tenant_child", "child_competence", ["tenant", "child", "recorded_at"]
    )


def _devices() -> None:
    op.execute("DELETE FROM step_tokens")  # forms that are open now become old ones: nobody is hurt
    with op.batch_alter_table("step_tokens") as table:
        table.add_column(sa.Column("issued_at", UtcDateTime(), nullable=False))
    op.create_table(
        "staff_devices",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("last_seen_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "device", "staff", name=op.f("pk_staff_devices")),
    )
    op.add_column("staff", sa.Column("team", sa.String(length=24), nullable=True))


def _texts() -> None:
    op.create_table(
        "text_versions",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("text_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("review", sa.String(length=8), nullable=False),
        sa.Column("first_used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "text_hash", name=op.f("pk_text_versions")),
    )
    for statement in protection_statements(op.get_bind().dialect.name, ("text_versions",)):
        op.execute(statement)
    op.create_table(
        "suspended_texts",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "text_hash", name=op.f("pk_suspended_texts")),
    )
    op.create_table(
        "calendar_marks",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("mark", sa.String(length=160), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "mark", name=op.f("pk_calendar_marks")),
    )
    op.add_column("tasks", sa.Column("information_type", sa.String(length=40), nullable=True))
    op.add_column("tasks", sa.Column("person", sa.String(length=36), nullable=True))
    op.add_column("tasks", sa.Column("due_on", sa.Date(), nullable=True))
