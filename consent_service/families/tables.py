"""Families at rest: ids, dates of acts and codes in clear, everything about a person sealed."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    false,
)

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

families = Table(
    "families",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("family", Id, primary_key=True, info=holds("pseudonym")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, info=holds("none")),
)

children = Table(
    "children",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("child", Id, primary_key=True, info=holds("pseudonym")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("search_tag", Integer, nullable=False, info=holds("pseudonym")),
    Column("search_version", Integer, nullable=False, server_default="1", info=holds("none")),
    Column("search_bits", Integer, nullable=False, server_default="10", info=holds("none")),
    Column("sealed_identity", LargeBinary, nullable=False, info=holds("sealed")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    ForeignKeyConstraint(["tenant", "family"], ["families.tenant", "families.family"]),
    Index("ix_children_tenant_family", "tenant", "family"),
    Index("ix_children_tenant_search_tag", "tenant", "search_tag"),
)

guardians = Table(
    "guardians",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("guardian", Id, primary_key=True, info=holds("pseudonym")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("sealed_identity", LargeBinary, nullable=False, info=holds("sealed")),
    Column("created_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("body", Boolean, nullable=False, server_default=false(), info=holds("none")),
    ForeignKeyConstraint(["tenant", "family"], ["families.tenant", "families.family"]),
    Index("ix_guardians_tenant_family", "tenant", "family"),
)

authority_facts = Table(
    "authority_facts",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("fact", Id, primary_key=True, info=holds("none")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("guardian", Id, nullable=False, info=holds("pseudonym")),
    Column("kind", String(12), nullable=False, info=holds("none")),
    Column("source", String(16), nullable=False, info=holds("none")),
    Column("seen_by", Id, nullable=False, info=holds("pseudonym")),
    Column("valid_from", Date, nullable=False, info=holds("none")),
    Column("valid_until", Date, info=holds("none")),
    Column("recorded_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("seen_on", Date, info=holds("none")),
    Column("jointly", Boolean, nullable=False, server_default=false(), info=holds("none")),
    ForeignKeyConstraint(["tenant", "child"], ["children.tenant", "children.child"]),
    ForeignKeyConstraint(["tenant", "guardian"], ["guardians.tenant", "guardians.guardian"]),
    Index("ix_authority_facts_tenant_child", "tenant", "child"),
)

safety_assessments = Table(
    "safety_assessments",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("assessment", Id, primary_key=True, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("level", String(16), nullable=False, info=holds("none")),
    Column("secret_address", Boolean, nullable=False, info=holds("none")),
    Column("other_parent_at_school", Boolean, nullable=False, info=holds("none")),
    Column("court_order_until", Date, info=holds("none")),
    Column("review_on", Date, info=holds("none")),
    Column("assessor", Id, nullable=False, info=holds("pseudonym")),
    Column("recorded_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("guardian", Id, info=holds("pseudonym")),
    ForeignKeyConstraint(["tenant", "family"], ["families.tenant", "families.family"]),
    Index("ix_safety_assessments_tenant_family", "tenant", "family", "recorded_at"),
)

safety_markers = Table(
    "safety_markers",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("marker", Id, primary_key=True, info=holds("none")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("guardian", Id, nullable=False, info=holds("pseudonym")),
    Column("requested_by", Id, nullable=False, info=holds("pseudonym")),
    Column("requested_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("decided_by", Id, info=holds("pseudonym")),
    Column("decided_at", UtcDateTime, info=holds("none")),
    Column("approved", Boolean, info=holds("none")),
    Column("review_on", Date, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, info=holds("none")),
    ForeignKeyConstraint(["tenant", "family"], ["families.tenant", "families.family"]),
    Index("ix_safety_markers_tenant_family", "tenant", "family"),
)

child_competence = Table(
    "child_competence",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("judgement", Id, primary_key=True, info=holds("none")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("competent", Boolean, nullable=False, info=holds("none")),
    Column("judged_by", Id, nullable=False, info=holds("pseudonym")),
    Column("reason", String(24), info=holds("none")),
    Column("recorded_at", UtcDateTime, nullable=False, info=holds("none")),
    ForeignKeyConstraint(["tenant", "child"], ["children.tenant", "children.child"]),
    Index("ix_child_competence_tenant_child", "tenant", "child", "recorded_at"),
)

relationships = Table(
    "relationships",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("child", Id, nullable=False, info=holds("pseudonym")),
    Column("family", Id, nullable=False, info=holds("pseudonym")),
    Column("school", Id, nullable=False, info=holds("none")),
    Column("started_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ended_at", UtcDateTime, info=holds("none")),
    Column("end_reason", String(24), info=holds("none")),
    Column("aftercare_from", UtcDateTime, info=holds("none")),
    Column("ends_at", UtcDateTime, info=holds("none")),
    Column("transition_held", Boolean, nullable=False, server_default=false(), info=holds("none")),
    ForeignKeyConstraint(["tenant", "child"], ["children.tenant", "children.child"]),
    ForeignKeyConstraint(["tenant", "school"], ["schools.tenant", "schools.school"]),
    Index("ix_relationships_tenant_child", "tenant", "child"),
    Index("ix_relationships_tenant_family", "tenant", "family"),
    Index("ix_relationships_tenant_school", "tenant", "school"),
)

relationship_contacts = Table(
    "relationship_contacts",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, primary_key=True, info=holds("pseudonym")),
    Column("listing", Id, primary_key=True, info=holds("none")),
    Column("staff", Id, nullable=False, info=holds("pseudonym")),
    Column("deputy_for", Id, info=holds("pseudonym")),
    Column("starts_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("ends_at", UtcDateTime, info=holds("none")),
    Column("end_reason", String(16), info=holds("none")),
    Column("confirmed_at", UtcDateTime, info=holds("none")),
    ForeignKeyConstraint(["tenant", "relationship"], ["relationships.tenant", "relationships.relationship"]),
    ForeignKeyConstraint(["tenant", "staff"], ["staff.tenant", "staff.staff"]),
    Index("ix_relationship_contacts_tenant_staff", "tenant", "staff"),
)

contact_attestations = Table(
    "contact_attestations",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("attestation", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("staff", Id, nullable=False, info=holds("pseudonym")),
    Column("attested_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("by_kind", String(24), nullable=False, info=holds("none")),
    Column("attested_by", Id, nullable=False, info=holds("pseudonym")),
    ForeignKeyConstraint(["tenant", "relationship"], ["relationships.tenant", "relationships.relationship"]),
    ForeignKeyConstraint(["tenant", "staff"], ["staff.tenant", "staff.staff"]),
    Index("ix_contact_attestations_tenant_relationship", "tenant", "relationship"),
)
"""That somebody still is a contact of a child, each time it was said; of a listing the newest counts."""

contact_absences = Table(
    "contact_absences",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("absence", Id, primary_key=True, info=holds("none")),
    Column("relationship", Id, nullable=False, info=holds("pseudonym")),
    Column("staff", Id, nullable=False, info=holds("pseudonym")),
    Column("noted_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("until", Date, info=holds("none")),
    ForeignKeyConstraint(["tenant", "relationship"], ["relationships.tenant", "relationships.relationship"]),
    ForeignKeyConstraint(["tenant", "staff"], ["staff.tenant", "staff.staff"]),
    Index("ix_contact_absences_tenant_relationship", "tenant", "relationship"),
)
"""Until which day a contact is away, or that somebody is back; the newest counts, and no reason is kept."""
