"""The first schema: every table, and the triggers that keep the insert-only ones so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consent_service.audit.protection import protection_statements
from consent_service.audit.tables import transaction_number
from consent_service.foundation.database import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSERT_ONLY_TABLES = (
    "audit_checkpoints",
    "audit_entries",
    "audit_logs",
    "audit_sequence",
    "audit_tiles",
    "consent_ledger",
)


def upgrade() -> None:
    op.create_table(
        "active_bundles",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("activated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_active_bundles")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("cursor_xid", sa.BigInteger(), nullable=False),
        sa.Column("cursor_pos", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "log", "size", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_details",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("entry", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "entry", name=op.f("pk_audit_details")),
    )
    op.create_index("ix_audit_details_tenant_person", "audit_details", ["tenant", "person"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("xid", sa.BigInteger(), server_default=transaction_number(), nullable=False),
        sa.Column("pos", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_tenant_xid_pos", "audit_entries", ["tenant", "xid", "pos"], unique=True)
    op.create_table(
        "audit_index",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("entry", sa.String(length=36), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "key", "entry", name=op.f("pk_audit_index")),
    )
    op.create_index("ix_audit_index_tenant_entry", "audit_index", ["tenant", "entry"], unique=False)
    op.create_table(
        "audit_logs",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "log", "key_number", name=op.f("pk_audit_logs")),
    )
    op.create_table(
        "audit_sequence",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.String(length=36), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "log", "seq", name=op.f("pk_audit_sequence")),
        sa.UniqueConstraint("tenant", "log", "entry", name=op.f("uq_audit_sequence_tenant_log_entry")),
    )
    op.create_table(
        "audit_tiles",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tile", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "log", "level", "tile", name=op.f("pk_audit_tiles")),
    )
    op.create_table(
        "families",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "family", name=op.f("pk_families")),
    )
    op.create_table(
        "follower_cursors",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("follower", sa.String(length=24), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "follower", name=op.f("pk_follower_cursors")),
    )
    op.create_table(
        "key_roots",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "generation", name=op.f("pk_key_roots")),
    )
    op.create_table(
        "login_attempts",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("return_to", sa.String(length=300), nullable=False),
        sa.Column("max_age", sa.Integer(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "state", name=op.f("pk_login_attempts")),
    )
    op.create_table(
        "oidc_providers",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("auth_method", sa.String(length=24), nullable=False),
        sa.Column("audience", sa.String(length=8), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_oidc_providers")),
    )
    op.create_table(
        "person_keys",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("parent_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", name=op.f("pk_person_keys")),
    )
    op.create_table(
        "policy_bundles",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "hash", name=op.f("pk_policy_bundles")),
    )
    op.create_table(
        "record_digests",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("information_type", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "relationship", "information_type", name=op.f("pk_record_digests")),
    )
    op.create_table(
        "relationship_keys",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("parent_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "relationship", name=op.f("pk_relationship_keys")),
    )
    op.create_table(
        "relationship_state",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("next_change_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "relationship", name=op.f("pk_relationship_state")),
    )
    op.create_index(
        "ix_relationship_state_tenant_family", "relationship_state", ["tenant", "family"], unique=False
    )
    op.create_index(
        "ix_relationship_state_tenant_school", "relationship_state", ["tenant", "school"], unique=False
    )
    op.create_table(
        "return_pins",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("pin", sa.String(length=200), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "provider", "subject", name=op.f("pk_return_pins")),
    )
    op.create_table(
        "schools",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=False),
        sa.Column("establishment_code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("street", sa.String(length=120), nullable=False),
        sa.Column("town", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "school", name=op.f("pk_schools")),
    )
    op.create_index(
        "uq_schools_tenant_establishment_code", "schools", ["tenant", "establishment_code"], unique=True
    )
    op.create_table(
        "sessions",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("acr", sa.String(length=200), nullable=False),
        sa.Column("authenticated_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("handed_by", sa.String(length=36), nullable=True),
        sa.Column("handed_in", sa.String(length=36), nullable=True),
        sa.Column("family", sa.String(length=36), nullable=True),
        sa.Column("relationship", sa.String(length=36), nullable=True),
        sa.Column("guardian", sa.String(length=36), nullable=True),
        sa.Column("pin_tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_subject", "sessions", ["tenant", "provider", "subject"], unique=False)
    op.create_index("ix_sessions_token", "sessions", ["tenant", "token"], unique=True)
    op.create_table(
        "staff_links",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("shelter", sa.String(length=36), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=True),
        sa.Column("role", sa.String(length=24), nullable=True),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "provider", "subject", "shelter", "staff", name=op.f("pk_staff_links")
        ),
    )
    op.create_index("ix_staff_links_staff", "staff_links", ["tenant", "shelter", "staff"], unique=False)
    op.create_table(
        "step_tokens",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("session", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=160), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "session", "step", name=op.f("pk_step_tokens")),
    )
    op.create_table(
        "tasks",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("task", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("audience", sa.String(length=24), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=True),
        sa.Column("relationship", sa.String(length=36), nullable=True),
        sa.Column("entry", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "task", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_tenant_audience", "tasks", ["tenant", "audience", "done_at"], unique=False)
    op.create_index("uq_tasks_tenant_entry_kind", "tasks", ["tenant", "entry", "kind"], unique=True)
    op.create_table(
        "tenant_keys",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root_generation", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "purpose", "version", name=op.f("pk_tenant_keys")),
    )
    op.create_table(
        "tenants",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("neutral_name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_tenants")),
    )
    op.create_table(
        "withdrawal_codes",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("shelter", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("guardian", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code_hash", name=op.f("pk_withdrawal_codes")),
    )
    op.create_table(
        "agreements",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("agreement", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "school"],
            ["schools.tenant", "schools.school"],
            name=op.f("fk_agreements_tenant_school_schools"),
        ),
        sa.PrimaryKeyConstraint("tenant", "agreement", name=op.f("pk_agreements")),
    )
    op.create_index("ix_agreements_tenant_school", "agreements", ["tenant", "school"], unique=False)
    op.create_table(
        "children",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("child", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("search_tag", sa.Integer(), nullable=False),
        sa.Column("sealed_identity", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "family"],
            ["families.tenant", "families.family"],
            name=op.f("fk_children_tenant_family_families"),
        ),
        sa.PrimaryKeyConstraint("tenant", "child", name=op.f("pk_children")),
    )
    op.create_index("ix_children_tenant_family", "children", ["tenant", "family"], unique=False)
    op.create_index("ix_children_tenant_search_tag", "children", ["tenant", "search_tag"], unique=False)
    op.create_table(
        "guardians",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("guardian", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("sealed_identity", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "family"],
            ["families.tenant", "families.family"],
            name=op.f("fk_guardians_tenant_family_families"),
        ),
        sa.PrimaryKeyConstraint("tenant", "guardian", name=op.f("pk_guardians")),
    )
    op.create_index("ix_guardians_tenant_family", "guardians", ["tenant", "family"], unique=False)
    op.create_table(
        "safety_assessments",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("assessment", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("secret_address", sa.Boolean(), nullable=False),
        sa.Column("other_parent_at_school", sa.Boolean(), nullable=False),
        sa.Column("court_order_until", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("assessor", sa.String(length=36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "family"],
            ["families.tenant", "families.family"],
            name=op.f("fk_safety_assessments_tenant_family_families"),
        ),
        sa.PrimaryKeyConstraint("tenant", "assessment", name=op.f("pk_safety_assessments")),
    )
    op.create_index(
        "ix_safety_assessments_tenant_family",
        "safety_assessments",
        ["tenant", "family", "recorded_at"],
        unique=False,
    )
    op.create_table(
        "sittings",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("sitting", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("guardian", sa.String(length=36), nullable=False),
        sa.Column("counsellor", sa.String(length=36), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("interpreter", sa.String(length=16), nullable=False),
        sa.Column("types", sa.String(length=1000), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("sealed_evidence", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "family"],
            ["families.tenant", "families.family"],
            name=op.f("fk_sittings_tenant_family_families"),
        ),
        sa.PrimaryKeyConstraint("tenant", "sitting", name=op.f("pk_sittings")),
    )
    op.create_index("ix_sittings_tenant_family", "sittings", ["tenant", "family"], unique=False)
    op.create_table(
        "staff",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=True),
        sa.Column("role", sa.String(length=24), nullable=True),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "school"],
            ["schools.tenant", "schools.school"],
            name=op.f("fk_staff_tenant_school_schools"),
        ),
        sa.PrimaryKeyConstraint("tenant", "staff", name=op.f("pk_staff")),
    )
    op.create_index("ix_staff_tenant_school", "staff", ["tenant", "school"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("assignment", sa.String(length=36), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "staff"],
            ["staff.tenant", "staff.staff"],
            name=op.f("fk_assignments_tenant_staff_staff"),
        ),
        sa.PrimaryKeyConstraint("tenant", "assignment", name=op.f("pk_assignments")),
    )
    op.create_index("ix_assignments_tenant_family", "assignments", ["tenant", "family"], unique=False)
    op.create_index("ix_assignments_tenant_staff", "assignments", ["tenant", "staff"], unique=False)
    op.create_table(
        "authority_facts",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("fact", sa.String(length=36), nullable=False),
        sa.Column("child", sa.String(length=36), nullable=False),
        sa.Column("guardian", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("seen_by", sa.String(length=36), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "child"],
            ["children.tenant", "children.child"],
            name=op.f("fk_authority_facts_tenant_child_children"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "guardian"],
            ["guardians.tenant", "guardians.guardian"],
            name=op.f("fk_authority_facts_tenant_guardian_guardians"),
        ),
        sa.PrimaryKeyConstraint("tenant", "fact", name=op.f("pk_authority_facts")),
    )
    op.create_index("ix_authority_facts_tenant_child", "authority_facts", ["tenant", "child"], unique=False)
    op.create_table(
        "relationships",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("child", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=36), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "child"],
            ["children.tenant", "children.child"],
            name=op.f("fk_relationships_tenant_child_children"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "school"],
            ["schools.tenant", "schools.school"],
            name=op.f("fk_relationships_tenant_school_schools"),
        ),
        sa.PrimaryKeyConstraint("tenant", "relationship", name=op.f("pk_relationships")),
    )
    op.create_index("ix_relationships_tenant_child", "relationships", ["tenant", "child"], unique=False)
    op.create_index("ix_relationships_tenant_family", "relationships", ["tenant", "family"], unique=False)
    op.create_index("ix_relationships_tenant_school", "relationships", ["tenant", "school"], unique=False)
    op.create_table(
        "sitting_answers",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("sitting", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("information_type", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text_version", sa.String(length=64), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("screen_hash", sa.String(length=64), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "sitting"],
            ["sittings.tenant", "sittings.sitting"],
            name=op.f("fk_sitting_answers_tenant_sitting_sittings"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant", "sitting", "relationship", "information_type", name=op.f("pk_sitting_answers")
        ),
    )
    op.create_table(
        "consent_ledger",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("decision", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("information_type", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("capacity", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text_version", sa.String(length=64), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("screen_hash", sa.String(length=64), nullable=False),
        sa.Column("sitting", sa.String(length=36), nullable=True),
        sa.Column("witness", sa.String(length=36), nullable=True),
        sa.Column("invalidates", sa.String(length=36), nullable=True),
        sa.Column("stop", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "relationship"],
            ["relationships.tenant", "relationships.relationship"],
            name=op.f("fk_consent_ledger_tenant_relationship_relationships"),
        ),
        sa.PrimaryKeyConstraint("tenant", "decision", name=op.f("pk_consent_ledger")),
    )
    op.create_index("ix_consent_ledger_tenant_person", "consent_ledger", ["tenant", "person"], unique=False)
    op.create_index(
        "ix_consent_ledger_tenant_relationship",
        "consent_ledger",
        ["tenant", "relationship", "information_type"],
        unique=False,
    )
    op.create_index(
        "ix_consent_ledger_tenant_text_hash", "consent_ledger", ["tenant", "text_hash"], unique=False
    )
    op.create_table(
        "records",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("information_type", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=False),
        sa.Column("about", sa.String(length=36), nullable=True),
        sa.Column("approved_by", sa.String(length=36), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "relationship"],
            ["relationships.tenant", "relationships.relationship"],
            name=op.f("fk_records_tenant_relationship_relationships"),
        ),
        sa.PrimaryKeyConstraint("tenant", "relationship", "record", name=op.f("pk_records")),
    )
    op.create_index(
        "ix_records_tenant_relationship",
        "records",
        ["tenant", "relationship", "information_type"],
        unique=False,
    )
    op.create_table(
        "relationship_contacts",
        sa.Column("tenant", sa.String(length=36), nullable=False),
        sa.Column("relationship", sa.String(length=36), nullable=False),
        sa.Column("listing", sa.String(length=36), nullable=False),
        sa.Column("staff", sa.String(length=36), nullable=False),
        sa.Column("deputy_for", sa.String(length=36), nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "relationship"],
            ["relationships.tenant", "relationships.relationship"],
            name=op.f("fk_relationship_contacts_tenant_relationship_relationships"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "staff"],
            ["staff.tenant", "staff.staff"],
            name=op.f("fk_relationship_contacts_tenant_staff_staff"),
        ),
        sa.PrimaryKeyConstraint("tenant", "relationship", "listing", name=op.f("pk_relationship_contacts")),
    )
    op.create_index(
        "ix_relationship_contacts_tenant_staff", "relationship_contacts", ["tenant", "staff"], unique=False
    )
    for statement in protection_statements(op.get_bind().dialect.name, INSERT_ONLY_TABLES):
        op.execute(statement)
