"""Contacts confirmed for a school term, and contacts that are away

Revision ID: 0011
Revises: 0010

Who stands on a list at the upgrade counts as confirmed at that moment: nobody loses access by the upgrade,
and everybody is asked when the next school term begins.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.clock import SystemClock
from consent_service.foundation.database import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("relationship_contacts", sa.Column("confirmed_at", UtcDateTime(), nullable=True))
    listed = sa.table(
        "relationship_contacts", sa.column("confirmed_at", UtcDateTime()), sa.column("ends_at", UtcDateTime())
    )
    op.execute(listed.update().where(listed.c.ends_at.is_(None)).values(confirmed_at=SystemClock().now()))
    op.create_table(
        "contact_attestations",
        *_about("attestation"),
        sa.Column("attested_at", UtcDateTime(), nullable=False),
        sa.Column("by_kind", sa.String(length=24), nullable=False),
        sa.Column("attested_by", sa.String(length=36), nullable=False),
        *_keys("contact_attestations", "attestation"),
    )
    op.create_table(
        "contact_absences",
        *_about("absence"),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        *_keys("contact_absences", "absence"),
    )
    for table in ("contact_attestations", "contact_absences"):
        op.create_index(f"ix_{table}_tenant_relationship", table, ["tenant", "relationship"], unique=False)


def _about(key: str) -> tuple[sa.Column[str], ...]:
    names = ("tenant", key, "relationship", "staff")
    return tuple(sa.Column(name, sa.String(length=36), nullable=False) for name in names)


def _keys(table: str, key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["tenant", "relationship"],
            ["relationships.tenant", "relationships.relationship"],
            name=op.f(f"fk_{table}_tenant_relationship_relationships"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "staff"],
            ["staff.tenant", "staff.staff"],
            name=op.f(f"fk_{table}_tenant_staff_staff"),
        ),
        sa.PrimaryKeyConstraint("tenant", key, name=op.f(f"pk_{table}")),
    )
