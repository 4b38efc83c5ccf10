"""Consent and authority in full

Revision ID: 0002
Revises: 0001

Columns are added natively: a batch operation would drop the triggers of insert-only tables.
There is no way back but a backup: what was recorded since would be lost.
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
    _page()
    _families()
    _children()


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
        sa.Column("reason", sa.String(length=24), nullable=True),
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
    _passed_on()


def _passed_on() -> None:
    op.create_table(
        "passed_on_statements",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("statement", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.String(length=36), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("sealed_evidence", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "family"],
            ["families.tenant", "families.family"],
            name=op.f("fk_passed_on_statements_tenant_family_families"),
        ),
        sa.PrimaryKeyConstraint("tenant", "statement", name=op.f("pk_passed_on_statements")),
    )
    op.create_index(
        "ix_passed_on_statements_tenant_family", "passed_on_statements", ["tenant", "family", "entered_at"]
    )
    op.create_index(
        "ix_passed_on_statements_tenant_form", "passed_on_statements", ["tenant", "form"], unique=True
    )
    op.create_table(
        "pattern_marks",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("team", sa.String(length=24), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "team", "week", name=op.f("pk_pattern_marks")),
    )


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
    op.create_index("ix_tasks_tenant_relationship", "tasks", ["tenant", "relationship", "done_at"])


def _page() -> None:
    for column in (
        sa.Column("lent_to_child", sa.Boolean(), nullable=True),
        sa.Column("own_shelter", sa.String(length=36), nullable=True),
        sa.Column("own_family", sa.String(length=36), nullable=True),
        sa.Column("own_person", sa.String(length=36), nullable=True),
        sa.Column("own_is_child", sa.Boolean(), nullable=True),
    ):
        op.add_column("sessions", column)
    op.create_table(
        "page_factors",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("factor", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("pin", sa.String(length=200), nullable=True),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=True),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "factor", name=op.f("pk_page_factors")),
    )
    op.create_index("ix_page_factors_person", "page_factors", ["tenant", "person"])
    op.create_table(
        "page_challenges",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("challenge", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "challenge", name=op.f("pk_page_challenges")),
    )
    op.create_index("ix_page_challenges_person", "page_challenges", ["tenant", "person"])
    op.create_table(
        "page_devices",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", "device", name=op.f("pk_page_devices")),
    )
    op.create_table(
        "page_tries",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "about", "source", name=op.f("pk_page_tries")),
    )
    op.create_index("ix_page_tries_last_at", "page_tries", ["tenant", "last_at"])


def _children() -> None:
    op.add_column(
        "sittings", sa.Column("read_aloud", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def _families() -> None:
    op.add_column("guardians", sa.Column("body", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("authority_facts", sa.Column("seen_on", sa.Date(), nullable=True))
    op.add_column(
        "authority_facts", sa.Column("jointly", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("relationship_contacts", sa.Column("end_reason", sa.String(length=16), nullable=True))
    op.add_column("relationship_keys", sa.Column("retired_at", UtcDateTime(), nullable=True))
    op.create_table(
        "school_successions",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("succession", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=False),
        sa.Column("successor", sa.String(length=36), nullable=False),
        sa.Column("document", sa.String(length=24), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "school"],
            ["schools.tenant", "schools.school"],
            name=op.f("fk_school_successions_tenant_school_schools"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "successor"],
            ["schools.tenant", "schools.school"],
            name=op.f("fk_school_successions_tenant_successor_schools"),
        ),
        sa.PrimaryKeyConstraint("tenant", "succession", name=op.f("pk_school_successions")),
    )
    op.create_index("ix_school_successions_tenant_school", "school_successions", ["tenant", "school"])
    _recalls()


def _recalls() -> None:
    op.create_table(
        "recalls",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("recall", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=False),
        sa.Column("information_type", sa.String(length=40), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=36), nullable=True),
        sa.Column("answer", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "recall", name=op.f("pk_recalls")),
    )
    op.create_index("ix_recalls_tenant_school", "recalls", ["tenant", "school", "answered_at"])
    op.create_index("ix_recalls_tenant_relationship", "recalls", ["tenant", "relationship"])
