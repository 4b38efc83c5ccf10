"""The register of breaches, questions, people and letters

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.foundation.database import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _breaches()
    _breach_exams()
    _breach_people()
    _breach_letters()


def _breaches() -> None:
    op.create_table(
        "breaches",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("breach", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("discovered_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=True),
        sa.Column("happened_from", sa.Date(), nullable=True),
        sa.Column("happened_until", sa.Date(), nullable=True),
        sa.Column("source_entry", sa.String(length=36), nullable=True),
        sa.Column("relationship", sa.String(length=36), nullable=True),
        sa.Column("level", sa.String(length=12), nullable=True),
        sa.Column("level_ground", sa.String(length=24), nullable=True),
        sa.Column("reported_at", UtcDateTime(), nullable=True),
        sa.Column("reference", sa.String(length=40), nullable=True),
        sa.Column("late_reason", sa.String(length=24), nullable=True),
        sa.Column("unreported_ground", sa.String(length=24), nullable=True),
        sa.Column("untold", sa.String(length=16), nullable=True),
        sa.Column("measures", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("consequences", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("families", sa.Integer(), nullable=True),
        sa.Column("children", sa.Integer(), nullable=True),
        sa.Column("guardians", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "breach", name=op.f("pk_breaches")),
    )
    op.create_index("ix_breaches_tenant_state", "breaches", ["tenant", "state", "discovered_at"])
    op.create_index("uq_breaches_tenant_source_entry", "breaches", ["tenant", "source_entry"], unique=True)


def _breach_exams() -> None:
    op.create_table(
        "breach_exams",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("breach", sa.String(length=36), nullable=False),
        sa.Column("exam", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("actor", sa.String(length=36), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("entry", sa.String(length=36), nullable=True),
        sa.Column("keys", sa.String(length=8), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("certain", sa.Integer(), nullable=False),
        sa.Column("families", sa.Integer(), nullable=False),
        sa.Column("children", sa.Integer(), nullable=False),
        sa.Column("guardians", sa.Integer(), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("types", sa.String(length=1000), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("safety", sa.String(length=16), nullable=False),
        sa.Column("dropped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "breach", "exam", name=op.f("pk_breach_exams")),
    )


def _breach_people() -> None:
    op.create_table(
        "breach_people",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("breach", sa.String(length=36), nullable=False),
        sa.Column("exam", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("child", sa.Boolean(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "breach", "exam", "person", name=op.f("pk_breach_people")),
    )
    op.create_index("ix_breach_people_tenant_family", "breach_people", ["tenant", "family"])


def _breach_letters() -> None:
    op.create_table(
        "breach_letters",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("letter", sa.String(length=36), nullable=False),
        sa.Column("breach", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("child", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("held", sa.String(length=16), nullable=True),
        sa.Column("weighed", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("ground", sa.String(length=24), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "letter", name=op.f("pk_breach_letters")),
    )
    op.create_index(
        "uq_breach_letters_tenant_breach_person",
        "breach_letters",
        ["tenant", "breach", "person"],
        unique=True,
    )
