"""Being forgotten with two coordinators behind it; the rows of insert-only tables that may then go

Revision ID: 0006
Revises: 0005

There is no way back but a backup: what was erased or pruned does not return.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.audit.protection import loosening_statements
from consent_service.foundation.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_REMOVED_WHEN = {
    "audit_entries": (
        "SELECT 1 FROM audit_prunings p"
        " JOIN audit_sequence s ON s.tenant = p.tenant AND s.log = p.log AND s.seq < p.minimum"
        " JOIN audit_checkpoints c ON c.tenant = p.tenant AND c.log = p.log AND c.size >= p.minimum"
        " JOIN audit_entries e ON e.tenant = p.tenant AND e.id = p.entry"
        " WHERE p.tenant = OLD.tenant AND s.entry = OLD.id"
        " AND (e.leaf || '') LIKE '%\"type\":\"log.pruned.v1\"%'"
        " AND (OLD.leaf || '') NOT LIKE '%\"type\":\"log.key_rotated.v1\"%'"
        " AND (OLD.leaf || '') NOT LIKE '%\"type\":\"log.reopened.v1\"%'"
        " AND (OLD.leaf || '') NOT LIKE '%\"type\":\"log.pruned.v1\"%'"
    ),
    "consent_ledger": (
        "SELECT 1 FROM erasure_targets t"
        " JOIN erasures r ON r.tenant = t.tenant AND r.erasure = t.erasure"
        " WHERE t.tenant = OLD.tenant AND t.id IN (OLD.person, OLD.relationship)"
        " AND r.state = 'running' AND r.asked_by <> r.approved_by"
    ),
}


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("erasure", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=True),
        sa.Column("ground", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("typed", sa.String(length=8), server_default="none", nullable=False),
        sa.Column("late_since", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("persons", sa.Integer(), server_default="0", nullable=False),
        sa.Column("keys", sa.Integer(), server_default="0", nullable=False),
        sa.Column("details", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found_by", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "erasure", name=op.f("pk_erasures")),
    )
    op.create_table(
        "erasure_targets",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("erasure", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "erasure", "id", name=op.f("pk_erasure_targets")),
    )
    for statement in loosening_statements(op.get_bind().dialect.name, _REMOVED_WHEN):
        op.execute(statement)
