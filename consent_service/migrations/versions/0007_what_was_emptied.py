"""Which details of the log the end of a key shut, where entries so far only say how many

Revision ID: 0007
Revises: 0006

Nothing an earlier release shut is named: of those the entries keep counting.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.audit.protection import loosening_statements, protection_statements

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_REMOVED_WHEN = {
    "audit_emptied": (
        "SELECT 1 WHERE NOT EXISTS"
        " (SELECT 1 FROM audit_entries e WHERE e.tenant = OLD.tenant AND e.id = OLD.ending)"
    )
}


def upgrade() -> None:
    op.create_table(
        "audit_emptied",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("entry", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("ending", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "entry", "what", "ending", name=op.f("pk_audit_emptied")),
    )
    op.create_index("ix_audit_emptied_tenant_ending", "audit_emptied", ["tenant", "ending"])
    op.add_column("erasures", sa.Column("unnamed", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE erasures SET unnamed = details")
    dialect = op.get_bind().dialect.name
    for statement in protection_statements(dialect, _REMOVED_WHEN):
        op.execute(statement)
    for statement in loosening_statements(dialect, _REMOVED_WHEN):
        op.execute(statement)
